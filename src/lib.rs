//! Turns a container image reference into a root folder: one thread, one pass, bounded memory.
//!
//! The product is the binary `roots`. This library exists for its tests: its API is internal, and changes in any version.
//!
//! ```text
//! registry | OCI layout | archive | pipe
//!   blob ── Tee ──── Verifier ── Decoder ──────── Contents ── Entries ── Extractor ── disk
//!           (cache)  (digest,    (gzip|zstd|none) (DiffID)    (hostile)  (*at calls on
//!                     size)                                               open directories)
//! ```
//!
//! The modules by floors, from the lowest. Imports point down only, which `tests/it/project/floors.rs` checks.

// Escapes, dates, DER, the OCI specifications, the kernel.
mod calendar;
mod der;
mod escape;
pub mod oci;
pub mod sys;

// Records, lock files, and the files that start a tree.
mod lockfile;
mod record;
mod systemd;
pub mod tree_options;

// Errors, messages and progress.
pub mod error;
pub mod progress;

// Who made an image.
pub mod sigstore;

// Compression, tar, and what commands print.
pub mod compression;
mod report;
pub mod tarball;

// What layers mean for a tree.
mod changeset;
pub mod tree;

// The rooms that do the work. They do not import each other.
mod archive;
mod cache;
pub mod compare;
mod destination;
pub mod extract;
pub mod layer;
pub mod registry;

// Sources of images, commands, the command line.
pub mod cli;
pub mod commands;
mod source;
