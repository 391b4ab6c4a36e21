//! JSON that is safe on a terminal: control characters are escaped.

use serde::Serialize;

/// Whether a terminal would obey a character or hide it, which could make one name look like another:
/// control characters, line and paragraph separators, format characters and those without a width
/// (Unicode's categories Cc, Cf, Zl and Zp, and `Default_Ignorable_Code_Point`).
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One line of JSON.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    // Strings and numbers always serialise.
    plain(&serde_json::to_string(value).unwrap_or_default())
}

/// Indented JSON.
pub(crate) fn json_page(value: &impl Serialize) -> String {
    plain(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// JSON of an image, for a terminal.
pub(crate) fn json_for_terminal(json: &[u8]) -> String {
    plain(String::from_utf8_lossy(json).trim_end())
}

/// Escapes unprintable characters. To programs, that makes no difference. JSON requires it below U+0020
/// only (RFC 8259, section 7).
fn plain(json: &str) -> String {
    let plain = String::with_capacity(json.len() + 1);
    json.chars().fold(plain, |mut plain, c| {
        // Line feeds and tabs are indentation: within strings, JSON has escaped them.
        if is_unprintable(c) && !matches!(c, '\n' | '\t') {
            // Two escapes beyond the first plane.
            c.encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| plain.push_str(&format!("\\u{unit:04x}")));
        } else {
            plain.push(c);
        }
        plain
    }) + "\n"
}

/// Words as a JSON list, which shows where each of them ends.
pub(crate) fn json_words(words: &[String]) -> String {
    let words = words
        .iter()
        .map(|word| serde_json::to_string(word).unwrap_or_default());
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_for_a_terminal_to_obey_and_nothing_is_lost() {
        let text = "a\x1b[2J\u{9b}31m\u{7f}\u{202e}\u{2028}\u{61c}\r\n\"\\ß漢\u{200b}\u{e0041}\u{feff}\u{ad}";
        let line = json_line(&text);
        assert!(line.ends_with('\n'));
        assert!(!line.trim_end().chars().any(is_unprintable), "{line}");
        assert!(line.contains("ß漢"));
        let read = serde_json::from_str::<String>(&line);
        assert_eq!(read.ok().as_deref(), Some(text));
    }

    #[test]
    fn a_document_of_somebody_else_is_plain_on_a_terminal() {
        let json = "{\r\n\t\"a\": \"\u{9b}31m\u{202e}ß\"\n}\n";
        let shown = json_for_terminal(json.as_bytes());
        assert_eq!(shown, "{\\u000d\n\t\"a\": \"\\u009b31m\\u202eß\"\n}\n");
        assert_eq!(json_for_terminal(b"\"\xff\x1b\""), "\"\u{fffd}\\u001b\"\n");
    }

    #[test]
    fn what_is_seen_is_printed_as_it_is() {
        let seen = "aß漢é\u{301}👍 \u{a0}ünï_-./:@#$%";
        assert!(!seen.chars().any(is_unprintable));
    }
}
