//! Purge: drops the blobs that no existing destination uses.

use super::{ALGORITHMS, Cache, blob_digest};
use crate::error::Error;
use crate::oci::Digest;
use crate::sys::remove_tree;
use std::collections::HashSet;
use std::io;

/// What a purge has dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Blobs, and what killed pulls left of them.
    pub blobs: usize,
    /// Their size together, in bytes.
    pub bytes: u64,
}

impl Cache {
    /// Drops links to destinations that are gone, then blobs without a link. The cache is open for
    /// this process alone, so whatever is half written belongs to nobody any more.
    pub fn purge(&self) -> Result<Purged, Error> {
        let used = self.used_blobs()?;
        let mut purged = Purged::default();
        for algorithm in ALGORITHMS {
            let folder = self.blobs(algorithm)?;
            for entry in folder.list().map_err(|e| self.failed("list", e))? {
                let kept =
                    blob_digest(algorithm, &entry.name).is_some_and(|blob| used.contains(&blob));
                if kept {
                    continue;
                }
                let found = folder
                    .stat(&entry.name)
                    .map_err(|e| self.failed("look at", e))?;
                remove_tree(&folder, &entry.name).map_err(|e| self.failed("remove from", e))?;
                purged.blobs += 1;
                purged.bytes += found.size;
            }
        }
        Ok(purged)
    }

    fn used_blobs(&self) -> Result<HashSet<Digest>, Error> {
        let links = self.links()?;
        let mut used = HashSet::new();
        for entry in links.list().map_err(|e| self.failed("list", e))? {
            let link = self.read_link(&entry.name)?;
            // Only a destination that is certainly gone gives up its blobs: one that cannot be
            // looked at, on a disk that is not there today, keeps them.
            let link = link.filter(|link| match link.destination.symlink_metadata() {
                Ok(_) => true,
                Err(e) => e.kind() != io::ErrorKind::NotFound,
            });
            match link {
                Some(link) => used.extend(link.blobs),
                None => {
                    remove_tree(&links, &entry.name).map_err(|e| self.failed("remove from", e))?
                }
            }
        }
        Ok(used)
    }
}
