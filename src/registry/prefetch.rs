//! Requests blobs before they are needed, so that many small ones do not cost a round trip each, to
//! the registry and to where it redirects. The responses wait in their sockets.

use super::upstreams::{PendingBlob, Upstreams};
use crate::oci::{Descriptor, Digest};
use std::cell::{Cell, RefCell};

/// How many blobs are requested at once, besides the next one.
const MOST: usize = 4;

/// How many bytes may precede a blob that is prefetched. More take longer to download than the
/// request takes, and servers close idle connections.
const BEFORE: u64 = 4 << 20;

/// The blobs that were requested ahead of time.
#[derive(Default)]
pub(super) struct Prefetch {
    begun: RefCell<Vec<(Digest, PendingBlob)>>,
    /// Whether prefetching was given up.
    is_over: Cell<bool>,
}

impl Prefetch {
    /// Requests those of `coming` that are needed soon: `before` bytes precede them.
    pub(super) fn begin(
        &self,
        upstreams: &Upstreams,
        mut before: u64,
        coming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        let mut begun = self.begun.borrow_mut();
        let mut wanted = Vec::new();
        for blob in coming.take(MOST) {
            if before > BEFORE {
                break;
            }
            before = before.saturating_add(blob.size);
            wanted.push(&blob.digest);
        }
        begun.retain(|(digest, _)| wanted.contains(&digest));
        for (_, begun) in begun.iter() {
            match begun.lane.advance() {
                Some(true) => {}
                // If this response has not arrived, later ones have not either.
                Some(false) => break,
                None => {
                    self.is_over.set(true);
                    break;
                }
            }
        }
        for digest in wanted {
            if self.is_over.get() {
                return;
            }
            if begun.iter().all(|(known, _)| known != digest) {
                match upstreams.begin(&path(digest)) {
                    Some(more) => begun.push((digest.clone(), more)),
                    // Errors surface when the response is needed.
                    None => self.is_over.set(true),
                }
            }
        }
    }

    /// Gives up prefetching: it has failed once, and may fail each time, or burden a server that
    /// sent `Retry-After`.
    pub(super) fn stop(&self) {
        self.is_over.set(true);
        self.begun.borrow_mut().clear();
    }

    /// The pending request for a blob, if it was sent.
    pub(super) fn take(&self, digest: &Digest) -> Option<PendingBlob> {
        let mut begun = self.begun.borrow_mut();
        let found = begun.iter().position(|(known, _)| known == digest)?;
        Some(begun.remove(found).1)
    }
}

/// The path of a blob in its repository.
pub(super) fn path(digest: &Digest) -> String {
    format!("blobs/{digest}")
}
