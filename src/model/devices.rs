//! Missing devices: either they could not be created, or somebody has removed them.

use super::inode::InodeKind;

/// The number by which overlayfs knows a whiteout among character devices.
const WHITEOUT: (u32, u32) = (0, 0);

/// What a comparison has seen of devices.
#[derive(Default)]
pub(super) struct Devices {
    /// Whether there is one that only root can make.
    are_there: bool,
    missing: Vec<Vec<u8>>,
    missing_whiteouts: Vec<Vec<u8>>,
}

impl Devices {
    /// Takes note of one that is there. Linux lets everybody make a whiteout: it does not show that others
    /// could be made.
    pub(super) fn found(&mut self, kind: &InodeKind) {
        self.are_there |= !is_whiteout(kind);
    }

    /// Takes note of one that is not there.
    pub(super) fn missed(&mut self, kind: &InodeKind, path: Vec<u8>) {
        if is_whiteout(kind) {
            self.missing_whiteouts.push(path);
        } else {
            self.missing.push(path);
        }
    }

    /// The paths of those that could not be made, and of those that were removed. Where no device at all is
    /// there, none could be made: in a container, or by an ordinary user. On overlayfs, no whiteout can.
    pub(super) fn conclude(self, is_on_overlayfs: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let (mut unmade, mut removed) = (Vec::new(), Vec::new());
        let could_not = !self.are_there;
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
