//! A registry's blob through the cache: read from there if present, else fetched and stored.

use crate::cache::{Cache, LockedPartial, Partial, Reservation};
use crate::error::{CacheError, Error};
use crate::oci::{Descriptor, Digest};
use crate::progress::Progress;
use crate::registry::Registry;
use std::fmt::Display;
use std::io::{self, Read};

/// How many upcoming blobs are looked up in the cache when one is opened. Looking up all of them
/// would take half a million lookups for an image of a thousand layers.
const MAX_LOOKED_UP: usize = 64;

/// The registry and cache that blobs are fetched through.
pub(super) struct Fetch<'c> {
    /// None if the network must not be used.
    pub(super) registry: Option<Registry>,
    /// The name of the image, for messages.
    pub(super) name: String,
    pub(super) cache: Option<&'c Cache>,
    pub(super) progress: Progress,
}

/// An open blob.
pub(super) struct BlobSource {
    pub(super) bytes: Box<dyn Read>,
    /// The partial cache entry that receives a copy.
    pub(super) copy: Option<Partial>,
    /// A description of the source, for messages.
    pub(super) origin: String,
    /// How many bytes come from the cache.
    pub(super) cached: u64,
}

impl Fetch<'_> {
    /// Opens a blob. If another process is fetching it, waits for that process, and fetches the blob if
    /// that fails.
    pub(super) fn open(&self, blob: &Descriptor) -> Result<BlobSource, Error> {
        let Some(cache) = self.cache else {
            return self.remote(blob);
        };
        loop {
            if let Some(file) = cache.find(blob)? {
                return Ok(BlobSource::cached(file, None, blob.size));
            }
            match cache.create(blob) {
                Ok(Reservation::Ours(copy)) => return self.rest(blob, copy),
                Ok(Reservation::Disabled) => return self.remote(blob),
                Ok(Reservation::Locked(fetched)) => {
                    if !self.wait(blob, cache, &fetched)? {
                        let time = cache.shown_timeout();
                        self.not_cached(
                            blob,
                            &format_args!(
                                "another process has held it for {time} without adding to it"
                            ),
                        );
                        return self.remote(blob);
                    }
                }
                Err(e) => {
                    self.not_cached(blob, &e);
                    return self.remote(blob);
                }
            }
        }
    }

    /// Plans the blobs that come after `current` and are not even partly in the cache. `is_cached` says
    /// whether the current one is read from there.
    pub(super) fn plan_prefetch(
        &self,
        current: &Descriptor,
        is_cached: bool,
        upcoming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        let Some(registry) = &self.registry else {
            return;
        };
        let is_missing = |blob: &&Descriptor| {
            self.cache.is_none_or(|cache| {
                let missing = cache.missing_bytes(blob).ok();
                missing == Some(blob.size) && blob.digest != current.digest
            })
        };
        let mut upcoming = upcoming.take(MAX_LOOKED_UP).filter(is_missing);
        registry.plan_prefetch(current, is_cached, &mut upcoming);
    }

    /// Whether several responses delivered `blob`, each a part of it.
    pub(super) fn was_split(&self, blob: &Descriptor) -> bool {
        let registry = self.registry.as_ref();
        registry.is_some_and(|registry| registry.was_split(&blob.digest))
    }

    /// Drops what was fetched of `blob`: the next attempt fetches it over one connection.
    pub(super) fn forget_ranges(&self, blob: &Descriptor) {
        if let Some(registry) = &self.registry {
            registry.use_one_connection();
        }
        if let Some(cache) = self.cache {
            cache.forget(blob);
        }
    }

    /// The whole blob from the registry.
    pub(super) fn remote(&self, blob: &Descriptor) -> Result<BlobSource, Error> {
        Ok(BlobSource {
            bytes: Box::new(self.registry(blob)?.blob(blob, 0)?),
            copy: None,
            origin: "registry".to_owned(),
            cached: 0,
        })
    }

    /// The part that an interrupted pull left in the cache, and the rest from the registry.
    fn rest(&self, blob: &Descriptor, copy: Partial) -> Result<BlobSource, Error> {
        let had = copy.size();
        if had == 0 {
            let copy = Some(copy);
            return self.remote(blob).map(|all| BlobSource { copy, ..all });
        }
        let Ok(start) = copy.reader() else {
            return self.remote(blob);
        };
        if had == blob.size {
            return Ok(BlobSource::cached(start, Some(copy), had));
        }
        let rest = self.registry(blob)?.blob(blob, had)?;
        Ok(BlobSource {
            bytes: Box::new(start.chain(rest)),
            copy: Some(copy),
            origin: format!("registry, from byte {had} on"),
            cached: had,
        })
    }

    /// The registry, for a blob that is not in the cache; an error without network.
    fn registry(&self, blob: &Descriptor) -> Result<&Registry, Error> {
        let missing = || self.missing(vec![blob.digest.clone()]);
        self.registry.as_ref().ok_or_else(missing)
    }

    /// The error for blobs that are not in the cache and must not be fetched.
    pub(super) fn missing(&self, missing: Vec<Digest>) -> Error {
        let image = self.name.clone();
        CacheError::Offline { image, missing }.into()
    }

    fn wait(
        &self,
        blob: &Descriptor,
        cache: &Cache,
        partial: &LockedPartial,
    ) -> Result<bool, Error> {
        self.progress.step(format_args!(
            "{}: another pull fetches it; waiting",
            blob.digest
        ));
        cache.wait_for(partial)
    }

    /// Stores the copy made while a blob was read. Failing to store it does not fail the pull.
    pub(super) fn keep(&self, blob: &Descriptor, copy: io::Result<Option<Partial>>) {
        let kept = copy.and_then(|copy| copy.map_or(Ok(()), Partial::complete));
        if let Err(e) = kept {
            self.not_cached(blob, &e);
        }
    }

    fn not_cached(&self, blob: &Descriptor, error: &dyn Display) {
        self.progress.warn(format_args!(
            "{} is not kept in the cache: {error}",
            blob.digest
        ));
    }
}

impl BlobSource {
    fn cached(bytes: impl Read + 'static, copy: Option<Partial>, size: u64) -> Self {
        Self {
            bytes: Box::new(bytes),
            copy,
            origin: "cached".to_owned(),
            cached: size,
        }
    }
}
