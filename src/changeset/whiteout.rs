//! The name of an entry, which may be a whiteout: image-spec layer.md, "Whiteouts".

use crate::error::EntryFault;
use crate::tarball::LayerPath;
use std::ffi::{CStr, CString};

/// What an entry's name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EntryName {
    /// The entry creates something with this name.
    Plain,
    /// `.wh.NAME`: hides NAME in lower layers.
    Whiteout(CString),
    /// `.wh..wh..opq`: hides everything that lower layers have in the directory.
    Opaque,
    /// Other `.wh..wh.` names are aufs metadata, not part of the image.
    AufsMetadata,
}

const PREFIX: &[u8] = b".wh.";
const META_PREFIX: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

impl EntryName {
    /// Parses the last component. No file name may begin with `.wh.` (layer.md), so a whiteout in
    /// mid-path, or one that would hide the directory itself, its parent or nothing, is malformed:
    /// for `.wh...`, umoci 0.4.7 deleted files outside the tree.
    pub(super) fn of(path: &LayerPath) -> Result<Self, EntryFault> {
        let Some((parents, name)) = path.split() else {
            return Ok(Self::Plain);
        };
        for parent in parents.components().map(CStr::to_bytes) {
            if parent.starts_with(META_PREFIX) {
                return Ok(Self::AufsMetadata);
            }
            if parent.starts_with(PREFIX) {
                return Err(EntryFault::Whiteout);
            }
        }
        match name.to_bytes() {
            OPAQUE => Ok(Self::Opaque),
            name if name.starts_with(META_PREFIX) => Ok(Self::AufsMetadata),
            name => match name.strip_prefix(PREFIX) {
                None => Ok(Self::Plain),
                Some(b"" | b"." | b"..") => Err(EntryFault::Whiteout),
                Some(hidden) => CString::new(hidden)
                    .map(Self::Whiteout)
                    .map_err(|_| EntryFault::NulInName),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> Result<EntryName, EntryFault> {
        EntryName::of(&LayerPath::parse(path.as_bytes())?)
    }

    #[test]
    fn tells_whiteouts_from_names_that_look_like_them() {
        for plain in ["a", "wh.a", ".wha", "a.wh.b", "a/b.wh.", "."] {
            assert_eq!(name(plain).unwrap(), EntryName::Plain, "{plain}");
        }
        assert_eq!(
            name("a/.wh.b").unwrap(),
            EntryName::Whiteout(c"b".to_owned())
        );
        assert_eq!(
            name(".wh....").unwrap(),
            EntryName::Whiteout(c"...".to_owned())
        );
        assert_eq!(name("a/.wh..wh..opq").unwrap(), EntryName::Opaque);
        for aufs in [
            ".wh..wh.aufs",
            ".wh..wh.plnk/",
            ".wh..wh.plnk/1.2",
            ".wh..wh.foo",
            ".wh..wh.",
        ] {
            assert_eq!(name(aufs).unwrap(), EntryName::AufsMetadata, "{aufs}");
        }
        for bad in [
            ".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh..", "a/.wh...", ".wh.a/b",
        ] {
            assert!(matches!(name(bad), Err(EntryFault::Whiteout)), "{bad}");
        }
    }
}
