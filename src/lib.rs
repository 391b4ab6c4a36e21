//! Turns a container image reference into a root folder: one thread, one pass, bounded memory.
//!
//! ```text
//! registry | OCI layout | archive | pipe
//!   blob ── Tee ──── Verifier ── Decoder ──────── Contents ── Entries ── Extractor ── disk
//!           (cache)  (digest,    (gzip|zstd|none) (DiffID)    (hostile)  (*at calls on
//!                     size)                                               open directories)
//! ```
//!
//! The modules by floors, from the cellar up. Imports only point down; `tests/it/floors.rs` holds
//! them to it.

// Escapes, the OCI specifications, the kernel.
mod escape;
pub mod oci;
pub mod sys;

// What is written beside and into a tree, and what starts it.
mod lockfile;
mod record;
mod systemd;
pub mod tree_options;

// Errors, messages and progress.
pub mod error;
pub mod progress;

// Compression, tar, and what commands print.
pub mod compression;
mod report;
pub mod tarball;

// What layers mean for a tree.
mod changeset;
pub mod tree;

// The rooms that do the work and do not know of each other.
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
