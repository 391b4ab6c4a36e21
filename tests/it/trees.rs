//! What layers make of a tree: tar dialects, whiteouts, owners, attributes, selections, and attacks on all of it.

mod amplification;
mod attributes;
mod bombs;
mod breakouts;
mod changesets;
mod layers;
pub(crate) mod model;
mod owners;
mod rootless;
mod selections;
pub(crate) mod tar_dialects;
