//! Plans a pull for a dry run: where each layer would come from, and how much would be fetched.

use super::Source;
use super::space::{can_keep, check_fits};
use crate::cache::{CacheView, Presence};
use crate::error::Error;
use crate::oci::{Descriptor, Image};
use crate::progress::Progress;
use crate::sys::Dir;
use std::collections::HashSet;
use std::path::Path;

/// What a pull would do for each layer.
pub(crate) struct PullPlan {
    /// The hosts to ask, in order; for a local image, its path.
    pub(crate) from: Vec<String>,
    /// The layers, lowest first, and where each would come from.
    pub(crate) layers: Vec<(Descriptor, LayerOrigin)>,
    /// The total size of the layers, each counted once, in bytes.
    pub(crate) size: u64,
    /// How many of these bytes would be fetched over the network.
    pub(crate) fetched: u64,
    /// The free space in bytes where the tree would be written, if the file system reports it.
    pub(crate) free: Option<u64>,
    /// Whether fetched layers would be cached.
    pub(crate) is_kept: bool,
}

/// Where a layer would come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayerOrigin {
    /// The cache has all of it.
    Cached,
    /// The cache has this many bytes of it.
    Partial(u64),
    /// From the registry.
    Fetched,
    /// From the layout or archive.
    Read,
}

impl Source<'_> {
    /// Plans a pull of `image` into `destination`, whose tree would be written to the file system
    /// of `folder`. Refuses an image that does not fit, as the pull would.
    pub(crate) fn plan(
        &self,
        image: &Image,
        (folder, destination): (&Dir, &Path),
        view: Option<&CacheView>,
        progress: Progress,
    ) -> Result<PullPlan, Error> {
        let blobs = || image.layers.iter().map(|layer| &layer.blob);
        let mut seen = HashSet::new();
        let unique = blobs().filter(|blob| seen.insert(&blob.digest));
        let size = unique.fold(0, |sum, blob| u64::saturating_add(sum, blob.size));
        check_fits(size, folder, destination)?;
        let mut plan = PullPlan {
            from: self.origins(),
            layers: Vec::new(),
            size,
            fetched: 0,
            free: folder.free_space(),
            is_kept: false,
        };
        match self {
            Self::Layout(layout) => {
                for blob in blobs() {
                    layout.must_have(blob)?;
                    plan.layers.push((blob.clone(), LayerOrigin::Read));
                }
            }
            Self::Registry(_) => {
                plan.is_kept = match view {
                    Some(view) => self.is_kept(&plan, image, (folder, view), progress)?,
                    None => false,
                };
                plan.add_fetched(blobs(), view)?;
            }
        }
        Ok(plan)
    }

    /// Whether the cache has space for the layers it lacks.
    fn is_kept(
        &self,
        plan: &PullPlan,
        image: &Image,
        (folder, view): (&Dir, &CacheView),
        progress: Progress,
    ) -> Result<bool, Error> {
        let mut seen = HashSet::new();
        let mut missing = 0;
        for blob in image.layers.iter().map(|layer| &layer.blob) {
            if seen.insert(&blob.digest) {
                missing =
                    u64::saturating_add(missing, LayerOrigin::of(blob, Some(view))?.rest(blob));
            }
        }
        let is_beside = view.is_beside(folder);
        let is_beside = is_beside.map_err(|e| Error::io("look at", view.path(), e))?;
        let besides = if is_beside { plan.size } else { 0 };
        let free = view.free_space();
        Ok(view.is_writable() && can_keep(missing, besides, free, view.path(), progress))
    }

    /// The hosts to ask, or the path to read.
    fn origins(&self) -> Vec<String> {
        match self {
            Self::Registry(cached) => cached.hosts(),
            Self::Layout(layout) => match layout.path() {
                Some(path) => vec![format!("{} {}", layout.word(), path.display())],
                None => vec!["standard input".to_owned()],
            },
        }
    }
}

impl PullPlan {
    fn add_fetched<'b>(
        &mut self,
        blobs: impl Iterator<Item = &'b Descriptor>,
        view: Option<&CacheView>,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for blob in blobs {
            let origin = match (LayerOrigin::of(blob, view)?, self.is_kept) {
                // A layer that occurs again is present by then.
                (_, true) if !seen.insert(&blob.digest) => LayerOrigin::Cached,
                // A partial layer is resumed only if it can be cached.
                (LayerOrigin::Partial(_), false) => LayerOrigin::Fetched,
                (origin, _) => origin,
            };
            self.fetched = self.fetched.saturating_add(origin.rest(blob));
            self.layers.push((blob.clone(), origin));
        }
        Ok(())
    }
}

impl LayerOrigin {
    fn of(blob: &Descriptor, view: Option<&CacheView>) -> Result<Self, Error> {
        let presence = view.map_or(Ok(Presence::Nothing), |view| view.presence(blob))?;
        Ok(match presence {
            Presence::Whole => Self::Cached,
            Presence::Part(cached) if cached == blob.size => Self::Cached,
            Presence::Part(cached) => Self::Partial(cached),
            Presence::Nothing => Self::Fetched,
        })
    }

    /// How many bytes would be fetched over the network.
    fn rest(self, blob: &Descriptor) -> u64 {
        match self {
            Self::Cached | Self::Read => 0,
            Self::Partial(cached) => blob.size - cached,
            Self::Fetched => blob.size,
        }
    }
}
