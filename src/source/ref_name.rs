//! Selects an image of a layout by name: image-spec image-layout.md, "Indexed References".

use super::docker::{MANIFEST, is_same};
use super::local::Form;
use super::store::Store;
use crate::archive::Archive;
use crate::error::{Error, LayoutFault};
use crate::oci::{
    Bytes, Descriptor, Digest, Document, IMAGE_NAME, INDEX_TYPE, Index, IndexEntry, MediaKind,
    REF_NAME, index_json,
};
use crate::registry::MAX_MANIFEST;

/// How many names an error lists, and their total length in bytes.
const MAX_LISTED: usize = 256;
const MAX_LENGTH: usize = 64 << 10;

/// How many manifests beside the image are looked at: each may be a signature.
const MAX_ARTIFACTS: usize = 4096;

/// The name of the file that lists the images of a layout.
pub(super) const INDEX: &str = "index.json";

/// A list of images: the name of its file, and the bytes.
type ImageList = (&'static str, Vec<u8>);

/// What the name selects in `index.json`.
pub(super) enum NamedEntry {
    /// One entry: the one with the name, or the only one.
    Entry(IndexEntry),
    /// An index made from the entries with the name, which are for different platforms.
    Platforms(Descriptor, Bytes),
    /// `index.json` itself, if it has several entries without names.
    Itself(Descriptor),
}

/// The same, with a digest known to be verifiable.
pub(super) enum NamedImage {
    /// An entry of `index.json`.
    Entry(Descriptor),
    /// A document whose bytes were read already.
    Read(Descriptor, Bytes),
}

impl NamedImage {
    pub(super) fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Entry(entry) | Self::Read(entry, _) => entry,
        }
    }
}

/// The entry that the name selects. Without a name, there must be a single image, or several
/// without names, which then count as one image for several platforms. `place` is the layout as the
/// user typed it.
pub(super) fn root(
    index: &Index,
    digest: &Digest,
    size: u64,
    (place, name): (&str, Option<&str>),
) -> Result<NamedEntry, LayoutFault> {
    let mut all = ImageNames::default();
    let (mut first, mut exact, mut same) = (None, None, None);
    let mut count = 0;
    let (mut first_names, mut is_one_name) = (Vec::new(), true);
    let has_names = has_names(index);
    index.each(|entry| {
        let own = names(&entry);
        // Beside an image, a layout may list its signatures, and the manifests in its index.
        if name.is_none() && (is_artifact(&entry) || has_names && own.is_empty()) {
            return;
        }
        count += 1;
        if count == 1 {
            first_names.clone_from(&own);
        }
        is_one_name &= !own.is_empty() && own == first_names;
        // An exact match takes precedence over an equivalent name.
        if exact.is_none() && name.is_some() && entry.annotation(REF_NAME) == name {
            exact = Some(entry);
        } else if same.is_none()
            && let Some(name) = name
            && is_named(&own, name)
        {
            same = Some(entry);
        } else if count == 1 {
            first = Some(entry);
        }
        own.into_iter().for_each(|name| all.add(name));
    });
    match (name, first) {
        (Some(name), _) => {
            let is_exact = |entry: &IndexEntry| entry.annotation(REF_NAME) == Some(name);
            let found = match (exact, same) {
                (Some(exact), _) => {
                    Some(platforms(index, is_exact).unwrap_or(NamedEntry::Entry(exact)))
                }
                (None, Some(same)) => {
                    let several = platforms(index, |entry| is_named(&names(entry), name));
                    Some(several.unwrap_or(NamedEntry::Entry(same)))
                }
                (None, None) => None,
            };
            found.ok_or_else(|| LayoutFault::NoTag {
                place: place.to_owned(),
                wanted: name.to_owned(),
                available: all.0,
            })
        }
        (None, Some(only)) if count == 1 => Ok(NamedEntry::Entry(only)),
        _ if !all.0.is_empty() => {
            match platforms(index, |entry| is_one_name && names(entry) == first_names) {
                Some(several) => Ok(several),
                None => Err(LayoutFault::SeveralImages {
                    place: place.to_owned(),
                    names: all.0,
                }),
            }
        }
        _ => {
            let itself = Descriptor::new(INDEX_TYPE, digest.clone(), size);
            Ok(NamedEntry::Itself(itself))
        }
    }
}

/// Whether the layout has named images.
fn has_names(index: &Index) -> bool {
    let mut has_names = false;
    index.each(|entry| has_names |= !is_artifact(&entry) && !names(&entry).is_empty());
    has_names
}

/// Whether an entry says that it is no image, but belongs to one: a referrer, or what cosign puts under the tags of a digest and, in
/// the layouts of `cosign save`, beside the image.
fn is_artifact(entry: &IndexEntry) -> bool {
    let is_other_type = |kind: &str| MediaKind::of(kind) != MediaKind::Config;
    let of_cosign = entry.annotation("kind").is_some_and(|kind| {
        let kind = kind.strip_prefix("dev.cosignproject.cosign/");
        kind.is_some_and(|kind| !matches!(kind, "image" | "imageIndex"))
    });
    entry.artifact_type.as_deref().is_some_and(is_other_type)
        || of_cosign
        || entry.annotation(REF_NAME).is_some_and(is_tag_of_digest)
}

/// Whether a tag is `sha256-HEX`, with or without an extension such as `.sig`.
pub(super) fn is_tag_of_digest(tag: &str) -> bool {
    let digest = tag
        .split('.')
        .next()
        .unwrap_or_default()
        .replacen('-', ":", 1);
    Digest::parse(&digest).is_ok()
}

/// The manifests beside the image with the digest `root`, which may be signatures, with their names.
pub(super) fn artifacts(index: &Index, root: &Digest) -> Vec<(Descriptor, Option<String>)> {
    let mut artifacts = Vec::new();
    index.each(|entry| {
        let name = entry.annotation(REF_NAME).map(str::to_owned);
        if artifacts.len() < MAX_ARTIFACTS
            && let Ok(entry) = entry.known()
            && entry.kind() == MediaKind::Manifest
            && entry.digest != *root
        {
            artifacts.push((entry, name));
        }
    });
    artifacts
}

/// An index made from the selected entries, if they are images for different platforms: some tools
/// tag each image and write no nested index. If any lacks a platform, the first entry is selected.
fn platforms(index: &Index, is_meant: impl Fn(&IndexEntry) -> bool) -> Option<NamedEntry> {
    let mut entries: Vec<Descriptor> = Vec::new();
    index.each(|entry| {
        if entries.len() < MAX_LISTED
            && is_meant(&entry)
            && let Ok(entry) = entry.known()
        {
            entries.push(entry);
        }
    });
    let of_entries = entries.iter().map(Descriptor::platform);
    let of_entries = of_entries.collect::<Option<Vec<_>>>()?;
    let first = of_entries.first()?;
    if of_entries.iter().all(|platform| platform == first) {
        return None;
    }
    let bytes = index_json(&entries);
    let made = Descriptor::new(INDEX_TYPE, Digest::sha256(&bytes), bytes.len() as u64);
    let annotations = entries.swap_remove(0).annotations;
    let made = Descriptor {
        annotations,
        ..made
    };
    Some(NamedEntry::Platforms(made, bytes.into()))
}

/// Whether one of the names denotes the same image.
fn is_named(own: &[String], name: &str) -> bool {
    own.iter().any(|own| own == name || is_same(own, name))
}

/// The list of images in an archive: whichever comes first, `index.json` or docker's. For an image
/// without a name, `docker save` leaves the index empty; then docker's list counts.
pub(super) fn list(archive: &Archive, form: Form) -> Result<Option<ImageList>, Error> {
    let candidates: &[&'static str] = match form {
        Form::DockerArchive => &[MANIFEST],
        Form::OciArchive => &[INDEX],
        Form::Any | Form::Layout => &[INDEX, MANIFEST],
    };
    let first = archive.first(candidates, MAX_MANIFEST)?;
    let first = first.map(|(number, bytes)| (candidates[number], bytes));
    if let (Some((INDEX, bytes)), Form::Any) = (&first, form)
        && is_empty(bytes)
        && let Some((_, bytes)) = archive.first(&[MANIFEST], MAX_MANIFEST)?
    {
        return Ok(Some((MANIFEST, bytes)));
    }
    Ok(first)
}

/// Refuses an empty index if docker's list may have entries.
pub(super) fn refuse_dockers(store: &Store, spelling: &str, bytes: &[u8]) -> Result<(), Error> {
    if !is_empty(bytes) || !store.has(MANIFEST) {
        return Ok(());
    }
    let path = spelling.split_once(':').map_or("", |(_, path)| path);
    let how = match store {
        Store::Folder(_) => format!("tar -C {path} -c . | roots pull - DEST"),
        Store::Archive(_) => format!("{}:{path}", Form::DockerArchive.prefix()),
    };
    Err(LayoutFault::OnlyForDocker(how).at(store.path()))
}

/// Whether this is an index without entries.
fn is_empty(bytes: &[u8]) -> bool {
    let index = match Document::parse(&Bytes::new(bytes.to_vec()), "") {
        Ok(Document::Index(index)) => index,
        Ok(Document::Manifest(_)) => return false,
        // Some encoders omit the field of an empty list.
        Err(_) => return matches!(Document::names(bytes), Ok(named) if named.is_empty()),
    };
    let mut count = 0;
    index.each(|_| count += 1);
    count == 0
}

/// The names that an error lists.
#[derive(Default)]
pub(super) struct ImageNames(pub(super) Vec<String>);

impl ImageNames {
    /// Adds a name, unless it equals the previous one or the list is full.
    pub(super) fn add(&mut self, name: String) {
        let length: usize = self.0.iter().map(String::len).sum();
        let is_new = self.0.last() != Some(&name);
        if is_new && self.0.len() < MAX_LISTED && length + name.len() <= MAX_LENGTH {
            self.0.push(name);
        }
    }
}

/// The names of an entry, the full one first.
pub(super) fn names<D>(entry: &Descriptor<D>) -> Vec<String> {
    let names = [IMAGE_NAME, REF_NAME]
        .iter()
        .filter_map(|key| entry.annotation(key));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.dedup();
    names
}
