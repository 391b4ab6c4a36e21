//! Parses `--raw`.

use super::args::RawArgs;
use crate::commands::Raw;
use crate::error::{Error, ValueFault};
use crate::source::RawDocument;

pub(super) fn raw(args: &RawArgs) -> Result<Option<Raw>, Error> {
    if args.raw.is_some() && args.machine.is_some() {
        // A machine is a tree.
        return Err(ValueFault::NotWith("--raw").of("--machine"));
    }
    let Some(text) = &args.raw else {
        return Ok(None);
    };
    if args.json {
        return Err(ValueFault::NotWith("--json").of("--raw"));
    }
    let raw = match text.as_str() {
        "index" => Raw::Document(RawDocument::Index),
        "manifest" => Raw::Document(RawDocument::Manifest),
        "config" => Raw::Document(RawDocument::Config),
        "attestation" => Raw::Attestation(1),
        other => match other.strip_prefix("attestation=").map(str::parse) {
            Some(Ok(number)) if number > 0 => Raw::Attestation(number),
            _ => return Err(ValueFault::Document.of("--raw")),
        },
    };
    Ok(Some(raw))
}
