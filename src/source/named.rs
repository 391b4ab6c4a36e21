//! Which image of a layout is meant: image-spec image-layout.md, "Indexed References".

use super::docker::{MANIFEST, is_same};
use super::local::Form;
use crate::archive::Archive;
use crate::error::{Error, LayoutFault};
use crate::oci::{Bytes, Descriptor, Digest, Document, Entry, IMAGE_NAME, Index, REF_NAME};
use crate::registry::MAX_MANIFEST;

/// How many names an error lists, and how many bytes they have in all.
const MAX_LISTED: usize = 256;
const MAX_LENGTH: usize = 64 << 10;

/// The name of the file that lists the images of a layout.
pub(super) const INDEX: &str = "index.json";

/// A list of images: the name of its file, and the bytes.
type List = (&'static str, Vec<u8>);

/// What `index.json` leads to.
pub(super) enum Meant {
    /// One entry: the one with the name, or the only one.
    Entry(Entry),
    /// `index.json` is itself the index where several entries have no names.
    Itself(Descriptor),
}

/// The same, known to have a digest that can be verified.
pub(super) enum Root {
    /// An entry of `index.json`.
    Entry(Descriptor),
    /// One whose bytes are here already.
    Read(Descriptor, Bytes),
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
    size: u64,
    (place, name): (&str, Option<&str>),
) -> Result<Meant, LayoutFault> {
    let mut all = Listed::default();
    let (mut first, mut exact, mut same) = (None, None, None);
    let mut count = 0;
    index.each(|entry| {
        let own = names(&entry);
        count += 1;
        // As it stands there, before what means the same.
        if exact.is_none() && name.is_some() && entry.annotation(REF_NAME) == name {
            exact = Some(entry);
        } else if same.is_none()
            && let Some(name) = name
            && own.iter().any(|own| own == name || is_same(own, name))
        {
            same = Some(entry);
        } else if count == 1 {
            first = Some(entry);
        }
        own.into_iter().for_each(|name| all.add(name));
    });
    match (name, first) {
        (Some(name), _) => {
            let found = exact.or(same).map(Meant::Entry);
            found.ok_or_else(|| LayoutFault::NoTag {
                place: place.to_owned(),
                wanted: name.to_owned(),
                available: all.0,
            })
        }
        (None, Some(only)) if count == 1 => Ok(Meant::Entry(only)),
        _ if !all.0.is_empty() => Err(LayoutFault::SeveralImages {
            place: place.to_owned(),
            names: all.0,
        }),
        _ => {
            let media_type = "application/vnd.oci.image.index.v1+json";
            let itself = Descriptor::new(media_type, digest.clone(), size);
            Ok(Meant::Itself(itself))
        }
    }
}

/// The list of images that counts in an archive: the first one that comes, `index.json` or docker's.
/// `docker save` of an image without a name leaves the index empty; then docker's list counts.
pub(super) fn list(archive: &Archive, form: Form) -> Result<Option<List>, Error> {
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

/// Whether this is an index without entries.
fn is_empty(bytes: &[u8]) -> bool {
    let document = Document::parse(&Bytes::new(bytes.to_vec()), "");
    let Ok(Document::Index(index)) = document else {
        return false;
    };
    let mut count = 0;
    index.each(|_| count += 1);
    count == 0
}

/// Names that an error lists.
#[derive(Default)]
pub(super) struct Listed(pub(super) Vec<String>);

impl Listed {
    /// Adds a name, unless it is the one that came before, or there are more than anybody reads.
    pub(super) fn add(&mut self, name: String) {
        let length: usize = self.0.iter().map(String::len).sum();
        let is_new = self.0.last() != Some(&name);
        if is_new && self.0.len() < MAX_LISTED && length + name.len() <= MAX_LENGTH {
            self.0.push(name);
        }
    }
}

/// What an entry is called, in full first.
pub(super) fn names<D>(entry: &Descriptor<D>) -> Vec<String> {
    let names = [IMAGE_NAME, REF_NAME]
        .iter()
        .filter_map(|key| entry.annotation(key));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.dedup();
    names
}
