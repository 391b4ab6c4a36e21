//! The errors that people meet most, word for word: as typed, as said, and the exit code, in `errors/golden.txt`.
//!
//! `ROOTS_BLESS=1 cargo test --locked --test it errors` writes the file again; what has changed is for `git diff` to
//! show and for a person to read.

use crate::support::Run;
use crate::support::sandbox::Command;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

mod disk;
mod images;
mod names;
mod network;
mod registries;
mod scene;

use scene::Scene;

/// The file that a person reads and a test compares with.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/errors/golden.txt");

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

/// What is said obeys the rules of README, whatever it is.
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
        let first = why.chars().next().unwrap();
        assert!(
            !first.is_uppercase() || why.starts_with("IMAGE") || why.contains('_'),
            "{line}"
        );
        assert!(line.len() < 250, "{line}");
    }
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
