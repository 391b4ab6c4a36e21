//! The real binary against a loopback registry that can lie, stall, cut, redirect and demand tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "servers in tests have threads")]

/// The cache: sharing, locks, corruption, hostile owners, `--offline`, and `purge`.
mod caches;
/// The command line: options, messages, exit codes, progress, signals, help and completions.
mod command_line;
/// Genuine signatures, and the official suite of all clients of sigstore. `make conformance` runs them.
mod conformance;
/// DEST: swaps, races, crashes, records, `--update`, `--keep-old`, services, and `verify`.
mod destinations;
/// Images: references, manifests, indexes, platforms, layouts, archives, and `inspect`, `digest` and `save`.
mod images;
/// The same images with the peers: docker-registry, skopeo, umoci, buildah, systemd. `make interop` runs them.
mod interop;
/// The project itself: its floors, fixtures, packages, README, and what a pull costs.
mod project;
/// Registries: HTTP, credentials, TLS, proxies, mirrors, broken connections, and `tags`.
mod registries;
/// Who made an image: signatures that are demanded, found, verified, refused, recorded and saved.
mod signatures;
/// The loopback registry, sandboxes, image builders, and what else the tests share.
mod support;
/// What layers make of a tree: tar dialects, whiteouts, owners, attributes, selections, and attacks on all of it.
mod trees;
