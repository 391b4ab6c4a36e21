//! The documents and blobs that a copy of an image needs.

use super::documents::Documents;
use super::{Source, parse};
use crate::error::Error;
use crate::oci::{
    Bytes, Descriptor, Document, Image, InvalidManifest, MediaKind, PlatformEntry, PlatformRequest,
};
use crate::progress::Progress;
use crate::registry::MAX_MANIFEST;
use std::collections::HashSet;

/// How much is copied in all, documents and blobs: an index may name tens of thousands.
const MAX_NAMED: usize = 8192;

/// For which platforms an image is copied.
pub enum Platforms {
    /// For these, the first one being the main one.
    Some(Vec<PlatformRequest>),
    /// For all, with whatever else its index names; the main one is for this platform, if there is
    /// an image for it.
    All(PlatformRequest),
}

/// The parts of an image.
pub struct ImageContents {
    /// What `index.json` leads to.
    pub root: Descriptor,
    /// The image for the main platform, if there is one.
    pub main: Option<Image>,
    /// Indexes, manifests and configs, each behind what names it.
    pub documents: Vec<(Descriptor, Bytes)>,
    /// Layers, in the order in which they are applied.
    pub blobs: Vec<Descriptor>,
}

impl ImageContents {
    /// Everything that the archive is to hold.
    pub fn all(&self) -> impl Iterator<Item = &Descriptor> {
        let documents = self.documents.iter().map(|(document, _)| document);
        documents.chain(&self.blobs)
    }
}

impl Source<'_> {
    /// Reads all documents of the image. Layers are not looked at yet.
    pub fn parts(
        &mut self,
        platforms: &Platforms,
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let parts = match platforms {
            Platforms::All(wanted) => self.all_parts(wanted, progress),
            Platforms::Some(wanted) => self.some_parts(wanted, progress),
        };
        parts.map_err(|error| self.explained(error))
    }

    /// One manifest as it is; several by way of the index that they are in, byte for byte.
    fn some_parts(
        &mut self,
        wanted: &[PlatformRequest],
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let (root, bytes) = self.root_bytes()?;
        let mut documents = Documents::default();
        documents.add(root.clone(), bytes)?;
        let mut images = Vec::new();
        for wanted in wanted {
            images.push(self.follow(wanted, &mut documents, progress)?.image);
        }
        let mut documents = documents.into_all();
        let mut root = root;
        if let [only] = &images[..]
            && root.digest != only.digest
        {
            // The index has done its duty, and so have those within it.
            let own = [&only.digest, &only.config.digest];
            documents.retain(|(descriptor, _)| own.contains(&&descriptor.digest));
            // What the index says of the image goes with it; what it is called stays.
            let annotations = root.annotations;
            root = Descriptor {
                annotations,
                ..documents[0].0.clone()
            };
        }
        name_platform(&mut root, &images);
        let layers = images.iter().flat_map(|image| &image.layers);
        Ok(ImageContents {
            root,
            blobs: layers.map(|layer| layer.blob.clone()).collect(),
            main: images.into_iter().next(),
            documents,
        })
    }

    /// All that the index names, attestations and what else there may be.
    fn all_parts(
        &mut self,
        wanted: &PlatformRequest,
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let (root, bytes) = self.root_bytes()?;
        let mut parts = ImageContents {
            root: root.clone(),
            main: None,
            documents: Vec::new(),
            blobs: Vec::new(),
        };
        let mut seen = HashSet::from([root.digest.clone()]);
        let mut documents = Documents::default();
        let mut waiting = Vec::new();
        let mut at_hand = Some((root, bytes));
        while let Some((descriptor, bytes)) = at_hand {
            let is_index = descriptor.kind() == MediaKind::Index;
            let named = Document::names(&bytes).map_err(|why| Error::Manifest {
                what: descriptor.digest.to_string(),
                why,
            })?;
            documents.add(descriptor, bytes)?;
            let before = waiting.len();
            for named in named {
                if !seen.insert(named.digest.clone()) {
                    continue;
                }
                if seen.len() > MAX_NAMED {
                    return Err(documents.refused(InvalidManifest::TooMuch));
                }
                match named.kind() {
                    MediaKind::Index | MediaKind::Manifest => waiting.push(named),
                    MediaKind::Config if named.size <= MAX_MANIFEST => {
                        documents.check_room(named.size)?;
                        let bytes = Bytes::new(self.config(&named)?);
                        documents.add(named, bytes)?;
                    }
                    // Whatever it is, a registry should have it among the manifests.
                    MediaKind::Other if is_index && named.size <= MAX_MANIFEST => {
                        match self.document(&named, &mut documents) {
                            Ok(_) => {}
                            Err(Error::NotFound { .. } | Error::Offline { .. }) => {
                                parts.blobs.push(named);
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    _ => parts.blobs.push(named),
                }
            }
            // The last in, the first out: so in reverse.
            waiting[before..].reverse();
            at_hand = match waiting.pop() {
                Some(next) => {
                    documents.check_room(next.size)?;
                    let bytes = self.manifest(&next)?;
                    Some((next, bytes))
                }
                None => None,
            };
        }
        if let Self::Registry(cached) = self {
            cached.require(&parts.blobs)?;
        }
        parts.main = self.main_image(wanted, &mut documents, progress)?;
        parts.documents = documents.into_all();
        name_platform(&mut parts.root, parts.main.as_slice());
        Ok(parts)
    }

    /// The image for `wanted`, else the first one for any platform.
    fn main_image(
        &mut self,
        wanted: &PlatformRequest,
        documents: &mut Documents,
        progress: Progress,
    ) -> Result<Option<Image>, Error> {
        let followed = match self.follow(wanted, documents, progress) {
            Err(Error::NoPlatform { available, .. }) => match available.into_iter().next() {
                None => return Ok(None),
                Some(platform) => {
                    let asked = true;
                    self.follow(
                        &PlatformRequest {
                            platform,
                            explicit: asked,
                        },
                        documents,
                        progress,
                    )
                }
            },
            followed => followed,
        };
        match followed {
            Ok(followed) => Ok(Some(followed.image)),
            // A copy of all there is need not be of images.
            Err(Error::Manifest { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the name stands for, with its bytes.
    pub(super) fn root_bytes(&mut self) -> Result<(Descriptor, Bytes), Error> {
        let (entry, bytes) = match self {
            Self::Registry(cached) => {
                let (digest, served) = cached.root()?;
                let size = served.bytes.len() as u64;
                let entry = Descriptor::new(served.media_type, digest, size);
                (entry, served.bytes)
            }
            Self::Layout(layout) => (layout.root().clone(), layout.root_bytes()?),
        };
        let document = parse(&entry.digest, &bytes, &entry.media_type)?;
        let media_type = document.media_type(&bytes, &entry.media_type);
        Ok((
            Descriptor {
                media_type,
                ..entry
            },
            bytes,
        ))
    }
}

/// What the root is for, where no index has said it: its config does.
fn name_platform(root: &mut Descriptor, images: &[Image]) {
    let itself = images.iter().find(|image| image.digest == root.digest);
    let platform = itself.and_then(|image| image.platform.as_ref());
    root.platform = root.platform.take().or(platform.map(PlatformEntry::from));
}
