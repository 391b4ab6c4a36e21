//! The credentials of one pull: looked up at most once, and dropped if the registry refuses them.

use super::credentials::{Credentials, FoundCredentials};
use super::sources::CredentialSources;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;
use crate::registry::RegistryOptions;
use std::cell::{Cell, OnceCell};

/// Credentials that are looked up when they are needed.
pub(in crate::registry) struct Keychain {
    registry: String,
    /// The image, as the user knows it.
    image: String,
    sources: CredentialSources,
    /// Looked up when a challenge comes: open registries are nobody's business.
    found: OnceCell<Option<FoundCredentials>>,
    /// Whether there is no more use for what was found.
    dropped: Cell<bool>,
    progress: Progress,
}

impl Keychain {
    /// Reads what was passed, which has to be right. All else is looked up when it is needed.
    pub(in crate::registry) fn new(
        reference: &Reference,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        let (image, sources) = (
            reference.to_string(),
            CredentialSources::new(reference, options, progress)?,
        );
        // A server may know it from before, and need not ask for it to say it.
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

    /// What there is to show: nothing, once it was dropped.
    pub(in crate::registry) fn credentials(&self) -> Option<&Credentials> {
        let found = self.found().filter(|_| !self.dropped.get());
        found.map(|found| &found.credentials)
    }

    /// Where what was shown came from, also if it was dropped then. Nobody is asked for it.
    pub(in crate::registry) fn origin(&self) -> Option<String> {
        let found = self.found.get().and_then(Option::as_ref);
        found.map(|found| found.origin.clone())
    }

    /// Goes on without credentials that only happened to be stored, if there are such: they may
    /// have been revoked, and the image be public. Those that were passed are meant.
    pub(in crate::registry) fn drop_stored(&self, why: &str) -> bool {
        let found = self
            .found()
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

    /// Nobody shall read a token that was got with what was found.
    pub(in crate::registry) fn conceal(&self, token: &str) {
        self.progress.conceal([token], &self.image);
    }

    fn found(&self) -> Option<&FoundCredentials> {
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
