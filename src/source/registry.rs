//! A registry with the cache in front of it: what is cached is not fetched, what is fetched is
//! cached, and both are verified as they are read.

use super::{Stream, check_digest, digest_of};
use crate::cache::{BlobWriter, Cache};
use crate::error::{Error, Part};
use crate::layer::{LayerStream, Verifier};
use crate::oci::{Descriptor, Digest, Layer, Reference};
use crate::progress::Progress;
use crate::registry::{Access, MAX_MANIFEST, Registry, Served};
use std::fs::File;
use std::io::{self, Read, Write as _};

/// A registry and, unless it is not wanted, the cache.
pub struct Cached<'c> {
    registry: Registry,
    reference: Reference,
    cache: Option<&'c Cache>,
    progress: Progress,
    /// Whether the layer at hand comes out of the cache.
    from_cache: bool,
}

impl<'c> Cached<'c> {
    pub(super) fn new(
        reference: &Reference,
        access: &Access,
        cache: Option<&'c Cache>,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            registry: Registry::new(reference, access, progress)?,
            reference: reference.clone(),
            cache,
            progress,
            from_cache: false,
        })
    }

    pub(super) fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The digest that the reference stands for, at the price of a HEAD where the registry gives it.
    pub(super) fn digest(&mut self) -> Result<Digest, Error> {
        match self.registry.digest_of(&self.reference.identifier())? {
            // What was asked for by digest is that digest, if it is there at all.
            Some(digest) => Ok(self.reference.digest().cloned().unwrap_or(digest)),
            None => self.root().map(|(digest, _)| digest),
        }
    }

    /// What the reference stands for: its digest, checked if the reference has one, and its bytes.
    pub(super) fn root(&mut self) -> Result<(Digest, Served), Error> {
        let served = self.registry.manifest(&self.reference.identifier())?;
        match self.reference.digest() {
            Some(wanted) => {
                check_digest(wanted, Part::Manifest, &served.bytes)?;
                Ok((wanted.clone(), served))
            }
            None => Ok((digest_of(&served), served)),
        }
    }

    pub(super) fn manifest(&mut self, digest: &Digest) -> Result<Vec<u8>, Error> {
        Ok(self.registry.manifest(&digest.to_string())?.bytes)
    }

    /// The config, out of the cache if it is there and right.
    pub(super) fn config(&mut self, config: &Descriptor) -> Result<Vec<u8>, Error> {
        if let Some(file) = self.find(config)?
            && let Ok(bytes) = read(config, file)
        {
            return Ok(bytes);
        }
        let bytes = read(config, self.registry.blob(config, 0)?)?;
        let copy = self.create(config).map(|mut copy| {
            copy.write_all(&bytes)?;
            Ok(Some(copy))
        });
        self.keep(config, copy.unwrap_or(Ok(None)));
        Ok(bytes)
    }

    /// The stream of a layer, and where it comes from.
    pub(super) fn layer(&mut self, layer: &Layer) -> Result<(Stream, &'static str), Error> {
        let cached = self.find(&layer.blob)?;
        self.from_cache = cached.is_some();
        if let Some(file) = cached {
            let opened = LayerStream::new(layer, Box::new(file) as Box<dyn Read>, None);
            let stream = opened.map_err(|e| self.spoilt(&layer.blob, e))?;
            return Ok((stream, "cached"));
        }
        let blob = self.registry.blob(&layer.blob, 0)?;
        let stream = LayerStream::new(
            layer,
            Box::new(blob) as Box<dyn Read>,
            self.create(&layer.blob),
        )?;
        Ok((stream, "registry"))
    }

    /// Keeps a copy that was made while a blob was read. What cannot be kept is no reason to fail.
    pub(super) fn keep(&self, blob: &Descriptor, copy: io::Result<Option<BlobWriter>>) {
        let kept = copy.and_then(|copy| copy.map_or(Ok(()), BlobWriter::keep));
        if let Err(e) = kept {
            self.not_cached(blob, &e);
        }
    }

    /// Makes of an error about a blob that came out of the cache what it is: the cache's fault, and
    /// gone with the next attempt.
    pub(super) fn spoilt(&self, blob: &Descriptor, error: Error) -> Error {
        let wrong = matches!(
            &error,
            Error::DigestMismatch {
                part: Part::Blob,
                ..
            } | Error::SizeMismatch { .. }
        );
        match self.cache {
            Some(cache) if self.from_cache && wrong => match cache.forget(blob) {
                Ok(()) => Error::CacheSpoiled {
                    digest: blob.digest.clone(),
                },
                Err(error) => error,
            },
            _ => error,
        }
    }

    fn find(&self, blob: &Descriptor) -> Result<Option<File>, Error> {
        self.cache.map_or(Ok(None), |cache| cache.find(blob))
    }

    /// A place for a copy in the cache. Without one the pull goes on.
    fn create(&self, blob: &Descriptor) -> Option<BlobWriter> {
        let created = self.cache?.create(blob);
        created.inspect_err(|e| self.not_cached(blob, e)).ok()
    }

    fn not_cached(&self, blob: &Descriptor, error: &io::Error) {
        self.progress.warn(format_args!(
            "{} is not kept in the cache: {error}",
            blob.digest
        ));
    }
}

/// All of a small blob, verified.
fn read(blob: &Descriptor, bytes: impl Read) -> Result<Vec<u8>, Error> {
    if blob.size > MAX_MANIFEST {
        let digest = blob.digest.clone();
        return Err(Error::SizeMismatch {
            digest,
            wanted: MAX_MANIFEST,
            got: blob.size,
        });
    }
    let mut all = Vec::new();
    let read = Verifier::new(blob, bytes).read_to_end(&mut all);
    read.map_err(|e| Error::in_stream(&blob.digest, e))?;
    Ok(all)
}
