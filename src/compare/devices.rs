//! Missing devices: either they could not be created, or somebody has removed them.

use crate::tree::InodeKind;

/// The number of the character devices that overlayfs uses as whiteouts.
const WHITEOUT: (u32, u32) = (0, 0);

/// The devices that a comparison has found and missed.
#[derive(Default)]
pub(super) struct Devices {
    /// Whether one was found that only root can create.
    has_found: bool,
    missing: Vec<Vec<u8>>,
    missing_whiteouts: Vec<Vec<u8>>,
}

impl Devices {
    /// Records one that exists. A whiteout does not show that others could be created, because Linux lets
    /// every user create those.
    pub(super) fn record(&mut self, kind: &InodeKind) {
        self.has_found |= !is_whiteout(kind);
    }

    /// Records one that is missing.
    pub(super) fn missed(&mut self, kind: &InodeKind, path: Vec<u8>) {
        if is_whiteout(kind) {
            self.missing_whiteouts.push(path);
        } else {
            self.missing.push(path);
        }
    }

    /// The paths of those that could not be created, and of those that were removed. If there is no device
    /// at all, none could be created: in a container, or by an ordinary user. On overlayfs, no user can
    /// create a whiteout.
    pub(super) fn conclude(self, is_on_overlayfs: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let (mut unmade, mut removed) = (Vec::new(), Vec::new());
        let could_not = !self.has_found;
        for (paths, could_not) in [
            (self.missing, could_not),
            (self.missing_whiteouts, could_not || is_on_overlayfs),
        ] {
            if could_not {
                unmade.extend(paths);
            } else {
                removed.extend(paths);
            }
        }
        (unmade, removed)
    }
}

fn is_whiteout(kind: &InodeKind) -> bool {
    matches!(kind, InodeKind::Device { block: false, number } if *number == WHITEOUT)
}
