//! Resolves a path from the user and keeps the result open: what was checked is what is used, even
//! if the path changes its meaning.
//!
//! Symlinks are followed here rather than by the kernel, whose protection against planted symlinks
//! (fs.protected_symlinks) therefore does not apply: so this does the same.

use super::{Dir, FileKind, Host, NewNode, Stat};
use rustix::io::Errno;
use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// How many symlinks a path may lead through; the limit of Linux.
const MAX_LINKS: usize = 40;

/// What a path resolves to.
#[derive(Debug)]
pub struct Location {
    /// The path without symlinks, `.` and `..`.
    pub path: PathBuf,
    /// The parent directory, or the nearest existing ancestor.
    pub above: NewNode,
    /// The missing directories below that.
    pub missing: Vec<CString>,
    /// The last component; empty for `/`.
    pub name: CString,
    /// What exists at the path.
    pub found: Option<(NewNode, Stat)>,
    /// Whether it is in no directory: a pipe that a link in /proc leads to.
    pub is_nameless: bool,
}

/// Why a path cannot be resolved.
#[derive(Debug)]
pub enum Unlocated {
    /// An error of the kernel.
    Io(io::Error),
    /// The symlink belongs to another user, in a directory in which anyone can create one.
    ForeignLink(PathBuf),
}

impl From<io::Error> for Unlocated {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for Unlocated {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// A component yet to be resolved, and whether the user typed it: missing components may be
/// created, but not those of a symlink's target.
struct Remaining {
    name: OsString,
    typed: bool,
}

/// The state of the resolution.
struct PathLookup {
    path: PathBuf,
    here: NewNode,
    /// The parent of `here`, unless the path led up.
    above: Option<NewNode>,
    /// The remaining components, in reverse.
    ahead: Vec<Remaining>,
    links: usize,
}

/// Resolves `path`. Missing components at its end are no error.
pub fn locate(path: &Path) -> Result<Location, Unlocated> {
    let path = std::path::absolute(path)?;
    let mut walk = PathLookup {
        path: PathBuf::from("/"),
        here: NewNode::open_target(&rustix::fs::CWD, c"/")?,
        above: None,
        ahead: Vec::new(),
        links: 0,
    };
    walk.push(&path, true);
    while let Some(Remaining { name, typed }) = walk.ahead.pop() {
        if name == ".." {
            walk.here = NewNode::open(&walk.here, c"..")?;
            walk.path.pop();
            walk.above = None;
            continue;
        }
        let c_name = c_name(&name)?;
        let node = match NewNode::open(&walk.here, &c_name) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && typed => {
                return walk.missing(c_name, e);
            }
            other => other?,
        };
        let stat = node.stat()?;
        match stat.kind {
            FileKind::Symlink => {
                if let Some(found) = walk.follow(&node, &stat, &c_name)? {
                    return walk.end(c_name, found, true);
                }
            }
            FileKind::Directory => {
                walk.path.push(&name);
                walk.above = Some(std::mem::replace(&mut walk.here, node));
            }
            _ => {
                walk.path.push(&name);
                return walk.end(c_name, (node, stat), false);
            }
        }
    }
    walk.at_folder()
}

impl PathLookup {
    fn push(&mut self, path: &Path, typed: bool) {
        let names = path.components().rev().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            _ => None,
        });
        self.ahead
            .extend(names.map(|name| Remaining { name, typed }));
    }

    /// Follows the symlink `node`. Returns its target if that is in no directory.
    fn follow(
        &mut self,
        node: &NewNode,
        link: &Stat,
        name: &CString,
    ) -> Result<Option<(NewNode, Stat)>, Unlocated> {
        let folder = self.here.stat()?;
        if is_foreign(link, &folder) {
            let name = OsString::from_vec(name.as_bytes().to_vec());
            return Err(Unlocated::ForeignLink(self.path.join(name)));
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP.into());
        }
        if node.is_in_proc()? {
            let target = NewNode::open_target(&self.here, name)?;
            let stat = target.stat()?;
            if stat.kind == FileKind::Special {
                return Ok(Some((target, stat)));
            }
        }
        let target = PathBuf::from(OsString::from_vec(node.read_link()?.into_bytes()));
        if target.is_absolute() {
            self.path = PathBuf::from("/");
            self.here = NewNode::open_target(&rustix::fs::CWD, c"/")?;
            self.above = None;
        }
        self.push(&target, false);
        Ok(None)
    }

    /// The remaining components do not exist.
    fn missing(mut self, name: CString, error: io::Error) -> Result<Location, Unlocated> {
        let mut missing = vec![name];
        while let Some(Remaining { name, .. }) = self.ahead.pop() {
            // `missing/..` has no meaning that could safely be assumed.
            if name == ".." {
                return Err(error.into());
            }
            missing.push(c_name(&name)?);
        }
        for name in &missing {
            self.path.push(std::ffi::OsStr::from_bytes(name.to_bytes()));
        }
        let name = missing.pop().unwrap_or_default();
        Ok(Location {
            path: self.path,
            above: self.here,
            missing,
            name,
            found: None,
            is_nameless: false,
        })
    }

    /// The component exists and is not a directory.
    fn end(
        self,
        name: CString,
        found: (NewNode, Stat),
        is_nameless: bool,
    ) -> Result<Location, Unlocated> {
        if !self.ahead.is_empty() {
            return Err(Errno::NOTDIR.into());
        }
        Ok(Location {
            path: self.path,
            above: self.here,
            missing: Vec::new(),
            name,
            found: Some(found),
            is_nameless,
        })
    }

    /// The path ends at the current directory.
    fn at_folder(self) -> Result<Location, Unlocated> {
        let stat = self.here.stat()?;
        let name = c_name(self.path.file_name().unwrap_or_default())?;
        let above = match self.above {
            Some(above) => above,
            None if name.is_empty() => self.here.try_clone()?,
            None => {
                let above = NewNode::open(&self.here, c"..")?;
                if NewNode::open(&above, &name)?.stat()?.id != stat.id {
                    return Err(Errno::STALE.into());
                }
                above
            }
        };
        Ok(Location {
            path: self.path,
            above,
            missing: Vec::new(),
            name,
            found: Some((self.here, stat)),
            is_nameless: false,
        })
    }
}

impl Location {
    /// The parent directory, if it exists.
    pub fn parent(&self) -> io::Result<Option<Dir>> {
        let is_there = self.missing.is_empty();
        is_there.then(|| self.above.open_dir()).transpose()
    }

    /// The parent directory, which must exist.
    pub fn existing_parent(&self) -> io::Result<Dir> {
        self.parent()?.ok_or(Errno::NOENT.into())
    }

    /// Whether it is a fifo of another user, who could make us wait for ever. A pipe without a name
    /// was passed to us open.
    pub fn is_foreign_fifo(&self) -> bool {
        let fifo = Some(super::Special::Fifo);
        let found = self.found.as_ref().filter(|_| !self.is_nameless);
        found.is_some_and(|(_, stat)| stat.special == fifo && stat.is_of_others())
    }
}

/// The rule of fs.protected_symlinks, for every component: in a sticky world-writable directory,
/// only the user's own symlinks and those of the directory's owner are followed.
fn is_foreign(link: &Stat, folder: &Stat) -> bool {
    folder.mode & 0o1002 == 0o1002
        && link.owner.uid != Host::new().uid
        && link.owner.uid != folder.owner.uid
}

fn c_name(name: &std::ffi::OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_bytes())?)
}
