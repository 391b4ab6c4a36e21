//! The tables of README and of the guide say what the help pages and the code say: no option, variable or exit code is missing or made up.

use crate::command_line::manual::page::GUIDE;
use crate::support::help;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[test]
fn options_are_those_of_the_help_pages() {
    let pages = help::pages();
    let mut helped: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for page in &pages {
        for option in &page.options {
            let commands = helped.entry(option.spelling.clone()).or_default();
            commands.push(&page.command);
        }
    }
    let guide = read(GUIDE);
    let documented = table(&guide, "Options").map(|cells| {
        let commands = cells[1].split(", ").collect();
        (cells[0].replace('`', ""), commands)
    });
    assert_eq!(documented.collect::<BTreeMap<_, _>>(), helped);
}

#[test]
fn variables_are_those_of_the_help_pages_and_the_code() {
    let guide = read(GUIDE);
    let documented: BTreeSet<_> = table(&guide, "Variables")
        .map(|cells| cells[0].replace('`', ""))
        .collect();
    let ours = |name: &&String| name.starts_with("ROOTS_");
    let pages = help::pages();
    let options = pages.iter().flat_map(|page| &page.options);
    let helped: BTreeSet<_> = options.flat_map(|option| option.variables()).collect();
    assert_eq!(documented.iter().filter(ours).collect::<Vec<_>>(), {
        helped.into_iter().collect::<Vec<_>>()
    });
    let source = source(&root().join("src"));
    let read: BTreeSet<_> = ["variable(\"", "var_os(\"", "&str = \"ROOTS"]
        .into_iter()
        .flat_map(|before| names_after(&source, before))
        .map(|name| {
            if let Some(rest) = name.strip_prefix('_') {
                format!("ROOTS_{rest}")
            } else {
                name
            }
        })
        .collect();
    assert_eq!(documented, read);
}

/// A heading had another name, and the link to it led nowhere.
#[test]
fn links_within_lead_to_headings_and_files() {
    let mut seen = 0;
    for page in ["README.md", "CONTRIBUTING.md", "tests/BENCHMARK.md"] {
        let text = read(page);
        let headings: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.trim_start_matches('#').strip_prefix(' '))
            .map(|heading| heading.to_lowercase().replace(' ', "-"))
            .collect();
        let links = text.split("](").skip(1);
        for link in links.filter_map(|link| link.split(')').next()) {
            seen += 1;
            if let Some(heading) = link.strip_prefix('#') {
                assert!(headings.contains(heading), "{page}: #{heading}");
            } else if !link.contains("://") {
                let beside = root().join(page).with_file_name(link);
                assert!(beside.is_file(), "{page}: {link}");
            }
        }
    }
    assert!(seen > 15, "{seen}");
}

/// It is the front door: what is longer is in the man pages.
#[test]
fn readme_is_short_and_leads_to_each_page_of_the_guide() {
    let readme = read("README.md");
    assert!(readme.len() < 14 << 10, "{}", readme.len());
    for guide in crate::command_line::manual::guide::guides() {
        let link = format!("[`{0}(7)`](src/help/guide/{0}.txt)", guide.name);
        assert!(readme.contains(&link), "{link}");
    }
}

#[test]
fn exit_codes_are_those_of_the_help_page_and_the_code() {
    let readme = read("README.md");
    let documented: BTreeMap<u8, &str> = table(&readme, "Exit codes")
        .filter_map(|cells| Some((cells[0].parse().ok()?, cells[1])))
        .collect();
    let page = read("src/help/roots.txt").replace('\n', " ");
    let (_, list) = page.split_once("Exit codes: ").unwrap();
    let mut helped = BTreeSet::new();
    for item in list.trim().trim_end_matches('.').split(", ") {
        let (code, meaning) = item.split_once(' ').unwrap();
        let code = code.parse().unwrap();
        assert!(
            documented[&code].starts_with(meaning),
            "{code} means `{meaning}`"
        );
        helped.insert(code);
    }
    assert_eq!(documented.keys().copied().collect::<BTreeSet<_>>(), helped);
    let errors = read("src/error/category.rs");
    let (_, function) = errors.split_once("fn exit_code").unwrap();
    let given = function.split("=> ").skip(1).filter_map(|arm| {
        let digits = arm.split(|c: char| !c.is_ascii_digit()).next();
        digits?.parse().ok()
    });
    let unchanged = roots::error::UNCHANGED;
    let given: BTreeSet<u8> = given.chain([0, unchanged]).collect();
    assert_eq!(given, helped);
}

#[test]
fn every_make_target_that_is_named_exists() {
    let makefile = read("Makefile");
    for page in ["README.md", "CONTRIBUTING.md", "fixtures/README.md"] {
        let text = read(page);
        let named = text.split("make ").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_lowercase());
            let word = &rest[..end.unwrap_or(rest.len())];
            // `make` is a command only in code: a word of prose goes on after a blank.
            let is_code = ["`", "\n", "   "]
                .iter()
                .any(|end| rest[word.len()..].starts_with(end));
            is_code.then_some(word)
        });
        let missing: Vec<_> = named
            .filter(|name| !makefile.contains(&format!("\n{name}:")))
            .collect();
        assert_eq!(missing, [""; 0], "{page}");
    }
}

/// The rows of the first table below a heading, without its head.
pub(crate) fn table<'r>(readme: &'r str, heading: &str) -> impl Iterator<Item = Vec<&'r str>> {
    let heading = format!("\n## {heading}\n");
    let (_, section) = readme.split_once(&heading).expect("the heading");
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    rows.take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            row.trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect::<Vec<_>>()
        })
}

/// The words in capitals that stand right behind `before`.
fn names_after(text: &str, before: &str) -> Vec<String> {
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_');
        rest[..end.unwrap_or(rest.len())].to_owned()
    };
    let mut names: Vec<_> = text.split(before).skip(1).map(name).collect();
    names.retain(|name| !name.is_empty());
    names
}

fn source(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let text = |path: std::path::PathBuf| match path.is_dir() {
        true => source(&path),
        false => fs::read_to_string(path).unwrap(),
    };
    entries.map(text).collect()
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
