//! Layers as changesets: image-spec layer.md, "Applying Changesets".

mod owners;
mod resolve;
mod selection;
mod whiteout;
mod xattr;

pub use owners::Owners;
pub use resolve::{MADE, MAX_LINKS, Steps};
pub use selection::{PathKind, Selection};
pub use whiteout::EntryName;
pub(crate) use xattr::{
    ACCESS_ACL, ACL_ENTRY, ACL_HEAD, DEFAULT_ACL, is_of_machine, is_overlay_mark, is_set_by_kernel,
};
