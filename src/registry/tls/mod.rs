//! TLS: which authorities are trusted, client certificates, and what went wrong in a handshake.

mod algorithm;
pub(super) mod certs_d;
pub(super) mod connector;
mod ecdsa;
mod key_usage;
mod pem;
pub(super) mod roots;
mod verifier;
