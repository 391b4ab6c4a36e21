//! Looks up credentials in all sources, in order.

use super::auth_file::{self, AuthFile};
use super::auth_key::AuthKey;
use super::auth_option::AuthOption;
use super::credentials::{Credentials, FoundCredentials};
use super::google;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;
use crate::registry::RegistryOptions;
use crate::sys::{self, home, variable};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The sources of credentials for one repository.
pub(crate) struct CredentialSources {
    account: AuthKey,
    /// Passed credentials, with the name of the option or variable.
    passed: Option<(Credentials, &'static str)>,
    options: RegistryOptions,
    progress: Progress,
}

impl CredentialSources {
    /// Reads credentials that were passed explicitly, which must be valid. Others are looked up on
    /// demand.
    pub(crate) fn new(
        reference: &Reference,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            account: AuthKey::new(reference.registry(), reference.repository()),
            passed: options.auth.as_ref().map(passed).transpose()?,
            options: options.clone(),
            progress,
        })
    }

    /// The credentials that were passed explicitly.
    pub(crate) fn passed(&self) -> Option<&Credentials> {
        self.passed.as_ref().map(|(credentials, _)| credentials)
    }

    /// The first credentials found. May run helpers and query servers.
    pub(crate) fn find(&self) -> Option<FoundCredentials> {
        let passed = self
            .passed
            .clone()
            .map(|(credentials, origin)| FoundCredentials {
                credentials,
                origin: origin.to_owned(),
                passed: true,
            });
        let stored = || self.stored().or_else(|| self.google());
        let found = passed.or_else(|| {
            stored().map(|(credentials, origin)| FoundCredentials {
                credentials,
                origin,
                passed: false,
            })
        });
        let registry = self.account.registry();
        match &found {
            Some(FoundCredentials { origin, .. }) => self
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
            let stored = AuthFile::parse(&text.to_string_lossy()).map(AuthFile::without_helpers);
            self.look_into(stored, "DOCKER_AUTH_CONFIG")
        });
        let named = || {
            let path = PathBuf::from(variable("REGISTRY_AUTH_FILE")?);
            self.file(&path, AuthFile::parse, true)
        };
        let usual = || {
            let mut paths = usual_files().into_iter();
            paths.find_map(|path| self.file(&path, AuthFile::parse, false))
        };
        let old = || {
            let path = home()?.join(".dockercfg");
            self.file(&path, AuthFile::parse_old, false)
        };
        inline.or_else(named).or_else(usual).or_else(old)
    }

    /// Looks into a file. Unless `named` by the user, it may be missing.
    fn file(
        &self,
        path: &Path,
        parse: fn(&str) -> Result<AuthFile, &'static str>,
        named: bool,
    ) -> Option<(Credentials, String)> {
        let text = match auth_file::read(path) {
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
        stored: Result<AuthFile, &'static str>,
        origin: &str,
    ) -> Option<(Credentials, String)> {
        let stored = stored
            .inspect_err(|why| {
                self.progress
                    .warn(format_args!("{origin}: {why}; passed over"));
            })
            .ok()?;
        stored.find(&self.account, origin, self.options.timeout, self.progress)
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
            let token = google::machine(server.as_deref(), &self.options, self.progress)?;
            Some((token, "this machine in Google's cloud".to_owned()))
        })
    }
}

fn passed(passed: &AuthOption) -> Result<(Credentials, &'static str), Error> {
    Ok((passed.read()?, passed.origin()))
}

/// The default files, in order. Each may be missing.
fn usual_files() -> Vec<PathBuf> {
    let run = || PathBuf::from(format!("/run/containers/{}", sys::Host::new().uid));
    let runtime = sys::runtime_dir().map_or_else(run, |path| path.join("containers"));
    let podman = sys::config_home().map(|path| path.join("containers/auth.json"));
    let docker = variable("DOCKER_CONFIG").map(PathBuf::from);
    let docker = docker.or_else(|| Some(home()?.join(".docker")));
    [
        Some(runtime.join("auth.json")),
        podman,
        docker.map(|path| path.join("config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}
