//! `roots purge`: drops what no existing destination and no running pull uses from the cache.

use super::{CacheChoice, Purge, counted};
use crate::cache::Cache;
use crate::destination::StagingState;
use crate::error::{Error, Usage, ValueFault, escaped};
use crate::progress::bytes;
use std::path::PathBuf;

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
        let (abandoned, in_use) = self.abandoned(&cache)?;
        let dropped = cache.purge(self.sweep, &in_use)?;
        self.progress.step(format_args!(
            "{}: {} {}, {}",
            path.display(),
            counted(dropped.len() as u64, "blob"),
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
        let abandoned = abandoned.iter().filter(|_| dry_run);
        let folders = abandoned.map(|path| format!("-\t{}\n", escaped(&path.to_string_lossy())));
        Ok(lines.chain(folders).collect())
    }

    /// Removes what killed pulls have left beside the destinations that the cache knows, or finds it.
    /// Returns these folders, and the destinations that a pull is at work on.
    fn abandoned(&self, cache: &Cache) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let (mut all, mut in_use) = (Vec::new(), Vec::new());
        for destination in cache.destinations()? {
            Error::unless_stopped()?;
            let found = match StagingState::of(&destination, !self.sweep.dry_run) {
                StagingState::Missing => continue,
                StagingState::Abandoned(found) if !self.sweep.spares(found.stat()) => found,
                _ => {
                    in_use.push(destination);
                    continue;
                }
            };
            let path = found.path().display();
            if !self.sweep.dry_run {
                match found.remove() {
                    Err(e) => self.progress.warn(e),
                    Ok(()) => self
                        .progress
                        .step(format_args!("{path}: removed what a killed pull has left")),
                }
            }
            all.push(found.path().to_owned());
        }
        Ok((all, in_use))
    }
}
