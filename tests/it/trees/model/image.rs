//! Sequences of layers, as the model and a tar writer understand them, and as people read them.

use crate::support::Layer;
use std::fmt;

/// Layers, the lowest first.
pub(super) type Sequence = Vec<Vec<Entry>>;

/// One entry of a layer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// From the root, without a slash at either end; empty for the root.
    pub(super) path: String,
    /// What the archive writes before the path: nothing, `./` or `/`.
    pub(super) prefix: &'static str,
    pub(super) what: What,
    pub(super) metadata: Metadata,
}

/// What an entry says of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Directory,
    File(String),
    Symlink(String),
    /// The path from the root of another name.
    HardLink(String),
    Fifo,
    /// Hides the path.
    Whiteout,
    /// Hides what is in the path.
    Opaque,
    /// A `.wh..wh.` name in the path that means nothing.
    Bookkeeping,
}

/// What an entry says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    /// Seconds and nanoseconds, the latter always forwards.
    pub(super) mtime: (i64, i64),
    pub(super) xattrs: Vec<(&'static str, &'static [u8])>,
}

impl Entry {
    pub(super) fn new(path: &str, what: What) -> Self {
        let metadata = Metadata {
            mode: 0o755,
            mtime: (1_700_000_000, 0),
            ..Metadata::default()
        };
        Self {
            path: path.to_owned(),
            prefix: "",
            what,
            metadata,
        }
    }

    /// Whether this hides what is below instead of making something.
    pub(super) fn hides(&self) -> bool {
        matches!(self.what, What::Whiteout | What::Opaque)
    }

    /// The name in the archive.
    pub(super) fn name(&self) -> String {
        let within = |name: &str| {
            if self.path.is_empty() {
                name.to_owned()
            } else {
                format!("{}/{name}", self.path)
            }
        };
        let (parents, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let path = match self.what {
            What::Whiteout if parents.is_empty() => format!(".wh.{name}"),
            What::Whiteout => format!("{parents}/.wh.{name}"),
            What::Opaque => within(".wh..wh..opq"),
            What::Bookkeeping => within(".wh..wh.plnk"),
            What::Directory if self.path.is_empty() && self.prefix.is_empty() => "./".to_owned(),
            _ => self.path.clone(),
        };
        format!("{}{path}", self.prefix)
    }

    fn add_to(&self, layer: Layer) -> Layer {
        let (name, mode) = (self.name(), self.metadata.mode);
        let layer = match &self.what {
            What::Directory => layer.dir(name, mode),
            What::File(contents) => layer.file(name, mode, contents),
            What::Symlink(target) => layer.symlink(name, target),
            What::HardLink(target) => layer.hardlink(name, target),
            What::Fifo => layer.fifo(name, mode),
            What::Whiteout | What::Opaque | What::Bookkeeping => layer.file(name, mode, ""),
        };
        let (uid, gid) = self.metadata.owner;
        let layer = layer.owner(uid.into(), gid.into());
        let layer = match self.metadata.mtime {
            (seconds, 0) => layer.mtime(seconds),
            (seconds, nanoseconds) => layer.pax("mtime", fraction(seconds, nanoseconds)),
        };
        let xattrs = self.metadata.xattrs.iter();
        xattrs.fold(layer, |layer, (name, value)| layer.xattr(name, value))
    }
}

/// The tar of a layer.
pub(super) fn tar(entries: &[Entry]) -> Vec<u8> {
    let layer = entries
        .iter()
        .fold(Layer::new(), |layer, entry| entry.add_to(layer));
    layer.tar()
}

/// A sequence as a list.
pub(super) fn listing(sequence: &[Vec<Entry>]) -> String {
    let mut lines = Vec::new();
    for (number, layer) in sequence.iter().enumerate() {
        lines.push(format!("layer {number}"));
        lines.extend(layer.iter().map(|entry| format!("    {entry}")));
    }
    lines.join("\n")
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, metadata) = (self.name(), &self.metadata);
        match &self.what {
            What::Directory => write!(f, "directory {name}"),
            What::File(contents) => write!(f, "file {name} of {} bytes", contents.len()),
            What::Symlink(target) => write!(f, "symlink {name} -> {target}"),
            What::HardLink(target) => return write!(f, "hard link {name} to {target}"),
            What::Fifo => write!(f, "fifo {name}"),
            What::Whiteout | What::Opaque | What::Bookkeeping => return write!(f, "{name}"),
        }?;
        write!(f, ", {:04o}, owner {:?}", metadata.mode, metadata.owner)?;
        write!(f, ", mtime {:?}", metadata.mtime)?;
        for (name, value) in &metadata.xattrs {
            write!(f, ", {name}={:?}", value.escape_ascii().to_string())?;
        }
        Ok(())
    }
}

/// A time as pax writes it: -1.5 is half a second before -1.
fn fraction(seconds: i64, nanoseconds: i64) -> String {
    if seconds < 0 {
        format!("-{}.{:09}", -(seconds + 1), 1_000_000_000 - nanoseconds)
    } else {
        format!("{seconds}.{nanoseconds:09}")
    }
}
