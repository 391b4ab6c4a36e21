//! What a user sees when something goes wrong, with `refusal.rs` beside it: subject first, lower case, no full
//! stop. Text from images and registries is escaped: it may hold terminal commands.

use super::Error;
use crate::escape::is_unprintable;
use std::fmt::{self, Display, Formatter};
use std::io;

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(usage) => write!(f, "{usage}"),
            Self::Reference { text, why } if text.is_empty() => write!(f, "IMAGE: {why}"),
            Self::Reference { text, why } => write!(f, "{}: {why}", escaped(without_secret(text))),
            Self::Suggesting(_, error) => write!(f, "{error}"),
            Self::Platform(text) if text.is_empty() => {
                f.write_str("--platform: its value is missing")
            }
            Self::Platform(text) => write!(f, "{}: not a platform", escaped(text)),
            Self::Destination(error) => error.fmt(f),
            Self::Cache(error) => error.fmt(f),
            Self::Layout(error) => error.fmt(f),
            Self::Configuration(error) => error.fmt(f),
            Self::Registry(error) => error.fmt(f),
            Self::Network(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Stopped(signal) => write!(f, "stopped by signal {}", signal.number()),
        }
    }
}

/// What no user sees is the same: a derived one would be some KiB of names.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// A message from elsewhere, if it is not empty.
pub(super) fn after_colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {}", escaped(message))
    }
}

/// Text without control characters and without the marks that turn the direction of writing, which
/// could make a terminal show another name than the one there is.
pub fn escaped(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut plain, c| {
            if is_unprintable(c) {
                plain.extend(c.escape_default());
            } else {
                plain.push(c);
            }
            plain
        })
}

/// What was typed, without the password of `user:password@host/name`.
pub(super) fn without_secret(text: &str) -> &str {
    let name = text.split_once("://").map_or(text, |(_, name)| name);
    match name.split_once('@') {
        Some((user, host)) if user.contains(':') && !user.contains('/') && host.contains('/') => {
            host
        }
        _ => text,
    }
}

pub(super) fn path_of(path: &std::path::Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The kernel's words without the number behind them.
pub(super) fn os_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

pub(super) fn list(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = impl Display>,
    none: &str,
) -> fmt::Result {
    let mut items = items.into_iter();
    match items.next() {
        None => f.write_str(none),
        Some(first) => {
            write!(f, "{first}")?;
            items.try_for_each(|item| write!(f, ", {item}"))
        }
    }
}

/// A hint with something in it: a call is smaller than a format.
pub(super) fn around(before: &str, what: &str, after: &str) -> Option<String> {
    Some([before, what, after].concat())
}
