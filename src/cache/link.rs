//! Links: which destination was made from which blobs. Purge keeps the blobs of existing destinations.

use super::trust::open_trusted;
use super::{Cache, LINKS, link_name};
use crate::error::Error;
use crate::oci::Digest;
use crate::record::Record;
use crate::sys::Dir;
use serde::{Deserialize, Serialize};
use std::ffi::CStr;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The largest link that is read, in bytes.
const MAX_LINK: u64 = 4 << 20;

/// The contents of a link.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Link {
    /// The absolute path of the destination.
    #[serde(with = "path_bytes")]
    pub(super) destination: PathBuf,
    /// The name of the image, for people.
    image: String,
    /// Index, manifest, config and layers.
    pub(super) blobs: Vec<Digest>,
    /// The record of the tree. Old versions wrote it only if the tree itself could not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<LinkRecord>,
    /// The record of the tree that is being replaced: if the pull fails before the swap, it is still the
    /// tree at this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<LinkRecord>,
}

/// A record, and the tree that it describes: another tree may have taken the path since.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct LinkRecord {
    /// The inode of the root of the tree.
    pub(crate) inode: u64,
    /// Whether the tree itself has the record, too.
    #[serde(default)]
    pub(crate) in_tree: bool,
    pub(crate) record: Record,
}

impl Cache {
    /// Records, before the swap, that `destination`, an absolute path, will be made from `blobs`, and that
    /// the old tree will move to `kept`. If a crash comes then, purge keeps the blobs of both trees, and
    /// the record of the old tree is still valid.
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
                // An earlier pull has recorded the move, and failed.
                if inode(&before) == inode(&moved) {
                    before.replaced
                } else {
                    before.record
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

    /// Records that a pull into `destination`, an absolute path, has begun. If it is killed, purge finds
    /// its staging folder. False if the destination has a link already.
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

    /// Undoes [`Cache::link_first`] for a pull that failed and left nothing behind.
    pub(crate) fn unlink_first(&self, destination: &Path) {
        // If this fails, a purge does it.
        if let Ok(folder) = self.own_folder(LINKS) {
            let _ = folder.unlink(&link_name(destination));
        }
    }

    /// The destinations of all links.
    pub(crate) fn destinations(&self) -> Result<Vec<PathBuf>, Error> {
        let mut all = Vec::new();
        for folder in self.trusted_folders(LINKS)? {
            for entry in folder.list().map_err(|e| self.failed("list", e))? {
                let link = self.read_link(&folder, &entry.name)?;
                all.extend(link.map(|link| link.destination));
            }
        }
        Ok(all)
    }

    /// Records, after the swap, what `destination` was made from.
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

    /// The record of the tree at `destination` with this inode. An unreadable link is not an error: with
    /// one, anyone who may write to the cache could stop all updates.
    pub(crate) fn recorded(&self, destination: &Path, inode: u64) -> Option<LinkRecord> {
        let folders = self.trusted_folders(LINKS).ok()?;
        let links = folders
            .iter()
            .filter_map(|folder| self.link_in(folder, destination).ok()?);
        let mut records = links.flat_map(|link| link.record.into_iter().chain(link.replaced));
        records.find(|recorded| recorded.inode == inode)
    }

    /// The link for `destination`. A link that was renamed describes another tree, and does not count.
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

    /// Reads a link in a trusted folder; None if it is not a link.
    pub(super) fn read_link(&self, folder: &Dir, link: &CStr) -> Result<Option<Link>, Error> {
        let mut json = Vec::new();
        let read =
            open_trusted(folder, link).and_then(|file| file.take(MAX_LINK).read_to_end(&mut json));
        match read {
            Ok(_) => Ok(serde_json::from_slice(&json).ok()),
            // Not a file, so not a link.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            // A link of root that only root may read.
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
