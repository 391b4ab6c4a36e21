//! All hosts that may have one repository: mirrors in their order, and its own.

use super::access::Access;
use super::endpoint::Endpoint;
use super::route::routes;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;

/// The hosts; there is one at least.
pub(super) struct Endpoints {
    mirrors: Vec<Endpoint>,
    origin: Endpoint,
    retries: u32,
    progress: Progress,
}

impl Endpoints {
    pub(super) fn new(
        reference: &Reference,
        access: &Access,
        progress: Progress,
    ) -> Result<Self, Error> {
        let mut endpoints = routes(reference, access)?
            .into_iter()
            .map(|route| Endpoint::new(route, progress))
            .collect::<Result<Vec<_>, _>>()?;
        // There is a route to the registry itself, and it is the last.
        let Some(origin) = endpoints.pop() else {
            return Err(Error::Blocked(reference.to_string()));
        };
        Ok(Self {
            mirrors: endpoints,
            origin,
            retries: access.retries,
            progress,
        })
    }

    /// What the first host gives that gives it. A mirror gets one try: there is another place to
    /// ask. What the registry itself says is the last word.
    pub(super) fn first<T>(
        &self,
        ask: impl Fn(&Endpoint, u32) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for mirror in self.mirrors.iter().filter(|mirror| !mirror.is_out.get()) {
            match ask(mirror, 0) {
                Ok(got) => return Ok(got),
                // A mirror that does not have an image is none of its own.
                Err(error @ (Error::NotFound { .. } | Error::Registry { status: 404, .. })) => {
                    self.progress.detail(&error);
                }
                Err(error) => {
                    let host = mirror.host();
                    let next = "asking without it";
                    self.progress
                        .warn(format_args!("mirror {host}: {error}; {next}"));
                    mirror.is_out.set(true);
                }
            }
        }
        ask(&self.origin, self.retries)
    }

    /// How often what failed is tried again.
    pub(super) fn retries(&self) -> u32 {
        self.retries
    }

    /// Says why it waits, and waits.
    pub(super) fn wait(&self, why: &str, then: &str, pause: std::time::Duration) {
        self.origin.http().wait(why, then, pause);
    }
}
