//! For zsh, whose `_arguments` counts operands and options itself.

use super::values::{FORMS, Value};
use crate::support::help::{Choice, Page};

pub(super) fn script(commands: &[(String, String)], pages: &[Page]) -> String {
    let names = commands.iter().map(|(command, does)| {
        let pair = format!("{command}:{}", does.replace(':', "\\:"));
        format!("        {}\n", quoted(&pair))
    });
    include_str!("frame.zsh")
        .replace("@COMMANDS@\n", &names.collect::<String>())
        .replace("@FORMS@", FORMS)
        .replace("@TAKES@\n", &pages.iter().map(takes).collect::<String>())
}

fn takes(page: &Page) -> String {
    let options = page.options.iter().map(option);
    let operands = page.operands();
    let last = operands.len();
    let operands = operands.iter().enumerate().map(|(i, names)| {
        let place = match page.has_many_operands() && i + 1 == last {
            true => "*".to_owned(),
            false => (i + 1).to_string(),
        };
        let has = |wanted| names.iter().any(|name| name == wanted);
        let action = match (has("IMAGE"), has("DEST")) {
            (true, false) => "_roots_image",
            (true, true) => "_roots_image dest",
            (false, _) => "_files -/",
        };
        quoted(&format!("{place}:{}:{action}", names.join(" or ")))
    });
    let specs = options.chain(operands);
    let specs: Vec<_> = specs
        .map(|spec| format!(" \\\n                {spec}"))
        .collect();
    format!(
        "        {})\n            _arguments -s -S{} && ret=0\n            ;;\n",
        page.command,
        specs.concat()
    )
}

fn option(option: &Choice) -> String {
    let escaped = |text: &str, letters: &[char]| {
        let letter = |c: char| match letters.contains(&c) {
            true => format!("\\{c}"),
            false => c.to_string(),
        };
        text.chars().map(letter).collect::<String>()
    };
    let text = escaped(option.summary(), &['[', ']', '\\']);
    let value = option.value.as_deref().map(|value| {
        let action = match Value::of(option) {
            Some(Value::Files) => "_files".to_owned(),
            Some(Value::Folders) => "_files -/".to_owned(),
            Some(Value::FolderOr(word)) => format!(" _roots_folder_or {word}"),
            Some(Value::Words(words)) => format!("({})", words.join(" ")),
            Some(Value::Unknown) | None => " ".to_owned(),
        };
        format!(":{}:{action}", escaped(value, &[':', '\\']))
    });
    let value = value.unwrap_or_default();
    let takes = |name: &str| match (value.is_empty(), name.starts_with("--")) {
        (true, _) => "",
        (false, true) => "=",
        (false, false) => "+",
    };
    let long = format!("{}{}", option.long, takes(&option.long));
    let rest = format!("[{text}]{value}");
    match &option.short {
        Some(short) if option.long == "--help" => {
            format!("'(- *)'{{{short},{long}}}{}", quoted(&rest))
        }
        Some(short) => {
            let either = format!("({short} {})", option.long);
            format!(
                "'{either}'{{{short}{},{long}}}{}",
                takes(short),
                quoted(&rest)
            )
        }
        None if option.is_repeatable() => quoted(&format!("*{long}{rest}")),
        None => quoted(&format!("{long}{rest}")),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
