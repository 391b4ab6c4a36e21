//! `roots verify DEST [IMAGE]`: whether a tree is still what a pull of its image would make.

use super::recorded::{Doubt, RecordedImage};
use super::swapped::or_swapped_verify;
use super::verdict::Compared;
use super::{Output, Verify, retry_on_mismatch, warn_of_unmatched};
use crate::cache::Cache;
use crate::compare::{Comparison, Puller, Scope};
use crate::destination::Existing;
use crate::error::{DestinationError, Error, ImageError, RecordFault};
use crate::oci::{Digest, Image, Platform, PlatformRequest, Reference};
use crate::record::Record;
use crate::source::{Form, ImageName, Local, SignatureCheck, SignaturePolicy, Source};
use crate::tree::ImageTree;
use crate::tree_options::TreeOptions;
use std::ffi::OsStr;

impl Verify {
    /// Prints a line for each difference from the image.
    pub(super) fn run(&self) -> Result<Output, Error> {
        let cache = self.cache.open(self.options.timeout, self.progress)?;
        // Once: a file of keys may be a pipe.
        let policy = self.signatures.policy(false)?;
        let compared = retry_on_mismatch(self.progress, || {
            self.compare(cache.as_ref(), policy.as_ref())
        });
        compared.map_err(|error| or_swapped_verify(&self.dest, self.image.as_ref(), error))
    }

    fn compare(
        &self,
        cache: Option<&Cache>,
        policy: Option<&SignaturePolicy>,
    ) -> Result<Output, Error> {
        let progress = self.progress;
        let existing = Existing::at(&self.dest)?;
        let root = existing
            .dir()?
            .ok_or_else(|| DestinationError::NotFound(self.dest.clone()))?;
        let (mut source, image, tree_options, reference) = match &self.image {
            // The record of the tree is not read.
            Some(name) => {
                let image = self.resolved(name, &self.platform, self.offline, (cache, policy));
                image.map(|(source, image)| {
                    let reference = source.full_name();
                    (source, image, self.tree_options.clone(), reference)
                })?
            }
            None => self.recorded(&existing, (cache, policy))?,
        };
        let mut tree = ImageTree::new(&tree_options);
        tree.allow_for(&image);
        source.each_layer(&image, progress, &mut |diff_id, tar| {
            tree.apply(diff_id, tar)
        })?;
        let unmatched = tree.select()?;
        // Options of the record caused a warning when the tree was pulled.
        if tree_options == self.tree_options {
            warn_of_unmatched(&unmatched, progress);
        }
        let scope = Scope::new(&mut tree, &self.scope, self.ignore)?;
        let puller = Puller::new(&tree_options, self.rootless);
        progress.working_on("comparing");
        let comparison = Comparison::new(&tree, &scope, puller, &root, existing.path())?;
        warn_of_unmatched(&comparison.unmatched(), progress);
        let compared = Compared {
            source: &source,
            reference,
            image: &image,
            tree_options: &tree_options,
            overlay_marks: tree.overlay_marks(),
        };
        Ok(self.report(&comparison, &compared))
    }

    fn resolved<'c>(
        &self,
        name: &ImageName,
        platform: &PlatformRequest,
        offline: bool,
        (cache, policy): (Option<&'c Cache>, Option<&SignaturePolicy>),
    ) -> Result<(Source<'c>, Image), Error> {
        let options = (!offline).then_some(&self.options);
        let mut source = Source::open(name, options, cache, self.progress)?;
        let mut check = SignatureCheck::of(policy, self.progress);
        let image = source.resolve(platform, check.as_mut(), self.progress)?;
        Ok((source, image))
    }

    /// The image that the record names, by its digest, because its tag may have moved.
    fn recorded<'c>(
        &self,
        existing: &Existing,
        (cache, policy): (Option<&'c Cache>, Option<&SignaturePolicy>),
    ) -> Result<(Source<'c>, Image, TreeOptions, String), Error> {
        let no_record = |reason: RecordFault| reason.at(&self.dest);
        let RecordedImage { record, doubt } =
            RecordedImage::of(existing, cache).ok_or_else(|| no_record(RecordFault::Missing))?;
        // A signature may be of the index, which the manifest does not lead to.
        let is_checked = policy.is_some();
        let digest = if is_checked {
            &record.digest
        } else {
            &record.manifest
        };
        let name = name_of(&record, digest).map_err(no_record)?;
        let tree_options = match doubt {
            Some(doubt) => self.alarm(doubt, &record, &name)?,
            None => &record.options,
        };
        if matches!(&name, ImageName::Local(local) if local.is_special()) {
            return Err(no_record(RecordFault::Spent(record.reference)));
        }
        let tree_options = if self.tree_options.are_none() {
            tree_options
        } else {
            &self.tree_options
        };
        let pulled = pulled_platform(&record).filter(|_| !self.platform.explicit);
        let platform = pulled.as_ref().unwrap_or(&self.platform);
        // If the cache has the image, no request is needed, except for its signatures.
        let is_offline = self.offline || !is_checked;
        let (source, image) = match self.resolved(&name, platform, is_offline, (cache, policy)) {
            Err(error) if error.is_offline() && !self.offline => {
                self.resolved(&name, platform, false, (cache, policy))
            }
            other => other,
        }?;
        if image.digest == record.manifest {
            return Ok((source, image, tree_options.clone(), record.reference));
        }
        Err(ImageError::Changed {
            image: source.to_string(),
            expected: record.manifest.clone(),
            actual: image.digest,
        }
        .into())
    }

    /// Warns that the record in DEST is not trusted, and returns the options that count. A forged record
    /// must not hide differences behind options, nor make root open a file that it names: a layout of the
    /// attacker, or a pipe that is never written to.
    fn alarm<'r>(
        &'r self,
        doubt: Doubt,
        record: &'r Record,
        name: &ImageName,
    ) -> Result<&'r TreeOptions, Error> {
        let dest = self.dest.display();
        if doubt == Doubt::Differs {
            let then = "compared with what the cache says";
            self.progress.alarm(format_args!("{dest}: {doubt}: {then}"));
            return Ok(&record.options);
        }
        if let ImageName::Local(_) = name {
            let image = record.reference.clone();
            return Err(RecordFault::Unconfirmed(image).at(&self.dest));
        }
        let reference = &record.reference;
        let manifest = &record.manifest;
        self.progress.alarm(format_args!(
            "{dest}: {doubt}: its owner can have named {reference}@{manifest}"
        ));
        let options = record.options.without(&[&self.tree_options, &self.scope]);
        if !options.are_none() {
            self.progress.alarm(format_args!(
                "{dest}: options in it do not count unless they are given: {options}"
            ));
        }
        Ok(&self.tree_options)
    }
}

fn pulled_platform(record: &Record) -> Option<PlatformRequest> {
    Some(PlatformRequest {
        platform: Platform::parse(&record.platform).ok()?,
        explicit: false,
    })
}

/// The name of the image in the record, with the digest of its manifest or of its index.
fn name_of(record: &Record, digest: &Digest) -> Result<ImageName, RecordFault> {
    let text = OsStr::new(&record.reference);
    if let Some(local) = Local::parse(text) {
        if local.is_stdin() {
            return Err(RecordFault::Spent("standard input".to_owned()));
        }
        let is_place = local.form != Form::Any;
        let name = is_place.then_some(ImageName::Local(local));
        return name.ok_or(RecordFault::Missing);
    }
    let reference = Reference::parse(&record.reference).map_err(|_| RecordFault::Missing)?;
    Ok(ImageName::Registry(reference.pinned(digest.clone())))
}
