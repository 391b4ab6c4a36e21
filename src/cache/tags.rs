//! The digest that a tag had when it was last pulled, for `--offline`.

use super::trust::open_trusted;
use super::{Cache, RESOLVED, blob_name, name};
use crate::error::Error;
use crate::oci::{Bytes, Digest};
use crate::sys::Dir;
use serde::{Deserialize, Serialize};
use std::ffi::{CStr, CString};
use std::io::{self, Read as _};
use std::time::SystemTime;

/// The largest document that is read, in bytes: the limit for manifests from registries is the same.
const MAX_DOCUMENT: u64 = 8 << 20;

/// The largest tag record that is read, in bytes.
const MAX_RESOLVED: u64 = 64 << 10;

#[derive(Deserialize, Serialize)]
struct TagRecord {
    reference: String,
    digest: Digest,
}

impl Cache {
    /// Records the digest of `reference`, which is that of the first of `documents`, and caches them all.
    /// They must be verified.
    pub(crate) fn record_tag(
        &self,
        reference: &str,
        documents: &[(Digest, Bytes)],
    ) -> Result<(), Error> {
        let failed = |e| self.failed("write to", e);
        for (digest, bytes) in documents {
            let is_new = self.claim(digest)?;
            let folder = self.blobs(digest.algorithm())?;
            match self.document(digest)? {
                None => self.replace_file(&folder, &blob_name(digest), bytes)?,
                // The time of last use, for purge. Only the owner of the file can set it.
                Some(_) if is_new => {
                    let file = folder.open_file(&blob_name(digest)).map_err(failed)?;
                    let _ = file.set_modified(SystemTime::now());
                }
                Some(_) => {}
            }
        }
        let Some((digest, _)) = documents.first() else {
            return Ok(());
        };
        let folder = self.own_folder(RESOLVED)?;
        self.remove_stale_tags(&folder).map_err(failed)?;
        let resolved = TagRecord {
            reference: reference.to_owned(),
            digest: digest.clone(),
        };
        let json = serde_json::to_vec_pretty(&resolved).map_err(|e| failed(e.into()))?;
        self.replace_file(&folder, &file_name(reference), &json)
    }

    /// The digest of `reference` when root or this user last pulled it.
    pub(crate) fn resolved(&self, reference: &str) -> Option<Digest> {
        let folders = self.trusted(RESOLVED).ok()?;
        let file = file_name(reference);
        let known = folders.iter().filter_map(|folder| read(folder, &file));
        let known = known.filter(|(resolved, _)| resolved.reference == reference);
        let last = known.max_by_key(|(_, written)| *written);
        last.map(|(resolved, _)| resolved.digest)
    }

    /// The verified bytes of a manifest or an index, if they are cached.
    pub(crate) fn document(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        let folder = self.blobs(digest.algorithm())?;
        let mut bytes = Vec::new();
        let read = folder
            .open_file(&blob_name(digest))
            .and_then(|file| file.take(MAX_DOCUMENT).read_to_end(&mut bytes));
        let is_right = read.is_ok() && Digest::of(digest.algorithm(), &bytes) == *digest;
        Ok(is_right.then_some(bytes))
    }

    /// Removes tag records whose document was purged.
    fn remove_stale_tags(&self, folder: &Dir) -> io::Result<()> {
        for entry in folder.list()? {
            let resolved = read(folder, &entry.name);
            let is_here = resolved.is_some_and(|(TagRecord { digest, .. }, _)| {
                let blobs = self.blobs(digest.algorithm()).ok();
                blobs.is_some_and(|blobs| matches!(blobs.find(&blob_name(&digest)), Ok(Some(_))))
            });
            // The name of a file that another pull is writing begins with a dot.
            if !is_here && !entry.name.to_bytes().starts_with(b".") {
                // Fails if another pull has removed it, and for the folders of other users.
                let _ = folder.unlink(&entry.name);
            }
        }
        Ok(())
    }
}

/// Reads a tag record, and when it was written.
fn read(folder: &Dir, name: &CStr) -> Option<(TagRecord, SystemTime)> {
    let mut json = Vec::new();
    let file = open_trusted(folder, name).ok()?;
    let written = file.metadata().and_then(|found| found.modified()).ok()?;
    file.take(MAX_RESOLVED).read_to_end(&mut json).ok()?;
    Some((serde_json::from_slice(&json).ok()?, written))
}

/// A reference has slashes, so its digest is the file name.
fn file_name(reference: &str) -> CString {
    name(Digest::sha256(reference.as_bytes()).hex())
}
