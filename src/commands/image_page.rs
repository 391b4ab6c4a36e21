//! The page of `roots inspect IMAGE`, for people.

use crate::escape::json_words;
use crate::oci::{HistoryEntry, RunConfig};
use crate::progress::bytes;
use crate::report::{ImageReport, Table, attestation_lines, columns};

/// The longest command of the history that is shown whole, in characters. BuildKit writes whole scripts.
const MAX_COMMAND: usize = 100;

/// A key and a value on each line; what the image does not say is left out.
pub(super) fn image_page(report: &ImageReport) -> Table {
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
    table.rows("attestations", attestation_lines(&report.attestations));
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
    match report.attestation_entries {
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
