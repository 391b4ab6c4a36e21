//! TLS: trusted authorities, client certificates, and handshake errors.

mod algorithm;
pub(super) mod certs_d;

mod ecdsa;
mod fault;
mod key_usage;
mod pem;
pub(super) mod roots;
pub(super) mod stream;
mod verifier;
