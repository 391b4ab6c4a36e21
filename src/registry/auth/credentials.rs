//! Credentials for a registry, and the places where they are looked up.
//!
//! ```text
//! --auth, ROOTS_AUTH                                  or an error
//! DOCKER_AUTH_CONFIG                                  from here on, what is broken is said,
//! REGISTRY_AUTH_FILE                                  and passed over
//! auth.json        of podman: $XDG_RUNTIME_DIR/containers, $XDG_CONFIG_HOME/containers
//! config.json      of docker: $DOCKER_CONFIG or ~/.docker, then ~/.dockercfg
//! GOOGLE_APPLICATION_CREDENTIALS, the machine's own   at Google's registries only
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The user name that says that the secret is a token.
const TOKEN: &str = "<token>";

/// What a registry or its token server lets somebody in for. There is no `Debug`: it would end up
/// in a log.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A user name and a password.
    Basic { user: String, password: String },
    /// What token servers give tokens for, in place of a password: OAuth's refresh token.
    Identity { user: String, token: String },
    /// A token for the registry itself, and for nobody else.
    Token(String),
}

/// Credentials, and where they were found.
#[derive(Clone)]
pub(super) struct FoundCredentials {
    pub(super) credentials: Credentials,
    /// For people.
    pub(super) origin: String,
    /// Whether the user passed them for this pull. Others only happen to be stored.
    pub(super) passed: bool,
}

impl Credentials {
    /// What a user name and a secret mean.
    pub(super) fn of(user: &str, secret: &str) -> Self {
        match user {
            TOKEN => Self::Identity {
                user: String::new(),
                token: secret.to_owned(),
            },
            _ => Self::Basic {
                user: user.to_owned(),
                password: secret.to_owned(),
            },
        }
    }

    /// What must not be shown of them.
    pub(super) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Basic { user, password } => forms(user, password),
            Self::Identity { user, token } => forms(user, token),
            Self::Token(token) => vec![token.clone()],
        }
    }

    /// The value of an `Authorization` header with user and password: RFC 7617.
    pub(crate) fn basic(&self) -> Option<String> {
        match self {
            Self::Basic { user, password } => Some(basic(user, password)),
            Self::Identity { .. } | Self::Token(_) => None,
        }
    }
}

/// All forms of a password that a server sees when it is asked with it, without what ends base64.
pub(crate) fn forms(user: &str, password: &str) -> Vec<String> {
    let login = format!("{user}:{password}");
    let mut forms = vec![password.to_owned()];
    if !password.is_empty() {
        let encoded = [&login, password]
            .map(|text| [STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)]);
        forms.extend(encoded.into_iter().flatten());
    }
    forms
}

/// RFC 7617.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
