//! A registry behind the cache: cached blobs are not fetched, fetched blobs are cached, and both
//! are verified as they are read.

use super::fetch::{BlobSource, Fetch};
use super::local::or_path;
use super::{BlobReader, LayerReader, digest_of, within_limit};
use crate::cache::{Cache, Partial};
use crate::error::Error;
use crate::layer::{BlobStream, LayerStream, Verifier};
use crate::oci::{Bytes, Descriptor, Digest, Layer, Reference};
use crate::progress::{Meter, Progress};
use crate::registry::{RawManifest, Registry, RegistryOptions};
use std::io::{self, Read, Write as _};

/// A registry and, unless disabled, the cache.
pub(crate) struct CachedRegistry<'c> {
    pub(super) fetch: Fetch<'c>,
    reference: Reference,
    /// How many bytes of the current blob come from the cache.
    pub(super) cached: u64,
    /// The size of the current blob in bytes.
    pub(super) size: u64,
    /// The index and manifests that led to the image, for pulls without network.
    documents: Vec<(Digest, Bytes)>,
    /// What the reference stands for, once resolved. It is not resolved again: a tag may move meanwhile.
    root: Option<(Digest, RawManifest)>,
}

impl<'c> CachedRegistry<'c> {
    pub(super) fn new(
        reference: &Reference,
        options: Option<&RegistryOptions>,
        cache: Option<&'c Cache>,
        progress: Progress,
    ) -> Result<Self, Error> {
        let fetch = Fetch {
            registry: options
                .map(|options| Registry::new(reference, options, progress))
                .transpose()?,
            name: reference.to_string(),
            cache,
            progress,
        };
        Ok(Self {
            fetch,
            reference: reference.clone(),
            cached: 0,
            size: 0,
            documents: Vec::new(),
            root: None,
        })
    }

    pub(super) fn cache(&self) -> Option<&'c Cache> {
        self.fetch.cache
    }

    pub(super) fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The hosts to ask, in order; none without network.
    pub(super) fn hosts(&self) -> Vec<String> {
        let registry = self.fetch.registry.as_ref();
        registry.map(Registry::hosts).unwrap_or_default()
    }

    /// The digest that the reference stands for, by a HEAD request if the registry returns the
    /// digest.
    pub(super) fn digest(&mut self) -> Result<Digest, Error> {
        let Some(registry) = &self.fetch.registry else {
            return self
                .cached_digest()
                .map_err(|error| or_path(&self.reference, error));
        };
        let digest = registry.digest_of(&self.reference.identifier());
        match digest.map_err(|error| or_path(&self.reference, error))? {
            // If the reference has a digest, that is the result, provided that it exists.
            Some(digest) => Ok(self.reference.digest().cloned().unwrap_or(digest)),
            None => self.root().map(|(digest, _)| digest),
        }
    }

    /// What the reference stands for: its digest, checked against the reference's own, and its
    /// bytes.
    pub(super) fn root(&mut self) -> Result<(Digest, RawManifest), Error> {
        if let Some(root) = &self.root {
            return Ok(root.clone());
        }
        let (digest, served) = self.request_root()?;
        self.record_document(&digest, &served.bytes);
        Ok(self.root.insert((digest, served)).clone())
    }

    fn request_root(&self) -> Result<(Digest, RawManifest), Error> {
        let Some(registry) = &self.fetch.registry else {
            let digest = self.cached_digest();
            let digest = digest.map_err(|error| or_path(&self.reference, error))?;
            let bytes = self.cached_document(&digest)?.into();
            let media_type = String::new();
            return Ok((digest, RawManifest { bytes, media_type }));
        };
        let wanted = self.reference.digest();
        let served = registry.manifest(&self.reference.identifier(), wanted);
        let served = served.map_err(|error| or_path(&self.reference, error))?;
        let digest = wanted.cloned().unwrap_or_else(|| digest_of(&served));
        Ok((digest, served))
    }

    pub(super) fn manifest(&mut self, digest: &Digest) -> Result<Bytes, Error> {
        if let Some((_, bytes)) = self.documents.iter().find(|(known, _)| known == digest) {
            return Ok(bytes.clone());
        }
        let Some(registry) = &self.fetch.registry else {
            let bytes = self.cached_document(digest)?.into();
            self.record_document(digest, &bytes);
            return Ok(bytes);
        };
        let bytes = registry.manifest(&digest.to_string(), Some(digest))?.bytes;
        self.record_document(digest, &bytes);
        Ok(bytes)
    }

    fn record_document(&mut self, digest: &Digest, document: &Bytes) {
        self.documents.push((digest.clone(), document.clone()));
    }

    /// Without network: the digest that the reference stood for at the last pull.
    fn cached_digest(&self) -> Result<Digest, Error> {
        let known = || self.fetch.cache?.resolved(&self.fetch.name);
        let digest = self.reference.digest().cloned().or_else(known);
        digest.ok_or_else(|| self.fetch.missing(Vec::new()))
    }

    fn cached_document(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let cached = self.fetch.cache.map(|cache| cache.document(digest));
        let missing = || self.fetch.missing(vec![digest.clone()]);
        cached.transpose()?.flatten().ok_or_else(missing)
    }

    /// Without network: checks that the whole image is cached before any of it is extracted.
    pub(super) fn require<'b>(
        &self,
        blobs: impl IntoIterator<Item = &'b Descriptor>,
    ) -> Result<(), Error> {
        let (None, Some(cache)) = (&self.fetch.registry, self.fetch.cache) else {
            return Ok(());
        };
        let mut missing = Vec::new();
        for blob in blobs {
            if cache.find(blob)?.is_none() && !missing.contains(&blob.digest) {
                missing.push(blob.digest.clone());
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(self.fetch.missing(missing))
        }
    }

    /// The documents that led to the image, starting with the one that the reference stands for.
    pub(super) fn documents(&self) -> &[(Digest, Bytes)] {
        &self.documents
    }

    /// The config, from the cache if it is present and correct.
    pub(super) fn config(&mut self, config: &Descriptor) -> Result<Vec<u8>, Error> {
        let first = self.small(config);
        match (first, self.fetch.cache) {
            // The cached part did not belong to this blob.
            (Err(error), Some(cache)) if self.is_corrupt(&error) => {
                cache.forget(config);
                cache.verify_before_use();
                self.small(config)
            }
            (first, _) => first,
        }
    }

    /// All bytes of a small blob, verified.
    fn small(&mut self, blob: &Descriptor) -> Result<Vec<u8>, Error> {
        within_limit(blob)?;
        let opened = self.open(blob)?;
        let mut all = Vec::new();
        let read = Verifier::new(blob, opened.bytes).read_to_end(&mut all);
        read.map_err(|e| Error::in_stream(&blob.digest, e))?;
        let copy = opened
            .copy
            .map(|mut copy| copy.write_all(&all).map(|()| copy));
        self.fetch.keep(blob, copy.transpose());
        Ok(all)
    }

    /// The stream of a layer.
    pub(super) fn layer(&mut self, layer: &Layer, meter: &mut Meter) -> Result<LayerReader, Error> {
        let blob = &layer.blob;
        let opened = self.open(blob)?;
        let bytes = meter.watch(blob, &opened.origin, opened.bytes);
        LayerStream::new(layer, bytes, opened.copy).map_err(|e| self.attribute_unread(blob, e))
    }

    /// The stream of a blob as stored.
    pub(super) fn blob(
        &mut self,
        blob: &Descriptor,
        meter: &mut Meter,
    ) -> Result<BlobReader, Error> {
        let opened = self.open(blob)?;
        let bytes = meter.watch(blob, &opened.origin, opened.bytes);
        Ok(BlobStream::new(blob, bytes, opened.copy))
    }

    /// Plans the blobs that come after `current`, in this order.
    pub(super) fn plan_prefetch(
        &self,
        current: &Descriptor,
        upcoming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        let is_cached = self.cached == self.size;
        self.fetch.plan_prefetch(current, is_cached, upcoming);
    }

    fn open(&mut self, blob: &Descriptor) -> Result<BlobSource, Error> {
        let opened = self.fetch.open(blob)?;
        (self.cached, self.size) = (opened.cached, blob.size);
        Ok(opened)
    }

    /// Stores the copy made while a layer was read.
    pub(super) fn keep(&self, blob: &Descriptor, copy: io::Result<Option<Partial>>) {
        self.fetch.keep(blob, copy);
    }
}
