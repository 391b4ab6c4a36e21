//! Credentials for a registry, and where they are looked up.
//!
//! ```text
//! --auth, ROOTS_AUTH                                  or an error
//! DOCKER_AUTH_CONFIG                                  from here on, a broken source is
//! REGISTRY_AUTH_FILE                                  reported and skipped
//! auth.json        of podman: $XDG_RUNTIME_DIR/containers, $XDG_CONFIG_HOME/containers
//! config.json      of docker: $DOCKER_CONFIG or ~/.docker, then ~/.dockercfg
//! GOOGLE_APPLICATION_CREDENTIALS, the machine's own   for Google's registries only
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The user name that marks the secret as a token.
const TOKEN: &str = "<token>";

/// Credentials that a registry or its token server accepts. No `Debug`: they would end up in a log.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// A user name and a password.
    Basic { user: String, password: String },
    /// OAuth's refresh token, which token servers accept in place of a password.
    Identity { user: String, token: String },
    /// A token for the registry itself; it is sent nowhere else.
    Token(String),
}

/// Credentials, and where they were found.
#[derive(Clone)]
pub(super) struct FoundCredentials {
    pub(super) credentials: Credentials,
    /// The source, for messages.
    pub(super) origin: String,
    /// Whether the user passed them for this pull, rather than stored them earlier.
    pub(super) passed: bool,
}

impl Credentials {
    /// Credentials from a user name and a secret, which may be a token.
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

    /// The secrets to redact from output.
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

/// All encodings of a password that a server receives and could echo, without base64 padding.
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

/// The value of a Basic `Authorization` header: RFC 7617.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
