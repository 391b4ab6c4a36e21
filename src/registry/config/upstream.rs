//! The upstreams of an image, in order: mirrors first, then the registry it names.

use super::options::RegistryOptions;
use super::registries_conf::entry_for;
use crate::error::{ConfigurationError, Error};
use crate::oci::Reference;
use crate::registry::http::url::{Scheme, host_of, is_loopback};

/// One host to request the image from, and how to connect to it.
pub(crate) struct Upstream {
    /// The image's reference on that host.
    pub(crate) reference: Reference,
    pub(crate) scheme: Scheme,
    pub(crate) options: RegistryOptions,
    /// For mirrors: the registry they stand in for. Spegel and containerd's mirrors need it, others
    /// ignore it.
    pub(crate) mirrored: Option<String>,
}

/// Plain http for loopback hosts unless configured otherwise; never as a fallback after https
/// failed.
fn scheme(reference: &Reference, plain_http: Option<bool>) -> Scheme {
    if plain_http.unwrap_or_else(|| is_loopback(host_of(reference.api_host()))) {
        Scheme::Http
    } else {
        Scheme::Https
    }
}

/// The upstreams to ask for `reference`, ending with its own registry.
pub(crate) fn upstreams(
    reference: &Reference,
    options: &RegistryOptions,
) -> Result<Vec<Upstream>, Error> {
    let entry = entry_for(reference)?;
    if entry.as_ref().is_some_and(|entry| entry.blocked) {
        return Err(ConfigurationError::Blocked(reference.to_string()).into());
    }
    let at = |place: &str| {
        let there = reference.at(place);
        there.map_err(|why| Error::reference(place, why))
    };
    // Options apply to the registry that the user named, not to its mirrors: credentials, plain
    // http, and accepting any certificate.
    let mirrored = |place: &str, plain_http, insecure| -> Result<_, Error> {
        let there = at(place)?;
        Ok(Upstream {
            scheme: scheme(&there, plain_http),
            reference: there,
            options: RegistryOptions {
                auth: None,
                insecure,
                ..options.clone()
            },
            mirrored: Some(reference.registry().to_owned()),
        })
    };
    let plain_http = options.plain_http.then_some(true);
    let mut upstreams = Vec::new();
    for mirror in &options.mirrors {
        let place = format!("{}/{}", mirror.place, reference.repository());
        upstreams.push(mirrored(&place, mirror.plain_http, false)?);
    }
    let Some(entry) = entry else {
        upstreams.push(Upstream {
            scheme: scheme(reference, plain_http),
            reference: reference.clone(),
            options: options.clone(),
            mirrored: None,
        });
        return Ok(upstreams);
    };
    for (place, insecure) in entry.mirrors(reference) {
        upstreams.push(mirrored(&place, None, insecure)?);
    }
    let moved = at(&entry.location(reference))?;
    upstreams.push(Upstream {
        scheme: scheme(&moved, plain_http),
        reference: moved,
        options: RegistryOptions {
            insecure: options.insecure || entry.insecure,
            ..options.clone()
        },
        mirrored: None,
    });
    Ok(upstreams)
}
