//! Credentials: who may speak for the user at a registry, and where that is looked up.
//!
//! ```text
//! --auth, ROOTS_AUTH                                  or an error
//! DOCKER_AUTH_CONFIG                                  from here on, what is broken is said,
//! REGISTRY_AUTH_FILE                                  and passed over
//! auth.json        of podman: $XDG_RUNTIME_DIR/containers, $XDG_CONFIG_HOME/containers
//! config.json      of docker: $DOCKER_CONFIG or ~/.docker, then ~/.dockercfg
//! GOOGLE_APPLICATION_CREDENTIALS, the machine's own   at Google's registries only
//! ```

mod google;
mod helper;
mod keys;
mod passed;
mod stored;

pub use passed::Passed;

use super::access::Access;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;
use crate::sys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::Account;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use stored::Stored;

/// The user name that says that the secret is a token.
const TOKEN: &str = "<token>";

/// What a registry or its token server lets somebody in for. There is no `Debug`: it would end up
/// in a log.
#[derive(Clone)]
pub(super) enum Credentials {
    /// A user name and a password.
    Basic { user: String, password: String },
    /// What token servers give tokens for, in place of a password: OAuth's refresh token.
    Identity { user: String, token: String },
    /// A token for the registry itself, and for nobody else.
    Token(String),
}

/// Credentials, and where they were found.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) credentials: Credentials,
    /// For people.
    pub(super) origin: String,
    /// Whether the user passed them for this pull. Others only happen to be stored.
    pub(super) passed: bool,
}

/// Where the credentials for one repository are looked up.
pub(super) struct Keychain {
    account: Account,
    passed: Option<Credentials>,
    access: Access,
    progress: Progress,
}

impl Credentials {
    /// What a user name and a secret mean.
    fn of(user: &str, secret: &str) -> Self {
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

    /// The value of an `Authorization` header with user and password: RFC 7617.
    pub(super) fn basic(&self) -> Option<String> {
        match self {
            Self::Basic { user, password } => Some(basic(user, password)),
            Self::Identity { .. } | Self::Token(_) => None,
        }
    }
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

impl Keychain {
    /// Reads what was passed, which has to be right. All else is looked up when it is needed.
    pub(super) fn new(
        reference: &Reference,
        access: &Access,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            account: Account::new(reference.registry(), reference.repository()),
            passed: access.auth.as_ref().map(Passed::read).transpose()?,
            access: access.clone(),
            progress,
        })
    }

    /// The first credentials that there are. Helpers are run and servers are asked for it.
    pub(super) fn find(&self) -> Option<Found> {
        let passed = self.passed.clone().map(|credentials| Found {
            credentials,
            origin: "--auth".to_owned(),
            passed: true,
        });
        let stored = || self.stored().or_else(|| self.google());
        let found = passed.or_else(|| {
            stored().map(|(credentials, origin)| Found {
                credentials,
                origin,
                passed: false,
            })
        });
        let registry = self.account.registry();
        match &found {
            Some(Found { origin, .. }) => self
                .progress
                .detail(format_args!("{registry}: credentials from {origin}")),
            None => self.progress.detail(format_args!(
                "{registry}: no credentials, asking anonymously"
            )),
        }
        found
    }

    fn stored(&self) -> Option<(Credentials, String)> {
        let inline = variable("DOCKER_AUTH_CONFIG").and_then(|text| {
            let stored = Stored::parse(&text.to_string_lossy()).map(Stored::without_helpers);
            self.look_into(stored, "DOCKER_AUTH_CONFIG")
        });
        let named = || {
            let path = PathBuf::from(variable("REGISTRY_AUTH_FILE")?);
            self.file(&path, Stored::parse, true)
        };
        let usual = || {
            let mut paths = usual_files().into_iter();
            paths.find_map(|path| self.file(&path, Stored::parse, false))
        };
        let old = || {
            let path = home()?.join(".dockercfg");
            self.file(&path, Stored::parse_old, false)
        };
        inline.or_else(named).or_else(usual).or_else(old)
    }

    /// Looks into a file. One that was not `named` need not be there.
    fn file(
        &self,
        path: &Path,
        parse: fn(&str) -> Result<Stored, &'static str>,
        named: bool,
    ) -> Option<(Credentials, String)> {
        let text = match stored::read(path) {
            Err(e) if !named && e.kind() == ErrorKind::NotFound => return None,
            text => text.map_err(|e| match e.kind() {
                ErrorKind::NotFound => "no such file",
                ErrorKind::PermissionDenied => "may not be read",
                _ => "cannot be read as text",
            }),
        };
        self.look_into(text.and_then(|text| parse(&text)), &path.to_string_lossy())
    }

    fn look_into(
        &self,
        stored: Result<Stored, &'static str>,
        origin: &str,
    ) -> Option<(Credentials, String)> {
        let stored = stored
            .inspect_err(|why| {
                self.progress
                    .warn(format_args!("{origin}: {why}; passed over"));
            })
            .ok()?;
        stored.find(&self.account, origin, self.progress)
    }

    fn google(&self) -> Option<(Credentials, String)> {
        if !google::is_google(self.account.registry()) {
            return None;
        }
        let key = variable("GOOGLE_APPLICATION_CREDENTIALS").and_then(|path| {
            let path = PathBuf::from(path);
            let origin = path.to_string_lossy().into_owned();
            let key = google::key_file(&path).inspect_err(|why| {
                self.progress
                    .warn(format_args!("{origin}: {why}; passed over"));
            });
            Some((key.ok()?, origin))
        });
        key.or_else(|| {
            let server = variable("GCE_METADATA_HOST");
            let server = server.map(|server| server.to_string_lossy().into_owned());
            let token = google::machine(server.as_deref(), &self.access, self.progress)?;
            Some((token, "this machine in Google's cloud".to_owned()))
        })
    }
}

/// The files that need not be there, in their order.
fn usual_files() -> Vec<PathBuf> {
    // The XDG specification has relative paths ignored.
    let xdg = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    let below = |path: PathBuf, rest: &str| path.join(rest);
    let run = || PathBuf::from(format!("/run/containers/{}", sys::Host::new().uid));
    let runtime =
        xdg(variable("XDG_RUNTIME_DIR")).map_or_else(run, |path| below(path, "containers"));
    let config = xdg(variable("XDG_CONFIG_HOME")).or_else(|| Some(home()?.join(".config")));
    let docker = variable("DOCKER_CONFIG").map(PathBuf::from);
    let docker = docker.or_else(|| Some(home()?.join(".docker")));
    let podman = config.map(|path| below(path, "containers/auth.json"));
    [
        Some(below(runtime, "auth.json")),
        podman,
        docker.map(|path| below(path, "config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// A variable; an empty one is one that is not set.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
