//! The source of an image: a registry behind the cache, or a layout or archive on disk or in a
//! pipe.

mod contents;
mod corrupt;
mod describe;
mod docker;
mod docker_layers;
mod documents;
mod fetch;
mod folder;
mod full_path;
mod incomplete;
mod layout;
mod local;
mod plan;
mod platform;
mod ref_name;
mod registry;
mod resolve;
mod space;
mod store;

use crate::cache::{Cache, Partial};
use crate::error::{Error, Part};
use crate::layer::{BlobStream, LayerStream};
use crate::oci::{
    Algorithm, Bytes, Descriptor, Digest, Document, InvalidManifest, Layer, Reference,
};
use crate::progress::{Meter, Progress};
use crate::registry::{MAX_MANIFEST, RawManifest, RegistryOptions};
pub use contents::{ImageContents, Platforms};
pub use describe::{ImageDetails, RawDocument};
use layout::Layout;
pub use local::{Form, Local};
pub use plan::{LayerOrigin, PullPlan};
use registry::CachedRegistry;
pub use space::check_room;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// What the user calls an image.
#[derive(Clone, Debug)]
pub enum ImageName {
    /// In a registry.
    Registry(Reference),
    /// In a folder, a file or a pipe.
    Local(Local),
}

/// An open source of one image.
pub enum Source<'c> {
    /// A registry, with the cache in front of it if there is one.
    Registry(Box<CachedRegistry<'c>>),
    /// A layout or an archive.
    Layout(Box<Layout>),
}

/// The stream of a layer.
pub type LayerReader = LayerStream<Box<dyn Read>, Partial>;

/// The stream of a blob as it is.
pub type BlobReader = BlobStream<Box<dyn Read>, Partial>;

impl<'c> Source<'c> {
    /// Opens the source of `name`. A registry is not asked anything yet; without `access`, it never
    /// is.
    pub fn open(
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

    /// The digest of what the name itself stands for.
    pub fn digest(&mut self) -> Result<Digest, Error> {
        match self {
            Self::Registry(cached) => cached.digest(),
            Self::Layout(layout) => Ok(layout.root().digest.clone()),
        }
    }

    /// The digest that the name itself holds: what it stands for never changes.
    pub fn pinned(&self) -> Option<&Digest> {
        match self {
            Self::Registry(cached) => cached.reference().digest(),
            Self::Layout(_) => None,
        }
    }

    /// The name that a record remembers: it leads to the image from any working directory. Messages show
    /// the name that was typed.
    pub fn full_name(&self) -> String {
        match self {
            Self::Registry(cached) => cached.reference().to_string(),
            Self::Layout(layout) => layout.full_name(),
        }
    }

    /// What the image is called in full, as far as that is known; without a digest.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Registry(cached) => vec![cached.reference().name()],
            Self::Layout(layout) => layout.names().to_vec(),
        }
    }

    /// The index and manifests that led to the image, the one that the name stands for first. Those
    /// of a layout are where they are.
    pub fn documents(&self) -> &[(Digest, Bytes)] {
        match self {
            Self::Registry(cached) => cached.documents(),
            Self::Layout(_) => &[],
        }
    }

    /// What the image comes from as far as it is known by now, and the links that lead there.
    pub fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Registry(_) => Vec::new(),
            Self::Layout(layout) => layout.paths(),
        }
    }

    /// Where blobs of the image are kept.
    fn cache(&self) -> Option<&'c Cache> {
        match self {
            Self::Registry(cached) => cached.cache(),
            Self::Layout(_) => None,
        }
    }

    /// Reads what nobody wants of a pipe, whose writer would fail otherwise.
    pub fn drain(&self) {
        if let Self::Layout(layout) = self {
            layout.drain();
        }
    }

    /// Opens the stream of a layer.
    pub fn layer(&mut self, layer: &Layer, meter: &mut Meter) -> Result<LayerReader, Error> {
        meter.next();
        match self {
            Self::Registry(cached) => cached.layer(layer, meter),
            Self::Layout(layout) => {
                let bytes = layout.blob(&layer.blob).map_err(|e| layout.explained(e))?;
                let bytes = meter.watch(&layer.blob, layout.word(), bytes);
                LayerStream::new(layer, bytes, None)
            }
        }
    }

    /// Says which blobs will be wanted, in this order, so that their bytes are on their way while the
    /// one at hand is read: they wait in the socket. What goes wrong here is found when they are
    /// wanted.
    pub fn announce(&mut self, coming: &mut dyn Iterator<Item = &Descriptor>) {
        if let Self::Registry(cached) = self {
            cached.announce(coming);
        }
    }

    /// Opens a blob as it is.
    pub fn blob(&mut self, blob: &Descriptor, meter: &mut Meter) -> Result<BlobReader, Error> {
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

    /// Ends a blob that was read: its digest holds, and it is kept.
    pub fn finish_blob(&self, blob: &Descriptor, stream: BlobReader) -> Result<(), Error> {
        match (stream.finish(), self) {
            (Ok(copy), Self::Registry(cached)) => {
                cached.keep(blob, copy);
                Ok(())
            }
            (Ok(_), Self::Layout(_)) => Ok(()),
            (Err(error), _) => Err(self.blame_blob(blob, error)),
        }
    }

    /// What is to blame for an `error` that came up while a blob was read as it is.
    pub fn blame_blob(&self, blob: &Descriptor, error: Error) -> Error {
        match self {
            Self::Registry(cached) => cached.spoilt(blob, error),
            Self::Layout(_) => error,
        }
    }

    /// Ends a stream that was read to the end of its tar: both digests hold, and the blob is kept.
    pub fn finish(&self, layer: &Layer, stream: LayerReader) -> Result<(), Error> {
        match self {
            Self::Registry(cached) => {
                let copy = stream.finish().map_err(|e| cached.spoilt(&layer.blob, e))?;
                cached.keep(&layer.blob, copy);
                Ok(())
            }
            Self::Layout(_) => stream.finish().map(drop),
        }
    }

    /// What is to blame for an `error` that came up while `stream` was read. A spoilt blob leaves
    /// the cache: it is fetched again the next time.
    pub fn attribute(&self, layer: &Layer, stream: LayerReader, error: Error) -> Error {
        match self {
            Self::Registry(cached) => {
                let is_doubtful = cached.is_doubtful(&error);
                cached.spoilt(&layer.blob, stream.attribute(error, is_doubtful))
            }
            Self::Layout(_) => stream.attribute(error, false),
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
    Document::parse(bytes, media_type).map_err(|why| Error::Manifest {
        what: digest.to_string(),
        why,
    })
}

/// A document is held in memory: one that says it is too long is not read at all.
fn within_limit(descriptor: &Descriptor) -> Result<(), Error> {
    match descriptor.size > MAX_MANIFEST {
        true => Err(Error::Manifest {
            what: descriptor.digest.to_string(),
            why: InvalidManifest::TooLong(MAX_MANIFEST),
        }),
        false => Ok(()),
    }
}

/// The bytes, if they are those that `descriptor` names.
fn verified<B: AsRef<Vec<u8>>>(descriptor: &Descriptor, part: Part, bytes: B) -> Result<B, Error> {
    let (wanted, size) = (&descriptor.digest, bytes.as_ref().len() as u64);
    if size != descriptor.size {
        let digest = wanted.clone();
        return Err(Error::SizeMismatch {
            digest,
            wanted: descriptor.size,
            got: size,
        });
    }
    check_digest(wanted, part, bytes.as_ref())?;
    Ok(bytes)
}

fn check_digest(wanted: &Digest, part: Part, bytes: &[u8]) -> Result<(), Error> {
    Error::unless_equal(part, wanted, Digest::of(wanted.algorithm(), bytes))
}

/// The digest of what a registry served for a tag: over the bytes, because headers are often wrong.
fn digest_of(served: &RawManifest) -> Digest {
    Digest::of(Algorithm::Sha256, &served.bytes)
}
