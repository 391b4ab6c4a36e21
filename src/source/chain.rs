//! The documents that lead to an image: index, perhaps another index, manifest.

use crate::oci::{Bytes, Descriptor, Digest, Document, EntryDigest};

/// An index or a manifest; in an archive, any document.
pub(super) type ChainLink = (Descriptor, Bytes);

/// Those of the documents that lead to `digest`, itself included: a signature of any of them covers it. An index that was read while looking
/// for another platform is left out.
pub(super) fn chain_to(digest: &Digest, documents: &[ChainLink]) -> Vec<ChainLink> {
    let mut chain: Vec<ChainLink> = Vec::new();
    // Each document stands behind the index that lists it.
    for document in documents.iter().rev() {
        let (descriptor, bytes) = document;
        if descriptor.digest == *digest || lists_any(bytes, &chain) {
            chain.push(document.clone());
        }
    }
    chain.reverse();
    chain
}

fn lists_any(bytes: &Bytes, documents: &[ChainLink]) -> bool {
    let Ok(Document::Index(index)) = Document::parse(bytes, "") else {
        return false;
    };
    let mut is_listed = false;
    index.each(|entry| {
        let is_entry = |(document, _): &ChainLink| {
            matches!(&entry.digest, EntryDigest::Known(digest) if *digest == document.digest)
        };
        is_listed |= documents.iter().any(is_entry);
    });
    is_listed
}
