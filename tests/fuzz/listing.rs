//! What a tree holds, in words that can be compared: all that an extraction decides, and not what the machine does.

use roots::sys::{Dir, FileKind, Handle, Stat, Time};
use std::collections::HashMap;
use std::ffi::CStr;
use std::io::{Read as _, Seek as _, SeekFrom};

/// As deep as a process may have directories open, with room to spare.
const DEPTH: usize = 200;

/// The first bytes of a file, and its last ones: what is between them was copied the same way.
const SHOWN: u64 = 4096;

pub struct Listing {
    lines: Vec<String>,
    /// The numbers of files, by their inodes: a hard link is a number that was there before.
    files: HashMap<(u64, u64), usize>,
    /// Times stand only when an extraction ends well.
    times: bool,
}

impl Listing {
    /// A line for all that is in a tree.
    pub fn of(root: &Dir, times: bool) -> Vec<String> {
        let (lines, files) = (Vec::new(), HashMap::new());
        let mut listing = Self {
            lines,
            files,
            times,
        };
        let stat = root.stat_self().expect("a root");
        listing.add(c"", &stat, 0, &xattrs(root));
        listing.visit(root, 1);
        listing.lines
    }

    fn visit(&mut self, dir: &Dir, depth: usize) {
        let mut names = dir.list().unwrap_or_default();
        names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for name in names.iter().map(|listed| listed.name.as_c_str()) {
            let stat = dir.stat(name).expect("what was listed");
            // An ordinary user may be shut out of a tree of its own.
            match stat.kind {
                FileKind::Directory => {
                    let inner = dir.open(name).ok().filter(|_| depth < DEPTH);
                    self.add(name, &stat, depth, &inner.as_ref().map(xattrs));
                    if let Some(inner) = inner {
                        self.visit(&inner, depth + 1);
                    }
                }
                FileKind::File => self.add(name, &stat, depth, &contents(dir, name, stat.size)),
                FileKind::Symlink => self.add(name, &stat, depth, &dir.read_link(name).ok()),
                FileKind::Special => self.add(name, &stat, depth, &()),
            }
        }
    }

    fn add(&mut self, name: &CStr, stat: &Stat, depth: usize, inside: &dyn std::fmt::Debug) {
        let new = self.files.len();
        let number = *self.files.entry(stat.id).or_insert(new);
        let mtime = if self.times {
            stat.mtime
        } else {
            Time::default()
        };
        let (kind, mode, owner) = (stat.kind, stat.mode, stat.owner);
        self.lines.push(format!(
            "{depth} {name:?} {number} {kind:?} {mode:o} {owner:?} {mtime:?} {inside:?}"
        ));
    }
}

fn contents(dir: &Dir, name: &CStr, size: u64) -> Option<(u64, Vec<u8>, Vec<(String, Vec<u8>)>)> {
    let mut file = dir.open_file(name).ok()?;
    let mut bytes = Vec::new();
    let end = SeekFrom::Start(size.saturating_sub(SHOWN).max(SHOWN));
    (&mut file).take(SHOWN).read_to_end(&mut bytes).ok()?;
    file.seek(end).ok()?;
    (&mut file).take(SHOWN).read_to_end(&mut bytes).ok()?;
    Some((size, bytes, xattrs(&file)))
}

fn xattrs(handle: &impl Handle) -> Vec<(String, Vec<u8>)> {
    let names = handle.list_xattrs().unwrap_or_default();
    let mut found = Vec::new();
    for name in names.split_inclusive(|&b| b == 0) {
        let name = CStr::from_bytes_with_nul(name).expect("a name that ends");
        let shown = name.to_string_lossy().into_owned();
        found.push((shown, handle.xattr(name).unwrap_or_default()));
    }
    found.sort();
    found
}
