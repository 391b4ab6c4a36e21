//! The cache that the command line asks for.

use crate::cache::{Cache, CacheView};
use crate::error::Error;
use crate::progress::Progress;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A cache that may not exist yet.
pub(crate) enum CacheChoice {
    /// `--cache no`: nothing but the tree is written.
    No,
    /// `--cache DIR`: an error if it cannot be used.
    At(PathBuf),
    /// The default one. If it cannot be used, for example because the system is read-only, roots
    /// warns and does without a cache.
    Default(PathBuf),
}

impl CacheChoice {
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::No => None,
            Self::At(path) | Self::Default(path) => Some(path),
        }
    }

    /// Opens the cache for a dry run, with the errors and warnings of [`Self::open`].
    pub(super) fn view(&self, progress: Progress) -> Result<Option<CacheView>, Error> {
        match self {
            Self::No => Ok(None),
            Self::At(path) => CacheView::at(path, progress).map(Some),
            Self::Default(path) => Ok(CacheView::at(path, progress)
                .inspect_err(|e| progress.warn(format_args!("no cache: {e}")))
                .ok()),
        }
    }

    /// Opens the cache for pulls, and creates it if it is missing.
    pub(super) fn open(
        &self,
        timeout: Duration,
        progress: Progress,
    ) -> Result<Option<Cache>, Error> {
        match self {
            Self::No => Ok(None),
            Self::At(path) => Cache::open(path, timeout, progress).map(Some),
            Self::Default(path) => Ok(Cache::open(path, timeout, progress)
                .inspect_err(|e| progress.warn(format_args!("no cache: {e}")))
                .ok()),
        }
    }
}
