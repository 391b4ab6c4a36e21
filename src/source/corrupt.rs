//! Corrupt cache entries: attributes an error to the cache or to the image.

use super::registry::CachedRegistry;
use crate::error::{Error, Part};
use crate::oci::Descriptor;

impl CachedRegistry<'_> {
    /// Whether an `error` about the blob at hand is the cache's fault.
    pub(super) fn is_corrupt(&self, error: &Error) -> bool {
        self.cached > 0 && is_mismatch(error)
    }

    /// Whether an `error` that came up while the blob at hand was read may be the cache's fault, which
    /// the rest of the blob tells: what the image is not, a spoilt blob can be, such as too large. Of
    /// one that only began here, the rest is not fetched to explain a full disk.
    pub(super) fn is_doubtful(&self, error: &Error) -> bool {
        let is_whole = self.cached == self.size;
        let is_of_entry = matches!(error, Error::Entry { .. });
        self.cached > 0 && is_of_entry && (is_whole || !error.is_full_disk())
    }

    /// Makes of an error about a blob that came out of the cache what it is: the cache's fault, and
    /// gone with the next attempt.
    pub(super) fn spoilt(&self, blob: &Descriptor, error: Error) -> Error {
        let Some(cache) = self.fetch.cache else {
            return error;
        };
        match &error {
            spoilt if self.is_corrupt(spoilt) => {
                cache.forget(blob);
                cache.doubt();
                return Error::CacheSpoiled(blob.digest.clone());
            }
            mismatch if is_mismatch(mismatch) => cache.forget(blob),
            // Nobody should go on with what no tree can be made of.
            malformed if malformed.is_bad_image() => cache.abandon(blob),
            // On a full disk, the tree needs the room more than the cache.
            full if full.is_full_disk() => cache.abandon(blob),
            _ => {}
        }
        error
    }

    /// The same for an error about the first bytes, which is all there was of the blob: it is asked
    /// for again without the cache.
    pub(super) fn unopened(&self, blob: &Descriptor, error: Error) -> Error {
        match (&error, self.fetch.cache) {
            (Error::Compression { .. }, Some(cache)) if self.cached > 0 => {
                cache.forget(blob);
                cache.doubt();
                Error::CacheSpoiled(blob.digest.clone())
            }
            _ => self.spoilt(blob, error),
        }
    }
}

/// Whether a blob is not the one that was named.
fn is_mismatch(error: &Error) -> bool {
    matches!(
        error,
        Error::DigestMismatch {
            part: Part::Blob,
            ..
        } | Error::SizeMismatch { .. }
    )
}
