//! Shortens lines to fit a log. Entry names, media types and typed words may have any length.

use std::borrow::Cow;

/// The longest line on standard error, in bytes, with its line feed: twice POSIX's usual LINE_MAX,
/// which most logs accept in one piece.
pub(super) const MAX_LINE: usize = 4096;

/// The longest word, in bytes: a longer one obscures its sentence.
const MAX_WORD: usize = 1024;

/// Marks omitted text.
const GAP: &str = "…";

/// Shortens `text` to `limit` bytes: long words are cut in the middle, and then the whole text if
/// necessary. Call this after redacting secrets: half a secret would not be found.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let words = text.split(' ').map(|word| cut(word, MAX_WORD));
    let line = words.collect::<Vec<_>>().join(" ");
    cut(&line, limit).into_owned()
}

fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let half = limit.saturating_sub(GAP.len()) / 2;
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=half).rev().find(is_boundary).unwrap_or_default();
    let tail = (text.len() - half..text.len()).find(is_boundary);
    let tail = tail.unwrap_or(text.len());
    [&text[..head], GAP, &text[tail..]].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_leaves_the_sentence_around_it() {
        let long = "x".repeat(100_000);
        let line = shortened(&format!("{long}: no such option: {long}"), MAX_LINE);
        assert!(line.contains("x: no such option: x") && line.len() <= 2 * MAX_WORD + 20);
        assert_eq!(shortened("a  b ", MAX_LINE), "a  b ");
    }

    #[test]
    fn many_words_are_cut_as_one_between_characters() {
        for letter in ["ä ", "漢", "🦀 ", "x"] {
            for limit in [0, 1, 3, 4, 5, 64, 255] {
                let line = shortened(&letter.repeat(1000), limit);
                assert!(line.len() <= limit.max(GAP.len()), "{letter} {limit}");
                assert!(line.contains(GAP));
            }
        }
    }
}
