//! For bash: tables of words in a frame that reads them.

use super::values::{FORMS, Value};
use crate::support::help::{Choice, Page};
use std::collections::BTreeMap;

pub(super) fn script(commands: &[(String, String)], pages: &[Page]) -> String {
    let names: Vec<_> = commands
        .iter()
        .map(|(command, _)| command.as_str())
        .collect();
    include_str!("frame.bash")
        .replace("@COMMANDS@", &names.join(" "))
        .replace("@FORMS@", FORMS)
        .replace("@TAKES@\n", &pages.iter().map(takes).collect::<String>())
        .replace("@VALUES@\n", &values(pages))
}

fn takes(page: &Page) -> String {
    let options: Vec<_> = page.options.iter().map(entry).collect();
    let operands = page.operands();
    let operands: Vec<_> = operands.iter().map(|names| names.join("_or_")).collect();
    let many = u8::from(page.has_many_operands());
    format!(
        "        {})\n            options='{}'\n            operands=({}) many={many}\n            ;;\n",
        page.command,
        options.join(" "),
        operands.join(" ")
    )
}

fn entry(option: &Choice) -> String {
    let short = option.short.iter().map(|short| format!("{short},"));
    let short: String = short.collect();
    let mark = match (&option.value, option.is_repeatable()) {
        (Some(_), true) => "=+",
        (Some(_), false) => "=",
        (None, _) => "",
    };
    format!("{short}{}{mark}", option.long)
}

/// What is known of values, which are the same in all commands.
fn values(pages: &[Page]) -> String {
    let mut known = BTreeMap::new();
    for option in pages.iter().flat_map(|page| &page.options) {
        let value = Value::of(option);
        let others = known
            .entry(&option.long)
            .or_insert_with(|| Value::of(option));
        assert_eq!(*others, value, "{}", option.long);
    }
    let arm = |(option, value): (&String, Option<Value>)| {
        let offer = match value? {
            Value::Files => "compopt -o default".to_owned(),
            Value::Folders => "compopt -o dirnames".to_owned(),
            Value::FolderOr(word) => {
                format!("_roots_words \"$typed\" {word}; compopt -o plusdirs")
            }
            Value::Words(words) => format!("_roots_words \"$typed\" {}", words.join(" ")),
            Value::Unknown => return None,
        };
        Some(format!("        {option}) {offer} ;;\n"))
    };
    known.into_iter().filter_map(arm).collect()
}
