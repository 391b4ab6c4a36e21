//! What `--raw` means.

use super::syntax::Typed;
use crate::error::{Error, ValueFault};
use crate::source::Raw;

/// The document that is to be printed as it is.
pub(super) fn raw(typed: &Typed) -> Result<Option<Raw>, Error> {
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
        "index" => Ok(Some(Raw::Index)),
        "manifest" => Ok(Some(Raw::Manifest)),
        "config" => Ok(Some(Raw::Config)),
        _ => Err(ValueFault::Document.of("--raw")),
    }
}
