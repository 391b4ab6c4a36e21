//! What a pull would do for each layer, known before it starts.

use super::Source;
use super::space::{can_keep, check_fits, failed};
use crate::cache::{CacheView, Presence};
use crate::error::Error;
use crate::oci::{Descriptor, Image};
use crate::progress::Progress;
use crate::sys::Dir;
use std::collections::HashSet;
use std::path::Path;

/// What a pull would do for the layers.
pub struct PullPlan {
    /// Who would be asked, in this order; of an image on disk, where it is.
    pub from: Vec<String>,
    /// The layers, lowest first, and where each would come from.
    pub layers: Vec<(Descriptor, LayerOrigin)>,
    /// How large they are in all, each counted once, in bytes.
    pub size: u64,
    /// How much of that would come over the network.
    pub fetched: u64,
    /// How much can be written where the tree would grow, if the file system says so.
    pub free: Option<u64>,
    /// Whether what is fetched would be kept.
    pub is_kept: bool,
}

/// Where a layer would come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerOrigin {
    /// The cache has it.
    Cached,
    /// The cache has so many bytes of it.
    Partial(u64),
    /// It is fetched.
    Fetched,
    /// It is in the layout or archive.
    Read,
}

impl Source<'_> {
    /// Looks what a pull of `image` into `destination` would do, whose tree would grow in the file
    /// system of `place`. An image that does not fit is refused, as by the pull.
    pub fn plan(
        &self,
        image: &Image,
        (place, destination): (&Dir, &Path),
        look: Option<&CacheView>,
        progress: Progress,
    ) -> Result<PullPlan, Error> {
        let blobs = || image.layers.iter().map(|layer| &layer.blob);
        let mut seen = HashSet::new();
        let unique = blobs().filter(|blob| seen.insert(&blob.digest));
        let size = unique.fold(0, |sum, blob| u64::saturating_add(sum, blob.size));
        check_fits(size, place, destination)?;
        let mut plan = PullPlan {
            from: self.places(),
            layers: Vec::new(),
            size,
            fetched: 0,
            free: place.free_space(),
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
                plan.is_kept = match look {
                    Some(look) => self.is_kept(&plan, image, (place, look), progress)?,
                    None => false,
                };
                plan.add_fetched(blobs(), look)?;
            }
        }
        Ok(plan)
    }

    /// Whether there is room in the cache for what it lacks.
    fn is_kept(
        &self,
        plan: &PullPlan,
        image: &Image,
        (place, look): (&Dir, &CacheView),
        progress: Progress,
    ) -> Result<bool, Error> {
        let mut seen = HashSet::new();
        let mut lacks = 0;
        for blob in image.layers.iter().map(|layer| &layer.blob) {
            if seen.insert(&blob.digest) {
                lacks = u64::saturating_add(lacks, LayerOrigin::of(blob, Some(look))?.rest(blob));
            }
        }
        let is_beside = look.is_beside(place);
        let is_beside = is_beside.map_err(|e| failed(look.path(), e))?;
        let besides = if is_beside { plan.size } else { 0 };
        let free = look.free_space();
        Ok(look.is_writable() && can_keep(lacks, besides, free, look.path(), progress))
    }

    /// Who would be asked, or what would be read.
    fn places(&self) -> Vec<String> {
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
        look: Option<&CacheView>,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for blob in blobs {
            let way = match (LayerOrigin::of(blob, look)?, self.is_kept) {
                // The same layer a second time is there already.
                (_, true) if !seen.insert(&blob.digest) => LayerOrigin::Cached,
                // What is not kept is not gone on with.
                (LayerOrigin::Partial(_), false) => LayerOrigin::Fetched,
                (way, _) => way,
            };
            self.fetched = self.fetched.saturating_add(way.rest(blob));
            self.layers.push((blob.clone(), way));
        }
        Ok(())
    }
}

impl LayerOrigin {
    fn of(blob: &Descriptor, look: Option<&CacheView>) -> Result<Self, Error> {
        let held = look.map_or(Ok(Presence::Nothing), |look| look.held(blob))?;
        Ok(match held {
            Presence::Whole => Self::Cached,
            Presence::Part(had) if had == blob.size => Self::Cached,
            Presence::Part(had) => Self::Partial(had),
            Presence::Nothing => Self::Fetched,
        })
    }

    /// How much would come over the network, in bytes.
    fn rest(self, blob: &Descriptor) -> u64 {
        match self {
            Self::Cached | Self::Read => 0,
            Self::Partial(had) => blob.size - had,
            Self::Fetched => blob.size,
        }
    }
}
