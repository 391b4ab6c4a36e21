//! The errors that people meet most, word for word: as typed, as said, and the exit code, in `errors/golden.txt`.
//!
//! `ROOTS_BLESS=1 cargo test --locked --test it errors` writes the file again; what has changed is for `git diff` to
//! show and for a person to read.

use crate::support::Run;
use crate::support::sandbox::Command;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

mod disk;
mod images;
mod names;
mod network;
mod registries;
mod scene;

use scene::Scene;

/// The file that a person reads and a test compares with.
const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/command_line/errors/golden.txt"
);

/// Where all sentences stand.
const SENTENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/error");

/// How the cases of a chapter come about.
type Chapter = (&'static str, fn(&mut Scene));

const CHAPTERS: [Chapter; 5] = [
    ("names", names::chapter),
    ("network", network::chapter),
    ("registries", registries::chapter),
    ("images", images::chapter),
    ("disk", disk::chapter),
];

#[test]
fn the_likely_ones_are_word_for_word_as_in_the_golden_file() {
    let told: String = CHAPTERS
        .into_iter()
        .map(|(name, chapter)| {
            let mut scene = Scene::new(name);
            chapter(&mut scene);
            scene.into_text()
        })
        .collect();
    if std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(GOLDEN, &told).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    let changes = changes(&golden, &told);
    assert!(
        changes.is_empty(),
        "not as in {GOLDEN}, which ROOTS_BLESS=1 writes again:\n{changes}"
    );
    assert!(told.matches("\n$ ").count() >= 40, "cases are gone");
}

/// What is said obeys the rules of roots-json(7), whatever it is.
#[test]
fn every_line_of_the_golden_file_is_in_good_form() {
    for line in fs::read_to_string(GOLDEN).unwrap().lines() {
        let Some(said) = ["roots: ", "hint: "]
            .iter()
            .find_map(|start| line.strip_prefix(start))
        else {
            continue;
        };
        assert!(!said.ends_with(['.', ' ', ':', ',']), "{line}");
        assert!(
            !said.contains("os error") && !said.contains("Os {"),
            "{line}"
        );
        let why = said.rsplit(": ").next().unwrap();
        let word = why.split(' ').next().unwrap();
        // NAME, DEST, HTTPS_PROXY and the like are words for what there is.
        let is_name = !word.contains(char::is_lowercase) || word.starts_with("NAME@");
        assert!(is_name || !word.starts_with(char::is_uppercase), "{line}");
        assert!(line.len() < 250, "{line}");
    }
}

/// No sentence of the room ends in a full stop, begins in a capital letter or breaks the line.
#[test]
fn every_sentence_in_the_source_is_in_good_form() {
    let mut count = 0;
    let within = |folder: PathBuf| {
        let files = fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().path())
    };
    let all = within(SENTENCES.into());
    let (folders, files): (Vec<_>, Vec<_>) = all.partition(|path| path.is_dir());
    for path in files
        .into_iter()
        .chain(folders.into_iter().flat_map(within))
    {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.starts_with("//") && !line.starts_with("#[")) {
            // A literal that goes on in the next line ends there.
            for said in line
                .split('"')
                .skip(1)
                .step_by(2)
                .filter(|said| said.contains(' '))
            {
                let place = format!("{}: {said}", path.display());
                assert!(!said.ends_with('.') && !said.contains("\\n"), "{place}");
                let word = said.split(' ').next().unwrap();
                let is_name = !word.contains(char::is_lowercase);
                assert!(is_name || !word.starts_with(char::is_uppercase), "{place}");
                count += 1;
            }
        }
    }
    assert!(count > 150, "only {count} sentences were found");
}

/// The cases that differ, old above new.
fn changes(golden: &str, told: &str) -> String {
    let (old, new) = (cases(golden), cases(told));
    let mut changes = String::new();
    for title in old
        .keys()
        .chain(new.keys().filter(|title| !old.contains_key(*title)))
    {
        let (old, new) = (old.get(title), new.get(title));
        if old == new {
            continue;
        }
        writeln!(changes, "# {title}").unwrap();
        for (sign, lines) in [('-', old), ('+', new)] {
            for line in lines.into_iter().flat_map(|text| text.lines()) {
                writeln!(changes, "{sign} {line}").unwrap();
            }
        }
    }
    changes
}

/// Title and text.
fn cases(text: &str) -> BTreeMap<&str, &str> {
    text.split("# ")
        .filter_map(|case| case.split_once('\n'))
        .collect()
}
