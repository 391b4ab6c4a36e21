//! The man pages of section 7, and sections of command pages, from the text in src/help/guide.
//!
//! A page begins with `name(7) - what it is about`. The rest is text: `## Heading`, paragraphs, `* ` and `1. ` lists, `Term::` with
//! an indented explanation, tables of two columns, and lines of code, which are indented by four blanks.

use super::roff::{bold, code, plain, prose};
use crate::project::readme::{read, root};
use std::fs;

/// A page of section 7.
pub(crate) struct Guide {
    pub name: String,
    pub does: String,
    pub text: String,
}

/// All of them, in the order of their names.
pub(crate) fn guides() -> Vec<Guide> {
    let folder = fs::read_dir(root().join("src/help/guide")).unwrap();
    let mut files: Vec<_> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    files.iter().filter_map(|file| guide(file)).collect()
}

fn guide(file: &str) -> Option<Guide> {
    let page = read(&format!("src/help/guide/{file}"));
    let (head, text) = page.split_once('\n').unwrap();
    let (name, does) = head.split_once("(7) - ")?;
    assert_eq!(file, format!("{name}.txt"));
    Some(Guide {
        name: name.to_owned(),
        does: does.to_owned(),
        text: text.to_owned(),
    })
}

/// The sections that the guide adds to the page of a command, if any.
pub(super) fn addition(page: &str) -> Option<String> {
    fs::read_to_string(root().join(format!("src/help/guide/{page}.txt"))).ok()
}

/// Text as sections of a man page: DESCRIPTION up to the first heading.
pub(super) fn sections(text: &str) -> String {
    let mut roff = String::new();
    let mut is_first = true;
    for block in blocks(text) {
        if let Some(heading) = block.strip_prefix("## ") {
            roff += &format!(".SH \"{}\"\n", plain(&heading.to_uppercase()));
            is_first = true;
            continue;
        }
        if roff.is_empty() {
            roff += ".SH DESCRIPTION\n";
        }
        roff += &self::block(&block, is_first);
        is_first = false;
    }
    roff
}

/// Splits at empty lines, except inside code.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for block in text.trim_matches('\n').split("\n\n") {
        let is_code = |block: &str| block.starts_with("    ");
        match blocks.last_mut() {
            Some(last) if is_code(last) && is_code(block) => *last += &format!("\n\n{block}"),
            _ => blocks.push(block.to_owned()),
        }
    }
    blocks
}

fn block(block: &str, is_first: bool) -> String {
    if block.starts_with("    ") {
        let lines = block.lines().map(|line| line.get(4..).unwrap_or(""));
        let space = if is_first { "" } else { ".sp\n" };
        return format!("{space}{}", code(&lines.collect::<Vec<_>>().join("\n")));
    }
    if block.starts_with('|') {
        return block.lines().skip(2).map(row).collect();
    }
    if block.contains("::\n  ") {
        let items = items(block, |line| line.strip_suffix("::").map(bold_words));
        return tagged(&items);
    }
    let bullet = |line: &str| line.strip_prefix("* ").map(|_| "\\(bu".to_owned());
    let number = |line: &str| {
        let (number, _) = line.split_once(". ")?;
        number.parse::<u8>().ok().map(|number| format!("{number}."))
    };
    for (mark, width) in [
        (&bullet as &dyn Fn(&str) -> Option<String>, 2),
        (&number, 3),
    ] {
        if mark(block).is_some() {
            let item = |(tag, text): &(String, String)| {
                let text = text.split_once(' ').unwrap().1;
                format!(".IP {tag} {width}\n{}", prose(text))
            };
            return items(block, mark).iter().map(item).collect();
        }
    }
    let paragraph = if is_first { "" } else { ".PP\n" };
    format!("{paragraph}{}", prose(block))
}

/// The items of a list, each with its tag, and with its text, which keeps a mark that shares its first line.
fn items(block: &str, mark: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let mut items: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match mark(line) {
            Some(tag) if line.ends_with("::") => items.push((tag, String::new())),
            Some(tag) => items.push((tag, line.to_owned())),
            None => {
                assert!(line.starts_with("  "), "not indented: {line}");
                let (_, text) = items.last_mut().unwrap();
                *text += &format!(" {}", line.trim_start());
            }
        }
    }
    items
}

fn row(row: &str) -> String {
    let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [tag, text] = cells[..] else {
        panic!("not two columns: {row}");
    };
    tagged(&[(prose(tag).trim_end().to_owned(), text.to_owned())])
}

fn tagged(items: &[(String, String)]) -> String {
    let item = |(tag, text): &(String, String)| format!(".TP\n{tag}\n{}", prose(text));
    items.iter().map(item).collect()
}

/// A term in bold, with or without the marks of code.
fn bold_words(term: &str) -> String {
    bold(&term.replace('`', ""))
}

#[test]
fn text_becomes_sections() {
    let text =
        "\nOne `--a`.\n\n    $ x\n\n    y\n\n## See `b(7)`\n\n* one\n  more\n* two\n\nLast.\n";
    let roff = ".SH DESCRIPTION\nOne \\fB\\%\\-\\-a\\fR.\n.sp\n.RS 4\n.EX\n$ x\n\ny\n.EE\n.RE\n\
                .SH \"SEE \\(gaB(7)\\(ga\"\n.IP \\(bu 2\none more\n.IP \\(bu 2\ntwo\n.PP\nLast.\n";
    assert_eq!(sections(text), roff);
    let text = "1. one\n2. two\n\nA `term`::\n  text\n\n| a | b |\n|---|---|\n| `x` | y |\n";
    let roff = ".SH DESCRIPTION\n.IP 1. 3\none\n.IP 2. 3\ntwo\n.TP\n\\fB\\%A \\%term\\fR\ntext\n\
                .TP\n\\fB\\%x\\fR\ny\n";
    assert_eq!(sections(text), roff);
}
