//! What a name stands for, looked at without its layers.

use super::resolve::Followed;
use super::{Source, parse, select};
use crate::error::Error;
use crate::oci::{Descriptor, Digest, Document, Image, Wanted};
use crate::progress::Progress;

/// What a name stands for.
pub struct Survey {
    /// The digest of that.
    pub root: Digest,
    /// The images in it, if it is an index.
    pub listed: Vec<Descriptor>,
    /// How many attestations stand beside them.
    pub attestations: usize,
    /// The image for the platform. Who has not asked for a platform wants to know what there is.
    pub image: Option<Image>,
}

/// A document of an image, as it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    /// The index that the name stands for.
    Index,
    /// The manifest for the platform.
    Manifest,
    /// Its config.
    Config,
}

impl Source<'_> {
    /// Looks at all but the layers.
    pub fn survey(&mut self, wanted: &Wanted, progress: Progress) -> Result<Survey, Error> {
        let (root, document) = self.root()?;
        let (mut listed, mut attestations) = (Vec::new(), 0);
        if let Document::Index(index) = document {
            for entry in select::all(index, |entry| self.document(entry))? {
                match entry.is_attestation() {
                    true => attestations += 1,
                    false => listed.push(entry),
                }
            }
        }
        let image = match self.resolve(wanted, progress) {
            Err(missing @ Error::NoPlatform { .. }) if !wanted.asked && !listed.is_empty() => {
                progress.warn(&missing);
                None
            }
            other => Some(other?),
        };
        Ok(Survey {
            root,
            listed,
            attestations,
            image,
        })
    }

    /// The bytes of a document, verified, and not written anew.
    pub fn raw(
        &mut self,
        what: Raw,
        wanted: &Wanted,
        progress: Progress,
    ) -> Result<Vec<u8>, Error> {
        let (root, bytes) = self.root_bytes()?;
        let is_index = matches!(
            parse(&root.digest, &bytes, &root.media_type)?,
            Document::Index(_)
        );
        match what {
            Raw::Index if is_index => return Ok(bytes),
            Raw::Index => return Err(Error::NoIndex(self.to_string())),
            // Whether it is for a platform that was asked for, its config says.
            Raw::Manifest if !is_index && !wanted.asked => return Ok(bytes),
            Raw::Manifest | Raw::Config => {}
        }
        let Followed {
            config,
            mut documents,
            ..
        } = self.follow(wanted, progress)?;
        Ok(match (what, documents.pop()) {
            (Raw::Manifest, Some((_, manifest))) => manifest,
            (Raw::Manifest, None) => bytes,
            (Raw::Index | Raw::Config, _) => config,
        })
    }

    fn document(&mut self, entry: &Descriptor) -> Result<Document, Error> {
        let bytes = self.manifest(entry)?;
        parse(&entry.digest, &bytes, &entry.media_type)
    }
}
