//! `roots verify DEST [IMAGE]`: whether a tree still is what its image makes.

use super::{Done, Verify, inspect, with_healing};
use crate::cache::Cache;
use crate::destination::Found;
use crate::error::{Error, LayoutFault};
use crate::model::{Comparison, Model};
use crate::oci::{Image, Platform, Record, Reference, Wanted};
use crate::source::{Form, Local, Name, Source};
use std::ffi::OsStr;

/// What the process exits with if something is not as in the image.
const DIFFERENT: u8 = 5;

impl Verify {
    /// Compares, and prints what is not as in the image, a line each.
    pub(super) fn run(&self) -> Result<Done, Error> {
        let cache = self.cache.open(self.access.timeout, self.progress)?;
        with_healing(self.progress, || self.compare(cache.as_ref()))
    }

    fn compare(&self, cache: Option<&Cache>) -> Result<Done, Error> {
        let progress = self.progress;
        let found = Found::at(&self.dest)?;
        let root = found.dir()?.ok_or_else(|| Error::Layout {
            path: self.dest.clone(),
            why: LayoutFault::NoFolder,
        })?;
        let record = match found.record() {
            None => inspect::noted(&found, cache)?,
            record => record,
        };
        let (mut source, image) = self.image(record.as_ref(), cache)?;
        let altered = record.map(|record| record.options).unwrap_or_default();
        let own = root.stat_self().map_err(|e| Error::tree("look at", e))?;
        let mut model = Model::new(&altered, own.owner);
        let mut meter = progress.meter(image.sizes(), "unpacking");
        for (number, layer) in image.layers.iter().enumerate() {
            let mut stream = source.layer(layer, &mut meter)?;
            source.announce(&mut image.layers[number + 1..].iter().map(|next| &next.blob));
            if let Err(error) = model.apply(&layer.diff_id, &mut meter.follow(stream.tar())) {
                return Err(source.blame(layer, stream, error));
            }
            source.finish(layer, stream)?; // digest, size and DiffID hold
        }
        source.drain();
        model.select(&altered)?;
        progress.does("comparing");
        let comparison = Comparison::new(&model, &root, found.path())?;
        Ok(self.report(&comparison, &source))
    }

    /// The image that the tree should be: the one that is named, or that of the record, by its
    /// digest, so that it does not matter what its name stands for by now.
    fn image<'c>(
        &self,
        record: Option<&Record>,
        cache: Option<&'c Cache>,
    ) -> Result<(Source<'c>, Image), Error> {
        let wanted = record.and_then(wanted).filter(|_| !self.wanted.asked);
        let wanted = wanted.as_ref().unwrap_or(&self.wanted);
        let resolved = |name: &Name, offline: bool| {
            let access = (!offline).then_some(&self.access);
            let mut source = Source::open(name, access, cache, self.progress)?;
            let image = source.resolve(wanted, self.progress)?;
            Ok((source, image))
        };
        if let Some(name) = &self.image {
            return resolved(name, self.offline);
        }
        let no_record = || Error::NoRecord(self.dest.clone());
        let record = record.ok_or_else(no_record)?;
        let name = name_of(record).ok_or_else(no_record)?;
        // Nobody is asked for what is here.
        let (source, image) = match resolved(&name, true) {
            Err(Error::Offline { .. }) if !self.offline => resolved(&name, false),
            other => other,
        }?;
        match image.digest == record.manifest {
            true => Ok((source, image)),
            false => Err(Error::NotWhatItWas {
                image: source.to_string(),
                wanted: record.manifest.clone(),
                got: image.digest,
            }),
        }
    }

    fn report(&self, comparison: &Comparison<'_>, source: &Source<'_>) -> Done {
        let dest = self.dest.display();
        for mount in &comparison.mounts {
            self.progress.warn(format_args!(
                "{}: another file system, which is not looked into",
                mount.display()
            ));
        }
        let devices = comparison.missing_devices.len();
        if devices > 0 {
            self.progress.step(format_args!(
                "{dest}: none of the {devices} devices of the image could be made"
            ));
        }
        let count = comparison.differences.len();
        let lines = comparison.differences.iter();
        let lines: String = lines.map(|difference| format!("{difference}\n")).collect();
        let exit_code = match count {
            0 => {
                self.progress.step(format_args!("{dest}: as in {source}"));
                0
            }
            _ => {
                let s = if count == 1 { "" } else { "s" };
                self.progress
                    .step(format_args!("{dest}: {count} difference{s} from {source}"));
                DIFFERENT
            }
        };
        Done {
            exit_code,
            ..Done::from(lines)
        }
    }
}

/// The platform that was pulled.
fn wanted(record: &Record) -> Option<Wanted> {
    Some(Wanted {
        platform: Platform::parse(&record.platform).ok()?,
        asked: false,
    })
}

/// What the record says an image is called, by the digest of its manifest.
fn name_of(record: &Record) -> Option<Name> {
    let text = OsStr::new(&record.reference);
    if let Some(local) = Local::parse(text) {
        let is_place = local.form != Form::Any && !local.is_stdin();
        return is_place.then_some(Name::Local(local));
    }
    let reference = Reference::parse(&record.reference).ok()?;
    Some(Name::Registry(reference.pinned(record.manifest.clone())))
}
