//! What `--raw` means.

use super::syntax::Typed;
use crate::error::{Error, ValueFault};
use crate::source::Raw;

/// The document that is to be printed as it is.
pub(super) fn raw(typed: &Typed) -> Result<Option<Raw>, Error> {
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
