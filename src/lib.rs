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

// The words and the kernel.
pub mod oci;
pub mod sys;

// How an image is started, in the words of systemd.
pub mod systemd;

// What can go wrong, and what is said meanwhile.
pub mod error;
pub mod progress;

// What bytes are: compressed, and the entries of a tar.
pub mod compression;
pub mod tarball;

// The rooms that do the work and do not know of each other.
pub mod archive;
pub mod cache;
pub mod destination;
pub mod extract;
pub mod layer;
pub mod model;
pub mod registry;

// Where an image comes from; what the user wants; how it was typed.
pub mod cli;
pub mod commands;
pub mod source;
