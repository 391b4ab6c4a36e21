//! `roots inspect DEST`: what a tree was made from. `roots inspect IMAGE`: what a tree would be
//! made from.

use super::recorded::RecordedImage;
use super::{Inspect, Output};
use crate::cache::CacheView;
use crate::destination::Existing;
use crate::error::{DestinationError, Error, RecordFault, Suggestion};
use crate::escape::json_for_terminal;
use crate::escape::json_words;
use crate::oci::{HistoryEntry, RunConfig};
use crate::progress::{Progress, bytes};
use crate::report::ImageReport;
use crate::report::{Table, columns};
use crate::source::{ImageDetails, ImageName, RawDocument, Source};
use std::io::{self, IsTerminal as _};
use std::rc::Rc;

impl Inspect {
    /// An image on a page for people or as JSON for programs, or one of its documents as it is; the
    /// record of DEST, which is JSON.
    pub(super) fn run(&self) -> Result<Output, Error> {
        if self.is_machine && self.is_missing() {
            return Err(DestinationError::NotFound(self.dest.clone()).into());
        }
        if self.is_machine {
            return self.record().map(Output::from);
        }
        // What there is, is a tree before it is a name; a folder may be a layout all the same.
        let is_tree = |image: &&ImageName| match image {
            ImageName::Registry(_) => self.dest.exists(),
            ImageName::Local(_) => self.dest.is_dir() && !self.dest.join("oci-layout").exists(),
        };
        match (&self.image, self.raw) {
            (Ok(image), Some(raw)) => self.document(image, raw),
            (Ok(image), None) if !is_tree(&image) => self.report(image).map(Output::from),
            (Err(why), _) if self.is_missing() => Err(Error::Reference {
                text: self.dest.to_string_lossy().into_owned(),
                why: why.clone(),
            }),
            _ => self.record().map(Output::from),
        }
    }

    /// The bytes of a document of IMAGE.
    fn document(&self, image: &ImageName, raw: RawDocument) -> Result<Output, Error> {
        let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
        let out = source.raw(raw, &self.platform, self.progress)?;
        source.drain();
        // Byte for byte, but for a person.
        let out = match io::stdout().is_terminal() {
            true => json_for_terminal(&out).into_bytes(),
            false => Rc::unwrap_or_clone(out),
        };
        let exit_code = 0;
        Ok(Output { out, exit_code })
    }

    fn report(&self, image: &ImageName) -> Result<String, Error> {
        let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
        let ImageDetails {
            root,
            listed,
            attestations,
            index_annotations,
            image,
            annotations,
        } = source.describe(&self.platform, self.progress)?;
        source.drain();
        let listed = (listed, attestations);
        let report = ImageReport::new(source.full_name(), root, listed, image.as_ref());
        let report = report.annotated(annotations, index_annotations);
        Ok(match self.progress.is_json() {
            true => report.to_json(),
            false => table(&report).to_string(),
        })
    }

    fn record(&self) -> Result<String, Error> {
        let found = match Existing::at(&self.dest) {
            // A file is no tree, but may be an archive that is spelt like an image.
            Err(Error::Destination(DestinationError::Refused { .. })) => {
                let error = Box::new(self.no_record());
                return Err(Error::Suggesting(
                    Suggestion::Path(self.dest.clone()),
                    error,
                ));
            }
            other => other?,
        };
        // To look is no reason to make a cache.
        let look = self.cache.path();
        let look = look.and_then(|path| CacheView::at(path, Progress::silent()).ok());
        let cache = look.as_ref().and_then(CacheView::cache);
        let recorded = RecordedImage::of(&found, cache);
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

    /// Whether it is known that there is no DEST.
    fn is_missing(&self) -> bool {
        let found = self.dest.symlink_metadata();
        found.is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
    }

    /// The same `error`, if the name of the folder could not be one of an image, too: `redis`.
    fn or_image(&self, error: Error) -> Error {
        match &self.image {
            Ok(ImageName::Registry(_)) if self.dest.join("oci-layout").exists() => {
                Error::Suggesting(Suggestion::Path(self.dest.clone()), Box::new(error))
            }
            Ok(ImageName::Registry(reference)) => {
                let name = reference.to_string();
                Error::Suggesting(Suggestion::Image(name), Box::new(error))
            }
            _ => error,
        }
    }

    fn no_record(&self) -> Error {
        RecordFault::Missing.at(&self.dest)
    }
}

/// How much of a command in the history is shown, in characters. BuildKit writes whole scripts.
const MAX_COMMAND: usize = 100;

fn table(report: &ImageReport) -> Table {
    let mut table = Table::default();
    table.row("reference", &report.reference);
    table.row("digest", &report.digest);
    table.row_if("manifest", report.manifest.as_ref());
    table.row_if("image id", report.image_id.as_ref());
    table.row_if("platform", report.platform.as_ref());
    table.rows("platforms", platforms(report));
    table.row_if("created", report.created.as_ref());
    table.row_if("author", report.author.as_ref());
    if let (Some(layers), Some(size)) = (&report.layers, report.size) {
        let s = if layers.len() == 1 { "" } else { "s" };
        let size = bytes(size);
        table.row("size", format_args!("{size} in {} layer{s}", layers.len()));
    }
    table.row_if("unpacked", report.unpacked.map(bytes));
    if let Some(about) = &report.config {
        run(&mut table, about);
    }
    let layers = report.layers.iter().flatten().map(|layer| {
        let how = match layer.unpacked {
            Some(_) => "not compressed",
            None => compression(&layer.media_type),
        };
        [layer.digest.to_string(), bytes(layer.size), how.to_owned()]
    });
    table.rows("layers", columns(layers));
    table.rows("history", report.history.iter().map(step).collect());
    table.rows("annotations", annotations(report));
    let about = report.config.iter().flat_map(|about| &about.malformed);
    let malformed = about.chain(&report.malformed);
    table.rows("malformed", malformed.map(ToString::to_string).collect());
    table
}

/// The annotations, each with the document that has it: tools write the same keys into both.
fn annotations(report: &ImageReport) -> Vec<String> {
    let index = report.index_annotations.iter();
    let index = index.map(|pair| ("index", pair));
    let manifest = report.annotations.iter();
    let manifest = manifest.map(|pair| ("manifest", pair));
    columns(
        index
            .chain(manifest)
            .map(|(document, (key, value))| [document.to_owned(), format!("{key}={value}")]),
    )
}

/// A step of the history on one line; a step without a layer is marked.
fn step(entry: &HistoryEntry) -> String {
    let mark = if entry.empty_layer { "(empty) " } else { "" };
    let text = match entry.created_by.as_str() {
        "" => &entry.comment,
        created_by => created_by,
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = text.chars().take(MAX_COMMAND).collect();
    let end = if start.len() < text.len() { "..." } else { "" };
    format!("{mark}{start}{end}")
}

/// How a layer is compressed, as far as its type says.
fn compression(media_type: &str) -> &str {
    let suffix = media_type.rsplit_once(".tar").map(|(_, suffix)| suffix);
    match suffix.map(|suffix| suffix.trim_start_matches(['+', '.'])) {
        Some("") => "tar",
        Some(compression) => compression,
        None => media_type,
    }
}

/// What is in the index, the image that the rest of the page is about being marked.
fn platforms(report: &ImageReport) -> Vec<String> {
    let chosen = report.manifest.as_ref().map(ToString::to_string);
    let varieties = report.platforms.iter().map(|variety| {
        let is_chosen = chosen.as_ref() == Some(&variety.digest);
        let platform = variety.platform.as_deref().unwrap_or("any");
        let mark = if is_chosen { "<- this one" } else { "" };
        [platform.to_owned(), variety.digest.clone(), mark.to_owned()]
    });
    let mut lines = columns(varieties);
    match report.attestations {
        0 => {}
        1 => lines.push("and 1 attestation".to_owned()),
        count => lines.push(format!("and {count} attestations")),
    }
    lines
}

/// How the image wants to be run.
fn run(table: &mut Table, about: &RunConfig) {
    let words = |words: &Vec<String>| Some(json_words(words)).filter(|_| !words.is_empty());
    table.row_if("entrypoint", words(&about.entrypoint));
    table.row_if("cmd", words(&about.cmd));
    table.rows("env", about.env.clone());
    table.row_if("user", about.user.as_ref());
    table.row_if("workdir", about.workdir.as_ref());
    table.rows("ports", about.ports.clone());
    table.rows("volumes", about.volumes.clone());
    table.row_if("stop signal", about.stop_signal.as_ref());
    table.rows("healthcheck", about.healthcheck.lines());
    table.row_if("shell", words(&about.shell));
    table.rows("onbuild", about.on_build.clone());
    let labels = about.labels.iter();
    let labels = labels.map(|(name, value)| format!("{name}={value}"));
    table.rows("labels", labels.collect());
}
