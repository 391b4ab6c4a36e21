//! Pieces of messages. Text from images, registries and other users is escaped: it may contain escape
//! sequences for the terminal.

use crate::escape::is_unprintable;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Path;

/// Text without control characters, and without the marks that change the direction of writing, which could
/// make a terminal show another name.
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

pub(super) fn path_of(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The message of a registry, after a colon, unless it is empty.
pub(super) fn after_colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {}", escaped(message))
    }
}

/// The kernel's words, beginning in lower case, without the number after them.
pub(super) fn os_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// The items with commas between them, or `none`.
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

/// A hint that contains `what`. Takes less space in the binary than `format!`.
pub(super) fn around(before: &str, what: &str, after: &str) -> Option<String> {
    Some([before, what, after].concat())
}
