//! An OCI image layout, in a directory (image-spec image-layout.md) or in a tar, or the output of
//! `docker save`.

use super::docker::{self, DockerArchiveImage, ManifestEntry};
use super::docker_layers;
use super::folder::Folder;
use super::local::{Form, Local, LocalPath};
use super::ref_name::{self, INDEX, NamedEntry, NamedImage};
use super::store::Store;
use super::{parse, verified, within_limit};
use crate::archive::Archive;
use crate::error::{Absence, Error, ErrorKind, LayoutFault, Part};
use crate::oci::{Bytes, Descriptor, Digest, Document, Image, InvalidManifest, blob_path};
use crate::registry::MAX_MANIFEST;
use crate::sys::trail;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An open layout and the selected image in it.
pub(crate) struct Layout {
    store: Store,
    /// The layout as the user typed it, without the image name.
    spelling: String,
    name: Option<String>,
    root: NamedImage,
    /// The names of the image, as far as the layout tells.
    names: Vec<String>,
    /// The files of blobs that are not stored under their digests.
    files: HashMap<Digest, String>,
    /// Other manifests in `index.json`, which may be signatures, with their names.
    pub(super) artifacts: Vec<(Descriptor, Option<String>)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
struct LayoutFile {
    image_layout_version: String,
}

impl Layout {
    /// Opens a layout. `spool` returns a file for what must be kept of a pipe.
    pub(super) fn open(local: &Local, spool: impl FnOnce() -> Option<File>) -> Result<Self, Error> {
        let (opened, name) = local.open()?;
        let name = name.as_deref();
        let input = match opened {
            LocalPath::Folder(path, folder) => {
                let spelling = format!("oci:{}", path.display());
                let store = Store::Folder(Folder::new(path, folder));
                return Self::of_folder(store, spelling, name);
            }
            LocalPath::File(input) | LocalPath::Stdin(input) => input,
        };
        let archive = Archive::open(input, spool())?;
        let first = ref_name::list(&archive, local.form)?;
        let path = if local.is_stdin() {
            Path::new("-")
        } else {
            archive.input().path()
        };
        let spell = |form: Form| format!("{}:{}", form.prefix(), path.display());
        match first {
            Some((INDEX, bytes)) => {
                let spelling = spell(Form::OciArchive);
                Self::of_index(
                    Store::Archive(Box::new(archive)),
                    spelling,
                    &bytes.into(),
                    name,
                )
            }
            Some((_, bytes)) => {
                let spelling = spell(Form::DockerArchive);
                let entry = docker::find(&bytes, &spelling, name);
                let entry = entry.map_err(|why| why.at(archive.input().path()))?;
                drop(bytes);
                Self::of_docker(archive, spelling, &entry, name)
            }
            None => {
                let store = Store::Archive(Box::new(archive));
                let mut lists = [INDEX, docker::MANIFEST].into_iter();
                lists.try_for_each(|list| store.refuse_dangling(list))?;
                Err(LayoutFault::NotAnArchive.at(store.path()))
            }
        }
    }

    fn of_folder(store: Store, spelling: String, name: Option<&str>) -> Result<Self, Error> {
        let no_layout = || LayoutFault::NotALayout.at(store.path());
        let document = |name| match store.bytes(name, MAX_MANIFEST)? {
            None => store.refuse_dangling(name).map(|()| None),
            found => Ok(found),
        };
        let version = match document("oci-layout") {
            // Any directory may contain a file with that name.
            Err(error) if is_not_a_file(&error) => None,
            found => found?,
        };
        let version = version.and_then(|bytes| serde_json::from_slice::<LayoutFile>(&bytes).ok());
        if version.is_none_or(|file| file.image_layout_version != "1.0.0") {
            return Err(no_layout());
        }
        let bytes = document(INDEX)?.ok_or_else(no_layout)?;
        Self::of_index(store, spelling, &bytes.into(), name)
    }

    /// The image with that name in `index.json`.
    fn of_index(
        store: Store,
        spelling: String,
        bytes: &Bytes,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        let digest = Digest::sha256(bytes);
        if bytes.len() as u64 > MAX_MANIFEST {
            return Err(Error::manifest(
                format!("{}: {INDEX}", store.path().display()),
                InvalidManifest::TooLong(MAX_MANIFEST),
            ));
        }
        ref_name::refuse_dockers(&store, &spelling, bytes)?;
        let Document::Index(index) = parse(&digest, bytes, "")? else {
            return Err(LayoutFault::NotALayout.at(store.path()));
        };
        let size = bytes.len() as u64;
        let root = ref_name::root(&index, &digest, size, (&spelling, name));
        let root = match root.map_err(|why| why.at(store.path()))? {
            NamedEntry::Itself(itself) => NamedImage::Read(itself, bytes.clone()),
            NamedEntry::Platforms(index, bytes) => NamedImage::Read(index, bytes),
            NamedEntry::Entry(entry) => NamedImage::Entry(entry.known().map_err(|why| {
                let full = name.map(|name| format!("{spelling}:{name}"));
                Error::manifest(full.as_ref().unwrap_or(&spelling), why)
            })?),
        };
        Ok(Self {
            names: ref_name::names(root.descriptor()),
            artifacts: ref_name::artifacts(&index, &root.descriptor().digest),
            store,
            spelling,
            name: name.map(str::to_owned),
            root,
            files: HashMap::new(),
        })
    }

    /// The image of an entry of docker's `manifest.json`.
    fn of_docker(
        archive: Archive,
        spelling: String,
        entry: &ManifestEntry,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        let DockerArchiveImage { root, bytes, files } = docker_layers::image(&archive, entry)?;
        Ok(Self {
            names: entry.names().map(str::to_owned).collect(),
            store: Store::Archive(Box::new(archive)),
            spelling,
            name: name.map(str::to_owned),
            root: NamedImage::Read(root, bytes.into()),
            files,
            artifacts: Vec::new(),
        })
    }

    /// The directory and the files known to be needed, or the archive file, with the symlinks that
    /// lead there; empty for a pipe.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        match &self.store {
            Store::Folder(folder) => folder.paths(),
            Store::Archive(_) => self.path().map(trail).unwrap_or_default(),
        }
    }

    /// The path; None for a pipe.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.store {
            Store::Archive(archive) if !archive.input().is_seekable() => None,
            store => Some(store.path()),
        }
    }

    /// The kind of layout in one word, for messages.
    pub(super) fn word(&self) -> &'static str {
        match &self.store {
            Store::Folder(..) => "layout",
            Store::Archive(_) => "archive",
        }
    }

    /// The names of the image in the layout.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The descriptor that the name stands for.
    pub(super) fn root(&self) -> &Descriptor {
        self.root.descriptor()
    }

    /// The document that the name stands for, parsed.
    pub(super) fn document(&self) -> Result<(Digest, Bytes, Document), Error> {
        let (root, bytes) = (self.root(), self.root_bytes()?);
        let document = parse(&root.digest, &bytes, &root.media_type)?;
        Ok((root.digest.clone(), bytes, document))
    }

    /// The bytes of the document that the name stands for.
    pub(super) fn root_bytes(&self) -> Result<Bytes, Error> {
        match &self.root {
            NamedImage::Read(_, bytes) => Ok(bytes.clone()),
            NamedImage::Entry(entry) => verified(entry, Part::Manifest, self.bytes(entry)?.into()),
        }
    }

    /// From here on, only the layers of this image are needed.
    pub(super) fn narrow(&self, image: &Image) {
        let layers = image.layers.iter().map(|layer| self.file(&layer.blob));
        match &self.store {
            Store::Archive(archive) => archive.narrow(layers),
            Store::Folder(folder) => layers.for_each(|layer| folder.mark_used(layer)),
        }
    }

    /// All bytes of a document, not verified yet.
    pub(super) fn bytes(&self, blob: &Descriptor) -> Result<Vec<u8>, Error> {
        within_limit(blob)?;
        // Reading one byte beyond the limit shows that the file is too long.
        let bytes = self.store.bytes(&self.file(blob), blob.size)?;
        bytes.ok_or_else(|| self.missing(blob))
    }

    /// Opens a blob as a stream.
    pub(super) fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read>, Error> {
        let opened = self.store.open(&self.file(blob))?;
        let bytes = opened.ok_or_else(|| self.missing(blob))?;
        if self.files.contains_key(&blob.digest) {
            Ok(Box::new(docker_layers::uncompressed(&blob.digest, bytes)?))
        } else {
            Ok(bytes)
        }
    }

    /// Whether a blob exists, without reading it.
    pub(super) fn has(&self, blob: &Descriptor) -> bool {
        self.store.has(&self.file(blob))
    }

    /// Checks that a directory has a blob. An archive may have to be read to know.
    pub(super) fn must_have(&self, blob: &Descriptor) -> Result<(), Error> {
        match self.store {
            Store::Folder(..) => self.blob(blob).map(drop).map_err(|e| self.explained(e)),
            Store::Archive(_) => Ok(()),
        }
    }

    /// Reads the rest of a pipe.
    pub(super) fn drain(&self) {
        if let Store::Archive(archive) = &self.store {
            archive.drain();
        }
    }

    fn file(&self, blob: &Descriptor) -> String {
        let known = self.files.get(&blob.digest).cloned();
        known.unwrap_or_else(|| blob_path(&blob.digest))
    }

    fn missing(&self, blob: &Descriptor) -> Error {
        let why = match self.store.absence(&self.file(blob)) {
            None | Some(Absence::Missing(_)) => LayoutFault::MissingBlob(blob.digest.clone()),
            Some(why) => LayoutFault::Absent(why),
        };
        why.at(self.store.path())
    }

    /// The path, for messages.
    pub(super) fn store_path(&self) -> &Path {
        self.store.path()
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)?;
        let name = self.name.as_ref();
        name.map_or(Ok(()), |name| write!(f, ":{name}"))
    }
}

fn is_not_a_file(error: &Error) -> bool {
    use LayoutFault::Unusable;
    matches!(error.kind(), ErrorKind::Layout(error) if matches!(error.reason, Unusable(Absence::NotAFile(_))))
}
