//! The token endpoint: distribution's token.md and oauth.md, as strict as it can be without refusing what is right.

use super::http::{Request, Response};
use super::token_rules::TokenRules;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::HashMap;

/// The rules, and the tokens given out.
pub(super) struct Authority {
    rules: TokenRules,
    grants: HashMap<String, Grant>,
    issued: usize,
}

struct Grant {
    repositories: Vec<String>,
    uses: Option<usize>,
}

impl Authority {
    pub(super) fn new(rules: TokenRules) -> Self {
        Self {
            rules,
            grants: HashMap::new(),
            issued: 0,
        }
    }

    pub(super) fn service(&self) -> Option<&str> {
        self.rules.service.as_deref()
    }

    /// The token endpoint.
    pub(super) fn issue(&mut self, request: &Request) -> Response {
        let post = request.method == "POST";
        if !(request.method == "GET" || post && self.rules.identity.is_some()) {
            return Response::error(405, "UNSUPPORTED", "the operation is unsupported");
        }
        let values = |name: &str| {
            if post {
                request.form(name)
            } else {
                request.query(name)
            }
        };
        if values("service") != self.rules.service.iter().cloned().collect::<Vec<_>>() {
            return Response::error(
                400,
                "UNSUPPORTED",
                "the service is not the one of the challenge",
            );
        }
        let scopes: Vec<String> = values("scope")
            .iter()
            .flat_map(|scope| scope.split(' '))
            .map(str::to_owned)
            .collect();
        let repositories: Option<Vec<_>> =
            scopes.iter().map(|scope| self.repository(scope)).collect();
        let Some(repositories) =
            repositories.filter(|all| self.rules.any_actions && !all.is_empty() || all.len() == 1)
        else {
            return Response::error(
                400,
                "UNSUPPORTED",
                &format!("not the scope of a pull: {scopes:?}"),
            );
        };
        let welcome = if post {
            self.refreshes(request)
        } else {
            self.knows(request.header("authorization"))
        };
        if !welcome {
            let code = if self.rules.denied == 401 {
                "UNAUTHORIZED"
            } else {
                "DENIED"
            };
            return Response::error(
                self.rules.denied,
                code,
                "requested access to the resource is denied",
            );
        }
        self.issued += 1;
        let text = self
            .rules
            .text
            .clone()
            .unwrap_or_else(|| format!("secret-token-{}", self.issued));
        self.grants.insert(
            text.clone(),
            Grant {
                repositories,
                uses: self.rules.uses,
            },
        );
        let mut answer = json!({});
        self.rules
            .fields
            .iter()
            .for_each(|field| answer[field] = text.clone().into());
        self.rules
            .expires_in
            .iter()
            .for_each(|&seconds| answer["expires_in"] = seconds.into());
        Response::new(200, "application/json", answer.to_string())
    }

    /// Checks a request to a repository, or to the registry as such; an error is the one of RFC 6750 3.1.
    pub(super) fn check(
        &mut self,
        request: &Request,
        repository: Option<&str>,
    ) -> Result<(), Option<&'static str>> {
        let header = request.header("authorization").ok_or(None)?;
        let (scheme, text) = header.split_once(' ').ok_or(None)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(None);
        }
        let grant = self.grants.get_mut(text).ok_or(Some("invalid_token"))?;
        if repository.is_some_and(|repository| {
            !grant
                .repositories
                .iter()
                .any(|granted| granted == repository)
        }) {
            return Err(Some("insufficient_scope"));
        }
        if let Some(uses) = &mut grant.uses {
            *uses = uses.checked_sub(1).ok_or(Some("invalid_token"))?;
        }
        Ok(())
    }

    /// The repository of a scope, if it is one for a pull.
    fn repository(&self, scope: &str) -> Option<String> {
        let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
        let pulls = actions == "pull"
            || self.rules.any_actions && actions.split(',').any(|action| action == "pull");
        (pulls && !name.is_empty()).then(|| name.to_owned())
    }

    fn knows(&self, authorization: Option<String>) -> bool {
        authorization.map_or(self.rules.anonymous, |header| {
            self.rules
                .users
                .iter()
                .any(|(user, password)| is_basic(&header, user, password))
        })
    }

    fn refreshes(&self, request: &Request) -> bool {
        request.form("grant_type") == ["refresh_token"]
            && !request.form("client_id").is_empty()
            && Some(request.form("refresh_token").concat()) == self.rules.identity
    }
}

/// Whether an Authorization header is Basic with these credentials (RFC 7617).
pub(super) fn is_basic(header: &str, user: &str, password: &str) -> bool {
    header.split_once(' ').is_some_and(|(scheme, text)| {
        scheme.eq_ignore_ascii_case("basic")
            && text == STANDARD.encode(format!("{user}:{password}"))
    })
}
