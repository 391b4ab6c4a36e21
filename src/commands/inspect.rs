//! `roots inspect DEST`: what a tree was made from. `roots inspect IMAGE`: what a tree would be
//! made from.

use super::image_page::image_page;
use super::recorded::RecordedImage;
use super::{Inspect, Output, Raw};
use crate::cache::CacheView;
use crate::destination::Existing;
use crate::error::{
    DestinationError, Error, ErrorKind, ImageError, RecordFault, Suggestion, ValueFault,
};
use crate::escape::json_for_terminal;
use crate::oci::Bytes;
use crate::progress::Progress;
use crate::report::ImageReport;
use crate::source::{ImageDetails, ImageName, RawDocument, SignatureCheck, Source};
use std::io::{self, IsTerminal as _};
use std::rc::Rc;

impl Inspect {
    /// Prints a page or JSON about an image, or one of its documents byte for byte, or the record of DEST.
    pub(super) fn run(&self) -> Result<Output, Error> {
        if self.is_machine && self.is_missing() {
            return Err(DestinationError::NotFound(self.dest.clone()).into());
        }
        if self.is_machine {
            return self.record().map(Output::from);
        }
        // A path that exists is a tree rather than the name of an image, unless it is a layout.
        let is_tree = |image: &&ImageName| match image {
            ImageName::Registry(_) => self.dest.exists(),
            ImageName::Local(_) => self.dest.is_dir() && !self.dest.join("oci-layout").exists(),
        };
        match (&self.image, self.raw) {
            (Ok(image), Some(Raw::Document(document))) => self.document(image, document),
            (Ok(image), Some(Raw::Attestation(number))) => self.attestation(image, number),
            (Ok(image), None) if !is_tree(&image) => self.report(image).map(Output::from),
            (Err(why), _) if self.is_missing() => {
                Err(Error::reference(self.dest.to_string_lossy(), why.clone()))
            }
            _ => self.record().map(Output::from),
        }
    }

    fn document(&self, image: &ImageName, raw: RawDocument) -> Result<Output, Error> {
        let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
        let policy = self.signatures.policy(false)?;
        let mut check = SignatureCheck::of(policy.as_ref(), self.progress);
        let out = source.raw(raw, &self.platform, check.as_mut(), self.progress)?;
        source.drain();
        Ok(raw_output(out))
    }

    fn attestation(&self, image: &ImageName, number: usize) -> Result<Output, Error> {
        let (mut source, details) = self.details(image)?;
        let count = details.attestations.len();
        let found = number
            .checked_sub(1)
            .and_then(|index| details.attestations.get(index));
        let found = found.ok_or_else(|| ImageError::NoAttestation {
            image: source.to_string(),
            number,
            count,
        })?;
        let out = source.attestation_bytes(found)?;
        source.drain();
        Ok(raw_output(out))
    }
    /// Reads everything except the layers, and fails if the image is not signed as demanded.
    fn details(&self, image: &ImageName) -> Result<(Source<'static>, ImageDetails), Error> {
        let policy = self.signatures.listing_policy(false)?;
        let demanded = (!self.signatures.demands_none()).then_some(&policy);
        let mut check = SignatureCheck::of(demanded, self.progress);
        let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
        let details = source.describe(&self.platform, check.as_mut(), &policy, self.progress)?;
        Ok((source, details))
    }

    fn report(&self, image: &ImageName) -> Result<String, Error> {
        let (source, details) = self.details(image)?;
        source.drain();
        let ImageDetails {
            root,
            listed,
            attestation_entries,
            attestations,
            index_annotations,
            image,
            annotations,
        } = details;
        let listed = (listed, attestation_entries);
        let report = ImageReport::new(source.full_name(), root, listed, image.as_ref());
        let attestations = attestations.into_iter().map(|one| one.report).collect();
        let report = report
            .annotated(annotations, index_annotations)
            .attested(attestations);
        Ok(if self.progress.is_json() {
            report.to_json()
        } else {
            image_page(&report).to_string()
        })
    }

    fn record(&self) -> Result<String, Error> {
        // The owner of a tree can write anything into its record.
        if let Some(option) = self.demand {
            return Err(ValueFault::OnlyWith("an IMAGE, and this is a folder")
                .of_command("inspect", option));
        }
        let existing = match Existing::at(&self.dest) {
            // A file is not a tree, but may be an archive whose name looks like a reference.
            Err(error) if is_refused(&error) => {
                return Err(self
                    .no_record()
                    .suggesting(Suggestion::Path(self.dest.clone())));
            }
            other => other?,
        };
        // A view, because inspect must not create a cache.
        let path = self.cache.path();
        let view = path.and_then(|path| CacheView::at(path, Progress::silent()).ok());
        let cache = view.as_ref().and_then(CacheView::cache);
        let recorded = RecordedImage::of(&existing, cache);
        let recorded = recorded.ok_or_else(|| self.or_image(self.no_record()))?;
        if let Ok(ImageName::Registry(reference)) = &self.image
            && self.progress.is_for_person()
        {
            let dest = self.dest.display();
            self.progress.step(format_args!(
                "{dest}: the folder here; the image is {reference}"
            ));
        }
        if let Some(doubt) = recorded.doubt {
            let dest = self.dest.display();
            self.progress.alarm(format_args!("{dest}: {doubt}"));
        }
        Ok(recorded.record.to_page())
    }

    /// Whether DEST does not exist. If it cannot be looked at, it may exist.
    fn is_missing(&self) -> bool {
        let stat = self.dest.symlink_metadata();
        stat.is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
    }

    /// Adds a suggestion to `error` if the folder has the name of an image: `redis`.
    fn or_image(&self, error: Error) -> Error {
        match &self.image {
            Ok(ImageName::Registry(_)) if self.dest.join("oci-layout").exists() => {
                error.suggesting(Suggestion::Path(self.dest.clone()))
            }
            Ok(ImageName::Registry(reference)) => {
                let name = reference.to_string();
                error.suggesting(Suggestion::Image(name))
            }
            _ => error,
        }
    }

    fn no_record(&self) -> Error {
        RecordFault::Missing.at(&self.dest)
    }
}

/// Byte for byte, except on a terminal, which control characters would reach.
fn raw_output(bytes: Bytes) -> Output {
    let out = if io::stdout().is_terminal() {
        json_for_terminal(&bytes).into_bytes()
    } else {
        Rc::unwrap_or_clone(bytes)
    };
    Output { out, exit_code: 0 }
}

/// Whether DEST is something that no pull would replace, such as a file.
fn is_refused(error: &Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        ErrorKind::Destination(DestinationError::Refused { .. })
    )
}
