//! Man pages out of the help pages, and of README's tables what help has no room for.

use super::more;
use super::roff::{bold, code, italic, plain, prose};
use crate::readme::{read, table};
use crate::support::help::{self, Choice, Page};
use std::collections::BTreeMap;

/// When they were last looked at as a whole: the same on every machine.
const DATE: &str = "2026-11-26";

/// All of them, by the names of their files.
pub(super) fn all() -> BTreeMap<String, String> {
    let pages = help::pages();
    let mut all = BTreeMap::from([("roots.1".to_owned(), overview(&pages))]);
    for page in &pages {
        all.insert(format!("roots-{}.1", page.command), command(page, &pages));
    }
    all
}

fn overview(pages: &[Page]) -> String {
    let readme = read("README.md");
    let introduction = readme.split("\n\n").nth(1).unwrap();
    let mut text = head("roots", "turn a container image into a root folder");
    text += ".SH SYNOPSIS\n\\fBroots\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
    text += &format!(".SH DESCRIPTION\n{}", prose(introduction));
    text += &format!(".SH COMMANDS\n{}", rows(&readme, "Commands"));
    text += &format!(".SH IMAGES\n{}", rows(&readme, "Names of images"));
    text += &format!(".SH ENVIRONMENT\n{}", rows(&readme, "Variables"));
    text += &files(more::FILES.iter());
    text += &format!(".SH \"EXIT STATUS\"\n{}", rows(&readme, "Exit codes"));
    let others = pages.iter().map(|page| format!("roots-{}", page.command));
    text + &see_also(&others.collect::<Vec<_>>())
}

fn command(page: &Page, pages: &[Page]) -> String {
    let name = format!("roots-{}", page.command);
    let commands = help::commands();
    let (_, does) = commands
        .iter()
        .find(|(command, _)| *command == page.command)
        .unwrap();
    let mut text = head(&name, does);
    text += ".SH SYNOPSIS\n";
    let usages: Vec<_> = page.usages.iter().map(|usage| synopsis(usage)).collect();
    text += &usages.join(".br\n");
    let paragraphs: Vec<_> = page
        .paragraphs
        .iter()
        .map(|paragraph| prose(paragraph))
        .collect();
    text += &format!(".SH DESCRIPTION\n{}", paragraphs.join(".PP\n"));
    text += ".SH OPTIONS\n";
    for option in &page.options {
        text += &item(&spelling(option), &option.text);
    }
    let readme = read("README.md");
    text += ".SH ENVIRONMENT\n";
    for variable in page.options.iter().flat_map(Choice::variables) {
        let mut rows = table(&readme, "Variables");
        let row = rows
            .find(|row| row[0].trim_matches('`') == variable)
            .expect(variable);
        text += &item(&bold(variable), &stands_for(row[1]));
    }
    text += ".PP\n\\fBroots\\fR(1) has the others.\n";
    text += &files(
        more::FILES
            .iter()
            .filter(|(_, commands, _)| commands.contains(&page.command.as_str())),
    );
    text += &format!(".SH \"EXIT STATUS\"\n{}", prose(&codes()));
    let examples = more::EXAMPLES
        .iter()
        .filter(|(command, _)| *command == page.command);
    text += ".SH EXAMPLES\n";
    let examples = examples.flat_map(|(_, examples)| *examples);
    let examples = examples.map(|(does, typed)| format!("{}{}", prose(does), code(typed)));
    text += &examples.collect::<Vec<_>>().join(".PP\n");
    let others = pages.iter().filter(|other| other.command != page.command);
    let others = others.map(|other| format!("roots-{}", other.command));
    text + &see_also(
        &std::iter::once("roots".to_owned())
            .chain(others)
            .collect::<Vec<_>>(),
    )
}

fn head(name: &str, does: &str) -> String {
    let version = plain(env!("CARGO_PKG_VERSION"));
    format!(
        ".\\\" Made of src/help and README.md by `make fixtures`: change those.\n\
         .TH {} 1 {DATE} \"roots {version}\" \"User Commands\"\n.ad l\n.SH NAME\n{} \\- {}\n",
        plain(&name.to_uppercase()),
        plain(name),
        prose(does).trim_end()
    )
}

/// `pull [OPTION]... IMAGE DEST`: what is typed as it is, and what stands for something.
fn synopsis(usage: &str) -> String {
    let mut words = usage.split(' ');
    let command = words.next().unwrap();
    let words = words.map(|word| {
        let is_name = |c: char| c.is_ascii_uppercase();
        match (word.find(is_name), word.rfind(is_name)) {
            (Some(start), Some(end)) => {
                let (before, after) = (plain(&word[..start]), plain(&word[end + 1..]));
                format!("{before}{}{after}", italic(&word[start..=end]))
            }
            _ if word.starts_with('-') => bold(word),
            _ => plain(word),
        }
    });
    format!(
        "{} {}\n",
        bold(&format!("roots {command}")),
        words.collect::<Vec<_>>().join(" ")
    )
}

fn spelling(option: &Choice) -> String {
    let mut names = option
        .short
        .iter()
        .chain([&option.long])
        .map(|name| bold(name));
    let names = [names.next(), names.next()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ");
    match &option.value {
        Some(value) => format!("{names} {}", italic(value)),
        None => names,
    }
}

/// What README says in the head of its table.
fn stands_for(what: &str) -> String {
    format!("stands for {what}")
}

fn item(tag: &str, text: &str) -> String {
    format!(".TP\n{tag}\n{}", prose(text))
}

/// A table of README, a tagged paragraph for each row.
fn rows(readme: &str, heading: &str) -> String {
    let is_ours = |tag: &str| heading == "Variables" && tag.starts_with("`ROOTS_");
    let row = |row: Vec<&str>| {
        let tags = row[0].split('`').enumerate();
        let tag = tags.map(|(i, part)| if i % 2 == 1 { bold(part) } else { plain(part) });
        let text = match is_ours(row[0]) {
            true => stands_for(row[1]),
            false => row[1].to_owned(),
        };
        item(&tag.collect::<String>(), &text)
    };
    table(readme, heading).map(row).collect()
}

fn files<'f>(files: impl Iterator<Item = &'f more::File>) -> String {
    let items: String = files
        .map(|(path, _, holds)| item(&italic(path), holds))
        .collect();
    match items.is_empty() {
        true => items,
        false => format!(".SH FILES\n{items}"),
    }
}

/// The line of the overview.
fn codes() -> String {
    let page = read("src/help/roots.txt").replace('\n', " ");
    let (_, list) = page.split_once("Exit codes: ").unwrap();
    format!("{} `roots(1)` says more of each.", list.trim())
}

fn see_also(names: &[String]) -> String {
    let names = names.iter().map(String::as_str).chain(["systemd-nspawn"]);
    let names: Vec<_> = names.map(|name| format!("{}(1)", bold(name))).collect();
    format!(".SH \"SEE ALSO\"\n{}\n", names.join(",\n"))
}
