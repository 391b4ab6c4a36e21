//! Everything that can go wrong, as data; messages are in `sentence.rs` and `refusal.rs`, hints in `hint.rs`.

#![allow(missing_docs, reason = "the sentence of a variant says what it means")]

mod cache;
mod category;
mod configuration;
mod correction;
mod destination;
mod entry;
mod fault;
mod hint;
mod io;
mod layout;
mod nature;
mod network;
mod origin;
mod refusal;
mod registry;
mod sentence;
mod tls;
mod value;

pub use cache::CacheError;
pub use category::{Category, UNCHANGED};
pub use configuration::{
    CertificateFault, ConfigurationError, ConfigurationFault, CredentialsFault, ProxyFault,
    RegistriesFault,
};
pub use correction::Suggestion;
pub use destination::{DestinationError, DestinationFault, RecordFault, Replaceable, TreeInUse};
pub use entry::EntryFault;
pub use fault::{IncludeFault, Part, Usage};
pub use io::IoError;
pub use layout::{Absence, LayoutError, LayoutFault, LinkFault};
pub use network::{NetworkError, NetworkFault};
pub use registry::{ChallengeFault, RedirectFault, RegistryError, ResponseFault};
pub use sentence::escaped;
pub use tls::{TlsError, TlsFault};
pub use value::ValueFault;

use crate::oci::{Digest, InvalidManifest, InvalidReference, Platform};
use std::fmt::Display;
use std::path::PathBuf;

/// What [`Error`] delegates to: a kind of thing that fails, and how.
trait Subject: Display {
    /// What to type next, in one line.
    fn hint(&self) -> Option<String>;

    fn category(&self) -> Category;
}

/// `?` and `into()` make an [`Error`] of each of its subjects.
macro_rules! from_subject {
    ($($name:ident($subject:ty)),+) => {
        $(impl From<$subject> for Error {
            fn from(subject: $subject) -> Self {
                Self::$name(subject)
            }
        })+
    };
}

from_subject! { Cache(CacheError), Configuration(ConfigurationError), Destination(DestinationError), Io(IoError), Layout(LayoutError), Network(NetworkError), Registry(RegistryError), Tls(TlsError) }

/// The one error type: `Display` says it, [`Error::hint`] what to do, [`Error::exit_code`] what a script sees.
pub enum Error {
    /// The command line cannot be understood.
    Usage(Usage),
    /// The IMAGE operand is not a reference.
    Reference {
        /// As typed.
        text: String,
        /// Why not.
        why: InvalidReference,
    },
    /// `--platform`, `--arch` or `--os` cannot be understood.
    Platform(String),
    /// The image is not there for the platform.
    NoPlatform {
        /// The image.
        image: String,
        /// What was looked for.
        wanted: Platform,
        /// What there is.
        available: Vec<Platform>,
    },
    /// The name stands for one image, and not for an index of several.
    NoIndex(String),
    /// A file, an option or a variable by which the user sets roots up cannot be used.
    Configuration(ConfigurationError),
    /// A registry refuses, or does not have what it is asked for, or breaks its protocol.
    Registry(RegistryError),
    /// An error, and what was likelier meant than what it is about.
    Suggesting(Suggestion, Box<Self>),
    /// A server or a proxy cannot be reached, or the connection to it fails.
    Network(NetworkError),
    /// There is no secure connection to a server.
    Tls(TlsError),
    /// A manifest, index or config that no root folder can be made of.
    Manifest {
        /// Which.
        what: String,
        /// Why not.
        why: InvalidManifest,
    },
    /// Bytes that are not those that were named.
    DigestMismatch {
        /// What was read.
        part: Part,
        /// What named them.
        wanted: Digest,
        /// What they are.
        got: Digest,
    },
    /// A blob that is longer or shorter than what named it said.
    SizeMismatch {
        /// Which.
        digest: Digest,
        /// As named, in bytes.
        wanted: u64,
        /// As read, in bytes; reading stops at the first byte too many.
        got: u64,
    },
    /// A layer that cannot be decompressed.
    Corrupt {
        /// Which.
        digest: Digest,
        /// What the decoder says.
        why: String,
    },
    /// A layer in a compression that image-spec does not know.
    Compression {
        /// Which.
        digest: Digest,
        /// The compression.
        name: &'static str,
    },
    /// An entry of a layer.
    Entry {
        /// Which layer: its DiffID, or the digest of its blob once that is known.
        layer: Digest,
        /// Its name in the archive, escaped.
        name: String,
        /// What is wrong with it.
        why: EntryFault,
    },
    /// DEST cannot be written, replaced or read.
    Destination(DestinationError),
    /// An image that is not the one that was locked.
    Locked {
        /// The image.
        image: String,
        /// The lock.
        lock: PathBuf,
        /// What it may be; nothing if the lock does not name it.
        wanted: Vec<Digest>,
        /// What it is.
        got: Digest,
    },
    /// A layout or archive that holds another image by now than a tree was made of.
    NotWhatItWas {
        /// The image.
        image: String,
        /// The manifest that the tree was made of.
        wanted: Digest,
        /// What there is.
        got: Digest,
    },
    /// A path that was to be taken out of an image is not there to take, and why.
    Include(String, IncludeFault),
    /// The cache cannot be used, or does not have what is needed.
    Cache(CacheError),
    /// An image on disk cannot be read, or does not have what is asked of it.
    Layout(LayoutError),
    /// A system call on a file, a folder or standard output has failed.
    Io(IoError),
    /// A signal asked the process to end.
    Stopped(crate::sys::Signal),
}
