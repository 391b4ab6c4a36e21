//! How a token endpoint shall behave.

/// Who gets a token, and what it looks like.
#[derive(Clone, Debug)]
pub struct TokenRules {
    pub(super) service: Option<String>,
    pub(super) fields: Vec<&'static str>,
    pub(super) uses: Option<usize>,
    pub(super) users: Vec<(String, String)>,
    pub(super) anonymous: bool,
    pub(super) denied: u16,
    pub(super) identity: Option<String>,
    pub(super) text: Option<String>,
    pub(super) expires_in: Option<i64>,
    pub(super) any_actions: bool,
}

impl TokenRules {
    /// Anonymous tokens for the service `registry.test`, answered as `token`, good for ever.
    pub fn new() -> Self {
        Self {
            service: Some("registry.test".into()),
            fields: vec!["token"],
            uses: None,
            users: Vec::new(),
            anonymous: true,
            denied: 401,
            identity: None,
            text: None,
            expires_in: None,
            any_actions: false,
        }
    }

    /// The service that the challenge names and that must come back.
    pub fn service(self, service: &str) -> Self {
        Self {
            service: Some(service.to_owned()),
            ..self
        }
    }

    /// No service in the challenge, and none may be made up.
    pub fn no_service(self) -> Self {
        Self {
            service: None,
            ..self
        }
    }

    /// Answers with `access_token`.
    pub fn access_token(self) -> Self {
        Self {
            fields: vec!["access_token"],
            ..self
        }
    }

    /// Answers with both `token` and `access_token`.
    pub fn both_fields(self) -> Self {
        Self {
            fields: vec!["token", "access_token"],
            ..self
        }
    }

    /// Each token is good for so many requests.
    pub fn expires_after_uses(self, uses: usize) -> Self {
        Self {
            uses: Some(uses),
            ..self
        }
    }

    /// What the answer says of the lifetime; nothing is held to it.
    pub fn expires_in(self, seconds: i64) -> Self {
        Self {
            expires_in: Some(seconds),
            ..self
        }
    }

    /// Tokens for this user, no longer for everybody. Other credentials, and none, are denied.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        Self {
            anonymous: false,
            ..self
        }
    }

    /// Tokens for nobody's credentials, but wrong ones are still denied; this is so from the start, until `user`.
    pub fn also_anonymous(self) -> Self {
        Self {
            anonymous: true,
            ..self
        }
    }

    /// The status for those who are denied: 401 or 403.
    pub fn denied(self, status: u16) -> Self {
        Self {
            denied: status,
            ..self
        }
    }

    /// Takes POST with `grant_type=refresh_token` and this identity token; without it, POST is a 405.
    pub fn identity(self, token: &str) -> Self {
        Self {
            identity: Some(token.to_owned()),
            anonymous: false,
            ..self
        }
    }

    /// The text of every token, however odd.
    pub fn text(self, text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..self
        }
    }

    /// Takes scopes with more actions than `pull`, and several scopes, for tests of challenges that have them.
    pub fn any_actions(self) -> Self {
        Self {
            any_actions: true,
            ..self
        }
    }
}
