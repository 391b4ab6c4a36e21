//! A line of a lock file, `REFERENCE@DIGEST`, as `digest` and `save` print it.

use crate::error::escaped;
use crate::oci::{Digest, Reference};
use std::fmt::Display;

/// Takes the first of `names` that is a reference, without its digest, or else `otherwise`, the name that
/// the user typed. A layout or archive can have any name: a line break in it would add a line, which
/// `--locked` would trust.
pub(super) fn lock_line<'n>(
    names: impl IntoIterator<Item = &'n String>,
    otherwise: impl Display,
    digest: &Digest,
) -> String {
    let name_of = |name: &String| {
        let reference = Reference::parse(name).ok()?;
        // The image may have another digest than its name.
        let is_pinned = reference.digest().is_some();
        Some(if is_pinned {
            reference.name()
        } else {
            name.clone()
        })
    };
    let name = names.into_iter().find_map(name_of);
    let name = name.unwrap_or_else(|| one_word(&otherwise.to_string()));
    format!("{name}@{digest}\n")
}

/// Escapes whatever ends a line of a lock file or its name: spaces, and the `#` of a comment.
fn one_word(path: &str) -> String {
    let escape = |word: String, c: char| {
        if c.is_whitespace() || c == '#' {
            format!("{word}{}", c.escape_unicode())
        } else {
            format!("{word}{c}")
        }
    };
    escaped(path).chars().fold(String::new(), escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_reference_or_it_is_not_printed() {
        let digest = Digest::sha256(b"");
        let line = |names: &[&str], otherwise: &str| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            let line = lock_line(&names, otherwise, &digest);
            line.strip_suffix(&format!("@{digest}\n"))
                .unwrap()
                .to_owned()
        };
        assert_eq!(line(&["app:1"], "./x"), "app:1");
        assert_eq!(line(&[], "./x"), "./x");
        let pinned = format!("app:1@{digest}");
        for bad in ["a\nb", "\u{1b}[2J", "a b", "a#b", "\u{202e}a", "", ".."] {
            assert_eq!(line(&[bad], "./x"), "./x", "{bad:?}");
            assert_eq!(line(&[bad, "app:1"], "./x"), "app:1", "{bad:?}");
        }
        assert_eq!(line(&[&pinned], "./x"), "docker.io/library/app:1");
        assert_eq!(line(&[], "./a\nb\u{9b}"), "./a\\nb\\u{9b}");
        assert_eq!(line(&[], "./a b#c"), "./a\\u{20}b\\u{23}c");
    }
}
