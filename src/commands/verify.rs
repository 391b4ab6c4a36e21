//! `roots verify DEST [IMAGE]`: whether a tree still is what its image would make.

use super::recorded::{Doubt, RecordedImage};
use super::swapped::or_swapped_verify;
use super::verdict::Compared;
use super::{Output, Verify, warn_of_unmatched, with_healing};
use crate::cache::Cache;
use crate::destination::Existing;
use crate::error::{CacheError, DestinationError, Error, ImageError, RecordFault};
use crate::model::{Comparison, Model};
use crate::oci::{Image, Platform, PlatformRequest, Reference};
use crate::record::Record;
use crate::source::{Form, ImageName, Local, Source};
use crate::tree_options::TreeOptions;
use std::ffi::OsStr;

impl Verify {
    /// Compares, and prints what is not as in the image, a line each.
    pub(super) fn run(&self) -> Result<Output, Error> {
        let cache = self.cache.open(self.options.timeout, self.progress)?;
        let done = with_healing(self.progress, || self.compare(cache.as_ref()));
        done.map_err(|error| or_swapped_verify(&self.dest, self.image.as_ref(), error))
    }

    fn compare(&self, cache: Option<&Cache>) -> Result<Output, Error> {
        let progress = self.progress;
        let existing = Existing::at(&self.dest)?;
        let root = existing
            .dir()?
            .ok_or_else(|| DestinationError::NotFound(self.dest.clone()))?;
        let (mut source, image, altered, reference) = match &self.image {
            // The tree is not asked what it is.
            Some(name) => {
                let image = self.resolved(name, &self.platform, self.offline, cache);
                image.map(|(source, image)| {
                    let reference = source.full_name();
                    (source, image, self.tree_options.clone(), reference)
                })?
            }
            None => self.recorded(&existing, cache)?,
        };
        let mut model = Model::new(&altered, self.rootless);
        model.allow_for(&image);
        source.each_layer(&image, progress, &mut |diff_id, tar| {
            model.apply(diff_id, tar)
        })?;
        let unmatched = model.select(&altered)?;
        // Those of the record were said when it was pulled.
        if altered == self.tree_options {
            warn_of_unmatched(&unmatched, progress);
        }
        let scope = model.scope(&self.part, self.ignore)?;
        progress.working_on("comparing");
        let comparison = Comparison::new(&model, &scope, &root, existing.path())?;
        warn_of_unmatched(&comparison.unmatched(), progress);
        let compared = Compared {
            source: &source,
            reference,
            image: &image,
            altered: &altered,
            overlay_marks: model.overlay_marks(),
        };
        Ok(self.report(&comparison, &compared))
    }

    fn resolved<'c>(
        &self,
        name: &ImageName,
        wanted: &PlatformRequest,
        offline: bool,
        cache: Option<&'c Cache>,
    ) -> Result<(Source<'c>, Image), Error> {
        let options = (!offline).then_some(&self.options);
        let mut source = Source::open(name, options, cache, self.progress)?;
        let image = source.resolve(wanted, self.progress)?;
        Ok((source, image))
    }

    /// The image that the tree was made of, by its digest, so that it does not matter what its name
    /// stands for by now, and how the tree differs from it.
    fn recorded<'c>(
        &self,
        existing: &Existing,
        cache: Option<&'c Cache>,
    ) -> Result<(Source<'c>, Image, TreeOptions, String), Error> {
        let no_record = |reason: RecordFault| reason.at(&self.dest);
        let RecordedImage { record, doubt } =
            RecordedImage::of(existing, cache).ok_or_else(|| no_record(RecordFault::Missing))?;
        let name = name_of(&record).map_err(no_record)?;
        let altered = match doubt {
            Some(doubt) => self.alarm(doubt, &record, &name)?,
            None => &record.options,
        };
        if matches!(&name, ImageName::Local(local) if local.is_special()) {
            return Err(no_record(RecordFault::Spent(record.reference)));
        }
        let altered = match self.tree_options.are_none() {
            true => altered,
            false => &self.tree_options,
        };
        let wanted = wanted(&record).filter(|_| !self.platform.explicit);
        let wanted = wanted.as_ref().unwrap_or(&self.platform);
        // Nobody is asked for what is here.
        let (source, image) = match self.resolved(&name, wanted, true, cache) {
            Err(Error::Cache(CacheError::Offline { .. })) if !self.offline => {
                self.resolved(&name, wanted, false, cache)
            }
            other => other,
        }?;
        match image.digest == record.manifest {
            true => Ok((source, image, altered.clone(), record.reference)),
            false => Err(ImageError::Changed {
                image: source.to_string(),
                expected: record.manifest.clone(),
                actual: image.digest,
            }
            .into()),
        }
    }

    /// Says why the record in DEST is not believed, and which options count. One that may be forged
    /// must not hide differences behind options, nor have root open what it names on this machine: a
    /// layout of the forger's, a pipe that nobody writes to.
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
        let options = record.options.without(&[&self.tree_options, &self.part]);
        if !options.are_none() {
            self.progress.alarm(format_args!(
                "{dest}: options in it do not count unless they are given: {options}"
            ));
        }
        Ok(&self.tree_options)
    }
}

/// The platform that was pulled.
fn wanted(record: &Record) -> Option<PlatformRequest> {
    Some(PlatformRequest {
        platform: Platform::parse(&record.platform).ok()?,
        explicit: false,
    })
}

/// What the record says an image is called, by the digest of its manifest.
fn name_of(record: &Record) -> Result<ImageName, RecordFault> {
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
    Ok(ImageName::Registry(
        reference.pinned(record.manifest.clone()),
    ))
}
