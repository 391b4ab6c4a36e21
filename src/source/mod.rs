//! The source of an image: a registry behind the cache, or a layout or archive on disk or in a
//! pipe.

mod attestation;
mod bundle_artifact;
mod chain;
mod contents;
mod copied_signatures;
mod corrupt;
mod describe;
mod discovery;
mod docker;
mod docker_layers;
mod documents;
mod fetch;
mod folder;
mod found_signature;
mod full_path;
mod given_bundles;
mod incomplete;
mod layers;
mod layout;
mod local;
mod plan;
mod platform;
mod ref_name;
mod registry;
mod resolve;
mod signature_check;
mod space;
mod store;

use crate::cache::{Cache, Partial};
use crate::error::{Error, ImageError, Part};
use crate::layer::{BlobStream, LayerStream};
use crate::oci::{Algorithm, Bytes, Descriptor, Digest, Document, InvalidManifest, Reference};
use crate::progress::{Meter, Progress};
use crate::registry::{MAX_MANIFEST, RawManifest, RegistryOptions};
pub(crate) use contents::{ImageContents, Platforms};
pub(crate) use copied_signatures::CopiedSignatures;
pub(crate) use describe::{ImageDetails, RawDocument};
pub(crate) use given_bundles::GivenBundles;
use layout::Layout;
pub(crate) use local::{Form, Local};
pub(crate) use plan::{LayerOrigin, PullPlan};
use registry::CachedRegistry;
pub(crate) use signature_check::{SignatureCheck, SignaturePolicy};
pub(crate) use space::check_blobs_fit;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// An image as the user names it.
#[derive(Clone, Debug)]
pub(crate) enum ImageName {
    /// In a registry.
    Registry(Reference),
    /// In a directory, a file or a pipe.
    Local(Local),
}

/// An open source of one image.
pub(crate) enum Source<'c> {
    /// A registry, behind the cache if there is one.
    Registry(Box<CachedRegistry<'c>>),
    /// A layout or an archive.
    Layout(Box<Layout>),
}

/// The stream of a layer.
pub(crate) type LayerReader = LayerStream<Box<dyn Read>, Partial>;

/// The stream of a blob as stored.
pub(crate) type BlobReader = BlobStream<Box<dyn Read>, Partial>;

impl<'c> Source<'c> {
    /// Opens the source of `name`. Sends no request to a registry yet, and without `options` never
    /// does.
    pub(crate) fn open(
        name: &ImageName,
        options: Option<&RegistryOptions>,
        cache: Option<&'c Cache>,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(match name {
            ImageName::Registry(reference) => Self::Registry(Box::new(CachedRegistry::new(
                reference, options, cache, progress,
            )?)),
            ImageName::Local(local) => {
                let spool = || cache.and_then(Cache::spool);
                Self::Layout(Box::new(Layout::open(local, spool)?))
            }
        })
    }

    /// The digest of the document that the name stands for.
    pub(crate) fn digest(&mut self) -> Result<Digest, Error> {
        match self {
            Self::Registry(cached) => cached.digest(),
            Self::Layout(layout) => Ok(layout.root().digest.clone()),
        }
    }

    /// The digest in the name, if there is one: what such a name stands for never changes.
    pub(crate) fn pinned(&self) -> Option<&Digest> {
        match self {
            Self::Registry(cached) => cached.reference().digest(),
            Self::Layout(_) => None,
        }
    }

    /// The name to store in a record, which finds the image from any working directory. Messages
    /// show the name that was typed.
    pub(crate) fn full_name(&self) -> String {
        match self {
            Self::Registry(cached) => cached.reference().to_string(),
            Self::Layout(layout) => layout.full_name(),
        }
    }

    /// Whether the network must not be used for an image of a registry.
    fn is_offline(&self) -> bool {
        match self {
            Self::Registry(cached) => cached.fetch.registry.is_none(),
            Self::Layout(_) => false,
        }
    }

    /// The full names of the image, as far as known, without a digest.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Registry(cached) => vec![cached.reference().name()],
            Self::Layout(layout) => layout.names().to_vec(),
        }
    }

    /// The index and manifests that led to the image, starting with the one that the name stands
    /// for. Empty for a layout, which keeps its own.
    pub(crate) fn documents(&self) -> &[(Digest, Bytes)] {
        match self {
            Self::Registry(cached) => cached.documents(),
            Self::Layout(_) => &[],
        }
    }

    /// The files of the image as far as known by now, and the symlinks that lead there.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Registry(_) => Vec::new(),
            Self::Layout(layout) => layout.paths(),
        }
    }

    /// The cache that holds the image's blobs.
    fn cache(&self) -> Option<&'c Cache> {
        match self {
            Self::Registry(cached) => cached.cache(),
            Self::Layout(_) => None,
        }
    }

    /// Reads the rest of a pipe, whose writer would otherwise fail.
    pub(crate) fn drain(&self) {
        if let Self::Layout(layout) = self {
            layout.drain();
        }
    }

    /// Plans the blobs that come after `current`, in the order in which they will be needed: they are
    /// requested before, as far as that pays. Errors surface when they are needed.
    pub(crate) fn plan_prefetch(
        &mut self,
        current: &Descriptor,
        upcoming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        if let Self::Registry(cached) = self {
            cached.plan_prefetch(current, upcoming);
        }
    }

    /// Opens a blob as stored.
    pub(crate) fn blob(
        &mut self,
        blob: &Descriptor,
        meter: &mut Meter,
    ) -> Result<BlobReader, Error> {
        meter.next();
        match self {
            Self::Registry(cached) => cached.blob(blob, meter),
            Self::Layout(layout) => {
                let bytes = layout.blob(blob).map_err(|e| layout.explained(e))?;
                let bytes = meter.watch(blob, layout.word(), bytes);
                Ok(BlobStream::new(blob, bytes, None))
            }
        }
    }

    /// Finishes a blob that was read: checks its digest and caches it.
    pub(crate) fn finish_blob(&self, blob: &Descriptor, stream: BlobReader) -> Result<(), Error> {
        match (stream.finish(), self) {
            (Ok(copy), Self::Registry(cached)) => {
                cached.keep(blob, copy);
                Ok(())
            }
            (Ok(_), Self::Layout(_)) => Ok(()),
            (Err(error), _) => Err(self.attribute_blob(blob, error)),
        }
    }

    /// Attributes an `error` that occurred while a blob was read as stored.
    pub(crate) fn attribute_blob(&self, blob: &Descriptor, error: Error) -> Error {
        match self {
            Self::Registry(cached) => cached.attribute(blob, error),
            Self::Layout(_) => error,
        }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(cached) => write!(f, "{}", cached.reference()),
            Self::Layout(layout) => write!(f, "{layout}"),
        }
    }
}

fn parse(digest: &Digest, bytes: &Bytes, media_type: &str) -> Result<Document, Error> {
    Document::parse(bytes, media_type).map_err(|why| Error::manifest(digest.to_string(), why))
}

/// Documents are held in memory: one whose descriptor exceeds the limit is not read at all.
fn within_limit(descriptor: &Descriptor) -> Result<(), Error> {
    if descriptor.size > MAX_MANIFEST {
        Err(Error::manifest(
            descriptor.digest.to_string(),
            InvalidManifest::TooLong(MAX_MANIFEST),
        ))
    } else {
        Ok(())
    }
}

/// The bytes, if they match `descriptor`.
fn verified<B: AsRef<Vec<u8>>>(descriptor: &Descriptor, part: Part, bytes: B) -> Result<B, Error> {
    let (expected, size) = (&descriptor.digest, bytes.as_ref().len() as u64);
    if size != descriptor.size {
        return Err(ImageError::SizeMismatch {
            digest: expected.clone(),
            expected: descriptor.size,
            actual: size,
        }
        .into());
    }
    check_digest(expected, part, bytes.as_ref())?;
    Ok(bytes)
}

fn check_digest(expected: &Digest, part: Part, bytes: &[u8]) -> Result<(), Error> {
    Error::unless_equal(part, expected, Digest::of(expected.algorithm(), bytes))
}

/// The digest of the manifest served for a tag, computed from its bytes: headers are often wrong.
fn digest_of(served: &RawManifest) -> Digest {
    Digest::of(Algorithm::Sha256, &served.bytes)
}
