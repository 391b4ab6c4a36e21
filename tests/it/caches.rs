//! The cache: sharing, locks, corruption, hostile owners, `--offline`, and `purge`.

pub(crate) mod cache;
mod hostile_caches;
mod locks;
mod offline;
mod purge;
mod shared_caches;
mod spoilage;
