//! Links: which destination was made from which blobs. Purge keeps what an existing destination
//! uses.

use super::trust::open_believed;
use super::{Cache, LINKS, link_name};
use crate::error::Error;
use crate::oci::Digest;
use crate::record::Record;
use crate::sys::Dir;
use serde::{Deserialize, Serialize};
use std::ffi::CStr;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The longest link file that is read, in bytes.
const MAX_LINK: u64 = 4 << 20;

/// One link.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Link {
    /// The absolute path of the destination.
    #[serde(with = "path_bytes")]
    pub(super) destination: PathBuf,
    /// What was pulled, for people.
    image: String,
    /// Index, manifest, config and layers.
    pub(super) blobs: Vec<Digest>,
    /// The record of the tree. A link that is older than this has it only where the tree has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<LinkRecord>,
    /// The record of the tree that gives way to it: if the pull fails before the swap, that tree is still
    /// the one at this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<LinkRecord>,
}

/// A record, and which tree it is about: another one may have taken its name since.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct LinkRecord {
    /// The number of the inode of the tree's root.
    pub(crate) inode: u64,
    /// Whether the tree itself has the record as well.
    #[serde(default)]
    pub(crate) in_tree: bool,
    /// What the tree was made of.
    pub(crate) record: Record,
}

impl Cache {
    /// Notes that `destination`, an absolute path, is about to be made from `image`, which is made
    /// of `blobs`, and that the tree that is there may go to `kept`. Whatever a crash leaves there
    /// then, old or new, purge keeps its blobs; what the old tree is stays as it was noted.
    pub(crate) fn link_ahead(
        &self,
        destination: &Path,
        kept: Option<&Path>,
        image: &str,
        blobs: &[Digest],
    ) -> Result<(), Error> {
        let old = self.link_in(&self.own_folder(LINKS)?, destination)?;
        if let (Some(kept), Some(old)) = (kept, &old) {
            let mut moved = old.clone();
            moved.destination = kept.to_owned();
            let before = self.link_in(&self.own_folder(LINKS)?, kept)?;
            moved.replaced = before.and_then(|before| {
                let inode = |link: &Link| link.record.as_ref().map(|recorded| recorded.inode);
                // An earlier try has noted the move, and failed.
                match inode(&before) == inode(&moved) {
                    true => before.replaced,
                    false => before.record,
                }
            });
            self.write_link(&moved)?;
        }
        let mut link = old.unwrap_or_else(|| Link {
            destination: destination.to_owned(),
            image: image.to_owned(),
            blobs: Vec::new(),
            record: None,
            replaced: None,
        });
        link.blobs.extend_from_slice(blobs);
        self.write_link(&link)
    }

    /// Notes that a pull of `image` into `destination`, an absolute path, has begun, so that a purge
    /// finds what it leaves beside it if it is killed. False if the destination is known already.
    pub(crate) fn link_first(&self, destination: &Path, image: &str) -> Result<bool, Error> {
        let folder = self.own_folder(LINKS)?;
        if self.link_in(&folder, destination)?.is_some() {
            return Ok(false);
        }
        let link = Link {
            destination: destination.to_owned(),
            image: image.to_owned(),
            blobs: Vec::new(),
            record: None,
            replaced: None,
        };
        self.write_link(&link).map(|()| true)
    }

    /// Takes back what [`Cache::link_first`] has noted: nothing came of that pull, and nothing is left
    /// of it.
    pub(crate) fn unlink_first(&self, destination: &Path) {
        // What cannot be removed now, a purge removes.
        if let Ok(folder) = self.own_folder(LINKS) {
            let _ = folder.unlink(&link_name(destination));
        }
    }

    /// The destinations of all pulls that are known here.
    pub(crate) fn destinations(&self) -> Result<Vec<PathBuf>, Error> {
        let mut all = Vec::new();
        for folder in self.believed_folders(LINKS)? {
            for entry in folder.list().map_err(|e| self.failed("list", e))? {
                let link = self.read_link(&folder, &entry.name)?;
                all.extend(link.map(|link| link.destination));
            }
        }
        Ok(all)
    }

    /// Notes that `destination` is made from `image` by now, and its record.
    pub(crate) fn link(
        &self,
        destination: &Path,
        image: &str,
        blobs: &[Digest],
        recorded: LinkRecord,
    ) -> Result<(), Error> {
        self.write_link(&Link {
            destination: destination.to_owned(),
            image: image.to_owned(),
            blobs: blobs.to_vec(),
            record: Some(recorded),
            replaced: None,
        })
    }

    /// The record of the tree at `destination` with this inode. A link that cannot be read has none:
    /// whoever may write to the cache could stop each update with one.
    pub(crate) fn recorded(&self, destination: &Path, inode: u64) -> Option<LinkRecord> {
        let folders = self.believed_folders(LINKS).ok()?;
        let links = folders
            .iter()
            .filter_map(|folder| self.link_in(folder, destination).ok()?);
        let mut records = links.flat_map(|link| link.record.into_iter().chain(link.replaced));
        records.find(|recorded| recorded.inode == inode)
    }

    /// The link for `destination`. One that was given the name of another is true of another tree.
    fn link_in(&self, folder: &Dir, destination: &Path) -> Result<Option<Link>, Error> {
        let link = self.read_link(folder, &link_name(destination))?;
        Ok(link.filter(|link| link.destination == destination))
    }

    fn write_link(&self, link: &Link) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(link);
        let json = json.map_err(|e| self.failed("write to", e.into()))?;
        self.replace_file(
            &self.own_folder(LINKS)?,
            &link_name(&link.destination),
            &json,
        )
    }

    /// Reads a link in a folder that is believed; nothing if it is not one.
    pub(super) fn read_link(&self, folder: &Dir, link: &CStr) -> Result<Option<Link>, Error> {
        let mut json = Vec::new();
        let read =
            open_believed(folder, link).and_then(|file| file.take(MAX_LINK).read_to_end(&mut json));
        match read {
            Ok(_) => Ok(serde_json::from_slice(&json).ok()),
            // Not a file, so not a link.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            // One of root's that only root may read.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(None),
            Err(e) => Err(self.failed("read", e)),
        }
    }
}

/// Paths are bytes and JSON is text: a path that is not UTF-8 is written as a list of numbers.
mod path_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    enum Spelling {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => Spelling::Text(text.to_owned()),
            None => Spelling::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(input: D) -> Result<PathBuf, D::Error> {
        Ok(match Spelling::deserialize(input)? {
            Spelling::Text(text) => PathBuf::from(text),
            Spelling::Bytes(bytes) => PathBuf::from(OsString::from_vec(bytes)),
        })
    }
}
