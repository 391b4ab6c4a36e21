//! Compares a tree on disk with the one that its image would make.
//!
//! ```text
//! MemoryTree, Scope ── Comparison ── Difference { path, Change ── Aspect }
//! DEST ──────────────┘
//! ```
//! It only reads.

mod comparison;
mod devices;
mod difference;
mod directory;
mod file_type;
mod metadata;
mod mounts;
mod report;
mod scope;
mod timestamp;
mod xattrs;

pub use comparison::Comparison;
pub use difference::{Change, Difference};
pub use metadata::Puller;
pub use scope::{Ignore, Scope};
