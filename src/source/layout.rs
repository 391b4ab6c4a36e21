//! An OCI image layout on disk: image-spec image-layout.md.

use super::{parse, verified};
use crate::error::{Error, LayoutFault, Part};
use crate::oci::{Descriptor, Digest, Document, Index};
use crate::registry::MAX_MANIFEST;
use crate::sys::Dir;
use serde::Deserialize;
use std::ffi::CString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The annotation that names an image in `index.json`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// An open layout and the image in it that is meant.
pub struct Layout {
    path: PathBuf,
    folder: Dir,
    tag: Option<String>,
    root: Root,
}

/// What a layout's `index.json` leads to.
enum Root {
    /// One entry: the one with the name, or the only one.
    Entry(Descriptor),
    /// Several entries without names: `index.json` is itself the index, of this digest.
    Index(Descriptor, Index),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutFile {
    image_layout_version: String,
}

impl Layout {
    /// Opens the layout at `path`. Where no tag was given and there is no such folder, what stands
    /// behind the last colon is the tag.
    pub(super) fn open(path: &Path, tag: Option<&str>) -> Result<Self, Error> {
        let (folder, path, tag) = match (Dir::open_path(path), split_tag(path)) {
            (Ok(folder), _) => (folder, path.to_owned(), tag.map(str::to_owned)),
            (Err(e), Some((shorter, split))) if tag.is_none() => match Dir::open_path(&shorter) {
                Ok(folder) => (folder, shorter, Some(split)),
                Err(_) => return Err(unopened(path, e)),
            },
            (Err(e), _) => return Err(unopened(path, e)),
        };
        let fault = |why| Error::Layout {
            path: path.clone(),
            why,
        };
        let version = read_file(&folder, "oci-layout").ok();
        let version = version.and_then(|bytes| serde_json::from_slice::<LayoutFile>(&bytes).ok());
        if version.is_none_or(|file| file.image_layout_version != "1.0.0") {
            return Err(fault(LayoutFault::NotALayout));
        }
        let bytes = read_file(&folder, "index.json").map_err(|_| fault(LayoutFault::NotALayout))?;
        let digest = Digest::sha256(&bytes);
        let Document::Index(index) = parse(&digest, &bytes, "")? else {
            return Err(fault(LayoutFault::NotALayout));
        };
        let root = root(index, &digest, bytes.len() as u64, tag.as_deref()).map_err(fault)?;
        Ok(Self {
            path,
            folder,
            tag,
            root,
        })
    }

    /// The folder, as it was typed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the name stands for.
    pub(super) fn root(&self) -> &Descriptor {
        match &self.root {
            Root::Entry(entry) | Root::Index(entry, _) => entry,
        }
    }

    /// What the name stands for, read.
    pub(super) fn document(&self) -> Result<(Digest, Document), Error> {
        let root = self.root();
        let document = match &self.root {
            Root::Index(_, index) => Document::Index(index.clone()),
            Root::Entry(entry) => {
                let bytes = verified(entry, Part::Manifest, self.bytes(entry, MAX_MANIFEST)?)?;
                parse(&entry.digest, &bytes, &entry.media_type)?
            }
        };
        Ok((root.digest.clone(), document))
    }

    /// All bytes of a small blob, not verified yet.
    pub(super) fn bytes(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        // One byte more than there may be shows that there is more.
        let read = self
            .open_blob(blob)?
            .take(limit.min(blob.size) + 1)
            .read_to_end(&mut bytes);
        read.map_err(|e| disk(&self.path, e))?;
        Ok(bytes)
    }

    /// The bytes of a blob as a stream.
    pub(super) fn blob(&self, blob: &Descriptor) -> Result<impl Read + use<>, Error> {
        let path = self.path.clone();
        Ok(Blob {
            path,
            file: self.open_blob(blob)?,
        })
    }

    fn open_blob(&self, blob: &Descriptor) -> Result<File, Error> {
        let name = |text: &str| CString::new(text).unwrap_or_default();
        let opened = self
            .folder
            .open(c"blobs")
            .and_then(|blobs| blobs.open(&name(blob.digest.algorithm().name())))
            .and_then(|folder| folder.open_linked_file(&name(blob.digest.hex())));
        opened.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                let why = LayoutFault::MissingBlob(blob.digest.clone());
                Error::Layout {
                    path: self.path.clone(),
                    why,
                }
            }
            _ => disk(&self.path, e),
        })
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}", self.path.display())?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))
    }
}

/// A file of a layout, whose read errors are the disk's and not a decoder's.
struct Blob {
    path: PathBuf,
    file: File,
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file
            .read(buffer)
            .map_err(|e| io::Error::other(disk(&self.path, e)))
    }
}

/// The entry that is meant. Without a tag there must be one image only, or several without names,
/// which are then one image for several platforms.
fn root(index: Index, digest: &Digest, size: u64, tag: Option<&str>) -> Result<Root, LayoutFault> {
    let names = || {
        index
            .manifests
            .iter()
            .filter_map(|entry| entry.annotation(REF_NAME))
    };
    if let Some(tag) = tag {
        let named = index
            .manifests
            .iter()
            .find(|entry| entry.annotation(REF_NAME) == Some(tag));
        return named
            .cloned()
            .map(Root::Entry)
            .ok_or_else(|| LayoutFault::NoTag {
                wanted: tag.to_owned(),
                available: names().map(str::to_owned).collect(),
            });
    }
    match index.manifests.as_slice() {
        [only] => Ok(Root::Entry(only.clone())),
        _ if names().next().is_some() => Err(LayoutFault::SeveralImages(
            names().map(str::to_owned).collect(),
        )),
        _ => {
            let itself = Descriptor {
                media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
                digest: digest.clone(),
                size,
                platform: None,
                annotations: None,
            };
            Ok(Root::Index(itself, index))
        }
    }
}

/// `PATH:TAG`, cut at the last colon behind the last slash.
fn split_tag(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str()?;
    let (path, tag) = text.rsplit_once(':')?;
    (!tag.contains('/') && !tag.is_empty()).then(|| (PathBuf::from(path), tag.to_owned()))
}

fn read_file(folder: &Dir, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let name = CString::new(name).unwrap_or_default();
    folder
        .open_linked_file(&name)?
        .take(MAX_MANIFEST)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// No folder is no image, which is another thing than a disk that fails.
fn unopened(path: &Path, error: io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::NotFound => LayoutFault::NoFolder,
        io::ErrorKind::NotADirectory => LayoutFault::NotALayout,
        _ => return disk(path, error),
    };
    Error::Layout {
        path: path.to_owned(),
        why,
    }
}

fn disk(path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action: "read",
        path: path.to_owned(),
        source,
    }
}
