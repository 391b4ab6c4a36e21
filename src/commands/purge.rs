//! `roots purge`: drops what no existing destination and no running pull uses from the cache.

use super::{CacheChoice, Purge};
use crate::cache::Cache;
use crate::error::{Error, Usage, ValueFault, escaped};
use crate::progress::bytes;

impl Purge {
    /// Purges. What comes back is for stdout: what a dry run would drop, a line for each.
    pub(super) fn run(&self) -> Result<String, Error> {
        let path = match &self.cache {
            CacheChoice::At(path) | CacheChoice::Usual(path) => path,
            CacheChoice::No => {
                return Err(Error::Usage(Usage::Value {
                    command: Some("purge"),
                    option: "purge".to_owned(),
                    why: ValueFault::NoCacheToPurge,
                }));
            }
        };
        let dry_run = self.sweep.dry_run;
        // A timer that purges may come before the first pull.
        if matches!(self.cache, CacheChoice::Usual(_)) && matches!(path.try_exists(), Ok(false)) {
            let path = path.display();
            self.progress.step(format_args!("{path}: no cache yet"));
            return Ok(String::new());
        }
        let cache = Cache::open_existing(path, dry_run, self.timeout, self.progress)?;
        let dropped = cache.purge(self.sweep)?;
        self.progress.step(format_args!(
            "{}: {} blobs {}, {}",
            path.display(),
            dropped.len(),
            if dry_run {
                "would be dropped"
            } else {
                "dropped"
            },
            bytes(dropped.iter().map(|blob| blob.bytes).sum())
        ));
        let lines = dropped.iter().filter(|_| dry_run).map(|blob| {
            let path = escaped(&blob.path.to_string_lossy());
            format!("{}\t{path}\n", blob.bytes)
        });
        Ok(lines.collect())
    }
}
