//! Which directories of the cursor are open: as many as `ulimit -n` allows.

use super::Cursor;
use crate::error::EntryFault;
use crate::extract::component::Component;
use crate::sys::{Dir, Time};
use std::ffi::CStr;

/// How many directories are held open at once: trees can be deeper than `ulimit -n`.
const MAX_OPEN: usize = 64;

impl Cursor {
    /// Steps into `dir`, which stands under `name` here. With `mtime` it is new or newly described,
    /// and gets that time when the way leaves it.
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

    /// Goes back up to `depth` steps below the root.
    pub(in crate::extract) fn leave(&mut self, depth: usize) -> Result<(), EntryFault> {
        self.position.truncate(depth);
        while self.steps.len() > depth + 1 {
            if let Some(mut step) = self.steps.pop() {
                step.restore_mtime()?;
            }
        }
        self.open_again()
    }

    /// Opens the last step again if it was closed on the way down.
    fn open_again(&mut self) -> Result<(), EntryFault> {
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
            // As many as may be stay open, or going up a deep way would take quadratic time.
            if closed > 1 && closed + MAX_OPEN <= self.steps.len() {
                self.steps[closed - 1].dir = None;
            }
        }
        Ok(())
    }

    /// Goes back to the root and forgets what it has seen: the tree has changed.
    pub(in crate::extract) fn restart(&mut self) -> Result<(), EntryFault> {
        self.leave(0)?;
        self.position.restart();
        if let Some(root) = self.steps.first_mut() {
            root.restore_mtime()?;
        }
        Ok(())
    }
}
