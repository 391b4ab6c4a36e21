//! The commands and their options; one file for each.

mod cache_choice;
mod cache_link;
mod digest;
mod dry_run;
mod inspect;
mod lock_line;
mod locked;
mod nspawn;
mod prepare;
mod pull;
mod purge;
mod recorded;
mod save;
mod service;
mod start_files;
mod start_hint;
mod stdout;
mod swapped;
mod tags;
mod verdict;
mod verify;

pub use cache_choice::CacheChoice;
pub use stdout::Stdout;
pub use tags::ListTags;

use crate::cache::Sweep;
use crate::error::{CacheError, Error};
use crate::model::Ignore;
use crate::oci::{InvalidReference, PlatformRequest};
use crate::progress::Progress;
use crate::registry;
use crate::source::{ImageName, Platforms, RawDocument};
use crate::tree_options::TreeOptions;
use std::path::PathBuf;
use std::time::Duration;

/// A command line, understood.
pub enum Command {
    /// `roots pull`
    Pull(Pull),
    /// `roots digest`
    Digest(PrintDigest),
    /// `roots inspect`
    Inspect(Inspect),
    /// `roots save`
    Save(Save),
    /// `roots verify`
    Verify(Verify),
    /// `roots tags`
    Tags(ListTags),
    /// `roots purge`
    Purge(Purge),
    /// `roots version`
    Version,
    /// A help page.
    Help(String),
}

/// `roots pull IMAGE DEST`
pub struct Pull {
    /// IMAGE.
    pub image: ImageName,
    /// DEST.
    pub dest: PathBuf,
    /// The platform to pull for.
    pub platform: PlatformRequest,
    /// How registries are to be reached.
    pub options: registry::RegistryOptions,
    /// The cache to use.
    pub cache: CacheChoice,
    /// How large the tree may grow, in bytes.
    pub max_size: Option<u64>,
    /// How the tree is to differ from the image.
    pub tree_options: TreeOptions,
    /// Replace what is in DEST.
    pub force: bool,
    /// Replace a tree that a pull has made, unless it is what the image stands for.
    pub update: bool,
    /// Say by the exit code that it is.
    pub exit_code: bool,
    /// Where the old tree goes, if it is not to be removed.
    pub keep_old: Option<PathBuf>,
    /// Take all from the cache.
    pub offline: bool,
    /// Write `NAME.nspawn` beside DEST.
    pub nspawn: bool,
    /// Write `NAME.service` beside DEST.
    pub unit: bool,
    /// The file that says which digest the image must have.
    pub locked: Option<PathBuf>,
    /// Write nothing, and say what would be done.
    pub dry_run: bool,
    /// Where messages go.
    pub progress: Progress,
}

/// `roots digest IMAGE...`
pub struct PrintDigest {
    /// IMAGE, once at least.
    pub images: Vec<ImageName>,
    /// The platform to look for.
    pub platform: PlatformRequest,
    /// How registries are to be reached.
    pub options: registry::RegistryOptions,
    /// Where messages go.
    pub progress: Progress,
    /// The digest of what the name stands for, instead of the one for the platform.
    pub index: bool,
    /// Print the name of a single image, too.
    pub lock: bool,
}

/// `roots inspect DEST` and `roots inspect IMAGE`
pub struct Inspect {
    /// DEST.
    pub dest: PathBuf,
    /// The same as IMAGE, or why it can be none.
    pub image: Result<ImageName, InvalidReference>,
    /// Whether DEST is a machine of systemd, and so a tree whatever is in it.
    pub is_machine: bool,
    /// The document of IMAGE that is to be printed as it is.
    pub raw: Option<RawDocument>,
    /// The platform to look for.
    pub platform: PlatformRequest,
    /// How registries are to be reached.
    pub options: registry::RegistryOptions,
    /// Where messages go.
    pub progress: Progress,
    /// The cache that knows the trees that cannot say themselves what they are.
    pub cache: CacheChoice,
}

/// `roots save IMAGE... -o FILE`
pub struct Save {
    /// IMAGE, once at least.
    pub images: Vec<ImageName>,
    /// For which platforms.
    pub platforms: Platforms,
    /// FILE.
    pub output: SaveTarget,
    /// Replace FILE, whatever it is.
    pub force: bool,
    /// How registries are to be reached.
    pub options: registry::RegistryOptions,
    /// The cache to use.
    pub cache: CacheChoice,
    /// Take all from the cache.
    pub offline: bool,
    /// Where messages go.
    pub progress: Progress,
}

/// Where an archive goes.
pub enum SaveTarget {
    /// To standard output.
    Stdout,
    /// Into a file.
    File(PathBuf),
}

/// `roots verify DEST [IMAGE]`
pub struct Verify {
    /// DEST.
    pub dest: PathBuf,
    /// IMAGE, if it is not to be the one that DEST was made of.
    pub image: Option<ImageName>,
    /// The platform of IMAGE, or of the record in place of its own.
    pub platform: PlatformRequest,
    /// How the tree differs from IMAGE, or from that of the record in place of its options.
    pub tree_options: TreeOptions,
    /// The paths that are compared, if not all.
    pub part: TreeOptions,
    /// Differences that do not count.
    pub ignore: Ignore,
    /// Whether an ordinary user has pulled DEST.
    pub rootless: bool,
    /// How registries are to be reached.
    pub options: registry::RegistryOptions,
    /// The cache to use.
    pub cache: CacheChoice,
    /// Take all from the cache.
    pub offline: bool,
    /// Where messages go.
    pub progress: Progress,
}

/// `roots purge`
pub struct Purge {
    /// The cache to purge.
    pub cache: CacheChoice,
    /// What is to be dropped from it.
    pub sweep: Sweep,
    /// How long is waited for who holds it.
    pub timeout: Duration,
    /// Where messages go.
    pub progress: Progress,
}

/// What came of a command.
pub struct Output {
    /// For stdout: text, or the bytes of a document.
    pub out: Vec<u8>,
    /// For whoever waits for the process.
    pub exit_code: u8,
}

impl Command {
    /// Does it.
    pub fn run(&self) -> Result<Output, Error> {
        Ok(Output::from(match self {
            Self::Pull(pull) => return pull.run(),
            Self::Digest(digest) => digest.run()?,
            Self::Inspect(inspect) => return inspect.run(),
            Self::Save(save) => save.run()?,
            Self::Verify(verify) => return verify.run(),
            Self::Tags(tags) => tags.run()?,
            Self::Purge(purge) => purge.run()?,
            Self::Version => concat!("roots ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
            Self::Help(table) => table.clone(),
        }))
    }

    /// Where its messages go.
    pub fn progress(&self) -> Progress {
        match self {
            Self::Pull(Pull { progress, .. })
            | Self::Digest(PrintDigest { progress, .. })
            | Self::Inspect(Inspect { progress, .. })
            | Self::Save(Save { progress, .. })
            | Self::Verify(Verify { progress, .. })
            | Self::Tags(ListTags { progress, .. })
            | Self::Purge(Purge { progress, .. }) => *progress,
            Self::Version | Self::Help(_) => Progress::silent(),
        }
    }
}

impl From<String> for Output {
    fn from(out: String) -> Self {
        let out = out.into_bytes();
        Self { out, exit_code: 0 }
    }
}

/// A number of things, in words.
fn counted(count: u64, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// Says which of the paths that `--exclude` names leave nothing out.
fn warn_of_unmatched(paths: &[String], progress: Progress) {
    for path in paths {
        let patterns = match path.contains(['*', '?', '[']) {
            true => ": patterns are not supported, and a folder includes all that is below it",
            false => "",
        };
        progress.warn(format_args!(
            "--exclude {path}: no such path in the image{patterns}"
        ));
    }
}

/// Does what reads blobs out of a cache, and once more as often as one of them turns out to be spoilt:
/// it has left the cache by then, and this process uses nothing from there in its place. So there is
/// an end: no blob is spoilt twice.
fn with_healing<T>(progress: Progress, attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match attempt() {
            Err(Error::Cache(corrupt @ CacheError::CorruptBlob(_))) => progress.warn(&corrupt),
            done => return done,
        }
    }
}
