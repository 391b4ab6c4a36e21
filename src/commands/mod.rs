//! What the user asked for, and one file for each way to do it.

mod digest;
mod pull;
mod purge;

use crate::cache::{Access, Cache};
use crate::error::Error;
use crate::oci::Wanted;
use crate::progress::Progress;
use crate::registry;
use crate::source::Name;
use std::path::PathBuf;

/// A command line, understood.
pub enum Command {
    /// `roots pull`
    Pull(Pull),
    /// `roots digest`
    Digest(Digest),
    /// `roots purge`
    Purge(Purge),
    /// `roots version`
    Version,
    /// A help page.
    Help(&'static str),
}

/// `roots pull IMAGE DEST`
pub struct Pull {
    /// IMAGE.
    pub image: Name,
    /// DEST.
    pub dest: PathBuf,
    /// The platform to pull for.
    pub wanted: Wanted,
    /// How registries are to be reached.
    pub access: registry::Access,
    /// The cache to use.
    pub cache: CacheChoice,
    /// How large the tree may grow, in bytes.
    pub max_size: Option<u64>,
    /// Replace what is in DEST.
    pub force: bool,
    /// Where messages go.
    pub progress: Progress,
}

/// `roots digest IMAGE`
pub struct Digest {
    /// IMAGE.
    pub image: Name,
    /// The platform to look for.
    pub wanted: Wanted,
    /// How registries are to be reached.
    pub access: registry::Access,
    /// Where messages go.
    pub progress: Progress,
    /// The digest of what the name stands for, instead of the one for the platform.
    pub index: bool,
}

/// `roots purge`
pub struct Purge {
    /// The cache to purge.
    pub cache: CacheChoice,
    /// Where messages go.
    pub progress: Progress,
}

/// Which cache.
pub enum CacheChoice {
    /// None: no byte is written but the tree.
    No,
    /// The one that was asked for.
    At(PathBuf),
    /// The usual one: without it a pull still works.
    Usual(PathBuf),
}

impl Command {
    /// Does it. What comes back is for stdout.
    pub fn run(&self) -> Result<String, Error> {
        match self {
            Self::Pull(pull) => pull.run().map(|digest| format!("{digest}\n")),
            Self::Digest(digest) => digest.run().map(|digest| format!("{digest}\n")),
            Self::Purge(purge) => purge.run().map(|()| String::new()),
            Self::Version => Ok(concat!("roots ", env!("CARGO_PKG_VERSION"), "\n").to_owned()),
            Self::Help(page) => Ok((*page).to_owned()),
        }
    }
}

impl CacheChoice {
    /// Opens it for pulls. The usual place may be out of reach (a read-only system, no HOME): then
    /// there is no cache, and it is said. A place that was asked for has to work.
    fn open(&self, progress: Progress) -> Result<Option<Cache>, Error> {
        match self {
            Self::No => Ok(None),
            Self::At(path) => Cache::open(path, Access::Shared).map(Some),
            Self::Usual(path) => Ok(Cache::open(path, Access::Shared)
                .inspect_err(|e| progress.warn(format_args!("no cache: {e}")))
                .ok()),
        }
    }
}
