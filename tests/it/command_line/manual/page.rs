//! Man pages out of the help pages, of README's tables what help has no room for, and of the guide.

use super::guide::{Guide, addition, guides, sections};
use super::more;
use super::roff::{bold, code, italic, plain, prose};
use crate::project::readme::{read, table};
use crate::support::help::{self, Choice, Page};
use std::collections::BTreeMap;

/// When they were last looked at as a whole: the same on every machine.
const DATE: &str = "2026-11-27";

/// All options and variables, for `roots.1`.
pub(crate) const GUIDE: &str = "src/help/guide/roots.txt";

/// All of them, by the names of their files.
pub(super) fn all() -> BTreeMap<String, String> {
    let (pages, guides) = (help::pages(), guides());
    let mut names = vec![("roots".to_owned(), 1)];
    names.extend(
        pages
            .iter()
            .map(|page| (format!("roots-{}", page.command), 1)),
    );
    names.extend(guides.iter().map(|guide| (guide.name.clone(), 7)));
    let mut all = BTreeMap::from([("roots.1".to_owned(), overview())]);
    for page in &pages {
        all.insert(format!("roots-{}.1", page.command), command(page));
    }
    for guide in &guides {
        all.insert(format!("{}.7", guide.name), chapter(guide));
    }
    for (file, text) in &mut all {
        *text += &see_also(&names, file);
    }
    all
}

/// A page of the guide.
fn chapter(guide: &Guide) -> String {
    let from = format!("src/help/guide/{}.txt", guide.name);
    let mut text = head(&guide.name, 7, &guide.does, &from);
    text += &sections(&guide.text);
    text
}

fn overview() -> String {
    let readme = read("README.md");
    let introduction = readme.split("\n\n").nth(1).unwrap();
    let does = "turn a container image into a root folder";
    let mut text = head("roots", 1, does, "src/help and README.md");
    let images = read("src/help/guide/roots-images.txt");
    let guide = read(GUIDE);
    text += ".SH SYNOPSIS\n\\fBroots\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
    text += &format!(".SH DESCRIPTION\n{}", prose(introduction));
    text += &format!(".SH COMMANDS\n{}", rows(&readme, "Commands"));
    text += &format!(".SH IMAGES\n{}", rows(&images, "Names of images"));
    text += &format!(
        ".SH OPTIONS\n{}{}",
        note(&guide, "Options"),
        options(&guide)
    );
    text += &format!(
        ".SH ENVIRONMENT\n{}{}",
        note(&guide, "Variables"),
        rows(&guide, "Variables")
    );
    text += &files(more::FILES.iter());
    text += &format!(".SH \"EXIT STATUS\"\n{}", rows(&readme, "Exit codes"));
    text += ".SH MANUAL\n";
    for row in table(&readme, "The manual") {
        text += &item(prose(row[0]).trim_end(), row[1]);
    }
    text
}

fn command(page: &Page) -> String {
    let name = format!("roots-{}", page.command);
    let commands = help::commands();
    let (_, does) = commands
        .iter()
        .find(|(command, _)| *command == page.command)
        .unwrap();
    let mut text = head(&name, 1, does, "src/help and README.md");
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
    text += &addition(&name).as_deref().map(sections).unwrap_or_default();
    let guide = read(GUIDE);
    text += ".SH ENVIRONMENT\n";
    for variable in page.options.iter().flat_map(Choice::variables) {
        let mut rows = table(&guide, "Variables");
        let row = rows
            .find(|row| row[0].trim_matches('`') == variable)
            .expect(variable);
        text += &item(&bold(variable), &stands_for(row[1]));
    }
    text += ".PP\n\\fBroots\\fR(1) has all variables.\n";
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
    text
}

fn head(name: &str, section: u8, does: &str, from: &str) -> String {
    let version = plain(env!("CARGO_PKG_VERSION"));
    let manual = match section {
        1 => "User Commands",
        _ => "Miscellaneous",
    };
    format!(
        ".\\\" Made of {from} by `make fixtures`: change that.\n\
         .TH {} {section} {DATE} \"roots {version}\" \"{manual}\"\n.ad l\n.SH NAME\n{} \\- {}\n",
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

/// The words in the head of the table of variables.
fn stands_for(what: &str) -> String {
    format!("stands for {what}")
}

fn item(tag: &str, text: &str) -> String {
    format!(".TP\n{tag}\n{}", prose(text))
}

/// The paragraph before a table of the guide.
fn note(guide: &str, heading: &str) -> String {
    let (_, section) = guide.split_once(&format!("## {heading}\n\n")).unwrap();
    prose(section.split("\n\n").next().unwrap())
}

/// All options, each with what it does and the commands that take it.
fn options(guide: &str) -> String {
    let row = |row: Vec<&str>| {
        let typed = row[0].trim_matches('`');
        let (names, value) = match typed.rsplit_once(' ') {
            Some((names, value)) if !value.starts_with('-') => (names, Some(value)),
            _ => (typed, None),
        };
        let names: Vec<_> = names.split(", ").map(bold).collect();
        let value = value.map(|value| format!(" {}", italic(value)));
        let tag = names.join(", ") + &value.unwrap_or_default();
        item(&tag, &format!("{} ({})", row[2], row[1]))
    };
    table(guide, "Options").map(row).collect()
}

/// A table, a tagged paragraph for each row.
fn rows(page: &str, heading: &str) -> String {
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
    table(page, heading).map(row).collect()
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
    format!("{} `roots(1)` explains them.", list.trim())
}

/// All other pages.
fn see_also(names: &[(String, u8)], file: &str) -> String {
    let others = names.iter().map(|(name, section)| (name.as_str(), section));
    let others = others.filter(|(name, section)| format!("{name}.{section}") != file);
    let others = others.chain([("systemd-nspawn", &1)]);
    let others: Vec<_> = others
        .map(|(name, section)| format!("{}({section})", bold(name)))
        .collect();
    format!(".SH \"SEE ALSO\"\n{}\n", others.join(",\n"))
}
