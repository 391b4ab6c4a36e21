//! `--update`: whether DEST already holds the current image.
//!
//! One HEAD request tells, because the record of a tree has the digest that a HEAD gives: that of the
//! index, where there is one. A record that may be forged could stop updates for good: it is not
//! asked. What somebody has done to the tree since it was made is not looked at.

use super::cache_link::CacheLink;
use super::locked::Locked;
use super::recorded::{Doubt, RecordedImage};
use super::start_files::StartFiles;
use super::{Output, Pull};
use crate::cache::Cache;
use crate::destination::{Existing, KeepOld, Plan, RecordPlace};
use crate::error::{DestinationFault, Error, Replaceable, UNCHANGED};
use crate::oci::Image;
use crate::record::Record;
use crate::report::PullReport;
use crate::source::Source;
use crate::sys::{check_stdout, trail};
use std::path::Path;

impl Pull {
    /// The record of the tree in DEST, if it is to be updated. An empty folder holds no tree,
    /// whatever is written on it. One that is in doubt may stop no update: the tree is replaced.
    pub(super) fn recorded_image(
        &self,
        existing: &Existing,
        cache: Option<&Cache>,
    ) -> Result<Option<RecordedImage>, Error> {
        if !self.update || existing.holds_nothing()? {
            return Ok(None);
        }
        let recorded = RecordedImage::of(existing, cache);
        if let Some(doubt) = recorded.as_ref().and_then(|recorded| recorded.doubt) {
            let dest = self.dest.display();
            self.progress
                .alarm(format_args!("{dest}: {doubt}: it is to be pulled again"));
        }
        Ok(recorded)
    }

    /// Whether there is nothing to do: the tree that `held` is about is the one that a pull would
    /// make, may be it, and has its files beside it.
    pub(super) fn is_up_to_date(
        &self,
        recorded: &Record,
        locked: Option<&Locked<'_>>,
        files: &StartFiles,
        source: &mut Source<'_>,
    ) -> Result<bool, Error> {
        let is_set = files.are_of(&recorded.manifest);
        let is_allowed = locked.is_none_or(|locked| locked.allows_record(recorded));
        Ok(is_set && is_allowed && self.is_current(recorded, source)?)
    }

    /// Whether the tree that `held` is about is the one that a pull would make.
    fn is_current(&self, recorded: &Record, source: &mut Source<'_>) -> Result<bool, Error> {
        if recorded.options != self.altered {
            return Ok(false);
        }
        let digest = match source.pinned() {
            // Nobody has to be asked what a digest stands for.
            Some(digest) => digest.clone(),
            None => source.digest()?,
        };
        Ok(recorded.digest == digest && recorded.wanted == self.wanted.platform.to_string())
    }

    /// Writes down that the tree in DEST, which `held` is about, is also what `record` says: the
    /// index has changed, or another name or platform leads to the same manifest. The next time,
    /// one HEAD is enough again.
    pub(super) fn update_record(&self, existing: &Existing, link: &CacheLink<'_>, record: &Record) {
        let in_tree = existing.set_record(record);
        if let Some(inode) = existing.inode() {
            link.after_swap(existing.path(), record, RecordPlace { inode, in_tree });
        }
    }

    /// There was nothing to do. Whoever wants to hear nothing of that, such as cron, which mails what
    /// is printed, gets no digest either; an object says itself that nothing has changed.
    pub(super) fn unchanged(&self, recorded: &Record) -> Output {
        self.progress
            .step(format_args!("{}: unchanged", self.dest.display()));
        let done = match self.progress.is_quiet() && !self.progress.is_json() {
            true => Output::from(String::new()),
            false => self.done(recorded, None),
        };
        Output {
            exit_code: if self.exit_code { UNCHANGED } else { 0 },
            ..done
        }
    }

    /// DEST holds the tree that `record` is about: made of `image`, or there already.
    pub(super) fn done(&self, record: &Record, image: Option<&Image>) -> Output {
        // The tree is the result. A service that has no standard output does not want the digest, and its
        // pull has not failed.
        if check_stdout().is_err() {
            return Output::from(String::new());
        }
        if !self.progress.is_json() {
            return Output::from(format!("{}\n", record.manifest));
        }
        let seconds = self.progress.elapsed().as_secs_f64();
        let dest = self.dest.to_string_lossy().into_owned();
        let report = PullReport::new(record, image, dest, seconds, self.dry_run);
        Output::from(report.to_line())
    }

    /// What may be done to DEST, which holds a tree with a record or not.
    pub(super) fn plan<'k>(
        &self,
        recorded: bool,
        source: &Source<'_>,
        cache: (Option<&Cache>, Option<&Path>),
        keep_old: Option<&'k KeepOld>,
    ) -> Plan<'k> {
        let (known, cache) = cache;
        let kept = keep_old.map(KeepOld::found);
        let kept_fault = kept.and_then(|kept| kept_fault(kept, known));
        let cached = cache.into_iter().flat_map(trail);
        let cached = cached.map(|path| (path, DestinationFault::HoldsCache));
        // One that is yet to be made is named without symlinks already.
        let cache = cache.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let read = source.paths().into_iter();
        let read = read.map(|path| (path, DestinationFault::HoldsImage));
        Plan {
            replace: self.force || recorded,
            hint: match self.update {
                true => Replaceable::Unrecorded,
                false => Replaceable::WithForce,
            },
            keep_old,
            kept_fault,
            needed: cached.chain(read).collect(),
            cache,
        }
    }
}

/// Why what is at the place of `--keep-old` may not be removed. Whoever copies a tree, with `cp -a` or in
/// a container, copies its record: root removes only what the cache has at this path. Where the cache
/// has another record of the same folder, a pull has made that folder, too.
fn kept_fault(kept: &Existing, cache: Option<&Cache>) -> Option<DestinationFault> {
    match RecordedImage::of(kept, cache).map(|recorded| recorded.doubt) {
        None => Some(DestinationFault::KeptExists),
        Some(None | Some(Doubt::Differs)) => None,
        Some(Some(Doubt::NoCache | Doubt::NotInCache)) => Some(DestinationFault::KeptUnconfirmed),
    }
}
