//! Everything that can go wrong, as data; messages are in `sentence.rs` and `refusal.rs`, hints in `hint.rs`.

#![allow(missing_docs, reason = "the sentence of a variant says what it means")]

mod cache;
mod category;
mod configuration;
mod correction;
mod destination;
mod fault;
mod hint;
mod image;
mod io;
mod layer;
mod layout;
mod nature;
mod network;
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
pub use fault::Usage;
pub use image::{ImageError, IncludeFault, Part};
pub use io::IoError;
pub use layer::{EntryFault, LayerError};
pub use layout::{Absence, LayoutError, LayoutFault, LinkFault};
pub use network::{NetworkError, NetworkFault};
pub use registry::{ChallengeFault, RedirectFault, RegistryError, ResponseFault};
pub use sentence::escaped;
pub use tls::{TlsError, TlsFault};
pub use value::ValueFault;

use crate::oci::InvalidReference;
use crate::sys::received_signal;
use std::fmt::Display;

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

from_subject! { Cache(CacheError), Configuration(ConfigurationError), Destination(DestinationError), Image(ImageError), Io(IoError), Layer(LayerError), Layout(LayoutError), Network(NetworkError), Registry(RegistryError), Tls(TlsError) }

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
    /// An image is not the one that was asked for, or no tree can be made of it.
    Image(ImageError),
    /// A layer is malformed, or an entry of it cannot be put on this disk.
    Layer(LayerError),
    /// DEST cannot be written, replaced or read.
    Destination(DestinationError),
    /// The cache cannot be used, or does not have what is needed.
    Cache(CacheError),
    /// An image on disk cannot be read, or does not have what is asked of it.
    Layout(LayoutError),
    /// A system call on a file, a folder or standard output has failed.
    Io(IoError),
    /// A signal asked the process to end.
    Stopped(crate::sys::Signal),
}

impl Error {
    /// Fails if a signal has asked the process to end.
    pub fn unless_stopped() -> Result<(), Self> {
        received_signal().map_or(Ok(()), |signal| Err(Self::Stopped(signal)))
    }
}
