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
    /// A cache without room for them is done without: the tree needs the room more. From here on,
    /// purge lets be what the cache has of the image.
    pub fn check_room(
        &self,
        image: &Image,
        rootfs: &Dir,
        destination: &Path,
        progress: Progress,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        let is_new = |blob: &&Descriptor| seen.insert(blob.digest.clone());
        let blobs: Vec<_> = image
            .layers
            .iter()
            .map(|layer| &layer.blob)
            .filter(is_new)
            .collect();
        let tree = sum(blobs.iter().map(|blob| blob.size));
        let free = rootfs.free_space();
        if let Some(free) = free.filter(|free| *free < tree) {
            return Err(Error::NoRoom {
                path: destination.to_owned(),
                missing: tree - free,
            });
        }
        let Self::Registry(cached) = self else {
            return Ok(());
        };
        let Some(cache) = cached.cache() else {
            return Ok(());
        };
        let lacks = blobs.iter().map(|blob| cache.lacks(blob));
        let wanted = sum(lacks.collect::<Result<Vec<_>, _>>()?.into_iter());
        let is_shared = cache
            .is_beside(rootfs)
            .map_err(|e| failed(destination, e))?;
        let wanted_there = wanted.saturating_add(if is_shared { tree } else { 0 });
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
}

fn sum(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action: "look at",
        path: path.to_owned(),
        source,
    }
}
