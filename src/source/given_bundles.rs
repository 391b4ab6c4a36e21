//! `--bundle`: bundles in a file of the user, which count in place of those that an image has elsewhere.

use super::found_signature::{FoundSignature, SignatureArtifact};
use crate::oci::Descriptor;

/// Their JSON, and the name of the file.
pub(crate) struct GivenBundles {
    pub(crate) origin: String,
    pub(crate) bundles: Vec<Vec<u8>>,
}

impl GivenBundles {
    /// Passes the bundles to `take` until it has enough.
    pub(super) fn each(&self, subject: &Descriptor, take: &mut dyn FnMut(FoundSignature) -> bool) {
        let found = self.bundles.iter().flat_map(|json| {
            let origin = self.origin.clone();
            SignatureArtifact::of_bundle(origin, json, subject).signatures()
        });
        for found in found {
            if take(found) {
                return;
            }
        }
    }
}
