//! How systemd reads a file of settings: config_parse, config_parse_strv and extract_first_word, with the flags that
//! systemd-nspawn has for `Environment=` and `Parameters=`. `make interop` asks the real one.

/// The settings of a file, in their order.
pub(super) struct Settings(Vec<(String, String)>);

/// Reads a file, all of which has to be `[Exec]`.
pub(super) fn settings(text: &str) -> Settings {
    let mut settings = Vec::new();
    let mut continued = String::new();
    let mut section = String::new();
    assert!(!text.contains('\u{fffe}'), "systemd refuses the file");
    for line in text.split(['\n', '\r', '\0']) {
        assert!(line.len() < 1 << 20, "systemd refuses the file");
        let trimmed = line.trim_start_matches(BLANKS);
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        let line = format!(
            "{continued}{}",
            if continued.is_empty() { trimmed } else { line }
        );
        let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes % 2 == 1 {
            continued = format!("{} ", &line[..line.len() - 1]);
            continue;
        }
        continued.clear();
        let line = line.trim_matches(BLANKS);
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = name.strip_suffix(']').expect("a section").to_owned();
            continue;
        }
        assert_eq!(section, "Exec", "{text}");
        let (key, value) = line.split_once('=').expect("a setting");
        settings.push((
            key.trim_matches(BLANKS).to_owned(),
            value.trim_matches(BLANKS).to_owned(),
        ));
    }
    Settings(settings)
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

impl Settings {
    /// The last value of a setting that is taken as it stands.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == key);
        values.next_back().map(|(_, value)| value.as_str())
    }

    /// All words of a setting that is a list.
    pub(super) fn words(&self, key: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(known, _)| known == key);
        values.flat_map(|(_, value)| words(value)).collect()
    }
}

/// Blanks separate, quotes go away, and a backslash is a backslash: EXTRACT_UNQUOTE | EXTRACT_RETAIN_ESCAPE.
fn words(value: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in value.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if BLANKS.contains(&c) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    assert_eq!(quote, None, "an open quote: {value}");
    words.extend(word);
    words
}
