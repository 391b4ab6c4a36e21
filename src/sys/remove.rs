//! Removes a tree of any depth and width through open directories, in linear time.

use super::Handle as _;
use super::{Dir, FileKind, NewNode, is_root};
use std::error;
use std::ffi::{CStr, CString, OsString};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How many directories are open at once. Deeper ones are first moved up.
const DEPTH: usize = 32;

/// How often a directory is listed that is still not empty: some file systems skip names while
/// others are removed. A process that keeps creating files there would otherwise keep this running
/// for ever.
const ROUNDS: u32 = 32;

/// The same if directories were moved up, `DEPTH` levels of a deep tree each time.
const DEEP_ROUNDS: u32 = 65_536;

/// How long to keep emptying a directory that is not empty after three listings: someone may create
/// more in each round than in the one before.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many names are taken from one listing: on some kernels, a listing of a tmpfs continues as
/// long as someone creates names.
const LISTING: usize = 1 << 20;

/// A directory that is not empty however often it is emptied.
#[derive(Debug)]
struct StillFilled(PathBuf);

impl Display for StillFilled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = self.0.display();
        write!(f, "{path}: another process keeps making files there")
    }
}

impl error::Error for StillFilled {}

/// Removes `name` in `parent` and everything in it. Symlinks are removed, never followed. Returns
/// whether the name existed.
pub fn remove_tree(parent: &Dir, name: &CStr) -> io::Result<bool> {
    let removed = match parent.unlink(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        // Linux returns this for directories before it asks the file system.
        Err(e) if e.kind() == io::ErrorKind::IsADirectory => {
            let dir = open(parent, name)?;
            Removal::new(&dir, false).all(parent, name)
        }
        done => done,
    };
    removed.map(|()| true)
}

/// Removes the directory `dir` and everything in it. It was created as `name` in `parent`; if that
/// is someone else's directory by now, it stays.
pub fn remove_opened(parent: &Dir, name: &CStr, dir: &Dir) -> io::Result<()> {
    Removal::new(dir, true).all(parent, name)
}

/// The removal of one tree.
struct Removal<'t> {
    /// Directories deeper than `DEPTH` are moved here and removed in the next round: a tree can be
    /// deeper than the number of directories a process may have open.
    top: &'t Dir,
    /// Whether the name of `top` may denote something else by now.
    is_checked: bool,
    /// When to give up a directory that someone keeps filling.
    deadline: Option<Instant>,
    moved: u64,
    /// The first directory that was given up, last component first, and the depth of the last of
    /// these.
    left: Vec<CString>,
    left_depth: usize,
}

impl<'t> Removal<'t> {
    fn new(top: &'t Dir, is_checked: bool) -> Self {
        Self {
            top,
            is_checked,
            deadline: None,
            moved: 0,
            left: Vec::new(),
            left_depth: 0,
        }
    }

    fn all(mut self, parent: &Dir, name: &CStr) -> io::Result<()> {
        if self.remove(parent, name, self.top, 0)? {
            return Ok(());
        }
        let names = self.left.iter().rev();
        let path = names.map(|name| OsString::from_vec(name.to_bytes().to_vec()));
        let why = StillFilled(path.collect());
        Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, why))
    }

    /// Removes the directory `dir` and everything in it. False if something in it was given up.
    fn remove(&mut self, parent: &Dir, name: &CStr, dir: &Dir, depth: usize) -> io::Result<bool> {
        let (mut rounds, mut deep_rounds) = (0, 0);
        let outer_deadline = self.deadline;
        loop {
            let moved = self.moved;
            let is_left = self.clear(dir, depth)?;
            if !is_left {
                if depth == 0 && self.is_checked && !parent.denotes(name, dir)? {
                    return Ok(true);
                }
                match parent.rmdir(name) {
                    Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                    done => {
                        self.deadline = outer_deadline;
                        return gone(done).map(|_| true);
                    }
                }
            }
            if self.moved == moved {
                rounds += 1
            } else {
                deep_rounds += 1
            }
            if rounds == 3 {
                self.deadline = outer_deadline.or_else(|| Instant::now().checked_add(PATIENCE));
            }
            if is_left || self.is_late() || rounds == ROUNDS || deep_rounds == DEEP_ROUNDS {
                // Of several that were given up, report one, with all its ancestors.
                if self.left.is_empty() || is_left && self.left_depth == depth + 1 {
                    self.left.push(name.to_owned());
                    self.left_depth = depth;
                }
                return Ok(false);
            }
        }
    }

    /// Removes everything in `dir`, or moves it to the top. True if something in it was given up.
    fn clear(&mut self, dir: &Dir, depth: usize) -> io::Result<bool> {
        let mut is_left = false;
        for entry in dir.entries()?.take(LISTING) {
            if self.is_late() {
                break;
            }
            let entry = entry?;
            let name = entry.name.as_c_str();
            let is_directory = match entry.kind {
                Some(kind) => kind == FileKind::Directory,
                None => dir.stat(name)?.kind == FileKind::Directory,
            };
            if !is_directory {
                gone(dir.unlink(name))?;
            } else if depth == DEPTH {
                self.move_up(dir, name)?;
            } else if let Some(inner) = gone(open(dir, name))? {
                // Most directories at that depth are empty: try the cheap way first.
                is_left |= !self.remove(dir, name, &inner, depth + 1)?;
            }
        }
        Ok(is_left)
    }

    fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Moves the directory `name` to an unused name in the top.
    fn move_up(&mut self, dir: &Dir, name: &CStr) -> io::Result<()> {
        loop {
            self.moved += 1;
            // The name never contains a NUL.
            let free = CString::new(format!(".moved-{}", self.moved)).unwrap_or_default();
            match dir.rename_new(name, self.top, &free) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                other => return gone(other).map(drop),
            }
        }
    }
}

/// If someone else has removed a name first, or replaced it by another type of file, the next round
/// deals with it.
fn gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Opens a directory to empty it; an ordinary user's own may lack the permission bits. Mounts in it
/// are not part of the tree, no matter who mounted them: they are not touched.
fn open(parent: &Dir, name: &CStr) -> io::Result<Dir> {
    let dir = match parent.open(name) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            let node = NewNode::open(parent, name)?;
            if node.stat()?.kind != FileKind::Directory
                || node.set_mode(parent, name, 0o700).is_err()
            {
                return Err(e);
            }
            node.open_dir()?
        }
        other => other?,
    };
    if dir.is_mount_point()? {
        return Err(io::Error::from(io::ErrorKind::ResourceBusy));
    }
    if !is_root() {
        let mode = dir.stat_self()?.mode;
        if mode & 0o700 != 0o700 {
            dir.set_mode(mode | 0o700)?;
        }
    }
    Ok(dir)
}
