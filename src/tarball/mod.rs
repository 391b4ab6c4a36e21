//! The entries of a tar, validated: whatever a hostile archive contains, a name only leads down, a
//! number is in its range, a map of holes fits its file.
//!
//! ```text
//! blocks ── Fields ── pax, GNU's long names ── Entry { LayerPath, kind, metadata }
//! ```

mod budget;
mod entries;
mod entry;
mod header;
mod image_archive;
mod path;
mod pax;
mod sparse;
mod writer;
mod xattrs;

pub use budget::{Budget, is_explained};
pub use entries::Entries;
pub use entry::{Entry, EntryKind};
pub use header::{BLOCK, padding};
pub use image_archive::is_image_archive;
pub use path::{LayerPath, Parents};
pub use sparse::{SparseMap, SparseWriter};
pub use writer::{Unwritten, Writer};
pub use xattrs::Xattrs;
