//! `roots pull IMAGE DEST`: the whole of it on one screen.

use super::cache_link::CacheLink;
use super::recorded::RecordedImage;
use super::swapped::or_swapped_pull;
use super::{Output, Pull, counted, warn_of_unmatched, with_healing};
use crate::cache::Cache;
use crate::destination::{Destination, Existing, KeepOld};
use crate::error::Error;
use crate::extract::{Extractor, Skipped};
use crate::progress::Progress;
use crate::record::Record;
use crate::source::Source;
use crate::sys::has_subordinate_ids;

impl Pull {
    /// Pulls, and prints the digest of the manifest that DEST was made of.
    pub(super) fn run(&self) -> Result<Output, Error> {
        let done = if self.dry_run {
            self.dry_run()
        } else {
            let cache = self.cache.open(self.options.timeout, self.progress)?;
            with_healing(self.progress, || self.attempt(cache.as_ref()))
        };
        done.map_err(|error| or_swapped_pull(&self.image, &self.dest, error))
    }

    fn attempt(&self, cache: Option<&Cache>) -> Result<Output, Error> {
        let progress = self.progress;
        let mut source = self.source(cache)?;
        let locked = self.locked(&source)?;
        let existing = Existing::mended(&self.dest, progress)?;
        let keep_old = self.keep_old.as_deref().map(KeepOld::at).transpose()?;
        let recorded = self.recorded_image(&existing, cache)?; // with --update
        let files = self.start_files(&existing, keep_old.as_ref())?; // with --nspawn, --unit
        if let Some(recorded) = recorded.as_ref().and_then(RecordedImage::trusted)
            && self.is_up_to_date(recorded, locked.as_ref(), &files, &mut source)?
        {
            return Ok(self.unchanged(recorded));
        }
        let plan = self.plan(
            recorded.is_some(),
            &source,
            (cache, cache.map(Cache::path)),
            keep_old.as_ref(),
        );
        let destination = Destination::prepare(&existing, &plan, progress)?;
        let image = source.resolve(&self.wanted, progress)?;
        if let Some(locked) = locked {
            locked.check(&source, &image)?;
        }
        let record = Record::new(source.full_name(), &image, &self.wanted, &self.altered);
        let link = CacheLink::new(cache, &source, &image, progress);
        files.check(&image)?;
        let is_new = recorded.is_none();
        let believed = recorded.as_ref().and_then(RecordedImage::trusted);
        if believed.is_some_and(|recorded| recorded.is_of_same_tree(&record)) {
            if let Some(root) = existing.dir()? {
                self.write_start_files(&files, &destination, &image, &root)?
                    .commit()?;
            }
            link.record_tag(&source);
            self.update_record(&existing, &link, &record);
            return Ok(self.unchanged(&record));
        }
        existing.spares(&source.paths())?;
        source.check_space(&image, &destination.rootfs()?, destination.path(), progress)?;
        link.begin(&destination);
        let (root, exposure) = (destination.rootfs()?, destination.exposure());
        let mut extractor = Extractor::exposed(&root, self.max_size, &self.altered, exposure)?;
        extractor.allow_for(&image);
        source.each_layer(&image, progress, &mut |diff_id, tar| {
            extractor.apply(diff_id, tar)
        })?; // digests, sizes and DiffIDs hold
        let skipped = extractor.finish()?;
        let written = self.write_start_files(&files, &destination, &image, &root)?;
        link.before_swap(&destination);
        link.record_tag(&source);
        let place = destination.commit(&record, progress)?; // all or nothing
        link.after_swap(existing.path(), &record, place);
        written.commit()?;
        report(skipped, progress);
        if is_new {
            self.say_how_to_start(&root);
        }
        Ok(self.done(&record, Some(&image)))
    }

    /// Where the image comes from.
    pub(super) fn source<'c>(&self, cache: Option<&'c Cache>) -> Result<Source<'c>, Error> {
        let options = (!self.offline).then_some(&self.options);
        Source::open(&self.image, options, cache, self.progress)
    }
}

/// How an ordinary user whom /etc/subuid and /etc/subgid give ids can keep the owners.
const KEEPS_OWNERS: &str =
    "to keep the owners, pull with: unshare --map-auto --map-root-user roots pull --force ...";

/// What an ordinary user, or a file system without attributes, could not take over.
fn report(skipped: Skipped, progress: Progress) {
    let Skipped {
        owners,
        non_root_owners,
        devices,
        xattrs,
        unmatched,
    } = skipped;
    warn_of_unmatched(&unmatched, progress);
    let parts = [
        (owners, "owner"),
        (devices, "device"),
        (xattrs, "extended attribute"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(*count as u64, what))
        .collect();
    if !parts.is_empty() {
        progress.step(format_args!("not as in the image: {}", parts.join(", ")));
    }
    if non_root_owners > 0 && has_subordinate_ids() {
        progress.step(KEEPS_OWNERS);
    }
}
