//! What `--raw` means.

use super::syntax::RawArgs;
use crate::error::{Error, ValueFault};
use crate::source::RawDocument;

/// The document that is to be printed as it is.
pub(super) fn raw(typed: &RawArgs) -> Result<Option<RawDocument>, Error> {
    if typed.raw.is_some() && typed.machine.is_some() {
        // A machine is a tree.
        return Err(ValueFault::NotWith("--raw").of("--machine"));
    }
    let Some(text) = &typed.raw else {
        return Ok(None);
    };
    if typed.json {
        return Err(ValueFault::NotWith("--json").of("--raw"));
    }
    match text.as_str() {
        "index" => Ok(Some(RawDocument::Index)),
        "manifest" => Ok(Some(RawDocument::Manifest)),
        "config" => Ok(Some(RawDocument::Config)),
        _ => Err(ValueFault::Document.of("--raw")),
    }
}
