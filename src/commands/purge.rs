//! `roots purge`: drops what no existing destination uses from the cache.

use super::{CacheChoice, Purge};
use crate::cache::{Access, Cache};
use crate::error::{Error, Usage};
use crate::progress::bytes;

impl Purge {
    /// Purges. It waits for pulls that use the cache.
    pub(super) fn run(&self) -> Result<(), Error> {
        let path = match &self.cache {
            CacheChoice::At(path) | CacheChoice::Usual(path) => path,
            CacheChoice::No => {
                let why = "there is no cache to purge";
                return Err(Error::Usage(Usage::Value {
                    option: "purge".to_owned(),
                    why,
                }));
            }
        };
        let purged = Cache::open(path, Access::Exclusive)?.purge()?;
        self.progress.step(format_args!(
            "{}: {} blobs dropped, {}",
            path.display(),
            purged.blobs,
            bytes(purged.bytes)
        ));
        Ok(())
    }
}
