//! Logs of signatures, and what an entry in one proves.

pub(crate) mod body;
mod checkpoint;
pub(crate) mod entry;
pub(crate) mod merkle;
