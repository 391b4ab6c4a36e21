//! Layouts that hold some of the images of their index only. `docker save` with containerd's store
//! writes the index as it was pulled, and the blobs of one platform.

use super::layout::{Layout, fault};
use super::select::Listing;
use super::{parse, verified};
use crate::error::{Error, LayoutFault, Part};
use crate::oci::{Descriptor, Document, Entry, Platform};

/// How many manifests are read to know which images are there: an index may name thousands.
const MAX_READ: usize = 64;

impl Layout {
    /// The `error` that a blob is missing says that a part was lost. If it is one for another platform
    /// than those that are here, that is said instead.
    pub(super) fn explained(&self, error: Error) -> Error {
        let is_missing = matches!(
            error,
            Error::Layout {
                why: LayoutFault::MissingBlob(_),
                ..
            }
        );
        match is_missing.then(|| self.incomplete()).flatten() {
            Some(present) => fault(self.store_path(), LayoutFault::Incomplete(present)),
            None => error,
        }
    }

    /// The platforms of the index whose images are here, if there are some, and others are not.
    fn incomplete(&self) -> Option<Vec<Platform>> {
        let Ok((_, _, Document::Index(index))) = self.document() else {
            return None;
        };
        let (mut present, mut read, mut lacks) = (Vec::new(), 0, false);
        let mut take = |entry: &Entry| {
            let platform = entry.platform().filter(|_| !entry.is_attestation());
            let Some(platform) = platform.filter(|platform| !present.contains(platform)) else {
                return;
            };
            let Ok(entry) = entry.clone().known() else {
                return;
            };
            if !self.has(&entry) {
                lacks = true;
            } else if read < MAX_READ {
                read += 1;
                match self.has_image(&entry) {
                    true => present.push(platform),
                    false => lacks = true,
                }
            }
        };
        let mut fetch = |entry: &Descriptor| self.read(entry);
        Listing::of(&index, &mut fetch, &mut take).ok()?;
        (lacks && !present.is_empty()).then_some(present)
    }

    /// Whether everything is here that the manifest names.
    fn has_image(&self, manifest: &Descriptor) -> bool {
        let Ok(Document::Manifest(manifest)) = self.read(manifest) else {
            return false;
        };
        let mut blobs = std::iter::once(&manifest.config).chain(&manifest.layers);
        blobs.all(|blob| self.has(blob))
    }

    fn read(&self, entry: &Descriptor) -> Result<Document, Error> {
        let bytes = verified(entry, Part::Manifest, self.bytes(entry)?.into())?;
        parse(&entry.digest, &bytes, &entry.media_type)
    }
}
