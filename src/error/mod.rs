//! Everything that can go wrong, by subject: each has its data, its sentence, its hint and its category in one
//! file; the exit code follows from the category, in `category.rs`. A sentence names what it is about first; it
//! has a lower-case start and no full stop. Bytes with a wrong digest are `image`, also for layers; `layer` is
//! about their contents.

#![allow(missing_docs, reason = "the sentence of a variant says what it means")]

mod cache;
mod category;
mod configuration;
mod destination;
mod image;
mod io;
mod layer;
mod layout;
mod network;
mod reference;
mod registry;
mod signature;
mod suggestion;
mod text;
mod tls;
mod usage;

pub use cache::CacheError;
pub use category::{Category, UNCHANGED};
pub use configuration::{
    CertificateFault, ConfigurationError, ConfigurationFault, CredentialsFault, ProxyFault,
    RegistriesFault,
};
pub use destination::{DestinationError, DestinationFault, RecordFault, Replaceable, TreeInUse};
pub use image::{ImageError, IncludeFault, Part};
pub use io::IoError;
pub use layer::{EntryFault, LayerError};
pub use layout::{Absence, LayoutError, LayoutFault, LinkFault};
pub use network::{NetworkError, NetworkFault};
pub use reference::ReferenceError;
pub use registry::{ChallengeFault, RedirectFault, RegistryError, ResponseFault};
pub use signature::{KeyFault, SignatureError, SignatureFault, SignaturePlaces};
pub use suggestion::{SuggestingError, Suggestion};
pub use text::escaped;
pub use tls::{TlsError, TlsFault};
pub use usage::{UsageError, ValueFault};

use crate::sys::{Signal, received_signal};
use std::fmt::{self, Debug, Display, Formatter};

/// What an error delegates to its subject.
trait Subject: Display {
    /// What to type next, in one line.
    fn hint(&self) -> Option<String>;

    fn category(&self) -> Category;
}

/// The one error type. `?` and `into()` turn what went wrong with a subject into it.
///
/// It is a pointer, because nearly every function returns it: moving the data itself, 120 bytes, took 68 KiB more of the
/// binary.
pub struct Error(Box<ErrorKind>);

/// Defines the kinds of errors, one for each subject.
macro_rules! error_of_subjects {
    ($($variant:ident($subject:ty),)+) => {
        /// What an error is about.
        pub enum ErrorKind {
            $($variant($subject),)+
        }

        impl Error {
            fn subject(&self) -> &dyn Subject {
                match self.kind() {
                    $(ErrorKind::$variant(subject) => subject,)+
                }
            }
        }

        $(impl From<$subject> for Error {
            fn from(subject: $subject) -> Self {
                ErrorKind::$variant(subject).into()
            }
        })+
    };
}

error_of_subjects! {
    Usage(UsageError),
    Reference(ReferenceError),
    Configuration(ConfigurationError),
    Registry(RegistryError),
    Network(NetworkError),
    Tls(TlsError),
    Image(ImageError),
    Signature(SignatureError),
    Layer(LayerError),
    Layout(LayoutError),
    Destination(DestinationError),
    Cache(CacheError),
    Io(IoError),
    Suggesting(SuggestingError),
    Stopped(Signal),
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl Error {
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    pub fn into_kind(self) -> ErrorKind {
        *self.0
    }

    /// The one line that helps, if there is one.
    pub fn hint(&self) -> Option<String> {
        self.subject().hint()
    }

    pub fn category(&self) -> Category {
        self.subject().category()
    }

    pub fn exit_code(&self) -> u8 {
        self.category().exit_code()
    }

    /// Whether a retry may succeed at once.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Network(error) if error.is_transient())
    }

    /// Whether a server has used up the time for one response, so that a retry would take as long again.
    pub fn exceeded_deadline(&self) -> bool {
        matches!(self.kind(), ErrorKind::Network(error) if error.exceeded_deadline())
    }

    /// Whether the file system has no space left, or the quota is used up.
    pub fn is_full_disk(&self) -> bool {
        match self.kind() {
            ErrorKind::Layer(error) => error.is_full_disk(),
            ErrorKind::Io(error) => error.is_full_disk(),
            _ => false,
        }
    }

    pub fn is_stopped(&self) -> bool {
        matches!(self.kind(), ErrorKind::Stopped(_))
    }

    /// Whether the registry has no such manifest, blob or tag.
    pub fn is_not_served(&self) -> bool {
        let kind = self.kind();
        matches!(kind, ErrorKind::Registry(RegistryError::NotFound { .. }))
    }

    /// Whether the cache lacks it, and no request was allowed.
    pub fn is_offline(&self) -> bool {
        matches!(self.kind(), ErrorKind::Cache(CacheError::Offline { .. }))
    }

    /// Whether there are images, but only for other platforms.
    pub fn is_other_platform(&self) -> bool {
        match self.kind() {
            ErrorKind::Layout(error) => matches!(error.reason, LayoutFault::Incomplete(_)),
            ErrorKind::Image(error) => matches!(error, ImageError::NoPlatform { .. }),
            _ => false,
        }
    }

    /// Fails if a signal has asked the process to end.
    pub fn unless_stopped() -> Result<(), Self> {
        received_signal().map_or(Ok(()), |signal| Err(signal.into()))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self.subject(), f)
    }
}

/// Users never see this. A derived implementation would add several KiB of names to the binary.
impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl Display for Signal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "stopped by signal {}", self.number())
    }
}

impl Subject for Signal {
    fn hint(&self) -> Option<String> {
        None
    }

    fn category(&self) -> Category {
        Category::Stopped(*self)
    }
}
