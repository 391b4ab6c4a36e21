//! The command line cannot be understood.

mod other_tools;
mod value;

pub use value::ValueFault;

use super::reference::{image_at, is_plain};
use super::text::escaped;
use super::{Category, Subject};
use std::fmt::{self, Display, Formatter};

#[derive(Debug, PartialEq, Eq)]
pub enum UsageError {
    NoCommand,
    UnknownCommand {
        typed: String,
        /// A command of similar spelling.
        meant: Option<&'static str>,
    },
    UnknownOption {
        command: &'static str,
        typed: String,
        /// An option of similar spelling.
        meant: Option<&'static str>,
        /// A command that has the option.
        other: Option<&'static str>,
        /// Whether its value was `false`.
        is_off: bool,
    },
    MissingOperand {
        command: &'static str,
        operand: &'static str,
        /// The operand before it, as typed.
        before: Option<String>,
    },
    ExtraOperand {
        command: &'static str,
        typed: String,
    },
    /// An option without a value, or with one that it cannot take.
    Value {
        /// None if the caller does not know which command the option belongs to.
        command: Option<&'static str>,
        option: String,
        reason: ValueFault,
    },
    /// The value of `--platform`, or what `--arch` and `--os` make together.
    Platform(String),
}

impl Display for UsageError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => f.write_str("no command given"),
            Self::UnknownCommand { typed, .. } => write!(f, "{}: no such command", escaped(typed)),
            Self::UnknownOption { command, typed, .. } => {
                write!(f, "{command}: no such option: {}", escaped(typed))
            }
            Self::MissingOperand {
                command, operand, ..
            } => write!(f, "{command}: {operand} is missing"),
            Self::ExtraOperand { command, typed } => {
                write!(f, "{command}: unexpected operand: {}", escaped(typed))
            }
            Self::Value { option, reason, .. } => write!(f, "{}: {reason}", escaped(option)),
            Self::Platform(text) if text.is_empty() => {
                f.write_str("--platform: its value is missing")
            }
            Self::Platform(text) => write!(f, "{}: not a platform", escaped(text)),
        }
    }
}

impl Subject for UsageError {
    fn hint(&self) -> Option<String> {
        if let Some(hint) = self.other_tool_hint() {
            return Some(hint.to_owned());
        }
        Some(match self {
            Self::UnknownCommand {
                meant: Some(meant), ..
            } => format!("did you mean `roots {meant}`?"),
            Self::UnknownOption {
                meant: Some(meant), ..
            } => format!("did you mean {meant}?"),
            Self::MissingOperand {
                command: "pull",
                before: Some(image),
                ..
            } if is_plain(image) => {
                let folder = folder_for(image);
                format!("name a folder for it: roots pull {image} ./{folder}")
            }
            Self::UnknownOption {
                typed,
                other: Some(other),
                ..
            } => format!("{} is an option of `roots {other}`", escaped(typed)),
            Self::UnknownCommand { typed, .. } => command_hint(typed),
            Self::Platform(_) => {
                "a platform is written like linux/amd64 or linux/arm/v7".to_owned()
            }
            Self::NoCommand | Self::Value { command: None, .. } => "see `roots help`".to_owned(),
            Self::UnknownOption { command, .. }
            | Self::Value {
                command: Some(command),
                ..
            }
            | Self::MissingOperand { command, .. }
            | Self::ExtraOperand { command, .. } => format!("see `roots help {command}`"),
        })
    }

    fn category(&self) -> Category {
        Category::Usage
    }
}

impl UsageError {
    /// The hint for commands and options of docker, skopeo and the like.
    fn other_tool_hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownCommand { typed, .. } => other_tools::command_hint(typed),
            Self::UnknownOption {
                command,
                typed,
                is_off,
                ..
            } => other_tools::option_hint(command, typed, *is_off),
            _ => None,
        }
    }
}

/// For a word where a command should be.
fn command_hint(typed: &str) -> String {
    if typed.starts_with('-') {
        return "a command comes first: see `roots help`".to_owned();
    }
    if typed.starts_with(['.', '/']) {
        return format!("did you mean `roots pull {} DEST`?", escaped(typed));
    }
    let is_image = typed.contains(['/', ':', '.', '@']);
    match image_at(typed).filter(|_| is_image) {
        Some(image) => format!("did you mean `roots pull {image} DEST`?"),
        None => "see `roots help`".to_owned(),
    }
}

/// The folder to suggest for an image, named after the repository. For an image on disk, that could
/// be the path of the image itself.
fn folder_for(image: &str) -> &str {
    let is_local = |start| image.starts_with(start);
    if [".", "/", "-", "oci", "docker-archive:"]
        .into_iter()
        .any(is_local)
    {
        return "rootfs";
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}
