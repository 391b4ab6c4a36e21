//! Blobs that are asked for before they are wanted, so that many small ones do not cost a round trip
//! each: to the registry, and to where it leads. They wait in their sockets.

use super::upstreams::{PendingBlob, Upstreams};
use crate::oci::{Descriptor, Digest};
use std::cell::{Cell, RefCell};

/// How many are asked for at once, besides what is wanted next.
const MOST: usize = 4;

/// How many bytes may have to come before a blob, for it to be asked for: more take longer than
/// asking, and servers do not wait for clients for ever.
const BEFORE: u64 = 4 << 20;

/// What has been asked for.
#[derive(Default)]
pub(super) struct Prefetch {
    begun: RefCell<Vec<(Digest, PendingBlob)>>,
    /// Whether it was of no use.
    is_over: Cell<bool>,
}

impl Prefetch {
    /// Asks for those of `coming` that can be wanted soon: `before` bytes come before them.
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
                // There will be none further on.
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
                    // Whatever is wrong is found when there is an answer to wait for.
                    None => self.is_over.set(true),
                }
            }
        }
    }

    /// Asks for nothing any more: it has failed once, and may fail each time, or keep a server busy
    /// that has asked to be left alone.
    pub(super) fn stop(&self) {
        self.is_over.set(true);
        self.begun.borrow_mut().clear();
    }

    /// The question for a blob, if it has been asked.
    pub(super) fn take(&self, digest: &Digest) -> Option<PendingBlob> {
        let mut begun = self.begun.borrow_mut();
        let found = begun.iter().position(|(known, _)| known == digest)?;
        Some(begun.remove(found).1)
    }
}

/// Where a blob is in its repository.
pub(super) fn path(digest: &Digest) -> String {
    format!("blobs/{digest}")
}
