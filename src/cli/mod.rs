//! The command line and the environment, read into a [`Command`]. No I/O, but for a look at
//! whether there is a file that is called like what is no image.

mod access;
mod alterations;
mod grammar;
mod options;
mod purge;
mod raw;
mod save;
mod spelling;
mod syntax;
mod tags;

use crate::commands::{Command, PrintDigest, Inspect, Pull, Purge, Save, Verify};
use crate::error::{Error, Usage, ValueFault};
use crate::model::Ignore;
use access::{access, timeout};
use alterations::{tree_options, compared};
use grammar::{DIGEST, INSPECT, PULL, PURGE, SAVE, SYNTAXES, TAGS, VERIFY};
use lexopt::{Arg, Parser};
use options::{
    check_stdin_once, cache, machine, max_size, check_cache, name, named, progress, replacing, platform,
};
use purge::sweep;
use raw::raw;
use save::{platforms, target};
use spelling::closest;
use std::ffi::OsString;
use std::path::PathBuf;
use syntax::{RawArgs, value_of, operands, spelling, typed, unreadable};
use tags::tags;

/// What can stand in the first place without a help page of its own.
const OTHERS: [&str; 5] = ["version", "help", "--version", "--help", "-V"];

const OVERVIEW: &str = include_str!("../help/roots.txt");

/// Reads `arguments`, the program's name left out. `variable` looks up the environment.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    // An empty variable is one that is not set, as in the Go tool.
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next().map_err(|e| unreadable(&e))? {
        None => return Err(Error::Usage(Usage::NoCommand)),
        Some(Arg::Short('h') | Arg::Long("help")) => return help(parser),
        Some(Arg::Short('V') | Arg::Long("version")) => return version(parser),
        Some(Arg::Value(command)) => command.to_string_lossy().into_owned(),
        Some(option) => return Err(unknown_command(spelling(&option))),
    };
    let read = read(&command, parser, variable);
    read.map_err(|error| of_command(&command, error))
}

/// The commands, a few lines each, as the help page has them.
pub fn commands() -> &'static str {
    let lists = OVERVIEW.split("\n\n");
    let mut lists = lists.filter(|list| list.starts_with("Commands:"));
    lists.next().unwrap_or_default()
}

/// Reads what stands behind `command`.
fn read(
    command: &str,
    parser: Parser,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    match command {
        "pull" => pull(typed(&PULL, parser)?, variable),
        "save" => save(typed(&SAVE, parser)?, variable),
        "digest" => digest(typed(&DIGEST, parser)?, variable),
        "tags" => tags(typed(&TAGS, parser)?, variable),
        "inspect" => inspect(typed(&INSPECT, parser)?, variable),
        "verify" => verify(typed(&VERIFY, parser)?, variable),
        "purge" => purge(typed(&PURGE, parser)?, variable),
        "version" => version(parser),
        "help" => help(parser),
        _ => Err(unknown_command(command.to_owned())),
    }
}

/// An option that makes no sense is told to be on the page of its command.
fn of_command(command: &str, error: Error) -> Error {
    let syntax = SYNTAXES.iter().find(|syntax| syntax.command == command);
    let command = syntax.map(|syntax| syntax.command);
    match error {
        Error::Usage(Usage::Value { option, why, .. }) => Error::Usage(Usage::Value {
            command,
            option,
            why,
        }),
        other => other,
    }
}

/// Whether a program reads what is said of `arguments` that cannot be understood.
pub fn wants_json(arguments: &[OsString]) -> bool {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    options.any(|option| option == "--json")
}

fn pull(mut typed: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(PULL.help()));
    }
    machine(&PULL, &mut typed)?;
    // The hint for a missing DEST repeats IMAGE.
    if let [image] = &typed.operands[..] {
        name(image)?;
    }
    let mut operands = operands(&PULL, &mut typed)?.into_iter();
    let image = operands.next().unwrap_or_default();
    let dest = value_of((&PULL, "DEST"), operands.next())?;
    let (image, cache) = (name(&image)?, cache(&typed, &variable));
    replacing(&typed)?;
    check_cache(&typed, [&image], &cache)?;
    let access = access(&typed, &variable)?;
    check_stdin_once([&image], &access)?;
    Ok(Command::Pull(Pull {
        image,
        dest: PathBuf::from(dest),
        wanted: platform(&typed, &variable)?,
        access,
        cache,
        max_size: max_size(&typed)?,
        altered: tree_options(&typed)?,
        force: typed.force,
        update: typed.update,
        exit_code: typed.exit_code,
        keep_old: typed.keep_old.as_ref().map(PathBuf::from),
        offline: typed.offline,
        locked: typed.locked.as_ref().map(PathBuf::from),
        nspawn: typed.nspawn,
        unit: typed.unit,
        dry_run: typed.dry_run,
        progress: progress(&typed, &variable),
    }))
}

fn save(mut typed: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(SAVE.help()));
    }
    let operands = operands(&SAVE, &mut typed)?;
    let output = target(&typed, &operands)?;
    let images = operands.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let access = access(&typed, &variable)?;
    check_stdin_once(&images, &access)?;
    let cache = cache(&typed, &variable);
    check_cache(&typed, &images, &cache)?;
    Ok(Command::Save(Save {
        images,
        platforms: platforms(&typed, &variable)?,
        output,
        force: typed.force,
        access,
        cache,
        offline: typed.offline,
        progress: progress(&typed, &variable),
    }))
}

fn digest(mut typed: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(DIGEST.help()));
    }
    // A lock has lines of its own.
    if typed.json && typed.lock {
        return Err(ValueFault::NotWith("--lock").of("--json"));
    }
    let images = operands(&DIGEST, &mut typed)?;
    let images = images.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let access = access(&typed, &variable)?;
    check_stdin_once(&images, &access)?;
    Ok(Command::Digest(PrintDigest {
        images,
        wanted: platform(&typed, &variable)?,
        access,
        index: typed.index,
        lock: typed.lock,
        progress: progress(&typed, &variable),
    }))
}

fn inspect(
    mut typed: RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(INSPECT.help()));
    }
    // `--raw` of other tools has no value: it would take IMAGE for one, which is then missing.
    let raw = raw(&typed)?;
    machine(&INSPECT, &mut typed)?;
    let operands = operands(&INSPECT, &mut typed)?;
    let operand = value_of((&INSPECT, "DEST or IMAGE"), operands.into_iter().next())?;
    let image = match raw {
        // A tree has no documents.
        Some(_) => Ok(name(&operand)?),
        None => named(&operand),
    };
    let access = access(&typed, &variable)?;
    check_stdin_once(image.as_ref().ok(), &access)?;
    Ok(Command::Inspect(Inspect {
        image,
        dest: operand.into(),
        is_machine: typed.machine.is_some(),
        raw,
        wanted: platform(&typed, &variable)?,
        access,
        cache: cache(&typed, &variable),
        progress: progress(&typed, &variable),
    }))
}

fn verify(mut typed: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(VERIFY.help()));
    }
    machine(&VERIFY, &mut typed)?;
    let mut operands = operands(&VERIFY, &mut typed)?.into_iter();
    let dest = value_of((&VERIFY, "DEST"), operands.next())?;
    let image = operands.next().map(|image| name(&image)).transpose()?;
    let (access, cache) = (access(&typed, &variable)?, cache(&typed, &variable));
    check_stdin_once(&image, &access)?;
    check_cache(&typed, &image, &cache)?;
    let (altered, part) = compared(&typed)?;
    Ok(Command::Verify(Verify {
        dest: dest.into(),
        image,
        wanted: platform(&typed, &variable)?,
        altered,
        part,
        ignore: Ignore {
            times: typed.ignore_times,
            added: typed.ignore_added,
        },
        rootless: typed.rootless,
        access,
        cache,
        offline: typed.offline,
        progress: progress(&typed, &variable),
    }))
}

fn purge(mut typed: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(PURGE.help()));
    }
    operands(&PURGE, &mut typed)?;
    let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    Ok(Command::Purge(Purge {
        cache: cache(&typed, &variable),
        sweep: sweep(&typed)?,
        timeout: timeout(&typed, text)?,
        progress: progress(&typed, &variable),
    }))
}

fn version(mut parser: Parser) -> Result<Command, Error> {
    let command = "version";
    let wrong = match parser.next().map_err(|e| unreadable(&e))? {
        None => return Ok(Command::Version),
        Some(Arg::Short('h') | Arg::Long("help")) => return help(parser),
        Some(argument @ Arg::Value(_)) => Usage::ExtraOperand {
            command,
            typed: spelling(&argument),
        },
        Some(option) => Usage::UnknownOption {
            command,
            typed: spelling(&option),
            meant: None,
            other: None,
            is_off: false,
        },
    };
    Err(Error::Usage(wrong))
}

fn help(mut parser: Parser) -> Result<Command, Error> {
    let typed = match parser.next().map_err(|e| unreadable(&e))? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => "help".to_owned(),
        Some(argument) => spelling(&argument),
    };
    match SYNTAXES.iter().find(|syntax| syntax.command == typed) {
        Some(syntax) => Ok(Command::Help(syntax.help())),
        None if OTHERS.contains(&typed.as_str()) => Ok(Command::Help(OVERVIEW.to_owned())),
        None => Err(unknown_command(typed)),
    }
}

fn unknown_command(typed: String) -> Error {
    let commands = SYNTAXES.iter().map(|syntax| syntax.command);
    let known: Vec<_> = commands.chain(OTHERS).collect();
    let meant = closest(&typed, &known);
    Error::Usage(Usage::UnknownCommand { typed, meant })
}
