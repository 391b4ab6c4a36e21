//! Corrupt cache entries: attributes an error to the cache or to the image.

use super::registry::CachedRegistry;
use crate::error::{
    CacheError, Category, Error, ErrorKind, ImageError, LayerError, Part, RegistryError,
};
use crate::oci::Descriptor;

impl CachedRegistry<'_> {
    /// Whether the cache is to blame for an `error` about the current blob.
    pub(super) fn is_corrupt(&self, error: &Error) -> bool {
        self.cached > 0 && is_mismatch(error)
    }

    /// Whether the cache, or one of several ranges, may be to blame for an `error` that occurred while `blob`
    /// was read; the rest of the blob will tell. A corrupt blob can fail where the image would not, for
    /// example by being too large. If only its beginning was cached, the rest is not fetched to explain a
    /// full disk.
    pub(super) fn is_doubtful(&self, blob: &Descriptor, error: &Error) -> bool {
        let is_whole = self.cached == self.size;
        let is_of_entry = matches!(error.kind(), ErrorKind::Layer(LayerError::Entry { .. }));
        let has_parts = self.cached > 0 || self.fetch.was_split(blob);
        has_parts && is_of_entry && (is_whole || !error.is_full_disk())
    }

    /// Attributes an error about the current blob. If the cached part is corrupt, returns an error
    /// that blames the cache, and removes the blob, so that the next attempt fetches it.
    pub(super) fn attribute(&self, blob: &Descriptor, error: Error) -> Error {
        if is_mismatch(&error) && !self.is_corrupt(&error) && self.fetch.was_split(blob) {
            return self.ranges_mismatch(blob);
        }
        let Some(cache) = self.fetch.cache else {
            return error;
        };
        match &error {
            mismatch if self.is_corrupt(mismatch) => {
                cache.forget(blob);
                cache.verify_before_use();
                return CacheError::CorruptBlob(blob.digest.clone()).into();
            }
            mismatch if is_mismatch(mismatch) => cache.forget(blob),
            // Do not keep a partial blob from which no tree can be made.
            malformed if malformed.category() == Category::BadImage => cache.abandon(blob),
            // On a full disk, the tree needs the space more than the cache.
            full if full.is_full_disk() => cache.abandon(blob),
            _ => {}
        }
        error
    }

    /// The same for an error about the first bytes, when nothing else of the blob was read: if any of
    /// it was cached, it is fetched again without the cache.
    pub(super) fn attribute_unread(&self, blob: &Descriptor, error: Error) -> Error {
        match (error.kind(), self.fetch.cache) {
            (ErrorKind::Layer(LayerError::Compression { .. }), _) if self.fetch.was_split(blob) => {
                self.ranges_mismatch(blob)
            }
            (ErrorKind::Layer(LayerError::Compression { .. }), Some(cache)) if self.cached > 0 => {
                cache.forget(blob);
                cache.verify_before_use();
                CacheError::CorruptBlob(blob.digest.clone()).into()
            }
            _ => self.attribute(blob, error),
        }
    }

    /// Drops a blob whose ranges do not belong together, so that the next attempt fetches it whole.
    fn ranges_mismatch(&self, blob: &Descriptor) -> Error {
        self.fetch.forget_ranges(blob);
        RegistryError::RangesMismatch(blob.digest.clone()).into()
    }
}

/// Whether the bytes of a blob do not match its descriptor.
fn is_mismatch(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Image(
            ImageError::DigestMismatch {
                part: Part::Blob,
                ..
            } | ImageError::SizeMismatch { .. }
        )
    )
}
