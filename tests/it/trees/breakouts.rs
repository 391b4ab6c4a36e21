//! Ways out of DEST: each is tried with canaries beside, above and far from it. None is touched, nothing of theirs
//! comes in, and what is in DEST afterwards is what the image meant inside of itself, or nothing.

use crate::support::sandbox::{is_root, remove};
use crate::support::{Canary, Layer, Outcome, Sandbox, Trial, tree};
use std::path::{Path, PathBuf};

mod deferred;
mod deletions;
mod hard_links;
mod names;
mod symlinks;
mod top;

/// A destination with canaries all round it, for one image after the other.
struct Yard {
    sandbox: Sandbox,
    canary: Canary,
}

impl Yard {
    fn new(name: &str) -> Self {
        let sandbox = Sandbox::new(name);
        let canary = Canary::plant(&sandbox);
        Self { sandbox, canary }
    }

    /// Pulls an image; whatever comes of it, the canaries are well and nothing is left beside DEST.
    #[track_caller]
    fn attempt(&self, trial: Trial) -> Outcome {
        remove(&self.canary.dest()).unwrap();
        let outcome = trial.pull_into(&self.sandbox, &self.canary.dest());
        self.canary.assert_untouched();
        outcome
    }

    #[track_caller]
    fn refuses(&self, name: &str, layers: impl IntoIterator<Item = Layer>, why: &str) {
        self.attempt(Trial::new(name).layers(layers)).refused(why);
    }

    #[track_caller]
    fn holds(&self, name: &str, layers: impl IntoIterator<Item = Layer>, sketch: &str) {
        self.attempt(Trial::new(name).layers(layers)).is(sketch);
    }

    /// What links may point to in order to come to the folder `canaries` outside: from the tree as it grows, which
    /// is one folder deeper, as from the tree that is done.
    fn ways_to_the_folder(&self) -> Vec<String> {
        let absolute = self.canary.dir().display().to_string();
        [
            "../canaries",
            "../../canaries",
            "../../../canaries",
            ".//./../.././dest-evil/canaries",
            "../../../../outside/canaries",
            "/proc/self/cwd/outside/canaries",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([
            format!("/proc/self/root{absolute}"),
            format!("{}{absolute}", "/..".repeat(30)),
            format!("{}{absolute}", "../".repeat(30)),
            absolute,
        ])
        .collect()
    }
}

/// Where a link at `from` with this target leads inside of the tree, `..` stopping at its root.
fn inside(from: &str, target: &str) -> String {
    let mut place: Vec<&str> = from.split('/').collect();
    place.pop();
    if target.starts_with('/') {
        place.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(place.pop()),
            name => place.push(name),
        }
    }
    place.join("/")
}

/// All that an entry can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    OldFile,
    ContiguousFile,
    Directory,
    Symlink,
    HardLink,
    Fifo,
    CharDevice,
    BlockDevice,
    Whiteout,
    Opaque,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::File,
        Self::OldFile,
        Self::ContiguousFile,
        Self::Directory,
        Self::Symlink,
        Self::HardLink,
        Self::Fifo,
        Self::CharDevice,
        Self::BlockDevice,
        Self::Whiteout,
        Self::Opaque,
    ];

    /// The name that an entry of this kind has in the archive.
    fn name(self, path: &str) -> String {
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        match self {
            Self::Directory if !path.ends_with('/') => format!("{path}/"),
            Self::Whiteout if parents.is_empty() && !path.starts_with('/') => format!(".wh.{name}"),
            Self::Whiteout => format!("{parents}/.wh.{name}"),
            Self::Opaque => format!("{path}/.wh..wh..opq"),
            _ => path.to_owned(),
        }
    }

    /// Adds an entry with everything that could be noticed on a canary. Links are made to `anchor`.
    fn entry(self, layer: Layer, name: &str) -> Layer {
        let flag = match self {
            Self::File | Self::Whiteout | Self::Opaque => b'0',
            Self::OldFile => 0,
            Self::ContiguousFile => b'7',
            Self::Directory => b'5',
            Self::Symlink => b'2',
            Self::HardLink => b'1',
            Self::Fifo => b'6',
            Self::CharDevice => b'3',
            Self::BlockDevice => b'4',
        };
        let layer = loud(layer.entry(flag, name));
        match self {
            Self::File | Self::OldFile | Self::ContiguousFile => layer.contents("evil"),
            Self::Symlink | Self::HardLink => layer.target("anchor"),
            Self::CharDevice => layer.device(1, 3),
            Self::BlockDevice => layer.device(7, 0),
            _ => layer,
        }
    }

    /// What it makes, if it makes anything.
    fn made(self) -> Option<tree::Kind> {
        Some(match self {
            Self::File | Self::OldFile | Self::ContiguousFile | Self::HardLink => tree::Kind::File,
            Self::Directory => tree::Kind::Dir,
            Self::Symlink => tree::Kind::Symlink,
            Self::Fifo => tree::Kind::Fifo,
            Self::CharDevice if is_root() => tree::Kind::CharDevice,
            Self::BlockDevice if is_root() => tree::Kind::BlockDevice,
            _ => return None,
        })
    }
}

/// Gives the entry made last a mode, an owner, a time and an attribute that no canary has.
fn loud(layer: Layer) -> Layer {
    let layer = layer.mode(0o6777).owner(4242, 4242).mtime(99);
    layer.xattr("user.evil", "evil")
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join("secret")
}
