//! JSON for programs; and for terminals, which people may read it on.

use serde::Serialize;

/// Whether a terminal would obey it rather than show it: control characters, and marks that turn the
/// direction of writing or end a line, which could make one name look like another.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line of JSON, for programs.
pub fn json_line(value: &impl Serialize) -> String {
    // What is written here are strings and numbers, which always become JSON.
    plain(&serde_json::to_string(value).unwrap_or_default())
}

/// A page of JSON, for programs and people.
pub fn json_page(value: &impl Serialize) -> String {
    plain(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// What a terminal would obey is escaped, which programs read as it was: JSON itself asks for that
/// below U+0020 only (RFC 8259, section 7).
fn plain(json: &str) -> String {
    let plain = String::with_capacity(json.len() + 1);
    json.chars().fold(plain, |mut plain, c| {
        // Between the strings, only the ends of lines are such; within, JSON has escaped them.
        match is_obeyed(c) && c != '\n' {
            // All of them are in the plane where one number of four digits is enough.
            true => plain.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => plain.push(c),
        }
        plain
    }) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_for_a_terminal_to_obey_and_nothing_is_lost() {
        let text = "a\x1b[2J\u{9b}31m\u{7f}\u{202e}\u{2028}\u{61c}\r\n\"\\ß漢";
        let line = json_line(&text);
        assert!(line.ends_with('\n'));
        assert!(!line.trim_end().chars().any(is_obeyed), "{line}");
        assert!(line.contains("ß漢"));
        let read = serde_json::from_str::<String>(&line);
        assert_eq!(read.ok().as_deref(), Some(text));
    }
}
