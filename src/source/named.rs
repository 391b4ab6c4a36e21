//! Which image of a layout is meant: image-spec image-layout.md, "Indexed References".

use super::docker::is_same;
use crate::error::LayoutFault;
use crate::oci::{Descriptor, Digest, IMAGE_NAME, Index, REF_NAME};

/// What `index.json` leads to.
pub(super) enum Root {
    /// One entry: the one with the name, or the only one.
    Entry(Descriptor),
    /// The bytes are here already: `index.json` is itself the index where several entries have no
    /// names.
    Read(Descriptor, Vec<u8>),
}

impl Root {
    pub(super) fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Entry(entry) | Self::Read(entry, _) => entry,
        }
    }
}

/// The entry that is meant. Without a name there must be one image only, or several without names,
/// which are then one image for several platforms.
/// `place` is how the layout is spelt.
pub(super) fn root(
    index: &Index,
    digest: &Digest,
    bytes: &[u8],
    (place, name): (&str, Option<&str>),
) -> Result<Root, LayoutFault> {
    let entries = &index.manifests;
    let all = || {
        let mut all: Vec<_> = entries.iter().flat_map(names).collect();
        all.dedup();
        all
    };
    if let Some(name) = name {
        // As it stands there, before what means the same.
        let exact = |entry: &&Descriptor| entry.annotation(REF_NAME) == Some(name);
        let same = |entry: &&Descriptor| {
            names(entry)
                .iter()
                .any(|own| own == name || is_same(own, name))
        };
        let found = entries
            .iter()
            .find(exact)
            .or_else(|| entries.iter().find(same));
        return found
            .cloned()
            .map(Root::Entry)
            .ok_or_else(|| LayoutFault::NoTag {
                place: place.to_owned(),
                wanted: name.to_owned(),
                available: all(),
            });
    }
    match entries.as_slice() {
        [only] => Ok(Root::Entry(only.clone())),
        _ if !all().is_empty() => Err(LayoutFault::SeveralImages {
            place: place.to_owned(),
            names: all(),
        }),
        _ => {
            let itself = Descriptor {
                media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
                digest: digest.clone(),
                size: bytes.len() as u64,
                platform: None,
                annotations: None,
            };
            Ok(Root::Read(itself, bytes.to_vec()))
        }
    }
}

/// What an entry is called, in full first.
pub(super) fn names(entry: &Descriptor) -> Vec<String> {
    let names = [IMAGE_NAME, REF_NAME]
        .iter()
        .filter_map(|key| entry.annotation(key));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.dedup();
    names
}
