//! Links: which destination was made of which blobs. Purge keeps what a destination uses.

use super::{Cache, link_name, name};
use crate::error::Error;
use crate::oci::Digest;
use crate::sys::pid;
use serde::{Deserialize, Serialize};
use std::ffi::CStr;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The longest link file that is read, in bytes.
const MAX_LINK: u64 = 4 << 20;

/// One link.
#[derive(Deserialize, Serialize)]
pub(super) struct Link {
    /// The absolute path of the destination.
    #[serde(with = "path_bytes")]
    pub(super) destination: PathBuf,
    /// What was pulled, for people.
    image: String,
    /// The config and the layers.
    pub(super) blobs: Vec<Digest>,
}

impl Cache {
    /// Notes that `destination`, an absolute path, was made from `image`, which is made of `blobs`.
    pub fn link<'b>(
        &self,
        destination: &Path,
        image: &str,
        blobs: impl Iterator<Item = &'b Digest>,
    ) -> Result<(), Error> {
        let link = Link {
            destination: destination.to_owned(),
            image: image.to_owned(),
            blobs: blobs.cloned().collect(),
        };
        let json =
            serde_json::to_vec_pretty(&link).map_err(|e| self.failed("write to", e.into()))?;
        let links = self.links()?;
        let temporary = name(&format!(".{}", pid()));
        let write = || {
            match links.unlink(&temporary) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
            links.create(&temporary, 0o644)?.write_all(&json)?;
            links.rename(&temporary, &links, &link_name(destination))
        };
        write().map_err(|e| self.failed("write to", e))
    }

    /// Reads a link; nothing if it is not one.
    pub(super) fn read_link(&self, link: &CStr) -> Result<Option<Link>, Error> {
        let mut json = Vec::new();
        let read = self
            .links()?
            .open_file(link)
            .and_then(|file| file.take(MAX_LINK).read_to_end(&mut json));
        match read {
            Ok(_) => Ok(serde_json::from_slice(&json).ok()),
            // Not a file, so not a link.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(None),
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
