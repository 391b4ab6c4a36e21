//! `roots purge`: removes blobs that no existing destination and no running pull uses from the cache.

use super::{CacheChoice, Purge, counted};
use crate::cache::{Cache, Purged};
use crate::destination::StagingState;
use crate::error::{Error, ValueFault, escaped};
use crate::progress::bytes;
use crate::report::{DroppedReport, PurgeReport};
use std::path::{Path, PathBuf};

impl Purge {
    /// Prints what a dry run would remove, one per line; as JSON, also what a purge removed, and the
    /// total.
    pub(super) fn run(&self) -> Result<String, Error> {
        let path = match &self.cache {
            CacheChoice::At(path) | CacheChoice::Default(path) => path,
            CacheChoice::No => {
                return Err(ValueFault::NoCacheToPurge.of_command("purge", "purge"));
            }
        };
        // A timer may run before the first pull.
        if matches!(self.cache, CacheChoice::Default(_)) && matches!(path.try_exists(), Ok(false)) {
            let shown = path.display();
            self.progress.step(format_args!("{shown}: no cache yet"));
            return Ok(self.printed(path, &Purged::default(), &[]));
        }
        let dry_run = self.options.dry_run;
        let cache = Cache::open_existing(path, dry_run, self.timeout, self.progress)?;
        let (abandoned, in_use) = self.abandoned(&cache)?;
        let purged = cache.purge(self.options, &in_use)?;
        self.say(path, &purged);
        Ok(self.printed(path, &purged, &abandoned))
    }

    fn say(&self, path: &Path, purged: &Purged) {
        let path = path.display();
        let Purged {
            left,
            linked,
            young,
            ..
        } = purged;
        self.progress.step(format_args!(
            "{path}: {} {}, {}; {} left",
            counted(purged.dropped.len() as u64, "blob"),
            if self.options.dry_run {
                "would be dropped"
            } else {
                "dropped"
            },
            bytes(purged.dropped.iter().map(|blob| blob.bytes).sum()),
            bytes(left.bytes),
        ));
        if self.options.max_size.is_none() || self.options.allows(*left) {
            return;
        }
        let mut reasons = Vec::new();
        if young.bytes > 0 {
            reasons.push(format!(
                "{} is younger than --older-than",
                bytes(young.bytes)
            ));
        }
        if linked.bytes > 0 {
            let linked = bytes(linked.bytes);
            reasons.push(format!(
                "existing destinations were made of {linked}, which --all drops as well"
            ));
        }
        if reasons.is_empty() {
            reasons.push("running pulls use it".to_owned());
        }
        let why = reasons.join("; ");
        let left = bytes(left.bytes);
        self.progress.warn(format_args!(
            "{path}: {left} left, more than --max-size allows: {why}"
        ));
    }

    /// What goes to stdout.
    fn printed(&self, path: &Path, purged: &Purged, abandoned: &[PathBuf]) -> String {
        let dropped = purged.dropped.iter();
        if self.progress.is_json() {
            let blobs = dropped
                .clone()
                .map(|blob| DroppedReport::blob(&blob.path, blob.bytes));
            let folders = abandoned.iter().map(|path| DroppedReport::folder(path));
            let links = purged.forgotten.iter();
            let links = links.map(|destination| DroppedReport::link(destination));
            let all = blobs.clone().chain(folders).chain(links);
            let lines: String = all.map(|report| report.to_line()).collect();
            let others = blobs.filter(|report| !report.is_blob()).count();
            let report = PurgeReport {
                cache: path.to_string_lossy().into_owned(),
                blobs: dropped.len() - others,
                others: Some(others).filter(|count| *count > 0),
                bytes: dropped.map(|blob| blob.bytes).sum(),
                folders: abandoned.len(),
                links: purged.forgotten.len(),
                left_blobs: purged.left.blobs,
                left_bytes: purged.left.bytes,
                seconds: self.progress.seconds(),
                dry_run: self.options.dry_run,
            };
            return lines + &report.to_line();
        }
        if !self.options.dry_run {
            return String::new();
        }
        let lines = dropped.map(|blob| {
            let path = escaped(&blob.path.to_string_lossy());
            format!("{}\t{path}\n", blob.bytes)
        });
        let folders = abandoned.iter();
        let folders = folders.map(|path| format!("-\t{}\n", escaped(&path.to_string_lossy())));
        lines.chain(folders).collect()
    }

    /// Removes the staging folders that killed pulls left beside the destinations that the cache knows;
    /// a dry run only finds them. Returns these folders, and the destinations of running pulls.
    fn abandoned(&self, cache: &Cache) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let (mut all, mut in_use) = (Vec::new(), Vec::new());
        for destination in cache.destinations()? {
            Error::unless_stopped()?;
            let abandoned = match StagingState::of(&destination, !self.options.dry_run) {
                StagingState::Missing => continue,
                StagingState::Abandoned(folder) if !self.options.spares(folder.stat()) => folder,
                _ => {
                    in_use.push(destination);
                    continue;
                }
            };
            let path = abandoned.path().to_owned();
            if !self.options.dry_run {
                if let Err(e) = abandoned.remove() {
                    self.progress.warn(e);
                    continue;
                }
                let path = path.display();
                self.progress
                    .step(format_args!("{path}: removed what a killed pull has left"));
            }
            all.push(path);
        }
        Ok((all, in_use))
    }
}
