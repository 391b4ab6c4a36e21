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
            (Ok(image), Some(raw)) => self.document(image, raw),
            (Ok(image), None) if !is_tree(&image) => self.report(image).map(Output::from),
            (Err(why), _) if self.is_missing() => {
                Err(Error::reference(self.dest.to_string_lossy(), why.clone()))
            }
            _ => self.record().map(Output::from),
        }
    }

    fn document(&self, image: &ImageName, raw: RawDocument) -> Result<Output, Error> {
        let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
        let out = source.raw(raw, &self.platform, self.progress)?;
        source.drain();
        // Byte for byte, except on a terminal, which control characters would reach.
        let out = if io::stdout().is_terminal() {
            json_for_terminal(&out).into_bytes()
        } else {
            Rc::unwrap_or_clone(out)
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
        Ok(if self.progress.is_json() {
            report.to_json()
        } else {
            table(&report).to_string()
        })
    }

    fn record(&self) -> Result<String, Error> {
        let existing = match Existing::at(&self.dest) {
            // A file is not a tree, but may be an archive whose name looks like a reference.
            Err(Error::Destination(DestinationError::Refused { .. })) => {
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

/// The longest command of the history that is shown whole, in characters. BuildKit writes whole scripts.
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
    if let Some(config) = &report.config {
        add_run_config(&mut table, config);
    }
    let layers = report.layers.iter().flatten().map(|layer| {
        let compression = match layer.unpacked {
            Some(_) => "not compressed",
            None => compression(&layer.media_type),
        };
        let digest = layer.digest.to_string();
        [digest, bytes(layer.size), compression.to_owned()]
    });
    table.rows("layers", columns(layers));
    table.rows("history", report.history.iter().map(step).collect());
    table.rows("annotations", annotations(report));
    let in_config = report.config.iter().flat_map(|config| &config.malformed);
    let malformed = in_config.chain(&report.malformed);
    table.rows("malformed", malformed.map(ToString::to_string).collect());
    table
}

/// The annotations, each with its document: tools write the same keys into both.
fn annotations(report: &ImageReport) -> Vec<String> {
    let row = |document: &str, key: &String, value: &String| {
        [document.to_owned(), format!("{key}={value}")]
    };
    let of_index = report.index_annotations.iter();
    let of_index = of_index.map(|(key, value)| row("index", key, value));
    let of_manifest = report.annotations.iter();
    columns(of_index.chain(of_manifest.map(|(key, value)| row("manifest", key, value))))
}

/// A step of the history on one line. A step without a layer is marked.
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

/// The compression of a layer by its media type, or the whole media type if that is unknown.
fn compression(media_type: &str) -> &str {
    let suffix = media_type.rsplit_once(".tar").map(|(_, suffix)| suffix);
    match suffix.map(|suffix| suffix.trim_start_matches(['+', '.'])) {
        Some("") => "tar",
        Some(compression) => compression,
        None => media_type,
    }
}

/// The platforms in the index. The one that the rest of the page describes is marked.
fn platforms(report: &ImageReport) -> Vec<String> {
    let shown = report.manifest.as_ref().map(ToString::to_string);
    let platforms = report.platforms.iter().map(|listed| {
        let is_shown = shown.as_ref() == Some(&listed.digest);
        let platform = listed.platform.as_deref().unwrap_or("any");
        let mark = if is_shown { "<- this one" } else { "" };
        [platform.to_owned(), listed.digest.clone(), mark.to_owned()]
    });
    let mut lines = columns(platforms);
    match report.attestations {
        0 => {}
        1 => lines.push("and 1 attestation".to_owned()),
        count => lines.push(format!("and {count} attestations")),
    }
    lines
}

fn add_run_config(table: &mut Table, config: &RunConfig) {
    let words = |words: &Vec<String>| Some(json_words(words)).filter(|_| !words.is_empty());
    table.row_if("entrypoint", words(&config.entrypoint));
    table.row_if("cmd", words(&config.cmd));
    table.rows("env", config.env.clone());
    table.row_if("user", config.user.as_ref());
    table.row_if("workdir", config.workdir.as_ref());
    table.rows("ports", config.ports.clone());
    table.rows("volumes", config.volumes.clone());
    table.row_if("stop signal", config.stop_signal.as_ref());
    table.rows("healthcheck", config.healthcheck.lines());
    table.row_if("shell", words(&config.shell));
    table.rows("onbuild", config.on_build.clone());
    let labels = config.labels.iter();
    let labels = labels.map(|(name, value)| format!("{name}={value}"));
    table.rows("labels", labels.collect());
}
