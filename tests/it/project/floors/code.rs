//! Rust source without what is not code: comments, the contents of strings and characters, and the tests at the end.

/// The code of one file.
pub(super) struct Code {
    /// The code, the tests at the end left out.
    pub(super) before_tests: String,
    /// Lines, comments included, before the tests.
    pub(super) lines: usize,
}

const TESTS: &str = "#[cfg(test)]\nmod tests ";

impl Code {
    /// Nothing if there is code for tests only anywhere but in a `mod tests` that ends the file.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.replace("#[cfg(test)]\nmod tests;\n", "");
        let plain = plain(&text);
        let (before_tests, tests) = plain.split_once(TESTS).unwrap_or((&plain, "{\n}"));
        // The module ends with the first brace at the beginning of a line.
        let after = tests
            .split_once("\n}")
            .map_or("nothing ends the tests", |(_, after)| after);
        if before_tests.contains("cfg(test") || !after.trim().is_empty() {
            return None;
        }
        // What is no code has been blanked, but not its line ends.
        let lines = before_tests.lines().count();
        Some(Self {
            before_tests: before_tests.to_owned(),
            lines,
        })
    }

    /// The first names behind `crate::` and `roots::`, and behind every `super::` that leads out of the room.
    pub(super) fn imports(&self, path: &str) -> Vec<String> {
        let code = squeezed(&self.before_tests);
        let depth = path.matches('/').count() + usize::from(!path.ends_with("/mod.rs"));
        let out = "super::".repeat(depth);
        let mut imports = Vec::new();
        for root in ["crate::", "roots::", &out] {
            for (at, _) in code.match_indices(root) {
                if !begins_word(&code, at) {
                    continue;
                }
                let rest = &code[at + root.len()..];
                let names = match rest.strip_prefix('{') {
                    Some(group) => in_group(group),
                    None => vec![rest],
                };
                imports.extend(
                    names
                        .into_iter()
                        .filter_map(|name| words(name).next().map(str::to_owned)),
                );
            }
        }
        imports
    }

    /// The names of the types and traits that are defined before the tests.
    pub(super) fn types(&self) -> Vec<String> {
        let before_and_after = words(&self.before_tests).zip(words(&self.before_tests).skip(1));
        before_and_after
            .filter(|(before, _)| ["struct", "enum", "trait", "type"].contains(before))
            .map(|(_, name)| name.to_owned())
            .filter(|name| name.starts_with(char::is_uppercase))
            .collect()
    }

    /// Whether a path begins with the name of this crate: `tar::Header`, `::tar::Header`, `use tar;`, but not `a::tar::b`.
    pub(super) fn names_crate(&self, name: &str) -> bool {
        let code = squeezed(&self.before_tests);
        code.match_indices(name).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + name.len()..]);
            let begins = match before.strip_suffix("::") {
                Some(before) => !before.ends_with(|c: char| is_word(c) || c == '>'),
                None => begins_word(&code, at),
            };
            let imported = before.ends_with("use ") && after.starts_with([';', ' ']);
            begins && (after.starts_with("::") || imported)
        })
    }
}

/// The names and keywords of some code. Lifetimes are none.
pub(super) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !is_word(c) && c != '\'')
        .filter(|word| !word.is_empty() && !word.starts_with('\''))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn begins_word(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|c: char| is_word(c) || c == ':')
}

/// Code with single blanks, and none where no word would join another.
fn squeezed(code: &str) -> String {
    let mut squeezed = String::new();
    for piece in code.split_whitespace() {
        if squeezed.ends_with(is_word) && piece.starts_with(is_word) {
            squeezed.push(' ');
        }
        squeezed += piece;
    }
    squeezed
}

/// The members of a `{group}` whose inside begins here, groups in them left whole.
fn in_group(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members
}

/// The text with comments, strings and characters blanked out, line by line the same.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = not_code(rest, plain.ends_with(is_word)).unwrap_or(0);
        if length == 0 {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            plain.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    plain
}

/// How long the comment, string or character is that begins here, if one does.
fn not_code(text: &str, in_word: bool) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(comment(text));
    }
    let bare = text
        .strip_prefix(['b', 'c'])
        .filter(|_| !in_word)
        .unwrap_or(text);
    let prefix = text.len() - bare.len();
    if let Some(raw) = bare.strip_prefix('r').filter(|_| !in_word) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inside = raw[hashes..].strip_prefix('"')?;
        return Some(text.len() - inside.len() + inside.find(&end)? + end.len());
    }
    if bare.starts_with('"') {
        return quoted(bare, '"').map(|length| prefix + length);
    }
    // A quote and no second one soon is a lifetime.
    let is_character =
        bare.starts_with("'\\") || bare.chars().nth(2) == Some('\'') && bare.starts_with('\'');
    if is_character {
        quoted(bare, '\'').map(|length| prefix + length)
    } else {
        None
    }
}

fn comment(text: &str) -> usize {
    let mut depth = 0;
    for (at, _) in text.char_indices() {
        if text[at..].starts_with("/*") {
            depth += 1;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, c)) = letters.next() {
        match c {
            '\\' => drop(letters.next()),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
