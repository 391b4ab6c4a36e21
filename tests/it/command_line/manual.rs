//! The man pages in fixtures/man are what the help pages, README and the guide make, and no reader of theirs complains.

use crate::project::readme::{read, root};
use crate::support::{Ability, help};
use std::fs;
use std::process::Command;

pub(crate) mod guide;
mod more;
pub(crate) mod page;
mod roff;

#[test]
fn fixtures_hold_the_man_pages() {
    let folder = root().join("fixtures/man");
    let built = page::all();
    if std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &built {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let committed = fs::read_dir(&folder).unwrap();
    let mut committed: Vec<_> = committed
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    committed.sort();
    let names: Vec<_> = built.keys().cloned().collect();
    assert_eq!(committed, names, "`make fixtures` writes them again");
    for (name, text) in &built {
        let is_same = read(&format!("fixtures/man/{name}")) == *text;
        assert!(
            is_same,
            "{name} is another: `make fixtures` writes it again"
        );
    }
}

/// Read back out of the files, and with another reader than the one that wrote them.
#[test]
fn every_option_is_in_the_man_page_of_its_command() {
    for page in help::pages() {
        let text = read(&format!("fixtures/man/roots-{}.1", page.command)).replace(['\\', '%'], "");
        let tagged: Vec<_> = text
            .split(".TP\n")
            .skip(1)
            .map(|item| item.lines().next().unwrap())
            .collect();
        for option in &page.options {
            let tag = match (&option.short, &option.value) {
                (Some(short), None) => format!("fB{short}fR, fB{}fR", option.long),
                (Some(short), Some(value)) => {
                    format!("fB{short}fR, fB{}fR fI{value}fR", option.long)
                }
                (None, Some(value)) => format!("fB{}fR fI{value}fR", option.long),
                (None, None) => format!("fB{}fR", option.long),
            };
            assert!(tagged.contains(&tag.as_str()), "{}: {tag}", page.command);
        }
    }
}

/// Those of man pages and of README alike.
#[test]
fn examples_name_options_that_there_are() {
    let pages = help::pages();
    let mut examples: Vec<(String, String)> = Vec::new();
    for (command, typed) in more::EXAMPLES {
        let typed = typed.iter().map(|(_, typed)| (*typed).to_owned());
        examples.extend(typed.map(|typed| ((*command).to_owned(), typed)));
    }
    let texts = guide::guides().into_iter().map(|g| (g.name, g.text));
    for (name, text) in texts.chain([("README".to_owned(), read("README.md"))]) {
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        examples.extend(lines.map(|line| (name.clone(), line.to_owned())));
    }
    let mut seen = 0;
    for (place, example) in &examples {
        for typed in example
            .lines()
            .filter_map(|line| line.split_once("roots "))
            .map(|(_, typed)| typed)
            // A file called `roots`, and not a command.
            .filter(|typed| !typed.starts_with(' '))
        {
            let mut words = typed
                .split_whitespace()
                .take_while(|word| !["|", "||", "&&", "#"].contains(word));
            let typed = words.next().unwrap_or_default();
            let page = pages.iter().find(|page| page.command == typed);
            let page = page.unwrap_or_else(|| panic!("{place}: {example}"));
            seen += 1;
            for word in words.filter(|word| word.starts_with('-') && *word != "-") {
                let is_there = |option: &help::Choice| {
                    option.long == word || option.short.as_deref() == Some(word)
                };
                assert!(
                    page.options.iter().any(is_there),
                    "{place}: {example}: {word}"
                );
            }
        }
    }
    assert!(seen > 80, "{seen}");
    assert!(pages.iter().all(|page| {
        more::EXAMPLES
            .iter()
            .any(|(command, _)| *command == page.command)
    }));
}

/// In the guide, and in README.
#[test]
fn pages_that_are_named_exist() {
    let folder = fs::read_dir(root().join("src/help/guide")).unwrap();
    let mut texts: Vec<_> = folder
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.push(read("README.md"));
    let (pages, mut seen) = (page::all(), 0);
    for text in texts {
        for section in ["1", "7"] {
            let parts: Vec<_> = text.split(&format!("({section})")).collect();
            for before in &parts[..parts.len() - 1] {
                let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
                let start = before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
                let page = format!("{}.{section}", &before[start..]);
                assert!(pages.contains_key(&page), "{page}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn no_reader_of_man_pages_complains() {
    if !Ability::Mandoc.is_missing() {
        lint("mandoc", &["-T", "lint", "-W", "warning"]);
    }
    if !Ability::Groff.is_missing() {
        lint("groff", &["-man", "-ww", "-Tutf8", "-z"]);
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_man_pages() {
    lint("mandoc", &["-T", "lint", "-W", "warning"]);
    lint("groff", &["-man", "-ww", "-Tutf8", "-z"]);
    lint("man", &["--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"]);
}

/// Neither a word nor an exit code, for any page.
fn lint(program: &str, options: &[&str]) {
    for entry in fs::read_dir(root().join("fixtures/man")).unwrap() {
        let output = Command::new(program)
            .args(options)
            .arg(entry.unwrap().path())
            .output()
            .unwrap();
        // man's answer is the page; mandoc complains in its own.
        let answer = if program == "man" {
            Vec::new()
        } else {
            output.stdout
        };
        let said = [answer, output.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&said), "", "{program}");
        assert!(output.status.success(), "{program}");
    }
}
