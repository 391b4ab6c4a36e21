//! What a pull decides before it fetches the first layer. A dry run decides the same, and stops here.
//!
//! ```text
//! IMAGE, the lock file, DEST, --keep-old, NAME.nspawn, NAME.service    looked up on disk
//! --update: the record of DEST                                         one HEAD request, if it may be current
//! DEST                                                                 locked by a pull, only checked by a dry run
//! manifest                                                             fetched
//! signatures                                                           fetched and checked, if any are demanded
//! config                                                               fetched; the image is compared with the lock file
//! ```
//!
//! One HEAD request is enough for `--update`, because the record of a tree has the digest that a HEAD
//! returns: that of the index, if there is one. A record that may be forged is not used, because it
//! could stop updates for good. Changes made to the tree after the pull are not looked for.

use super::Pull;
use super::locked::Locked;
use super::recorded::{Doubt, RecordedImage};
use super::start_files::StartFiles;
use crate::cache::Cache;
use crate::destination::{Existing, KeepOld, Plan};
use crate::error::{DestinationFault, Error, Replaceable};
use crate::oci::Image;
use crate::record::Record;
use crate::source::{SignatureCheck, SignaturePolicy, Source};
use crate::sys::{is_root, trail};
use std::path::Path;

/// What is left to do.
pub(super) enum Preparation<'c, D> {
    /// Nothing: the HEAD request says that DEST holds the image.
    UpToDate(Record),
    /// DEST holds this tree, but its record or the files that start it may be outdated.
    SameTree(Prepared<'c, D>),
    /// The tree has to be extracted.
    NewTree(Prepared<'c, D>),
}

/// A pull that can begin. `D` is DEST, claimed: a `Destination`, or the `Preflight` of a dry run.
pub(super) struct Prepared<'c, D> {
    pub(super) source: Source<'c>,
    pub(super) image: Image,
    pub(super) record: Record,
    pub(super) existing: Existing,
    pub(super) files: StartFiles,
    /// Whether DEST holds a tree with a record, which `--update` replaces.
    pub(super) is_update: bool,
    pub(super) destination: D,
}

impl Pull {
    /// Checks everything that can be checked before the layers. `cache_path` is the path of the cache,
    /// even if that does not exist yet; `claim` checks DEST, and returns what the caller needs to go on.
    pub(super) fn prepare<'c, D>(
        &self,
        (cache, cache_path): (Option<&'c Cache>, Option<&Path>),
        policy: Option<&SignaturePolicy>,
        claim: impl FnOnce(&Existing, &Plan<'_>) -> Result<D, Error>,
    ) -> Result<Preparation<'c, D>, Error> {
        let options = (!self.offline).then_some(&self.options);
        let mut source = Source::open(&self.image, options, cache, self.progress)?;
        let lock = self.locked.as_deref();
        let locked = lock.map(|path| Locked::read(path, &source)).transpose()?;
        let existing = if self.dry_run {
            Existing::for_dry_run(&self.dest)
        } else {
            Existing::for_pull(&self.dest, self.progress)
        }?;
        let keep_old = self.keep_old.as_deref().map(KeepOld::at).transpose()?;
        let recorded = self.recorded_image(&existing, cache)?;
        let is_update = recorded.is_some();
        let recorded = recorded.and_then(usable_record);
        let files = StartFiles::find(self, &existing, keep_old.as_ref())?;
        if let Some(recorded) = &recorded
            && files.are_of(&recorded.manifest)
            && locked
                .as_ref()
                .is_none_or(|locked| locked.allows_record(recorded))
            && policy.is_none_or(|policy| is_checked(recorded, policy, &existing, cache))
            && self.is_current(recorded, &mut source)?
        {
            source.drain();
            return Ok(Preparation::UpToDate(recorded.clone()));
        }
        let caches = (cache, cache_path);
        let plan = self.plan(is_update, &source, caches, keep_old.as_ref());
        let destination = claim(&existing, &plan)?;
        let mut check = SignatureCheck::of(policy, self.progress);
        let image = source.resolve(&self.platform, check.as_mut(), self.progress)?;
        if self.dry_run {
            source.drain();
        }
        if let Some(locked) = locked {
            locked.check(&source, &image)?;
        }
        files.check(&image)?;
        if self.dry_run {
            files.warn_before_pull(&image)?;
        }
        let name = source.full_name();
        let mut record = Record::new(name, &image, &self.platform, &self.tree_options);
        let of_same_tree = recorded.filter(|recorded| recorded.is_of_same_tree(&record));
        let is_same = of_same_tree.is_some();
        if let Some(recorded) = of_same_tree {
            record.owners_left_out = recorded.owners_left_out;
            // What was once checked of the same manifest is still true.
            record.signatures = recorded_in_cache(&existing, cache)
                .filter(|kept| is_of_same_image(kept, &record))
                .and_then(|kept| kept.signatures);
        }
        if let Some(check) = check {
            record.signatures = Some(check.record());
        }
        if !is_same {
            existing.spares(&source.paths())?;
        }
        if is_same {
            source.drain();
        }
        let prepared = Prepared {
            source,
            image,
            record,
            existing,
            files,
            is_update,
            destination,
        };
        Ok(if is_same {
            Preparation::SameTree(prepared)
        } else {
            Preparation::NewTree(prepared)
        })
    }

    /// With `--update`, the record of the tree in DEST. An empty folder contains no tree, even if it has a
    /// record. If the record is not trusted, the tree is pulled again.
    fn recorded_image(
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

    /// Whether a pull would make the tree that `recorded` describes.
    fn is_current(&self, recorded: &Record, source: &mut Source<'_>) -> Result<bool, Error> {
        if recorded.options != self.tree_options {
            return Ok(false);
        }
        // A digest needs no request.
        let digest = match source.pinned() {
            Some(digest) => digest.clone(),
            None => source.digest()?,
        };
        Ok(recorded.digest == digest && recorded.requested == self.platform.platform.to_string())
    }

    /// What may be done to DEST.
    fn plan<'k>(
        &self,
        is_update: bool,
        source: &Source<'_>,
        (cache, cache_path): (Option<&Cache>, Option<&Path>),
        keep_old: Option<&'k KeepOld>,
    ) -> Plan<'k> {
        let in_cache = cache_path.into_iter().flat_map(trail);
        let in_cache = in_cache.map(|path| (path, DestinationFault::HoldsCache));
        let in_image = source.paths().into_iter();
        let in_image = in_image.map(|path| (path, DestinationFault::HoldsImage));
        let kept = keep_old.map(KeepOld::existing);
        Plan {
            replace: self.force || is_update,
            hint: if self.update {
                Replaceable::Unrecorded
            } else {
                Replaceable::WithForce
            },
            keep_old,
            kept_fault: kept.and_then(|kept| kept_fault(kept, cache)),
            needed: in_cache.chain(in_image).collect(),
            // A dry run passes the path of a missing cache with its symlinks resolved.
            cache: cache_path.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned())),
        }
    }
}

/// The record that `--update` may rely on, if it is trusted. In a user namespace, a pull sets the owners that an
/// ordinary user left out.
fn usable_record(recorded: RecordedImage) -> Option<Record> {
    let trusted = recorded.trusted();
    trusted.filter(|record| !(record.owners_left_out && is_root()))
}

/// Whether the signatures of the image in DEST were checked against the same policy. Only the cache is asked: the owner of a tree
/// can forge its record.
fn is_checked(
    recorded: &Record,
    policy: &SignaturePolicy,
    existing: &Existing,
    cache: Option<&Cache>,
) -> bool {
    recorded_in_cache(existing, cache).is_some_and(|kept| {
        let checked = kept.signatures.as_ref();
        is_of_same_image(&kept, recorded)
            && checked.is_some_and(|checked| checked.demanded == policy.demanded)
    })
}

/// What the cache has recorded of the tree in DEST.
fn recorded_in_cache(existing: &Existing, cache: Option<&Cache>) -> Option<Record> {
    let kept = cache?.recorded(existing.path(), existing.inode()?)?;
    Some(kept.record)
}

/// Whether both have the same digests. The signature of a manifest says nothing of others in the same index.
fn is_of_same_image(one: &Record, other: &Record) -> bool {
    (&one.digest, &one.manifest) == (&other.digest, &other.manifest)
}

/// Why the tree at the path of `--keep-old` may not be removed. Copying a tree, with `cp -a` or in a
/// container, copies its record: root removes only a tree that the cache has recorded at this path. If the
/// cache has another record of the same folder, that folder was made by a pull as well.
fn kept_fault(kept: &Existing, cache: Option<&Cache>) -> Option<DestinationFault> {
    match RecordedImage::of(kept, cache).map(|recorded| recorded.doubt) {
        None => Some(DestinationFault::KeptExists),
        Some(None | Some(Doubt::Differs)) => None,
        Some(Some(Doubt::NoCache | Doubt::NotInCache)) => Some(DestinationFault::KeptUnconfirmed),
    }
}
