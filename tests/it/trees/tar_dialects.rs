//! Reading tar: every dialect, and what is no tar of any.

use crate::support::tar::{BLOCK, header, pax_record};
use crate::support::{Layer, Outcome, Trial};

mod attributes;
mod checksums;
mod ends;
mod formats;
mod globals;
mod long_names;
mod names;
mod numbers;
mod owners;
mod pax;
mod sparse;
mod times;
mod types;

/// An extended header with these contents.
fn extended(kind: u8, contents: impl AsRef<[u8]>) -> Vec<u8> {
    let contents = contents.as_ref();
    let mut bytes = header(kind, b"extended", contents.len()).to_vec();
    bytes.extend(contents);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// A pax header with these records.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let records = records
        .iter()
        .flat_map(|(key, value)| pax_record(key.as_bytes(), value.as_bytes()));
    extended(b'x', records.collect::<Vec<_>>())
}

/// Writes a field of the header made last.
fn field(layer: Layer, at: usize, bytes: impl AsRef<[u8]>) -> Layer {
    let bytes = bytes.as_ref().to_vec();
    layer.raw_header(move |block| block[at..at + bytes.len()].copy_from_slice(&bytes))
}

/// A layer with something behind it: a reader that lost its step would stumble over that.
fn pull(name: &str, layer: Layer) -> Outcome {
    Trial::new(name)
        .layer(layer.file("zz", 0o600, "behind"))
        .pull()
}

/// What stands behind in every tree.
const BEHIND: &str = "f 0600 6 zz\n";

#[track_caller]
fn reads(name: &str, layer: Layer, sketch: &str) -> Outcome {
    let outcome = pull(name, layer);
    outcome.is(&format!("{sketch}{BEHIND}"));
    outcome
}

#[track_caller]
fn refuses(name: &str, layer: Layer, why: &str) {
    pull(name, layer).refused(why);
}
