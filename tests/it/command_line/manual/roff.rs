//! Text as man(7) has it.

/// How long a line of the source gets: mandoc wonders at longer ones.
const WIDTH: usize = 76;

/// Text that stands for itself: nothing in it is a request, a hyphen that may break, or a typographic quote.
pub(super) fn plain(text: &str) -> String {
    let mut roff = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => roff += "\\e",
            '-' => roff += "\\-",
            '\'' => roff += "\\(aq",
            '`' => roff += "\\(ga",
            '^' => roff += "\\(ha",
            '~' => roff += "\\(ti",
            '"' => roff += "\\(dq",
            letter => {
                assert!(letter.is_ascii(), "{letter} needs a name in roff");
                roff.push(letter);
            }
        }
    }
    roff
}

/// In bold, as what is typed is: words that are not hyphenated.
pub(super) fn bold(text: &str) -> String {
    let words: Vec<_> = text
        .split(' ')
        .map(|word| format!("\\%{}", plain(word)))
        .collect();
    format!("\\fB{}\\fR", words.join(" "))
}

/// In italics, as what something else is to be typed for is.
pub(super) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", plain(text))
}

/// Prose with `code` and [links](to) in it, as help pages and README have it, in lines that are not too long.
pub(super) fn prose(text: &str) -> String {
    let mut roff = String::new();
    let text = without_links(text);
    assert!(
        text.matches('`').count().is_multiple_of(2),
        "half a pair of `: {text}"
    );
    for (i, part) in text.split('`').enumerate() {
        roff += &if i % 2 == 1 { typed(part) } else { plain(part) };
    }
    wrapped(&roff)
}

/// Code in prose, where another page is `name(7)`.
fn typed(text: &str) -> String {
    let page = text.strip_suffix(')').and_then(|text| text.split_once('('));
    match page {
        Some((name, section)) if section.len() == 1 => format!("{}({section})", bold(name)),
        _ => bold(text),
    }
}

/// Lines of code, indented and as they are.
pub(super) fn code(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| safe(&plain(line))).collect();
    format!(".RS 4\n.EX\n{}\n.EE\n.RE\n", lines.join("\n"))
}

fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let start = plain.rfind('[').expect("a link has a beginning");
        plain.remove(start);
        plain += part.split_once(')').expect("a link has an end").1;
    }
    plain
}

fn wrapped(roff: &str) -> String {
    let mut lines = vec![String::new()];
    for word in roff.split_whitespace() {
        let word = &unbroken(word);
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.len() + word.len() >= WIDTH {
            lines.push(safe(word));
        } else if line.is_empty() {
            *line = safe(word);
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// `\%` keeps a word whole at its beginning only: elsewhere, it is where a hyphen may be.
fn unbroken(word: &str) -> String {
    match word.starts_with("\\fB\\%") || !word.contains("\\%") {
        true => word.to_owned(),
        false => format!("\\%{}", word.replace("\\%", "")),
    }
}

/// A dot in front would make a request of a line.
fn safe(line: &str) -> String {
    match line.starts_with('.') {
        true => format!("\\&{line}"),
        false => line.to_owned(),
    }
}

#[test]
fn no_text_is_a_request() {
    assert_eq!(plain("--a_b 'c' \\n"), "\\-\\-a_b \\(aqc\\(aq \\en");
    assert_eq!(prose(".so /etc/passwd"), "\\&.so /etc/passwd\n");
    assert_eq!(
        prose("see `roots help`, [there](#x)."),
        "see \\fB\\%roots \\%help\\fR, there.\n"
    );
    assert_eq!(prose("(`a-b`)"), "\\%(\\fBa\\-b\\fR)\n");
    assert_eq!(prose("`roots(1)`"), "\\fB\\%roots\\fR(1)\n");
    assert_eq!(code("a\n.b"), ".RS 4\n.EX\na\n\\&.b\n.EE\n.RE\n");
    let long = prose(&"x .y ".repeat(40));
    assert!(
        long.lines()
            .all(|line| line.len() <= WIDTH && !line.starts_with('.'))
    );
}
