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
        self.steps.push(Component::new(name, dir, mtime));
        // The root stays open: everything is opened again from there.
        if let Some(far) = self
            .steps
            .len()
            .checked_sub(MAX_OPEN)
            .filter(|&far| far > 0)
        {
            self.steps[far].restore_mtime()?;
            self.steps[far].dir = None;
        }
        Ok(())
    }

    /// Moves up to `depth` directories below the root.
    pub(in crate::extract) fn leave(&mut self, depth: usize) -> Result<(), EntryFault> {
        self.position.truncate(depth);
        while self.steps.len() > depth + 1 {
            if let Some(mut step) = self.steps.pop() {
                step.restore_mtime()?;
            }
        }
        self.reopen()
    }

    /// Opens the current directory again if it was closed on the way down.
    fn reopen(&mut self) -> Result<(), EntryFault> {
        let Some(open) = self.steps.iter().rposition(|step| step.dir.is_some()) else {
            return Ok(());
        };
        for closed in open + 1..self.steps.len() {
            let (above, below) = self.steps.split_at_mut(closed);
            let (Some(above), Some(step)) = (above.last_mut(), below.first_mut()) else {
                break;
            };
            if let Some(dir) = &above.dir {
                step.dir = Some(
                    dir.open(&step.name)
                        .map_err(|e| EntryFault::io("open", e))?,
                );
            }
            // The nearest stay open, or going up a deep path would take quadratic time.
            if closed > 1 && closed + MAX_OPEN <= self.steps.len() {
                self.steps[closed - 1].dir = None;
            }
        }
        Ok(())
    }

    /// Moves to the root, and sets the times of all directories that were open.
    pub(in crate::extract) fn restart(&mut self) -> Result<(), EntryFault> {
        self.leave(0)?;
        self.position.restart();
        if let Some(root) = self.steps.first_mut() {
            root.restore_mtime()?;
        }
        Ok(())
    }
}
