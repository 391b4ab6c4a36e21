//! Whether an image fits, asked before the first byte of a layer.

use super::Source;
use crate::error::Error;
use crate::oci::{Descriptor, Image};
use crate::progress::{Progress, bytes};
use crate::sys::Dir;
use std::collections::HashSet;
use std::io;
use std::path::Path;

impl Source<'_> {
    /// Refuses an image that does not fit into the file system of `rootfs`, where `destination`
    /// grows. How large the tree will be, no manifest says; its compressed layers are hardly larger.
    /// From here on, purge lets be what the cache has of the image.
    pub fn check_room(
        &self,
        image: &Image,
        rootfs: &Dir,
        destination: &Path,
        progress: Progress,
    ) -> Result<(), Error> {
        let blobs = image.layers.iter().map(|layer| &layer.blob);
        check_room([(self, blobs)], rootfs, destination, progress)
    }
}

/// Refuses blobs of some sources that do not fit into the file system of `folder`, where
/// `destination` grows. A cache without room for them is done without: the destination needs the
/// room more.
pub fn check_room<'s, B: IntoIterator<Item = &'s Descriptor>>(
    sources: impl IntoIterator<Item = (&'s Source<'s>, B)>,
    folder: &Dir,
    destination: &Path,
    progress: Progress,
) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let (mut size, mut wanted, mut kept) = (0, 0, None);
    for (source, blobs) in sources {
        let cache = source.cache();
        for blob in blobs {
            if seen.insert(&blob.digest) {
                size = u64::saturating_add(size, blob.size);
                let lacks = cache.map_or(Ok(0), |cache| cache.lacks(blob))?;
                wanted = u64::saturating_add(wanted, lacks);
            }
        }
        kept = kept.or(cache);
    }
    if let Some(free) = folder.free_space().filter(|free| *free < size) {
        return Err(Error::NoRoom {
            path: destination.to_owned(),
            missing: size - free,
        });
    }
    let Some(cache) = kept else {
        return Ok(());
    };
    let is_shared = cache
        .is_beside(folder)
        .map_err(|e| failed(destination, e))?;
    let wanted_there = wanted.saturating_add(if is_shared { size } else { 0 });
    let missing = cache
        .free_space()
        .map_or(0, |free| wanted_there.saturating_sub(free));
    if wanted > 0 && missing > 0 {
        cache.add_nothing();
        progress.warn(format_args!(
            "{}: {} too little room for the layers, which are not kept",
            cache.path().display(),
            bytes(missing)
        ));
    }
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action: "look at",
        path: path.to_owned(),
        source,
    }
}
