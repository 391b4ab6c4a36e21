//! How systemd reads a unit: config_parse, extract_first_word with the escapes of C, specifiers, and variables in
//! `ExecStart=`. `make interop` asks the real one.

/// The settings of a unit, each with its section, in their order.
pub(super) struct Unit(Vec<(String, String, String)>);

/// Reads a unit, in which every line has to be a comment, a section or a setting.
pub(super) fn unit(text: &str) -> Unit {
    let (mut settings, mut section) = (Vec::new(), String::new());
    for line in text.split(['\n', '\r', '\0']) {
        assert!(line.len() < 1 << 20, "systemd refuses the file");
        assert!(!line.contains('\u{fffe}'), "systemd refuses the line");
        let trimmed = line.trim_matches([' ', '\t']);
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        assert!(!line.ends_with('\\'), "the next line is a part: {line}");
        match trimmed.strip_prefix('[') {
            Some(name) => section = name.strip_suffix(']').expect("a section").to_owned(),
            None => {
                let (key, value) = trimmed.split_once('=').expect("a setting");
                settings.push((section.clone(), key.to_owned(), value.to_owned()));
            }
        }
    }
    Unit(settings)
}

impl Unit {
    /// The settings of each section that stand there, by name.
    pub(super) fn keys(&self, section: &str) -> Vec<&str> {
        let own = self.0.iter().filter(|(own, ..)| own == section);
        own.map(|(_, key, _)| key.as_str()).collect()
    }

    /// All values of a setting as they stand.
    pub(super) fn raw(&self, key: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(_, known, _)| known == key);
        values.map(|(.., value)| value.as_str()).collect()
    }

    /// All values of a path.
    pub(super) fn path(&self, key: &str) -> Vec<String> {
        self.raw(key).into_iter().map(without_specifiers).collect()
    }

    /// All words of a setting that is a list.
    pub(super) fn words(&self, key: &str) -> Vec<String> {
        let values = self.raw(key).into_iter();
        values
            .flat_map(words)
            .map(|word| without_specifiers(&word))
            .collect()
    }

    /// The path of the program and its arguments.
    pub(super) fn command(&self) -> Option<(String, Vec<String>)> {
        let mut words = self.words("ExecStart").into_iter();
        let program = words.next()?;
        let program = program.strip_prefix('@').expect("another name").to_owned();
        let arguments = words.map(|word| {
            assert!(!word.replace("$$", "").contains('$'), "a variable: {word}");
            word.replace("$$", "$")
        });
        Some((program, arguments.collect()))
    }
}

fn without_specifiers(text: &str) -> String {
    assert!(!text.replace("%%", "").contains('%'), "a specifier: {text}");
    text.replace("%%", "%")
}

/// Words in double quotes with blanks between them, and `\"`, `\\` and `\xHH` in them.
fn words(value: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), value.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b' ' {
            rest = after;
            continue;
        }
        assert_eq!(*first, b'"', "a word without quotes: {value}");
        let mut word = Vec::new();
        rest = after;
        loop {
            match rest {
                [b'"', after @ ..] => {
                    rest = after;
                    break;
                }
                [b'\\', b'x', high, low, after @ ..] => {
                    let digits = [*high, *low];
                    let digits = std::str::from_utf8(&digits).unwrap();
                    word.push(u8::from_str_radix(digits, 16).unwrap());
                    rest = after;
                }
                [b'\\', c @ (b'"' | b'\\'), after @ ..] | [c, after @ ..] => {
                    assert!(
                        *c != b'\\' || rest[0] == b'\\' && rest[1] == b'\\',
                        "{value}"
                    );
                    word.push(*c);
                    rest = after;
                }
                [] => panic!("an open quote: {value}"),
            }
        }
        words.push(String::from_utf8(word).unwrap());
    }
    words
}
