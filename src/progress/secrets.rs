//! Secrets that no message may contain: passwords and tokens of this pull, which a server that
//! received them can echo in a redirect, a media type or a warning.

use crate::escape::is_unprintable;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

/// The replacement for a secret.
const BLANK: &str = "***";

/// Shorter secrets, in bytes, are redacted only in the text of servers: in our own messages the
/// gaps would reveal more than they hide.
const SHORTEST: usize = 4;

/// The secrets in use: a list that only grows. Connections refer to it, and ureq requires them to
/// be `Sync`.
#[derive(Default)]
pub(super) struct Secrets(OnceLock<Box<Secret>>);

struct Secret {
    /// Normalised by [`bare`], one character per byte.
    text: String,
    /// Whether it is redacted in our own messages too.
    everywhere: bool,
    more: Secrets,
}

/// Text normalised for comparison: one character per significant byte, with its position.
#[derive(Default)]
struct Bare {
    text: String,
    places: Vec<Range<usize>>,
}

impl Secrets {
    /// Adds a secret. If it is part of `own`, which the user typed, showing it reveals nothing.
    pub(super) fn add(&self, secret: &str, own: &str) {
        let text = bare(secret).text;
        let everywhere = text.len() >= SHORTEST && !bare(own).text.contains(&text);
        // An empty one would match everywhere.
        if text.is_empty() || self.all().any(|known| known.text == text) {
            return;
        }
        let end = self.all().last().map_or(self, |last| &last.more);
        // This is the end of the list, so nothing is set yet.
        end.0.get_or_init(|| {
            Box::new(Secret {
                text,
                everywhere,
                more: Self::default(),
            })
        });
    }

    fn all(&self) -> impl Iterator<Item = &Secret> {
        let first = self.0.get();
        std::iter::successors(first, |secret| secret.more.0.get()).map(Box::as_ref)
    }

    /// Redacts all secrets in `text`, plain or percent-encoded, in any case (host names ignore
    /// case), and even with folded lines or zero-width characters in between.
    pub(super) fn blank(&self, text: &str, is_of_server: bool) -> String {
        let mut wanted = self
            .all()
            .filter(|secret| is_of_server || secret.everywhere)
            .peekable();
        if wanted.peek().is_none() {
            return text.to_owned();
        }
        let raw = bare(text);
        let (once, form) = (raw.decoded(false), raw.decoded(true));
        let twice = once.decoded(false);
        let views = [raw, once, twice, form];
        let mut found: Vec<_> = wanted
            .flat_map(|secret| views.iter().flat_map(|view| view.find(&secret.text)))
            .collect();
        found.sort_by_key(|place| place.start);
        let (mut plain, mut end) = (String::with_capacity(text.len()), 0);
        for place in found {
            if place.start >= end {
                plain.push_str(text.get(end..place.start).unwrap_or_default());
                plain.push_str(BLANK);
            }
            end = end.max(place.end);
        }
        plain.push_str(text.get(end..).unwrap_or_default());
        plain
    }
}

/// Shows no secret: it would end up in a log.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Drops insignificant characters: blanks, line breaks, zero-width characters, and case.
fn bare(text: &str) -> Bare {
    let mut bare = Bare::default();
    for (start, c) in text.char_indices() {
        if !c.is_whitespace() && !is_unprintable(c) {
            let place = start..start + c.len_utf8();
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                bare.push(byte, place.clone());
            }
        }
    }
    bare
}

impl Bare {
    fn push(&mut self, byte: u8, place: Range<usize>) {
        let c = char::from(byte.to_ascii_lowercase());
        self.text.push(c);
        self.places.extend(std::iter::repeat_n(place, c.len_utf8()));
    }

    /// The same with one layer of percent-encoding removed. In forms, a plus means a blank.
    fn decoded(&self, is_form: bool) -> Self {
        let mut decoded = Self::default();
        let mut rest = self.text.char_indices();
        while let Some((at, c)) = rest.next() {
            let place = |at: usize| self.places.get(at).cloned().unwrap_or_default();
            let hex = self.text.get(at + 1..at + 3).filter(|_| c == '%');
            let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            match byte {
                Some(byte) => {
                    // Insignificant characters are dropped when encoded, too.
                    if !byte.is_ascii_whitespace() && !byte.is_ascii_control() {
                        decoded.push(byte, place(at).start..place(at + 2).end);
                    }
                    rest.nth(1);
                }
                None if is_form && c == '+' => {}
                None => decoded.push(u32::from(c) as u8, place(at)),
            }
        }
        decoded
    }

    /// The positions of `secret`.
    fn find<'b>(&'b self, secret: &'b str) -> impl Iterator<Item = Range<usize>> + 'b {
        self.text.match_indices(secret).filter_map(|(at, found)| {
            let first = self.places.get(at)?;
            let last = self.places.get(at + found.len() - 1)?;
            Some(first.start..last.end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanked(secrets: &[&str], text: &str) -> String {
        let all = Secrets::default();
        secrets.iter().for_each(|secret| all.add(secret, ""));
        all.blank(text, false)
    }

    #[test]
    fn a_secret_is_blanked_however_it_is_written() {
        for text in [
            "hunter+2é",
            "HUNTER+2é",
            "h%75nter%2B2%C3%A9",
            "h%75nter%2b2%c3%a9",
            "h%2575nter%252B2é",
            "hunt\r\n er+2é",
            "hunt\u{200b}er+2\u{202e}é",
            "h u n t e r + 2 é",
        ] {
            let said = blanked(&["hunter+2é"], &format!("a {text} b{text}"));
            assert_eq!(said, "a *** b***", "{text}");
        }
        assert_eq!(blanked(&["a%41b"], "x a%41b y"), "x *** y");
        assert_eq!(blanked(&["pass word"], "the password"), "the ***");
        for text in [
            "a%2fpass%20w%25rd",
            "A%2FPASS%20W%25RD",
            "a%2Fpass+w%25rd",
            "a%252Fpass%2520w%2525rd",
        ] {
            assert_eq!(blanked(&["a/pass w%rd"], text), "***", "{text}");
        }
        assert_eq!(blanked(&["aaaa", "aaaab"], "xaaaaby"), "x***y");
        assert_eq!(
            blanked(&["hunter2"], "50 % of 漢 %zz %"),
            "50 % of 漢 %zz %"
        );
        assert_eq!(blanked(&["", " "], "a b"), "a b");
    }

    #[test]
    fn what_is_short_or_known_is_blanked_in_the_words_of_servers_only() {
        let all = Secrets::default();
        all.add("abc", "");
        all.add("debian", "docker.io/library/Debian:12");
        assert_eq!(all.blank("abc debian", false), "abc debian");
        assert_eq!(all.blank("abc debian", true), "*** ***");
    }

    #[test]
    fn nobody_reads_them_by_accident() {
        let all = Secrets::default();
        all.add("hunter2", "");
        assert_eq!(format!("{all:?}"), "Secrets");
    }
}
