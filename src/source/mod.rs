//! Where an image comes from: a registry, with the cache in between, or a layout or archive on disk
//! or in a pipe.

mod docker;
mod fetch;
mod layout;
mod local;
mod named;
mod registry;
mod room;
mod select;
mod store;

use crate::cache::{Cache, Partial};
use crate::error::{Error, Part};
use crate::layer::LayerStream;
use crate::oci::{
    Algorithm, Config, Descriptor, Digest, Document, Image, Layer, Reference, Wanted,
};
use crate::progress::Progress;
use crate::registry::{Access, MAX_MANIFEST, Served};
use layout::Layout;
pub use local::{Form, Local};
use registry::Cached;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// What the user calls an image.
#[derive(Clone, Debug)]
pub enum Name {
    /// In a registry.
    Registry(Reference),
    /// In a folder, a file or a pipe.
    Local(Local),
}

/// An open source of one image.
pub enum Source<'c> {
    /// A registry, with the cache in front of it if there is one.
    Registry(Box<Cached<'c>>),
    /// A layout or an archive.
    Layout(Box<Layout>),
}

/// The stream of a layer, with where it comes from.
pub type Stream = LayerStream<Box<dyn Read>, Partial>;

impl<'c> Source<'c> {
    /// Opens the source of `name`. A registry is not asked anything yet; without `access`, it never
    /// is.
    pub fn open(
        name: &Name,
        access: Option<&Access>,
        cache: Option<&'c Cache>,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(match name {
            Name::Registry(reference) => {
                Self::Registry(Box::new(Cached::new(reference, access, cache, progress)?))
            }
            Name::Local(local) => {
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

    /// Follows the name to the manifest for `wanted`, and that to its config.
    pub fn resolve(&mut self, wanted: &Wanted, progress: Progress) -> Result<Image, Error> {
        let name = self.to_string();
        let (root, document) = self.root()?;
        let chosen = select::choose(&name, root.clone(), document, wanted, |descriptor| {
            let bytes = self.manifest(descriptor)?;
            parse(&descriptor.digest, &bytes, &descriptor.media_type)
        })?;
        match self {
            Self::Registry(cached) => cached.require(&chosen.manifest)?,
            Self::Layout(layout) => layout.narrow(&chosen.manifest),
        }
        let config = self.config(&chosen.manifest.config)?;
        let digest = chosen.digest.to_string();
        let malformed = |why| Error::Manifest {
            what: digest.clone(),
            why,
        };
        let config = Config::parse(&config).map_err(malformed)?;
        let image = Image::new(root, chosen.digest, chosen.manifest, &config);
        let image = image.map_err(malformed)?;
        if chosen.unconfirmed {
            select::confirm(&name, &image, wanted, progress)?;
        }
        Ok(image)
    }

    /// The digest that the name itself holds: what it stands for never changes.
    pub fn pinned(&self) -> Option<&Digest> {
        match self {
            Self::Registry(cached) => cached.reference().digest(),
            Self::Layout(_) => None,
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
    pub fn documents(&self) -> &[(Digest, Vec<u8>)] {
        match self {
            Self::Registry(cached) => cached.documents(),
            Self::Layout(_) => &[],
        }
    }

    /// The folder or file that the image comes from.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Registry(_) => None,
            Self::Layout(layout) => layout.path(),
        }
    }

    /// Reads what nobody wants of a pipe, whose writer would fail otherwise.
    pub fn drain(&self) {
        if let Self::Layout(layout) = self {
            layout.drain();
        }
    }

    /// Opens the stream of a layer.
    pub fn layer(&mut self, layer: &Layer) -> Result<(Stream, String), Error> {
        match self {
            Self::Registry(cached) => cached.layer(layer),
            Self::Layout(layout) => {
                let blob = layout.blob(&layer.blob)?;
                let word = layout.word().to_owned();
                Ok((LayerStream::new(layer, blob, None)?, word))
            }
        }
    }

    /// Says which layer will be wanted next, so that its bytes are on their way while the one at
    /// hand is extracted: they wait in the socket. What goes wrong here is found when it is wanted.
    pub fn announce(&mut self, next: Option<&Layer>) {
        if let (Self::Registry(cached), Some(next)) = (self, next) {
            cached.announce(next);
        }
    }

    /// Ends a stream that was read to the end of its tar: both digests hold, and the blob is kept.
    pub fn finish(&self, layer: &Layer, stream: Stream) -> Result<(), Error> {
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
    pub fn blame(&self, layer: &Layer, stream: Stream, error: Error) -> Error {
        let error = stream.blame(error);
        match self {
            Self::Registry(cached) => cached.spoilt(&layer.blob, error),
            Self::Layout(_) => error,
        }
    }

    fn root(&mut self) -> Result<(Digest, Document), Error> {
        match self {
            Self::Registry(cached) => {
                let (digest, served) = cached.root()?;
                let document = parse(&digest, &served.bytes, &served.media_type)?;
                Ok((digest, document))
            }
            Self::Layout(layout) => layout.document(),
        }
    }

    fn manifest(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let bytes = match self {
            Self::Registry(cached) => cached.manifest(&descriptor.digest)?,
            Self::Layout(layout) => layout.bytes(descriptor, MAX_MANIFEST)?,
        };
        verified(descriptor, Part::Manifest, bytes)
    }

    fn config(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        match self {
            Self::Registry(cached) => cached.config(descriptor),
            Self::Layout(layout) => verified(
                descriptor,
                Part::Blob,
                layout.bytes(descriptor, MAX_MANIFEST)?,
            ),
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

fn parse(digest: &Digest, bytes: &[u8], media_type: &str) -> Result<Document, Error> {
    Document::parse(bytes, media_type).map_err(|why| Error::Manifest {
        what: digest.to_string(),
        why,
    })
}

/// The bytes, if they are those that `descriptor` names.
fn verified(descriptor: &Descriptor, part: Part, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let (wanted, size) = (&descriptor.digest, bytes.len() as u64);
    if size != descriptor.size {
        let digest = wanted.clone();
        return Err(Error::SizeMismatch {
            digest,
            wanted: descriptor.size,
            got: size,
        });
    }
    check_digest(wanted, part, &bytes)?;
    Ok(bytes)
}

fn check_digest(wanted: &Digest, part: Part, bytes: &[u8]) -> Result<(), Error> {
    Error::unless_equal(part, wanted, Digest::of(wanted.algorithm(), bytes))
}

/// The digest of what a registry served for a tag: over the bytes, because headers are often wrong.
fn digest_of(served: &Served) -> Digest {
    Digest::of(Algorithm::Sha256, &served.bytes)
}
