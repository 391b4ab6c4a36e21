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

/// The blobs that were requested before they are needed.
#[derive(Default)]
pub(super) struct Prefetch {
    pending: RefCell<Vec<(Digest, PendingBlob)>>,
    /// Whether prefetching was given up.
    has_stopped: Cell<bool>,
}

impl Prefetch {
    /// Requests those of `coming` that are needed soon: `before` bytes precede them.
    pub(super) fn send(
        &self,
        upstreams: &Upstreams,
        mut before: u64,
        coming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        let mut pending = self.pending.borrow_mut();
        let mut needed = Vec::new();
        for blob in coming.take(MOST) {
            if before > BEFORE {
                break;
            }
            before = before.saturating_add(blob.size);
            needed.push(&blob.digest);
        }
        pending.retain(|(digest, _)| needed.contains(&digest));
        for (_, blob) in pending.iter() {
            match blob.client.check_pending() {
                Some(true) => {}
                // If this response has not arrived, later ones have not either.
                Some(false) => break,
                None => {
                    self.has_stopped.set(true);
                    break;
                }
            }
        }
        for digest in needed {
            if self.has_stopped.get() {
                return;
            }
            if pending.iter().all(|(known, _)| known != digest) {
                match upstreams.prefetch(&path(digest)) {
                    Some(blob) => pending.push((digest.clone(), blob)),
                    // Errors surface when the response is needed.
                    None => self.has_stopped.set(true),
                }
            }
        }
    }

    /// Gives up prefetching: it has failed once, and may fail each time, or burden a server that
    /// sent `Retry-After`.
    pub(super) fn stop(&self) {
        self.has_stopped.set(true);
        self.pending.borrow_mut().clear();
    }

    /// The pending request for a blob, if it was sent.
    pub(super) fn take(&self, digest: &Digest) -> Option<PendingBlob> {
        let mut pending = self.pending.borrow_mut();
        let position = pending.iter().position(|(known, _)| known == digest)?;
        Some(pending.remove(position).1)
    }
}

/// The path of a blob in its repository.
pub(super) fn path(digest: &Digest) -> String {
    format!("blobs/{digest}")
}
