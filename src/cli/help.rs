//! Parses `roots help`, `roots version`, and the options of the same names.

use super::args::{spelling, unreadable};
use super::grammar::SYNTAXES;
use super::suggest::{OTHERS, unknown_command};
use crate::commands::Command;
use crate::error::{Error, UsageError};
use lexopt::{Arg, Parser};

const OVERVIEW: &str = include_str!("../help/roots.txt");

/// The list of commands from the help page.
pub fn commands() -> &'static str {
    let lists = OVERVIEW.split("\n\n");
    let mut lists = lists.filter(|list| list.starts_with("Commands:"));
    lists.next().unwrap_or_default()
}

pub(super) fn version(mut parser: Parser) -> Result<Command, Error> {
    let command = "version";
    let mut json = false;
    loop {
        let wrong = match parser.next().map_err(|e| unreadable(&e))? {
            None => return Ok(Command::Version { json }),
            Some(Arg::Long("json")) => {
                json = true;
                continue;
            }
            Some(Arg::Short('h') | Arg::Long("help")) => return help(parser),
            Some(argument @ Arg::Value(_)) => UsageError::ExtraOperand {
                command,
                typed: spelling(&argument),
            },
            Some(option) => UsageError::UnknownOption {
                command,
                typed: spelling(&option),
                meant: None,
                other: None,
                is_off: false,
            },
        };
        return Err(wrong.into());
    }
}

pub(super) fn help(mut parser: Parser) -> Result<Command, Error> {
    let args = match parser.next().map_err(|e| unreadable(&e))? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => "help".to_owned(),
        Some(argument) => spelling(&argument),
    };
    match SYNTAXES.iter().find(|syntax| syntax.command == args) {
        Some(syntax) => Ok(Command::Help(syntax.help())),
        None if OTHERS.contains(&args.as_str()) => Ok(Command::Help(OVERVIEW.to_owned())),
        None => Err(unknown_command(args)),
    }
}
