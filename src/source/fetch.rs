//! A registry's blob through the cache: read from there if present, else fetched and stored.

use crate::cache::{Cache, LockedPartial, Partial, Reservation};
use crate::error::{CacheError, Error};
use crate::oci::{Descriptor, Digest};
use crate::progress::Progress;
use crate::registry::{FetchMode, Registry};
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
    /// Opens a blob. If another process is fetching it, waits for that process; when prefetching,
    /// returns None instead of waiting. Fetches the blob if the other process fails.
    pub(super) fn open(
        &self,
        blob: &Descriptor,
        mode: FetchMode,
    ) -> Result<Option<BlobSource>, Error> {
        let Some(cache) = self.cache else {
            return self.remote(blob, mode).map(Some);
        };
        loop {
            if let Some(file) = cache.find(blob)? {
                return Ok(Some(BlobSource::cached(file, None, blob.size)));
            }
            match cache.create(blob) {
                Ok(Reservation::Ours(copy)) => return self.rest(blob, copy, mode).map(Some),
                Ok(Reservation::Disabled) => return self.remote(blob, mode).map(Some),
                Ok(Reservation::Locked(_)) if mode == FetchMode::Prefetch => return Ok(None),
                Ok(Reservation::Locked(partial)) => {
                    if !self.wait(blob, cache, &partial)? {
                        let time = cache.shown_timeout();
                        self.not_cached(
                            blob,
                            &format_args!(
                                "another process has held it for {time} without adding to it"
                            ),
                        );
                        return self.remote(blob, mode).map(Some);
                    }
                }
                Err(e) => {
                    self.not_cached(blob, &e);
                    return self.remote(blob, mode).map(Some);
                }
            }
        }
    }

    /// Prefetches those of `blobs` that are not even partly in the cache, and are needed after
    /// `before` more bytes.
    pub(super) fn prefetch(&self, before: u64, blobs: &mut dyn Iterator<Item = &Descriptor>) {
        if let Some(registry) = &self.registry {
            let is_whole_missing = |blob: &Descriptor, cache: &Cache| {
                cache.missing_bytes(blob).ok() == Some(blob.size)
            };
            let is_uncached =
                |blob: &&Descriptor| self.cache.is_none_or(|cache| is_whole_missing(blob, cache));
            registry.prefetch(before, &mut blobs.take(MAX_LOOKED_UP).filter(is_uncached));
        }
    }

    /// The whole blob from the registry.
    pub(super) fn remote(&self, blob: &Descriptor, mode: FetchMode) -> Result<BlobSource, Error> {
        Ok(BlobSource {
            bytes: Box::new(self.registry(blob)?.blob(blob, 0, mode)?),
            copy: None,
            origin: "registry".to_owned(),
            cached: 0,
        })
    }

    /// The part that an interrupted pull left in the cache, and the rest from the registry.
    fn rest(&self, blob: &Descriptor, copy: Partial, mode: FetchMode) -> Result<BlobSource, Error> {
        let had = copy.size();
        if had == 0 {
            let copy = Some(copy);
            return self
                .remote(blob, mode)
                .map(|all| BlobSource { copy, ..all });
        }
        let Ok(start) = copy.reader() else {
            return self.remote(blob, mode);
        };
        if had == blob.size {
            return Ok(BlobSource::cached(start, Some(copy), had));
        }
        let rest = self.registry(blob)?.blob(blob, had, mode)?;
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
