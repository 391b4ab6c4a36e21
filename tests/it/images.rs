//! Images: references, manifests, indexes, platforms, layouts, archives, and `inspect`, `digest` and `save`.

mod archives;
mod configs;
mod digest;
mod documents;
mod elsewhere;
mod indexes;
mod inspect;
pub(crate) mod layout;
mod layout_faults;
pub(crate) mod manifests;
mod misses;
pub(crate) mod platforms;
mod references;
mod save;
