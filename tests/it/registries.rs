//! Registries: HTTP, credentials, TLS, proxies, mirrors, broken connections, and `tags`.

mod access;
mod blobs;
mod bounds;
mod connections;
mod credential_helpers;
mod credentials;
mod leaks;
mod logins;
mod mirrors;
pub(crate) mod pieces;
mod proxies;
mod redirects;
mod refusals;
mod tags;
mod tls;
mod tokens;
mod warnings;
pub(crate) mod wires;
