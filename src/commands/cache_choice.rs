//! Which cache the command line asks for, and what happens if it cannot be used.

use crate::cache::{Cache, CacheView};
use crate::error::Error;
use crate::progress::Progress;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which cache.
pub enum CacheChoice {
    /// None: no byte is written but the tree.
    No,
    /// The one that was asked for.
    At(PathBuf),
    /// The usual one: without it a pull still works.
    Usual(PathBuf),
}

impl CacheChoice {
    /// Where it is.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::No => None,
            Self::At(path) | Self::Usual(path) => Some(path),
        }
    }

    /// Looks at it for a dry run, with what [`Self::open`] would say.
    pub(super) fn view(&self, progress: Progress) -> Result<Option<CacheView>, Error> {
        match self {
            Self::No => Ok(None),
            Self::At(path) => CacheView::at(path, progress).map(Some),
            Self::Usual(path) => Ok(CacheView::at(path, progress)
                .inspect_err(|e| progress.warn(format_args!("no cache: {e}")))
                .ok()),
        }
    }

    /// Opens it for pulls. The usual place may be out of reach (a read-only system, no HOME): then
    /// there is no cache, and it is said. A place that was asked for has to work.
    pub(super) fn open(
        &self,
        timeout: Duration,
        progress: Progress,
    ) -> Result<Option<Cache>, Error> {
        match self {
            Self::No => Ok(None),
            Self::At(path) => Cache::open(path, timeout, progress).map(Some),
            Self::Usual(path) => Ok(Cache::open(path, timeout, progress)
                .inspect_err(|e| progress.warn(format_args!("no cache: {e}")))
                .ok()),
        }
    }
}
