//! All hosts that may have one repository: mirrors in order, then the registry itself.

use super::config::options::RegistryOptions;
use super::config::upstream::upstreams;
use super::repository::Repository;
use super::transport::SocketSet;
use crate::error::{Category, ConfigurationError, Error};
use crate::oci::Reference;
use crate::progress::Progress;
use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

/// The hosts, at least one.
pub(super) struct Upstreams {
    mirrors: Vec<Rc<Repository>>,
    origin: Rc<Repository>,
    retries: u32,
    progress: Progress,
}

impl Upstreams {
    pub(super) fn new(
        reference: &Reference,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        // One for all: what is read ahead of them together is limited.
        let sockets = SocketSet::default();
        let mut upstreams = upstreams(reference, options)?
            .into_iter()
            .map(|upstream| Repository::new(upstream, &sockets, progress).map(Rc::new))
            .collect::<Result<Vec<_>, _>>()?;
        // The list ends with the registry itself, so it is never empty.
        let Some(origin) = upstreams.pop() else {
            return Err(ConfigurationError::Blocked(reference.to_string()).into());
        };
        Ok(Self {
            mirrors: upstreams,
            origin,
            retries: options.retries,
            progress,
        })
    }

    /// The result of the first host that succeeds. A mirror gets a single attempt, as other hosts
    /// remain. The registry's own error is final.
    pub(super) fn try_each<T>(
        &self,
        ask: impl Fn(&Rc<Repository>, u32) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for mirror in self
            .mirrors
            .iter()
            .filter(|mirror| !mirror.is_given_up.get())
        {
            match ask(mirror, 0) {
                Ok(got) => return Ok(got),
                // The mirror lacks only this object: keep asking it for others.
                Err(error) if error.category() == Category::NotFound => {
                    self.progress.detail(&error);
                }
                Err(error) if error.is_stopped() => return Err(error),
                Err(error) => drop(self.give_up(mirror, &error)),
            }
        }
        ask(&self.origin, self.retries)
    }

    /// The first result that is one. A mirror that fails here is still good for layers.
    pub(super) fn find<T>(
        &self,
        mut ask: impl FnMut(&Rc<Repository>, u32) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        for mirror in self
            .mirrors
            .iter()
            .filter(|mirror| !mirror.is_given_up.get())
        {
            match ask(mirror, 0) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) if error.is_stopped() => return Err(error),
                Err(error) => self.progress.detail(&error),
            }
        }
        ask(&self.origin, self.retries)
    }

    /// Where to request a part of a blob before it is needed: from the host that delivers this blob, if
    /// one does, else from the registry. Mirrors are close, and may lack other blobs.
    pub(super) fn host_to_send_to(
        &self,
        current: Option<&Rc<Repository>>,
    ) -> Option<Rc<Repository>> {
        let has_mirror = self.mirrors.iter().any(|mirror| !mirror.is_given_up.get());
        match current {
            Some(current) if !current.is_given_up.get() => Some(Rc::clone(current)),
            _ if has_mirror => None,
            _ => Some(Rc::clone(&self.origin)),
        }
    }

    /// All hosts except mirrors that were given up.
    pub(super) fn hosts(&self) -> Vec<String> {
        let mirrors = self
            .mirrors
            .iter()
            .filter(|mirror| !mirror.is_given_up.get());
        let all = mirrors.chain([&self.origin]);
        all.map(|repository| repository.host().to_owned()).collect()
    }

    /// Gives up a host if it is a mirror, and reports why.
    pub(super) fn give_up(&self, repository: &Repository, why: &dyn Display) -> bool {
        if repository.is_mirror() && !repository.is_given_up.replace(true) {
            let host = repository.host();
            self.progress
                .warn(format_args!("mirror {host}: {why}; asking without it"));
        }
        repository.is_mirror()
    }

    /// How often failures are retried.
    pub(super) fn retries(&self) -> u32 {
        self.retries
    }

    /// Reports why it waits, and waits.
    pub(super) fn wait(&self, why: &str, then: &str, pause: Duration) -> Result<(), Error> {
        self.origin.http().wait(why, then, pause)
    }
}
