//! Where an image is asked for, in which order: mirrors, and then where its name says.

use super::access::Access;
use super::registries_conf::Entry;
use crate::error::Error;
use crate::oci::{InvalidReference, Reference};

/// A mirror as users write it: `[http://]HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Nothing if the user did not say.
    plain_http: Option<bool>,
    /// Host and prefix.
    place: String,
}

/// One place to ask at.
pub(super) struct Route {
    /// The image there.
    pub(super) reference: Reference,
    pub(super) access: Access,
    /// For mirrors: whose images they are asked for. Spegel and containerd's mirrors need to be
    /// told, others do not look.
    pub(super) mirrored: Option<String>,
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

/// The places to ask for `reference`, the last one being its own.
pub(super) fn routes(reference: &Reference, access: &Access) -> Result<Vec<Route>, Error> {
    let entry = Entry::find(reference)?;
    if entry.as_ref().is_some_and(|entry| entry.blocked) {
        return Err(Error::Blocked(reference.to_string()));
    }
    let at = |place: &str| {
        reference.at(place).map_err(|why| Error::Reference {
            text: place.to_owned(),
            why,
        })
    };
    let mirrored = |place: &str, plain_http, insecure| {
        Ok(Route {
            reference: at(place)?,
            access: Access {
                // What was passed is for the registry that was named.
                auth: None,
                plain_http,
                insecure: access.insecure || insecure,
                ..access.clone()
            },
            mirrored: Some(reference.registry().to_owned()),
        })
    };
    let mut routes = Vec::new();
    for mirror in &access.mirrors {
        let place = format!("{}/{}", mirror.place, reference.repository());
        let plain_http = mirror.plain_http.unwrap_or(access.plain_http);
        routes.push(mirrored(&place, plain_http, false)?);
    }
    let Some(entry) = entry else {
        routes.push(Route {
            reference: reference.clone(),
            access: access.clone(),
            mirrored: None,
        });
        return Ok(routes);
    };
    for (place, insecure) in entry.mirrors(reference) {
        routes.push(mirrored(&place, false, insecure)?);
    }
    routes.push(Route {
        reference: at(&entry.location(reference))?,
        access: Access {
            insecure: access.insecure || entry.insecure,
            ..access.clone()
        },
        mirrored: None,
    });
    Ok(routes)
}
