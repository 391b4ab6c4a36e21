//! The mount table of a namespace: proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// The mount table of this process.
pub(super) const OWN: &str = "/proc/self/mountinfo";

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// The mount ID, as text.
    pub(super) id: Vec<u8>,
    /// The ID of the parent mount.
    pub(super) parent: Vec<u8>,
    /// Major and minor number of the file system, as text.
    pub(super) device: Vec<u8>,
    /// The directory of the file system that is mounted.
    pub(super) root: PathBuf,
    /// The mount point.
    pub(super) point: PathBuf,
    /// The layers of an overlay, by their paths when it was mounted.
    pub(super) layers: Vec<PathBuf>,
}

/// Iterates over the mounts of a table, of which there may be 100,000. Empty if it cannot be read.
pub(super) fn mounts(table: &Path) -> impl Iterator<Item = Mount> {
    let lines = File::open(table).map(|file| BufReader::new(file).split(b'\n'));
    let lines = lines.into_iter().flatten().map_while(Result::ok);
    lines.filter_map(|line| Mount::parse(&line))
}

/// Whether anything is mounted below `path`, an absolute path without symlinks. False without
/// /proc; a mount then causes an error later.
pub fn has_mounts_below(path: &Path) -> bool {
    mounts(Path::new(OWN)).any(|mount| mount.point != path && mount.point.starts_with(path))
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&b| b == b' ');
        let (id, parent) = (fields.next()?.to_vec(), fields.next()?.to_vec());
        let device = fields.next()?.to_vec();
        let (root, point) = (path_of(fields.next()?), path_of(fields.next()?));
        // After the optional fields come type, source, and the options of the file system.
        let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
        let (kind, options) = (rest.next(), rest.nth(1));
        let options = options.filter(|_| kind == Some(b"overlay".as_slice()));
        Some(Self {
            id,
            parent,
            device,
            root,
            point,
            layers: options.map(layers).unwrap_or_default(),
        })
    }
}

/// `lowerdir=A:B,upperdir=C,workdir=D`, and since Linux 6.5 `lowerdir+=A`.
fn layers(options: &[u8]) -> Vec<PathBuf> {
    let values = options.split(|&b| b == b',').filter_map(|option| {
        let equals = option.iter().position(|&b| b == b'=')?;
        Some(&option[equals + 1..])
    });
    let paths = values.flat_map(|value| value.split(|&b| b == b':'));
    let paths = paths.filter(|path| path.starts_with(b"/"));
    paths.map(path_of).collect()
}

/// Decodes `\ooo`, which stands for blanks and the like.
fn path_of(field: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal = tail
            .get(..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                path.push(byte);
                rest = &tail[3..];
            }
            _ => {
                path.push(*first);
                rest = tail;
            }
        }
    }
    OsString::from_vec(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_mounted_where() {
        let line = b"36 35 98:0 /a\\040b /srv/a\\040b/home rw,noatime master:1 - ext3 /dev/root rw,lowerdir=/x";
        let mount = Mount::parse(line).unwrap();
        assert_eq!((mount.id, mount.parent), (b"36".into(), b"35".into()));
        assert_eq!(mount.device, b"98:0");
        assert_eq!(mount.root, Path::new("/a b"));
        assert_eq!(mount.point, Path::new("/srv/a b/home"));
        assert_eq!(mount.layers, [""; 0].map(PathBuf::from));
        assert_eq!(Mount::parse(b""), None);
        assert_eq!(Mount::parse(b"36 35 98:0 /"), None);
    }

    #[test]
    fn an_overlay_says_what_it_is_made_of() {
        let line = b"1 2 0:9 / /m rw - overlay overlay rw,lowerdir=/a\\040b:/c,lowerdir+=/d,upperdir=/u,xino=off";
        let layers = ["/a b", "/c", "/d", "/u"].map(PathBuf::from);
        assert_eq!(Mount::parse(line).unwrap().layers, layers);
    }
}
