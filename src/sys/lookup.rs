//! Resolves a path of the user and holds the result open: what was checked is what is used,
//! whatever the path means later.
//!
//! Symlinks are followed here and not by the kernel, which therefore cannot refuse those that are
//! traps (fs.protected_symlinks): so this does.

use super::{Dir, FileKind, Host, NewNode, Stat};
use rustix::io::Errno;
use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

/// How many symlinks one path may lead through, as in Linux.
const MAX_LINKS: usize = 40;

/// What a path stands for.
#[derive(Debug)]
pub struct Location {
    /// The same without symlinks, `.` and `..`.
    pub path: PathBuf,
    /// The folder that it is in, or the nearest above that exists.
    pub above: NewNode,
    /// The folders below that, as far as they are missing.
    pub missing: Vec<CString>,
    /// Its name in the last of them; none of `/`.
    pub name: CString,
    /// What is there.
    pub found: Option<(NewNode, Stat)>,
    /// Whether it has no place of its own: a pipe that a link of /proc leads to.
    pub is_nameless: bool,
}

/// Why nobody can say where a path leads.
#[derive(Debug)]
pub enum Unlocated {
    /// What the kernel says.
    Io(io::Error),
    /// This symlink is somebody else's, in a folder in which anybody can make one.
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

/// A component that is yet to be entered, and whether the user has typed it: what is missing may
/// be made, but not what a link leads to.
struct Remaining {
    name: OsString,
    typed: bool,
}

/// Where the walk stands.
struct PathLookup {
    path: PathBuf,
    here: NewNode,
    /// The folder that `here` is in, unless the way led up.
    above: Option<NewNode>,
    /// What comes next is last.
    ahead: Vec<Remaining>,
    links: usize,
}

/// Follows `path`. What is missing at its end is no error.
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

    /// Follows the symlink `node`; what it leads to, if that is no place in a folder.
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

    /// From here on there is nothing.
    fn missing(mut self, name: CString, error: io::Error) -> Result<Location, Unlocated> {
        let mut missing = vec![name];
        while let Some(Remaining { name, .. }) = self.ahead.pop() {
            // There is no meaning of `missing/..` that would be safe to guess.
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

    /// There is something that is no folder.
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

    /// The way ends in the folder where it stands.
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
    /// The folder that it is in, if that exists.
    pub fn parent(&self) -> io::Result<Option<Dir>> {
        let is_there = self.missing.is_empty();
        is_there.then(|| self.above.open_dir()).transpose()
    }

    /// The folder that it is in, which has to exist.
    pub fn existing_parent(&self) -> io::Result<Dir> {
        self.parent()?.ok_or(Errno::NOENT.into())
    }

    /// Whether it is a fifo that somebody else has made, who may let us wait for ever. One without a
    /// name was given to us open.
    pub fn is_foreign_fifo(&self) -> bool {
        let fifo = Some(super::Special::Fifo);
        let found = self.found.as_ref().filter(|_| !self.is_nameless);
        found.is_some_and(|(_, stat)| stat.special == fifo && stat.is_of_others())
    }
}

/// The rule of fs.protected_symlinks, for every component: a folder in which anybody can make names
/// and nobody can remove those of others.
fn is_foreign(link: &Stat, folder: &Stat) -> bool {
    folder.mode & 0o1002 == 0o1002
        && link.owner.uid != Host::new().uid
        && link.owner.uid != folder.owner.uid
}

fn c_name(name: &std::ffi::OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_bytes())?)
}
