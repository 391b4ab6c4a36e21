//! As much of TOML as `registries.conf` needs: tables, and keys with strings and booleans. What else
//! there may be is passed over. A library for all of TOML is 90 KiB and more.

/// One line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `[name]` or `[[name]]`, the name without blanks.
    Table(String),
    /// `key = value`.
    Entry(String, Value),
}

/// A value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    /// An array of nothing.
    Empty,
    /// Numbers, dates, arrays, inline tables, strings of several lines.
    Other,
}

/// The lines of a text with their numbers, from 1 on; or the number of the one that is not TOML.
pub(super) fn parse(text: &str) -> Result<Vec<(usize, Line)>, usize> {
    let mut rest = Rest { text, at: 0 };
    let mut lines = Vec::new();
    loop {
        rest.skip_blank_lines();
        let number = rest.line();
        if rest.left().is_empty() {
            return Ok(lines);
        }
        let line = rest.next_line().ok_or(number)?;
        rest.end_of_line().ok_or(number)?;
        lines.push((number, line));
    }
}

/// What has not been read yet.
struct Rest<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Rest<'t> {
    fn left(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line(&self) -> usize {
        self.text[..self.at].matches('\n').count() + 1
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.left().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Everything up to `end`, which is taken too, on this line.
    fn until(&mut self, end: &str) -> Option<&'t str> {
        let (text, _) = self.left().split_once(end)?;
        self.at += text.len() + end.len();
        (!text.contains('\n')).then_some(text)
    }

    fn skip(&mut self, what: &[char]) {
        self.at += self.left().len() - self.left().trim_start_matches(what).len();
    }

    fn skip_comment(&mut self) {
        if self.left().starts_with('#') {
            self.at += self.left().find('\n').unwrap_or(self.left().len());
        }
    }

    fn skip_blank_lines(&mut self) {
        loop {
            let before = self.at;
            self.skip(&[' ', '\t', '\r', '\n']);
            self.skip_comment();
            if self.at == before {
                return;
            }
        }
    }

    fn end_of_line(&mut self) -> Option<()> {
        self.skip(&[' ', '\t', '\r']);
        self.skip_comment();
        (self.left().is_empty() || self.left().starts_with('\n')).then_some(())
    }

    fn next_line(&mut self) -> Option<Line> {
        let name = if self.take("[[") {
            self.until("]]")?
        } else if self.take("[") {
            self.until("]")?
        } else {
            let key = self.until("=")?.trim().trim_matches(['"', '\'']);
            self.skip(&[' ', '\t']);
            return Some(Line::Entry(key.to_owned(), self.value()?));
        };
        Some(Line::Table(name.replace([' ', '\t', '"', '\''], "")))
    }

    fn value(&mut self) -> Option<Value> {
        for quotes in ["\"\"\"", "'''"] {
            if self.take(quotes) {
                let (text, _) = self.left().split_once(quotes)?;
                self.at += text.len() + quotes.len();
                return Some(Value::Other);
            }
        }
        match self.left().chars().next()? {
            '"' => self.quoted().map(Value::Text),
            '\'' => {
                self.take("'");
                self.until("'").map(|text| Value::Text(text.to_owned()))
            }
            '[' | '{' => self.nested(),
            _ => {
                let end = self.left().find(['\n', '#']).unwrap_or(self.left().len());
                let word = self.left()[..end].trim();
                self.at += end;
                Some(match word {
                    "" => return None,
                    "true" => Value::Flag(true),
                    "false" => Value::Flag(false),
                    _ => Value::Other,
                })
            }
        }
    }

    /// A string in double quotes, with its escapes.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.left().char_indices().skip(1);
        let end = loop {
            match letters.next()? {
                (at, '"') => break at + 1,
                (_, '\n') => return None,
                (_, '\\') => text.push(match letters.next()?.1 {
                    same @ ('"' | '\\') => same,
                    'n' => '\n',
                    't' => '\t',
                    // Hosts and paths have no use for the others.
                    _ => return None,
                }),
                (_, letter) => text.push(letter),
            }
        };
        self.at += end;
        Some(text)
    }

    /// An array or an inline table, over as many lines as it takes.
    fn nested(&mut self) -> Option<Value> {
        let mut open = Vec::new();
        let mut count = 0;
        loop {
            self.skip_blank_lines();
            count += 1;
            let letter = self.left().chars().next()?;
            match letter {
                '"' => drop(self.quoted()?),
                '\'' => {
                    self.take("'");
                    self.until("'")?;
                }
                _ => {
                    self.at += letter.len_utf8();
                    match letter {
                        '[' => open.push(']'),
                        '{' => open.push('}'),
                        ']' | '}' if open.pop() != Some(letter) => return None,
                        _ => {}
                    }
                }
            }
            if open.is_empty() {
                return Some(if count == 2 {
                    Value::Empty
                } else {
                    Value::Other
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, value: Value) -> Line {
        Line::Entry(key.to_owned(), value)
    }

    #[test]
    fn reads_what_administrators_write() {
        let text = r#"# a comment
unqualified-search-registries = [
  "docker.io", # with ] in a comment
  'quay.io',
]
short-name-mode="enforcing"

[[registry]]
prefix = "docker.io/library" # behind
"location" = 'mirror.corp:5000/hub'
insecure=true
  [[ registry.mirror ]]
  location = "a\"b"
[aliases]
"x" = { y = ["z", "}"] }
n = 3
none = [ # nobody
]
"#;
        let wanted = vec![
            (2, entry("unqualified-search-registries", Value::Other)),
            (6, entry("short-name-mode", Value::Text("enforcing".into()))),
            (8, Line::Table("registry".into())),
            (9, entry("prefix", Value::Text("docker.io/library".into()))),
            (
                10,
                entry("location", Value::Text("mirror.corp:5000/hub".into())),
            ),
            (11, entry("insecure", Value::Flag(true))),
            (12, Line::Table("registry.mirror".into())),
            (13, entry("location", Value::Text("a\"b".into()))),
            (14, Line::Table("aliases".into())),
            (15, entry("x", Value::Other)),
            (16, entry("n", Value::Other)),
            (17, entry("none", Value::Empty)),
        ];
        assert_eq!(parse(text), Ok(wanted));
        let lines = parse(&text.replace('\n', "\r\n"));
        assert_eq!(lines.map(|lines| lines.len()), Ok(12));
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_toml_is_named_by_its_line() {
        for (text, line) in [
            ("}{", 1),
            ("\n\nkey", 3),
            ("a = 1\nb = \"open\n", 2),
            ("a = \"x\" y\n", 1),
            ("a = [1,\n2", 1),
            ("a = [1}\n", 1),
            ("[[registry]\n", 1),
            ("a =\n", 1),
            ("a = '''x", 1),
            ("a = \"\\q\"", 1),
        ] {
            assert_eq!(parse(text), Err(line), "{text:?}");
        }
    }
}
