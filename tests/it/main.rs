//! The real binary against a loopback registry that can lie, stall, cut, redirect and demand tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "servers in tests have threads")]

mod access;
mod blobs;
mod configs;
mod credentials;
mod documents;
mod fixtures;
mod floors;
mod indexes;
mod interop;
mod layers;
mod manifests;
mod misses;
mod model;
mod platforms;
mod pull;
mod readme;
mod redirects;
mod references;
mod story;
mod support;
mod tokens;
