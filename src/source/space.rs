//! Checks that an image fits, before the first byte of a layer is requested.

use super::Source;
use crate::error::{DestinationError, Error};
use crate::oci::{Descriptor, Image};
use crate::progress::{Progress, bytes};
use crate::sys::Dir;
use std::collections::HashSet;
use std::path::Path;

impl Source<'_> {
    /// Refuses an image that does not fit into the file system of `rootfs`, where `destination` is
    /// written. No manifest states the size of the tree, so the compressed layers serve as a lower
    /// bound. From here on, purge keeps the blobs of the image that are cached.
    pub(crate) fn check_space(
        &self,
        image: &Image,
        rootfs: &Dir,
        destination: &Path,
        progress: Progress,
    ) -> Result<(), Error> {
        let blobs = image.layers.iter().map(|layer| &layer.blob);
        check_blobs_fit([(self, blobs)], rootfs, destination, progress)
    }
}

/// Refuses blobs of several sources that do not fit into the file system of `folder`, where
/// `destination` is written. If the cache lacks space for them, it is not used: the destination
/// needs the space more.
pub(crate) fn check_blobs_fit<'s, B: IntoIterator<Item = &'s Descriptor>>(
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
                let missing = cache.map_or(Ok(0), |cache| cache.missing_bytes(blob))?;
                wanted = u64::saturating_add(wanted, missing);
            }
        }
        kept = kept.or(cache);
    }
    check_fits(size, folder, destination)?;
    let Some(cache) = kept else {
        return Ok(());
    };
    let is_shared = cache
        .is_beside(folder)
        .map_err(|e| Error::io("look at", destination, e))?;
    let besides = if is_shared { size } else { 0 };
    if !can_keep(wanted, besides, cache.free_space(), cache.path(), progress) {
        cache.stop_adding();
    }
    Ok(())
}

/// Refuses a `size` that exceeds the free space in the file system of `folder`.
pub(super) fn check_fits(size: u64, folder: &Dir, destination: &Path) -> Result<(), Error> {
    match folder.free_space() {
        Some(free) if free < size => Err(DestinationError::NoSpace {
            path: destination.to_owned(),
            missing: size - free,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Whether the cache at `path` has space for the blobs it lacks, given that `besides` goes to the
/// same file system. Reports it if not.
pub(super) fn can_keep(
    lacks: u64,
    besides: u64,
    free: Option<u64>,
    path: &Path,
    progress: Progress,
) -> bool {
    let missing = free.map_or(0, |free| lacks.saturating_add(besides).saturating_sub(free));
    if lacks == 0 || missing == 0 {
        return true;
    }
    progress.warn(format_args!(
        "{}: {} too little room for the layers, which are not kept",
        path.display(),
        bytes(missing)
    ));
    false
}
