//! Records a pull in the cache: which blobs the tree was made from, and which digest the tag had.
//!
//! The tree is right without it, so none of this is a reason to fail: it is said.

use crate::cache::{Cache, LinkRecord};
use crate::destination::{Destination, RecordPlace};
use crate::error::Error;
use crate::oci::{Digest, Image};
use crate::progress::Progress;
use crate::record::Record;
use crate::source::Source;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// The cache's account of one pull.
pub(super) struct CacheLink<'c> {
    cache: Option<&'c Cache>,
    image: String,
    /// Index, manifest, config and layers: all that a pull without a network needs.
    blobs: Vec<Digest>,
    /// The destination that nobody knew before, until there may be a tree.
    first: RefCell<Option<PathBuf>>,
    progress: Progress,
}

impl<'c> CacheLink<'c> {
    /// The account of a pull of `image` from `source`.
    pub(super) fn new(
        cache: Option<&'c Cache>,
        source: &Source<'_>,
        image: &Image,
        progress: Progress,
    ) -> Self {
        let documents = source.documents().iter().map(|(digest, _)| digest);
        Self {
            // Nothing can be told to a cache that may only be read.
            cache: cache.filter(|cache| !cache.is_read_only()),
            image: source.full_name(),
            blobs: documents.chain(image.blobs()).cloned().collect(),
            first: RefCell::default(),
            progress,
        }
    }

    /// Before the first layer: what a pull that is killed leaves beside DEST, a purge finds.
    pub(super) fn begin(&self, destination: &Destination) {
        let path = destination.path();
        let noted = self.cache.map(|cache| cache.link_first(path, &self.image));
        if let Some(Ok(true)) = noted {
            *self.first.borrow_mut() = Some(path.to_owned());
        }
        self.say(path, noted.map(|noted| noted.map(drop)));
    }

    /// Before the swap: whatever a crash leaves in DEST, its blobs are kept.
    pub(super) fn before_swap(&self, destination: &Destination) {
        let (path, kept) = (destination.path(), destination.kept());
        self.first.take();
        self.say(
            path,
            self.cache
                .map(|cache| cache.link_ahead(path, kept, &self.image, &self.blobs)),
        );
    }

    /// After it: the tree has this record, and so has the cache, for those who do not take the
    /// tree's word for it.
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
        self.say(path, linked);
    }

    /// Keeps what led to the image, for pulls without a network.
    pub(super) fn record_tag(&self, source: &Source<'_>) {
        record_tag(self.cache, source, self.progress);
    }

    fn say(&self, path: &Path, noted: Option<Result<(), Error>>) {
        if let Some(Err(e)) = noted {
            let path = path.display();
            self.progress
                .warn(format_args!("{path}: not noted in the cache: {e}"));
        }
    }
}

impl Drop for CacheLink<'_> {
    fn drop(&mut self) {
        if let (Some(cache), Some(path)) = (self.cache, self.first.take()) {
            cache.unlink_first(&path);
        }
    }
}

/// Keeps the documents of an image, all of which has been verified, for those without a network.
pub(super) fn record_tag(cache: Option<&Cache>, source: &Source<'_>, progress: Progress) {
    let cache = cache.filter(|cache| !cache.is_read_only());
    let remembered = cache.map(|cache| cache.record_tag(&source.to_string(), source.documents()));
    if let Some(Err(e)) = remembered {
        progress.warn(format_args!("{source} is not kept in the cache: {e}"));
    }
}
