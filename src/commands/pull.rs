//! `roots pull IMAGE DEST`. In order:
//!
//! ```text
//! prepare       network   with --update, one HEAD request, which may be all
//!               DEST      checked and locked, a staging folder beside it
//!               network   manifest and config
//! check_space             refuses layers that do not fit
//! begin         cache     a link to a new DEST: purge finds the staging folder of a killed pull
//! each_layer    network   layers that the cache lacks: into the cache and the new tree at once
//! finish                  --include and --exclude, times
//! write         DEST      NAME.nspawn and NAME.service, under temporary names
//! before_swap   cache     the link keeps the blobs of the old tree and of the new one
//! record_tag    cache     index and manifests, and the digest of the tag, for --offline
//! commit        DEST      the new tree takes the place of the old one
//! after_swap    cache     the link, with the record of the new tree
//! commit        DEST      NAME.nspawn and NAME.service take the places of the old ones
//! remove_old    DEST      the old tree, or the one before it with --keep-old
//! ```
//! `prepare.rs` has the first step in detail; a dry run changes nothing, and stops after it.

use super::cache_link::CacheLink;
use super::prepare::{Preparation, Prepared};
use super::start_hint::say_how_to_start;
use super::swapped::or_swapped_pull;
use super::{Output, Pull, counted, retry_on_mismatch, warn_of_unmatched};
use crate::cache::Cache;
use crate::destination::{Destination, RecordPlace, StagingState};
use crate::error::{Error, UNCHANGED};
use crate::extract::{Extractor, Skipped};
use crate::oci::Image;
use crate::progress::Progress;
use crate::record::Record;
use crate::report::PullReport;
use crate::source::SignaturePolicy;
use crate::sys::{check_stdout, has_subordinate_ids};

impl Pull {
    /// Pulls, and prints the digest of the manifest that DEST was made from.
    pub(super) fn run(&self) -> Result<Output, Error> {
        // Once: a file of keys may be a pipe.
        let policy = self.signatures.policy(false)?;
        let policy = policy.as_ref();
        let output = if self.dry_run {
            self.dry_run(policy)
        } else {
            let cache = self.cache.open(self.options.timeout, self.progress)?;
            retry_on_mismatch(self.progress, || self.pull(cache.as_ref(), policy))
        };
        output.map_err(|error| or_swapped_pull(&self.image, &self.dest, error))
    }

    fn pull(
        &self,
        cache: Option<&Cache>,
        policy: Option<&SignaturePolicy>,
    ) -> Result<Output, Error> {
        let caches = (cache, cache.map(Cache::path));
        let prepared = self.prepare(caches, policy, |existing, plan| {
            Destination::prepare(existing, plan, self.progress)
        })?;
        match prepared {
            Preparation::UpToDate(record) => {
                self.remove_leftovers();
                Ok(self.unchanged(&record))
            }
            Preparation::SameTree(prepared) => self.refresh(prepared, cache),
            Preparation::NewTree(prepared) => self.extract(prepared, cache),
        }
    }

    /// Removes what a killed pull has left beside DEST: a pull that swapped its tree in may have left the old one.
    fn remove_leftovers(&self) {
        if let StagingState::Abandoned(folder) = StagingState::of(&self.dest, true)
            && let Err(error) = folder.remove()
        {
            self.progress.warn(error);
        }
    }

    /// Fetches and extracts the layers beside DEST, then swaps the tree in.
    fn extract(
        &self,
        prepared: Prepared<'_, Destination>,
        cache: Option<&Cache>,
    ) -> Result<Output, Error> {
        let progress = self.progress;
        let Prepared {
            mut source,
            image,
            mut record,
            existing,
            files,
            is_update,
            mut destination,
        } = prepared;
        let link = CacheLink::new(cache, &source, &image, progress);
        source.check_space(&image, &destination.rootfs()?, destination.path(), progress)?;
        link.begin(&destination);
        let (root, exposure) = (destination.rootfs()?, destination.exposure());
        let mut extractor = Extractor::exposed(&root, self.max_size, &self.tree_options, exposure)?;
        extractor.allow_for(&image);
        source.each_layer(&image, progress, &mut |diff_id, tar| {
            extractor.apply(diff_id, tar)
        })?; // digests, sizes and DiffIDs hold
        let skipped = extractor.finish()?;
        record.owners_left_out = skipped.non_root_owners > 0;
        let new_files = files.write(&destination, &image, &root)?;
        link.before_swap(&destination);
        link.record_tag(&source);
        let place = destination.commit(&record, progress)?; // all or nothing
        link.after_swap(existing.path(), &record, place); // without it, root would pull the same tree again
        let written = new_files.commit();
        destination.remove_old(progress);
        written?;
        report(skipped, progress);
        if !is_update {
            say_how_to_start(self, &root);
        }
        Ok(self.output(&record, Some(&image)))
    }

    /// Leaves the tree alone, and updates its start files and its record: another index, name or platform
    /// may lead to the same manifest. After that, one HEAD request is enough again.
    fn refresh(
        &self,
        prepared: Prepared<'_, Destination>,
        cache: Option<&Cache>,
    ) -> Result<Output, Error> {
        let Prepared {
            source,
            image,
            record,
            existing,
            files,
            destination,
            ..
        } = prepared;
        let link = CacheLink::new(cache, &source, &image, self.progress);
        if let Some(root) = existing.dir()? {
            files.write(&destination, &image, &root)?.commit()?;
        }
        link.record_tag(&source);
        let in_tree = existing.set_record(&record);
        if let Some(inode) = existing.inode() {
            link.after_swap(existing.path(), &record, RecordPlace { inode, in_tree });
        }
        Ok(self.unchanged(&record))
    }

    /// The output if DEST has not changed. With `--quiet`, it is empty: cron mails whatever is printed. JSON
    /// has a field for it, and is printed all the same.
    pub(super) fn unchanged(&self, record: &Record) -> Output {
        self.progress
            .step(format_args!("{}: unchanged", self.dest.display()));
        let output = if self.progress.is_quiet() && !self.progress.is_json() {
            Output::from(String::new())
        } else {
            self.output(record, None)
        };
        Output {
            exit_code: if self.exit_code { UNCHANGED } else { 0 },
            ..output
        }
    }

    /// The output for the tree in DEST. `image` is given if the tree was extracted now.
    fn output(&self, record: &Record, image: Option<&Image>) -> Output {
        // The result is the tree. A service may have no standard output, and its pull has not failed.
        if check_stdout().is_err() {
            return Output::from(String::new());
        }
        if !self.progress.is_json() {
            return Output::from(format!("{}\n", record.manifest));
        }
        let seconds = self.progress.seconds();
        let dest = self.dest.to_string_lossy().into_owned();
        let report = PullReport::new(record, image, dest, seconds, self.dry_run);
        Output::from(report.to_line())
    }
}

/// How an ordinary user with subordinate ids can keep the owners.
const KEEPS_OWNERS: &str =
    "to keep the owners, pull with: unshare --map-auto --map-root-user roots pull --force ...";

/// Reports what was left out: for an ordinary user, or on a file system without extended attributes.
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
        .map(|(count, thing)| counted(*count as u64, thing))
        .collect();
    if !parts.is_empty() {
        progress.step(format_args!("not as in the image: {}", parts.join(", ")));
    }
    if non_root_owners > 0 && has_subordinate_ids() {
        progress.step(KEEPS_OWNERS);
    }
}
