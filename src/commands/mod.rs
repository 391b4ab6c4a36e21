//! The commands and their options: one file for each, and the steps that they share.

mod cache_choice;
mod cache_link;
mod digest;
mod dry_run;
mod image_page;
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
mod signature_options;
mod start_files;
mod start_hint;
mod stdout;
mod swapped;
mod tags;
mod user_file;
mod verdict;
mod verify;

pub(crate) use cache_choice::CacheChoice;
pub(crate) use signature_options::SignatureOptions;
pub use stdout::Stdout;
pub use tags::ListTags;

use crate::cache::PurgeOptions;
use crate::compare::Ignore;
use crate::error::{CacheError, Error, ErrorKind, RegistryError};
use crate::oci::{InvalidReference, PlatformRequest};
use crate::progress::Progress;
use crate::registry::RegistryOptions;
use crate::report::VersionReport;
use crate::source::{ImageName, Platforms, RawDocument};
use crate::tree_options::TreeOptions;
use std::path::PathBuf;
use std::time::Duration;

/// A parsed command line.
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
    Version {
        /// Whether to print what is built in, too.
        json: bool,
    },
    /// A help page.
    Help(String),
}

/// `roots pull IMAGE DEST`
pub struct Pull {
    pub(crate) image: ImageName,
    /// As typed, or the folder of the machine that `--machine` names.
    pub dest: PathBuf,
    pub(crate) platform: PlatformRequest,
    pub(crate) options: RegistryOptions,
    pub(crate) signatures: SignatureOptions,
    pub(crate) cache: CacheChoice,
    /// The limit for the size of the tree, in bytes.
    pub(crate) max_size: Option<u64>,
    pub(crate) tree_options: TreeOptions,
    pub(crate) force: bool,
    pub(crate) update: bool,
    pub(crate) exit_code: bool,
    /// Where to move the old tree, which is removed otherwise.
    pub(crate) keep_old: Option<PathBuf>,
    pub(crate) offline: bool,
    pub(crate) nspawn: bool,
    pub(crate) unit: bool,
    /// The lock file.
    pub(crate) locked: Option<PathBuf>,
    pub(crate) dry_run: bool,
    pub(crate) progress: Progress,
}

/// `roots digest IMAGE...`
pub struct PrintDigest {
    pub(crate) images: Vec<ImageName>,
    pub(crate) platform: PlatformRequest,
    pub(crate) options: RegistryOptions,
    pub(crate) signatures: SignatureOptions,
    pub(crate) progress: Progress,
    pub(crate) index: bool,
    pub(crate) lock: bool,
}

/// `roots inspect DEST` and `roots inspect IMAGE`
pub struct Inspect {
    /// As typed, or the folder of the machine that `--machine` names.
    pub dest: PathBuf,
    /// The same operand as an image, or why it cannot be one.
    pub(crate) image: Result<ImageName, InvalidReference>,
    /// Whether DEST was given with `--machine`, and so is a tree.
    pub(crate) is_machine: bool,
    pub(crate) raw: Option<Raw>,
    pub(crate) platform: PlatformRequest,
    pub(crate) options: RegistryOptions,
    pub(crate) signatures: SignatureOptions,
    /// The option that demands a signature, if one was typed.
    pub(crate) demand: Option<&'static str>,
    pub(crate) progress: Progress,
    pub(crate) cache: CacheChoice,
}

/// What `inspect --raw` prints.
#[derive(Clone, Copy)]
pub(crate) enum Raw {
    Document(RawDocument),
    /// A signature or attestation, by its number on the page.
    Attestation(usize),
}

/// `roots save IMAGE... -o FILE`
pub struct Save {
    pub(crate) images: Vec<ImageName>,
    pub(crate) platforms: Platforms,
    pub(crate) output: SaveTarget,
    pub(crate) force: bool,
    pub(crate) options: RegistryOptions,
    pub(crate) signatures: SignatureOptions,
    /// Whether to save all signatures of the images, too.
    pub(crate) all_signatures: bool,
    pub(crate) cache: CacheChoice,
    pub(crate) offline: bool,
    pub(crate) progress: Progress,
}

/// Where `save` writes the archive.
pub(crate) enum SaveTarget {
    Stdout,
    File(PathBuf),
}

/// `roots verify DEST [IMAGE]`
pub struct Verify {
    /// As typed, or the folder of the machine that `--machine` names.
    pub dest: PathBuf,
    /// Without it, the record of DEST names the image.
    pub(crate) image: Option<ImageName>,
    pub(crate) platform: PlatformRequest,
    /// The options with which DEST was pulled. If any are given, they replace those in its record.
    pub(crate) tree_options: TreeOptions,
    /// The paths to compare; none for all.
    pub(crate) scope: TreeOptions,
    pub(crate) ignore: Ignore,
    pub(crate) rootless: bool,
    pub(crate) options: RegistryOptions,
    pub(crate) signatures: SignatureOptions,
    pub(crate) cache: CacheChoice,
    pub(crate) offline: bool,
    pub(crate) progress: Progress,
}

/// `roots purge`
pub struct Purge {
    pub(crate) cache: CacheChoice,
    pub(crate) options: PurgeOptions,
    /// How long to wait for the lock of the cache.
    pub(crate) timeout: Duration,
    pub(crate) progress: Progress,
}

/// The result of a command.
pub struct Output {
    /// For stdout: text, or the bytes of a document.
    pub out: Vec<u8>,
    /// The exit code of the process.
    pub exit_code: u8,
}

impl Command {
    /// Runs the command.
    pub fn run(&self) -> Result<Output, Error> {
        Ok(Output::from(match self {
            Self::Pull(pull) => return pull.run(),
            Self::Digest(digest) => digest.run()?,
            Self::Inspect(inspect) => return inspect.run(),
            Self::Save(save) => save.run()?,
            Self::Verify(verify) => return verify.run(),
            Self::Tags(tags) => tags.run()?,
            Self::Purge(purge) => purge.run()?,
            Self::Version { json: true } => VersionReport::of_binary().to_line(),
            Self::Version { json: false } => {
                concat!("roots ", env!("CARGO_PKG_VERSION"), "\n").to_owned()
            }
            Self::Help(page) => page.clone(),
        }))
    }

    /// Where the messages of this command go.
    pub fn progress(&self) -> Progress {
        match self {
            Self::Pull(Pull { progress, .. })
            | Self::Digest(PrintDigest { progress, .. })
            | Self::Inspect(Inspect { progress, .. })
            | Self::Save(Save { progress, .. })
            | Self::Verify(Verify { progress, .. })
            | Self::Tags(ListTags { progress, .. })
            | Self::Purge(Purge { progress, .. }) => *progress,
            Self::Version { json } => Progress::of_faults(*json),
            Self::Help(_) => Progress::silent(),
        }
    }
}

impl From<String> for Output {
    fn from(out: String) -> Self {
        let out = out.into_bytes();
        Self { out, exit_code: 0 }
    }
}

/// `1 blob`, `2 blobs`.
fn counted(count: u64, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// Warns of each `--exclude` that matches nothing.
fn warn_of_unmatched(paths: &[String], progress: Progress) {
    for path in paths {
        let patterns = if path.contains(['*', '?', '[']) {
            ": patterns are not supported, and a folder includes everything below it"
        } else {
            ""
        };
        progress.warn(format_args!(
            "--exclude {path}: no such path in the image{patterns}"
        ));
    }
}

/// Repeats an attempt that met a corrupt blob in the cache, or one whose ranges do not belong together. This
/// ends: the blob was removed, and this process does not read it from the cache again, nor in ranges.
fn retry_on_mismatch<T>(
    progress: Progress,
    attempt: impl Fn() -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        let error = match attempt() {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::Cache(CacheError::CorruptBlob(_)) => progress.warn(&error),
            ErrorKind::Registry(RegistryError::RangesMismatch(_)) => {
                progress.warn(format_args!("{error}; fetching it over one connection"));
            }
            _ => return Err(error),
        }
    }
}
