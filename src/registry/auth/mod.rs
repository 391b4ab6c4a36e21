//! Authentication: answering a 401, and looking up credentials.
//!
//! ```text
//! 401 ── Challenge ── Authenticator ─┬─ Basic ──────────────┐
//!                                    └─ Bearer: TokenServer ─┴─ Keychain ── --auth, auth.json, helpers, …
//! ```

mod auth_file;
mod auth_key;
pub(super) mod auth_option;
pub(super) mod authenticator;
mod challenge;
pub(super) mod credentials;
mod google;
mod helper;
mod keychain;
mod sources;
mod token;
