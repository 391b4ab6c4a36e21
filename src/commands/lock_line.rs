//! A line of a lock file, `REFERENCE@DIGEST`, as `digest` and `save` print it.

use crate::error::escaped;
use crate::oci::{Digest, Reference};
use std::fmt::Display;

/// Takes the first of `names` that is a reference, or else `otherwise`, the name that the user typed. A
/// layout or archive can have any name: a line break in it would add a line, which `--locked` would trust.
pub(super) fn lock_line<'n>(
    names: impl IntoIterator<Item = &'n String>,
    otherwise: impl Display,
    digest: &Digest,
) -> String {
    let is_name = |name: &&String| {
        let reference = Reference::parse(name);
        reference.is_ok_and(|reference| reference.digest().is_none())
    };
    let name = names.into_iter().find(is_name);
    let name = name.map_or_else(|| one_word(&otherwise.to_string()), Clone::clone);
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
        for bad in [
            "a\nb",
            "\u{1b}[2J",
            "a b",
            "a#b",
            "\u{202e}a",
            "",
            "..",
            &pinned,
        ] {
            assert_eq!(line(&[bad], "./x"), "./x", "{bad:?}");
            assert_eq!(line(&[bad, "app:1"], "./x"), "app:1", "{bad:?}");
        }
        assert_eq!(line(&[], "./a\nb\u{9b}"), "./a\\nb\\u{9b}");
        assert_eq!(line(&[], "./a b#c"), "./a\\u{20}b\\u{23}c");
    }
}
