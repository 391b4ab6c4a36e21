//! Options for connecting to registries, as the user gave them. Nothing is looked up yet.

use super::mirror::Mirror;
use crate::registry::auth::auth_option::AuthOption;
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Connection options from the command line and the environment.
#[derive(Clone)]
pub struct RegistryOptions {
    /// The value of `--auth`. No `Debug`: it holds a secret.
    pub auth: Option<AuthOption>,
    /// Use plain http for the registry, as is always done for loopback hosts.
    pub plain_http: bool,
    /// Accept any certificate.
    pub insecure: bool,
    /// Files with additional certificate authorities.
    pub ca_files: Vec<PathBuf>,
    /// Hosts to ask before the registry, in this order.
    pub mirrors: Vec<Mirror>,
    /// How long a server may be silent.
    pub timeout: Duration,
    /// How often a request is retried after a temporary failure.
    pub retries: u32,
    /// How many connections a pull uses.
    pub connections: ConnectionCount,
}

/// How many connections a pull uses; None for as many as help. Clones share it: after a blob that came in
/// several ranges had the wrong digest, all that is fetched again comes over one connection.
#[derive(Clone, Debug, Default)]
pub struct ConnectionCount(Rc<Cell<Option<usize>>>);

impl ConnectionCount {
    /// As many as the user asked for.
    pub fn new(count: Option<usize>) -> Self {
        Self(Rc::new(Cell::new(count)))
    }

    /// The number, unless it is up to us.
    pub fn get(&self) -> Option<usize> {
        self.0.get()
    }

    /// Uses only one from now on.
    pub fn set_to_one(&self) {
        self.0.set(Some(1));
    }
}

impl RegistryOptions {
    /// The default time-out.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// The default number of retries: with backoff, they take some seconds.
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
            connections: ConnectionCount::default(),
        }
    }
}
