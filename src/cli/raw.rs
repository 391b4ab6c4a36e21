//! Parses `--raw`.

use super::args::RawArgs;
use crate::error::{Error, ValueFault};
use crate::source::RawDocument;

pub(super) fn raw(args: &RawArgs) -> Result<Option<RawDocument>, Error> {
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
    match text.as_str() {
        "index" => Ok(Some(RawDocument::Index)),
        "manifest" => Ok(Some(RawDocument::Manifest)),
        "config" => Ok(Some(RawDocument::Config)),
        _ => Err(ValueFault::Document.of("--raw")),
    }
}
