//! The credentials for one pull: looked up at most once, and dropped if the registry rejects them.

use super::credentials::{Credentials, FoundCredentials};
use super::sources::CredentialSources;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;
use crate::registry::RegistryOptions;
use std::cell::{Cell, OnceCell};

/// Credentials that are looked up when a registry asks for them.
pub(in crate::registry) struct Keychain {
    registry: String,
    /// The image, as the user knows it.
    image: String,
    sources: CredentialSources,
    /// Looked up at the first challenge: open registries need no credentials.
    found: OnceCell<Option<FoundCredentials>>,
    /// Whether the credentials must no longer be used.
    dropped: Cell<bool>,
    progress: Progress,
}

impl Keychain {
    /// Reads credentials that were passed explicitly, which must be valid. Others are looked up on
    /// demand.
    pub(in crate::registry) fn new(
        reference: &Reference,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        let (image, sources) = (
            reference.to_string(),
            CredentialSources::new(reference, options, progress)?,
        );
        // A server may already know the password and echo it without having asked for it.
        if let Some(passed) = sources.passed() {
            progress.conceal(passed.secrets(), &image);
        }
        Ok(Self {
            registry: reference.registry().to_owned(),
            image,
            sources,
            found: OnceCell::new(),
            dropped: Cell::default(),
            progress,
        })
    }

    /// The credentials to send. None if there are none, or if they were dropped.
    pub(in crate::registry) fn credentials(&self) -> Option<&Credentials> {
        let found = self.look_up().filter(|_| !self.dropped.get());
        found.map(|found| &found.credentials)
    }

    /// Where the credentials came from, even if they were dropped since. Does not look them up.
    pub(in crate::registry) fn origin(&self) -> Option<String> {
        let found = self.found.get().and_then(Option::as_ref);
        found.map(|found| found.origin.clone())
    }

    /// Drops stored credentials, if there are any: they may have been revoked, and the image may be
    /// public. Credentials that were passed explicitly are kept.
    pub(in crate::registry) fn drop_stored(&self, why: &str) -> bool {
        let found = self
            .look_up()
            .filter(|found| !found.passed && !self.dropped.get());
        if let Some(FoundCredentials { origin, .. }) = found {
            let registry = &self.registry;
            self.progress.warn(format_args!(
                "{registry}: credentials from {origin} {why}; asking without them"
            ));
            self.dropped.set(true);
        }
        found.is_some()
    }

    /// Redacts a token that was obtained with the credentials.
    pub(in crate::registry) fn conceal(&self, token: &str) {
        self.progress.conceal([token], &self.image);
    }

    fn look_up(&self) -> Option<&FoundCredentials> {
        let find = || {
            let found = self.sources.find();
            if let Some(FoundCredentials { credentials, .. }) = &found {
                self.progress.conceal(credentials.secrets(), &self.image);
            }
            found
        };
        self.found.get_or_init(find).as_ref()
    }
}
