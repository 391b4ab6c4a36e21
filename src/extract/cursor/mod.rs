//! The path from the root of the tree down to one directory, held open.
//!
//! Symlinks on the way are followed here, one component at a time and inside the root, as the image
//! meant them: `lib -> /usr/lib` leads to the tree's own `usr/lib` (usrmerge), and `..` stops at
//! the root. The kernel is only ever asked for one plain name in a directory that is open.
//!
//! Directories whose contents change get their times back when the way leaves them, so nothing has
//! to be remembered for the end, when a path may have become something else.

mod open;

use super::component::{Component, IfMissing, ImpliedDirectory, StepOutcome};
use super::left_out::LeftOut;
use crate::changeset::{MADE, MAX_LINKS, Steps};
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind, LOST_AND_FOUND, Owner, Time, remove_tree};
use crate::tarball::{LayerPath, Parents};
use std::collections::hash_map::RandomState;
use std::ffi::{CStr, CString};
use std::hash::BuildHasher;
use std::io;

/// The way to one directory; the last step is where it stands.
pub(super) struct Cursor {
    steps: Vec<Component>,
    /// The parents that led here, to see at once that the next name has the same.
    parents: Option<Vec<u8>>,
    /// How many steps it has taken, until somebody takes note.
    taken: u64,
    /// Makes the keys of places; seeded anew for every walk, so that no image can aim at a clash.
    keys: RandomState,
    /// Directories that were made on the way, and those above them, until somebody takes note.
    pub(super) implied: Vec<ImpliedDirectory>,
    /// Whether any directory of the tree may have a default ACL.
    pub(super) watch_acls: bool,
    /// Whether `lost+found` of the root is the file system's: no way leads into it.
    pub(super) spares: bool,
    /// Whose the directories are that no entry describes, if not ours.
    pub(super) plain: Option<Owner>,
    /// What the tree has and the disk has not.
    pub(super) left_out: LeftOut,
    /// The name in this directory that the last way could not pass, if it does not stand in a symlink.
    obstacle: Option<CString>,
}

impl Cursor {
    /// A walk that stands at the root.
    pub(super) fn new(root: Dir) -> Self {
        let root = Component::new(c"", 0, root, None);
        let keys = RandomState::new();
        Self {
            steps: vec![root],
            parents: Some(Vec::new()),
            taken: 0,
            keys,
            implied: Vec::new(),
            watch_acls: false,
            spares: false,
            plain: None,
            left_out: LeftOut::default(),
            obstacle: None,
        }
    }

    /// The directory where it stands.
    pub(super) fn here(&self) -> Result<&Dir, EntryFault> {
        self.opened().map_err(|e| EntryFault::io("open", e))
    }

    fn opened(&self) -> io::Result<&Dir> {
        let dir = self.steps.last().and_then(|step| step.dir.as_ref());
        dir.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// The path of the directory where it stands, without symlinks.
    pub(super) fn place(&self) -> LayerPath {
        LayerPath::of(self.steps.iter().skip(1).map(|step| step.name.as_c_str()))
    }

    /// The keys of the directories it stands in, the nearest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        self.steps.iter().rev().map(|step| step.key)
    }

    /// The key of the place `name` in this directory.
    pub(super) fn key(&self, name: &CStr) -> u64 {
        let here = self.steps.last().map_or(0, |step| step.key);
        self.keys.hash_one((here, name))
    }

    /// Looks at every name again on the next way: a symlink that led here may have gone.
    pub(super) fn invalidate(&mut self) {
        self.parents = None;
    }

    /// Removes `name` in the directory where it stands, with all that is in it. Whether there was
    /// something on the disk.
    pub(super) fn remove(&mut self, name: &CStr) -> io::Result<bool> {
        self.forget_left_out(name);
        remove_tree(self.opened()?, name)
    }

    /// Whether `name` in the directory where it stands has been left out.
    pub(super) fn has_left_out(&self, name: &CStr) -> bool {
        // Almost always nothing has, and no path has to be made.
        !self.left_out.is_empty() && self.left_out.contains(&self.place().join(name))
    }

    /// Says that `name` in the directory where it stands gives way to something else.
    pub(super) fn forget_left_out(&mut self, name: &CStr) {
        if !self.left_out.is_empty() {
            self.left_out.remove(&self.place().join(name));
        }
    }

    /// Whether `name` in the directory where it stands is not the image's to touch.
    pub(super) fn is_spared(&self, name: &CStr) -> bool {
        self.spares && self.steps.len() == 1 && name == LOST_AND_FOUND
    }

    /// Goes to where `parents` lead. False if they lead nowhere and that was only to be told, or to
    /// what is spared.
    pub(super) fn enter(
        &mut self,
        parents: Parents<'_>,
        missing: IfMissing,
    ) -> Result<bool, EntryFault> {
        if self.parents.as_deref() == Some(parents.key()) {
            return Ok(true);
        }
        self.parents = None;
        let mut steps = Steps::new(parents, MAX_LINKS);
        let entered = self.go(&mut steps, missing);
        self.taken += steps.taken();
        if entered? {
            self.parents = Some(parents.key().to_vec());
            return Ok(true);
        }
        Ok(false)
    }

    /// What the last way could not pass, which stands in this directory and is not a directory. Nothing
    /// if a symlink leads to it: then the entry does not name it.
    pub(super) fn take_obstacle(&mut self) -> Option<CString> {
        self.obstacle.take()
    }

    /// How many steps it has taken since this was asked last.
    pub(super) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }

    fn go(&mut self, steps: &mut Steps<'_>, missing: IfMissing) -> Result<bool, EntryFault> {
        let mut depth = 0usize;
        while let Some(name) = steps.advance() {
            let name = &*name;
            if name == c".." {
                depth = depth.saturating_sub(1);
            } else if self
                .steps
                .get(depth + 1)
                .is_some_and(|step| step.name.as_c_str() == name)
            {
                depth += 1;
            } else {
                self.leave(depth)?;
                if self.is_spared(name) {
                    return Ok(false);
                }
                match self.step(name, missing)? {
                    StepOutcome::Down => depth += 1,
                    StepOutcome::Nowhere => return Ok(false),
                    StepOutcome::Blocked => {
                        self.obstacle = steps.is_named().then(|| name.to_owned());
                        return Err(EntryFault::ParentIsFile);
                    }
                    StepOutcome::Link(target) => {
                        let from_root = steps.follow(&target)?;
                        depth = if from_root { 0 } else { depth };
                    }
                }
            }
        }
        self.leave(depth)?;
        Ok(true)
    }

    /// One step down from where it stands.
    fn step(&mut self, name: &CStr, missing: IfMissing) -> Result<StepOutcome, EntryFault> {
        let here = self.here()?;
        match here.open(name) {
            Ok(dir) => {
                self.push(name, dir, None)?;
                Ok(StepOutcome::Down)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound && missing == IfMissing::Make => {
                if self.has_left_out(name) {
                    return Ok(StepOutcome::Blocked);
                }
                self.touch()?;
                let here = self.here()?;
                here.mkdir(name, 0o755)
                    .map_err(|e| EntryFault::io("make a directory", e))?;
                let dir = here.open(name).map_err(|e| EntryFault::io("open", e))?;
                if self.inherits_group() || self.inherits_acl() || self.plain.is_some() {
                    super::metadata::make_plain(&dir, self.plain)?;
                }
                self.taken += MADE;
                self.push(name, dir, Some(Time::default()))?;
                self.imply();
                Ok(StepOutcome::Down)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(StepOutcome::Nowhere),
            Err(e) => match here
                .stat(name)
                .map_err(|e| EntryFault::io("look at", e))?
                .kind
            {
                FileKind::Symlink => {
                    let target = here
                        .read_link(name)
                        .map_err(|e| EntryFault::io("read the link", e))?;
                    Ok(StepOutcome::Link(target))
                }
                FileKind::Directory => Err(EntryFault::io("open", e)),
                _ if missing == IfMissing::Report => Ok(StepOutcome::Nowhere),
                _ => Ok(StepOutcome::Blocked),
            },
        }
    }

    /// Notes that the directory where it stands was made: the way may lead back out of it (`x/../y`)
    /// without anything in it.
    fn imply(&mut self) {
        let mut keys = self.steps.iter().rev().map(|step| step.key);
        let (here, above) = (keys.next(), keys.next());
        let implied = |is_new| move |key| ImpliedDirectory { key, is_new };
        // Of a whole chain, what is above its first one is noted once.
        if self.implied.last().map(|implied| implied.key) != above {
            let above = above.into_iter().chain(keys);
            self.implied.extend(above.map(implied(false)));
        }
        self.implied.extend(here.map(implied(true)));
    }

    /// Says that the contents of this directory are about to change.
    pub(super) fn touch(&mut self) -> Result<(), EntryFault> {
        if self.steps.last().is_some_and(|step| step.mtime.is_some()) {
            return Ok(());
        }
        let here = self.here()?;
        let stat = here.stat_self().map_err(|e| EntryFault::io("look at", e))?;
        let acl = self.watch_acls && super::xattr::has_default_acl(here)?;
        self.describe(stat.mtime, stat.mode & 0o2000 != 0, acl);
        Ok(())
    }

    /// Says what an entry said of this directory itself.
    pub(super) fn describe(&mut self, mtime: Time, setgid: bool, acl: bool) {
        if let Some(step) = self.steps.last_mut() {
            step.mtime = Some(mtime);
            step.setgid = setgid;
            step.acl = acl;
        }
    }

    /// Whether what is made here gets the directory's group instead of ours.
    pub(super) fn inherits_group(&self) -> bool {
        self.steps.last().is_some_and(|step| step.setgid)
    }

    /// Whether what is made here gets an ACL that nobody asked for.
    pub(super) fn inherits_acl(&self) -> bool {
        self.steps.last().is_some_and(|step| step.acl)
    }
}
