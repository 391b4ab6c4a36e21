//! The real binary against a loopback registry that can lie, stall, cut, redirect and demand tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod pull;
mod support;
