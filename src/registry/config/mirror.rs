//! A mirror, as users write it.

use crate::oci::{InvalidReference, Reference};

/// Another place to ask at: `[http://]HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Nothing if the user did not say.
    pub(crate) plain_http: Option<bool>,
    /// Host and prefix.
    pub(crate) place: String,
}

impl Mirror {
    /// Parses what a user types.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let (plain_http, place) = match text.split_once("://") {
            Some(("http", place)) => (Some(true), place),
            Some(("https", place)) => (Some(false), place),
            _ => (None, text),
        };
        let place = place.trim_end_matches('/').to_owned();
        // Host and prefix hold the rules if the whole does with any image.
        let any = Reference::parse("a.io/a")?;
        any.at(&format!("{place}/a"))?;
        Ok(Self { plain_http, place })
    }
}
