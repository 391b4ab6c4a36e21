//! Whom a verifier trusts.

mod embedded;
pub(crate) mod trusted_root;
