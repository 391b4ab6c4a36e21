//! Layouts that hold only some images of their index. `docker save` with containerd's store writes
//! the index as pulled, but the blobs of one platform only; of the others, at most the manifests.

use super::layout::Layout;
use super::platform::Listing;
use super::{parse, verified};
use crate::error::{Error, ErrorKind, LayoutError, LayoutFault, Part};
use crate::oci::{Descriptor, Digest, Document, IndexEntry};

/// How many manifests are read to find out which images are present: an index may list thousands.
const MAX_READ: usize = 64;

impl Layout {
    /// An `error` about a missing blob says that part of the layout was lost. If the whole image
    /// for a platform is absent, or only an attestation is, this says that instead.
    pub(super) fn explained(&self, error: Error) -> Error {
        let why = match error.kind() {
            ErrorKind::Layout(LayoutError {
                reason: LayoutFault::MissingBlob(lost),
                ..
            }) => self.incomplete(lost),
            _ => None,
        };
        why.map_or(error, |why| why.at(self.store_path()))
    }

    /// What the absence of a blob means, if other images are complete.
    fn incomplete(&self, lost: &Digest) -> Option<LayoutFault> {
        let Ok((_, _, Document::Index(index))) = self.document() else {
            return None;
        };
        let (mut present, mut read, mut lacks) = (Vec::new(), 0, false);
        let (mut is_part, mut is_of_attestation) = (false, false);
        let mut take = |entry: &IndexEntry| {
            if entry.is_attestation() {
                let Ok(entry) = entry.clone().known() else {
                    return;
                };
                let is_lost = entry.digest == *lost;
                is_of_attestation |= is_lost;
                if !is_of_attestation && read < MAX_READ {
                    read += 1;
                    is_of_attestation = self.blobs(&entry).iter().any(|blob| blob.digest == *lost);
                }
                return;
            }
            let platform = entry.platform();
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
                let blobs = self.blobs(&entry);
                let count = blobs.iter().filter(|blob| self.has(blob)).count();
                lacks |= count < blobs.len() || blobs.is_empty();
                // Of an image that was never stored, no blob besides the manifest is present.
                is_part |= count > 0 && blobs.iter().any(|blob| blob.digest == *lost);
                if count > 0 && count == blobs.len() {
                    present.push(platform);
                }
            }
        };
        let mut fetch = |entry: &Descriptor| self.read(entry);
        Listing::of(&index, &mut fetch, &mut take).ok()?;
        match (lacks, is_of_attestation) {
            _ if is_part || present.is_empty() => None,
            (true, _) => Some(LayoutFault::Incomplete(present)),
            (false, true) => Some(LayoutFault::MissingAttestation(lost.clone())),
            (false, false) => None,
        }
    }

    /// The config and layers that a manifest names.
    fn blobs(&self, manifest: &Descriptor) -> Vec<Descriptor> {
        match self.read(manifest) {
            Ok(Document::Manifest(manifest)) => {
                let config = std::iter::once(manifest.config);
                config.chain(manifest.layers).collect()
            }
            _ => Vec::new(),
        }
    }

    fn read(&self, entry: &Descriptor) -> Result<Document, Error> {
        let bytes = verified(entry, Part::Manifest, self.bytes(entry)?.into())?;
        parse(&entry.digest, &bytes, &entry.media_type)
    }
}
