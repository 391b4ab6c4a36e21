//! For fish: a line for each option of each command.

use super::values::{FORMS, Value};
use crate::support::help::{Choice, Page};
use std::collections::BTreeSet;

pub(super) fn script(commands: &[(String, String)], pages: &[Page]) -> String {
    let options = pages.iter().flat_map(|page| &page.options);
    let valued = options.filter(|option| option.value.is_some());
    let valued = valued.flat_map(|option| option.short.iter().chain([&option.long]));
    let valued: BTreeSet<_> = valued.map(String::as_str).collect();
    let valued: Vec<_> = valued.into_iter().collect();
    let mut script = include_str!("frame.fish").replace("@VALUED@", &valued.join(" "));
    for (command, does) in commands {
        script += &line(
            "__roots_lacks_command",
            &format!("-a {command} -d {}", quoted(does)),
        );
    }
    for page in pages {
        script += &format!("\n# {}\n", page.command);
        let operands = page.operands();
        for (i, names) in operands.iter().enumerate() {
            script += &operand(page, i + 1, names, i + 1 == operands.len());
        }
        for choice in &page.options {
            script += &option(&page.command, choice);
        }
    }
    script
}

fn operand(page: &Page, place: usize, names: &[String], is_last: bool) -> String {
    let more = if page.has_many_operands() && is_last {
        " more"
    } else {
        ""
    };
    let at = format!(
        "__roots_at {}; and __roots_operand {place}{more}",
        page.command
    );
    match names.iter().any(|name| name == "IMAGE") {
        true => {
            let is_dest = names.iter().any(|name| name == "DEST");
            let others = if is_dest { FOLDERS } else { "./ /" };
            [
                line(&format!("{at}; and __roots_is_path"), "-F"),
                line(&at, "-a '(__roots_names)'"),
                line(&at, &format!("-a '{FORMS} {others}'")),
            ]
            .concat()
        }
        false => line(&at, &format!("-a '{FOLDERS}'")),
    }
}

const FOLDERS: &str = "(__roots_folders)";

fn option(command: &str, option: &Choice) -> String {
    let names: Vec<_> = option
        .short
        .iter()
        .chain([&option.long])
        .map(String::as_str)
        .collect();
    let lacks = match &option.value {
        Some(_) => "__roots_lacks_value",
        None => "__roots_lacks",
    };
    let when = match option.is_repeatable() {
        true => format!("__roots_at {command}"),
        false => format!("__roots_at {command}; and {lacks} {}", names.join(" ")),
    };
    let short = option
        .short
        .as_deref()
        .map(|short| format!("-s {} ", short.trim_start_matches('-')));
    let long = option.long.trim_start_matches('-');
    let value = match Value::of(option) {
        None => String::new(),
        Some(Value::Files) => "-r -F ".to_owned(),
        Some(Value::Folders) => format!("-x -a '{FOLDERS}' "),
        Some(Value::FolderOr(word)) => format!("-x -a '{word} {FOLDERS}' "),
        Some(Value::Words(words)) => format!("-x -a '{}' ", words.join(" ")),
        Some(Value::Unknown) => "-x ".to_owned(),
    };
    let short = short.unwrap_or_default();
    line(
        &when,
        &format!("{short}-l {long} {value}-d {}", quoted(option.summary())),
    )
}

fn line(when: &str, what: &str) -> String {
    format!("complete -c roots -n '{when}' {what}\n")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
