//! Records a pull in the cache: which blobs the tree was made from, and which digest the tag had.
//!
//! The tree is correct without these records, so failures are warnings.

use crate::cache::{Cache, LinkRecord};
use crate::destination::{Destination, RecordPlace};
use crate::error::Error;
use crate::oci::{Digest, Image};
use crate::progress::Progress;
use crate::record::Record;
use crate::source::Source;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// The link of one pull in the cache, if there is a cache.
pub(super) struct CacheLink<'c> {
    cache: Option<&'c Cache>,
    image: String,
    /// Index, manifest, config and layers: all that `--offline` needs.
    blobs: Vec<Digest>,
    /// A destination that was new to the cache. It is unlinked if the pull fails before the swap.
    new_destination: RefCell<Option<PathBuf>>,
    progress: Progress,
}

impl<'c> CacheLink<'c> {
    /// For a pull of `image` from `source`. Writes nothing yet.
    pub(super) fn new(
        cache: Option<&'c Cache>,
        source: &Source<'_>,
        image: &Image,
        progress: Progress,
    ) -> Self {
        let documents = source.documents().iter().map(|(digest, _)| digest);
        Self {
            cache: cache.filter(|cache| !cache.is_read_only()),
            image: source.full_name(),
            blobs: documents.chain(image.blobs()).cloned().collect(),
            new_destination: RefCell::default(),
            progress,
        }
    }

    /// Must be called before the first layer, so that purge finds what a killed pull leaves beside DEST.
    pub(super) fn begin(&self, destination: &Destination) {
        let path = destination.path();
        let linked = self.cache.map(|cache| cache.link_first(path, &self.image));
        if let Some(Ok(true)) = linked {
            *self.new_destination.borrow_mut() = Some(path.to_owned());
        }
        self.warn(path, linked.map(|linked| linked.map(drop)));
    }

    /// Must be called before the swap: a crash may leave the old tree or the new one, so purge has to keep
    /// the blobs of both.
    pub(super) fn before_swap(&self, destination: &Destination) {
        let (path, kept) = (destination.path(), destination.kept());
        self.new_destination.take();
        self.warn(
            path,
            self.cache
                .map(|cache| cache.link_ahead(path, kept, &self.image, &self.blobs)),
        );
    }

    /// Must be called after the swap. The cache gets a copy of the record, because root does not trust
    /// the one in the tree.
    pub(super) fn after_swap(&self, path: &Path, record: &Record, place: RecordPlace) {
        let RecordPlace { inode, in_tree } = place;
        let linked = self.cache.map(|cache| {
            let record = record.clone();
            let recorded = LinkRecord {
                inode,
                in_tree,
                record,
            };
            cache.link(path, &self.image, &self.blobs, recorded)
        });
        if !in_tree && !matches!(linked, Some(Ok(()))) {
            self.progress.warn(format_args!(
                "{}: no place for its record, neither in extended attributes nor in a cache",
                path.display()
            ));
        }
        self.warn(path, linked);
    }

    /// Records the digest of the tag, for `--offline`.
    pub(super) fn record_tag(&self, source: &Source<'_>) {
        record_tag(self.cache, source, self.progress);
    }

    fn warn(&self, path: &Path, linked: Option<Result<(), Error>>) {
        if let Some(Err(e)) = linked {
            let path = path.display();
            self.progress
                .warn(format_args!("{path}: not noted in the cache: {e}"));
        }
    }
}

impl Drop for CacheLink<'_> {
    fn drop(&mut self) {
        if let (Some(cache), Some(path)) = (self.cache, self.new_destination.take()) {
            cache.unlink_first(&path);
        }
    }
}

/// Records the digest of the tag and the documents of a verified image, for `--offline`.
pub(super) fn record_tag(cache: Option<&Cache>, source: &Source<'_>, progress: Progress) {
    let cache = cache.filter(|cache| !cache.is_read_only());
    let recorded = cache.map(|cache| cache.record_tag(&source.to_string(), source.documents()));
    if let Some(Err(e)) = recorded {
        progress.warn(format_args!("{source} is not kept in the cache: {e}"));
    }
}
