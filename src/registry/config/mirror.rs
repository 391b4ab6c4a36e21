//! A mirror, as users write it.

use crate::oci::{InvalidReference, Reference};

/// A host to ask before the registry: `[http://]HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// None if the user did not specify a scheme.
    pub(crate) plain_http: Option<bool>,
    /// Host and prefix.
    pub(crate) place: String,
}

impl Mirror {
    /// Parses a mirror as typed by the user.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let (plain_http, place) = match text.split_once("://") {
            Some(("http", place)) => (Some(true), place),
            Some(("https", place)) => (Some(false), place),
            _ => (None, text),
        };
        let place = place.trim_end_matches('/').to_owned();
        // Host and prefix are valid if together with any image name they form a valid reference.
        let any = Reference::parse("a.io/a")?;
        any.at(&format!("{place}/a"))?;
        Ok(Self { plain_http, place })
    }
}
