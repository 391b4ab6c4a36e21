//! Options for reaching registries, as the user gave them; nothing is looked up yet.

use super::mirror::Mirror;
use crate::registry::auth::auth_option::AuthOption;
use std::path::PathBuf;
use std::time::Duration;

/// What options and variables say of the way to a registry.
#[derive(Clone)]
pub struct RegistryOptions {
    /// What was passed with `--auth`. There is no `Debug` for it.
    pub auth: Option<AuthOption>,
    /// Speak plain http with the registry, as always with loopback hosts.
    pub plain_http: bool,
    /// Take any certificate.
    pub insecure: bool,
    /// Files with further authorities to trust.
    pub ca_files: Vec<PathBuf>,
    /// Asked before the registry, in this order.
    pub mirrors: Vec<Mirror>,
    /// How long a server may be silent.
    pub timeout: Duration,
    /// How often a request is made again that failed in a way that may pass.
    pub retries: u32,
}

impl RegistryOptions {
    /// How long a server may be silent by default.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// How often a request is made again by default: with the pauses in between, for some seconds.
    pub const RETRIES: u32 = 5;
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            mirrors: Vec::new(),
            auth: None,
            plain_http: false,
            insecure: false,
            ca_files: Vec::new(),
            timeout: Self::TIMEOUT,
            retries: Self::RETRIES,
        }
    }
}
