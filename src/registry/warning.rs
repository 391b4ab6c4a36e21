//! `Warning` headers: distribution-spec, "Warnings". Messages for users, such as the date on which
//! a registry shuts down. They are only shown.

use std::cell::RefCell;

/// How many different warnings of a registry are shown: each response could bring another.
const MAX_COUNT: usize = 8;

/// How much of a warning is shown, in characters.
const MAX_SHOWN: usize = 300;

/// The warnings of one registry.
#[derive(Default)]
pub(super) struct Warnings {
    shown: RefCell<Vec<String>>,
}

impl Warnings {
    /// The text of a header, unless it was shown before. `blank` redacts secrets in it.
    pub(super) fn news(&self, header: &str, blank: impl FnOnce(&str) -> String) -> Option<String> {
        let text = blank(&text_of(header)?);
        let text: String = text.chars().take(MAX_SHOWN).collect();
        let mut shown = self.shown.borrow_mut();
        let is_news = !shown.contains(&text) && shown.len() < MAX_COUNT;
        if is_news {
            shown.push(text.clone());
        }
        is_news.then_some(text)
    }
}

/// The text of `299 - "text"`. Other codes, agents and dates come from caches, not from registries.
fn text_of(header: &str) -> Option<String> {
    let quoted = header.trim().strip_prefix("299 - \"")?.strip_suffix('"')?;
    let mut text = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => text.push(letters.next()?),
            _ => text.push(letter),
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_299_without_an_agent_and_a_date() {
        for (header, text) in [
            (
                r#"299 - "Your account expires.""#,
                Some("Your account expires."),
            ),
            (r#" 299 - "a \"b\" \\ c" "#, Some(r#"a "b" \ c"#)),
            (r#"110 - "Response is Stale""#, None),
            (r#"299 cache.corp "x""#, None),
            (r#"299 - "x" "Sun, 06 Nov 1994 08:49:37 GMT""#, None),
            (r#"299 - "x\""#, None),
            (r#"299 - """#, None),
            ("299 - x", None),
            ("299 - \"", None),
            ("", None),
        ] {
            assert_eq!(text_of(header).as_deref(), text, "{header}");
        }
    }

    #[test]
    fn each_is_news_once() {
        let warnings = Warnings::default();
        let news = |n: usize| {
            warnings
                .news(&format!("299 - \"{n}\""), str::to_owned)
                .is_some()
        };
        assert!(news(0) && !news(0));
        assert_eq!((0..100).filter(|n| news(*n)).count(), MAX_COUNT - 1);
        let long = format!("299 - \"{}\"", "é".repeat(1000));
        let long = Warnings::default().news(&long, str::to_owned);
        assert_eq!(long.map(|text| text.chars().count()), Some(MAX_SHOWN));
    }
}
