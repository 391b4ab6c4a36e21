//! Which directories of the cursor are open: as many as `ulimit -n` allows.

use super::{Component, Cursor};
use crate::error::EntryFault;
use crate::sys::{Dir, Time};
use std::ffi::CStr;

/// How many directories are held open at once: trees can be deeper than `ulimit -n`.
const MAX_OPEN: usize = 64;

impl Cursor {
    /// Moves down into `dir`, which is `name` in the current directory. It gets the time `mtime`, if
    /// that is given, when the cursor leaves it.
    pub(in crate::extract) fn push(
        &mut self,
        name: &CStr,
        dir: Dir,
        mtime: Option<Time>,
    ) -> Result<(), EntryFault> {
        self.position.push(name);
        self.components.push(Component::new(name, dir, mtime));
        // The root stays open: everything is opened again from there.
        if let Some(far) = self
            .components
            .len()
            .checked_sub(MAX_OPEN)
            .filter(|&far| far > 0)
        {
            self.components[far].restore_mtime()?;
            self.components[far].dir = None;
        }
        Ok(())
    }

    /// Moves up to `depth` directories below the root.
    pub(in crate::extract) fn leave(&mut self, depth: usize) -> Result<(), EntryFault> {
        self.position.truncate(depth);
        while self.components.len() > depth + 1 {
            if let Some(mut component) = self.components.pop() {
                component.restore_mtime()?;
            }
        }
        self.reopen()
    }

    /// Opens the current directory again if it was closed on the way down.
    fn reopen(&mut self) -> Result<(), EntryFault> {
        let Some(open) = self
            .components
            .iter()
            .rposition(|component| component.dir.is_some())
        else {
            return Ok(());
        };
        for closed in open + 1..self.components.len() {
            let (above, below) = self.components.split_at_mut(closed);
            let (Some(above), Some(component)) = (above.last_mut(), below.first_mut()) else {
                break;
            };
            if let Some(dir) = &above.dir {
                component.dir = Some(
                    dir.open(&component.name)
                        .map_err(|e| EntryFault::io("open", e))?,
                );
            }
            // The nearest stay open, or going up a deep path would take quadratic time.
            if closed > 1 && closed + MAX_OPEN <= self.components.len() {
                self.components[closed - 1].dir = None;
            }
        }
        Ok(())
    }

    /// Moves to the root, and sets the times of all directories that were open.
    pub(in crate::extract) fn restart(&mut self) -> Result<(), EntryFault> {
        self.leave(0)?;
        self.position.restart();
        if let Some(root) = self.components.first_mut() {
            root.restore_mtime()?;
        }
        Ok(())
    }
}
