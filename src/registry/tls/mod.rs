//! TLS: trusted authorities, client certificates, and handshake errors.

mod algorithm;
pub(super) mod certs_d;
pub(super) mod connector;
mod ecdsa;
mod key_usage;
mod pem;
pub(super) mod roots;
mod verifier;
