//! Hints: at most one line that says what to type next.

use super::correction::of_reference;
use super::{Error, Subject as _};

impl Error {
    /// The one line that helps, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => Some(usage.hint()),
            Self::Reference { text, why } => of_reference(text, why),
            Self::Platform { .. } => {
                Some("a platform is written like linux/amd64 or linux/arm/v7".to_owned())
            }
            Self::Suggesting(suggestion, _) => suggestion.hint(),
            Self::Configuration(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Network(error) => error.hint(),
            Self::Tls(error) => error.hint(),
            Self::Image(error) => error.hint(),
            Self::Layer(error) => error.hint(),
            Self::Layout(error) => error.hint(),
            Self::Destination(error) => error.hint(),
            Self::Cache(error) => error.hint(),
            Self::Io(error) => error.hint(),
            Self::Stopped(_) => None,
        }
    }
}
