//! Parses the command line and the environment into a [`Command`]. Its only I/O is to check whether
//! a file exists that is named like an operand that cannot be parsed.

mod args;
mod grammar;
mod help;
mod options;
mod purge;
mod raw;
mod registry_options;
mod save;
mod signature_options;
mod suggest;
mod tags;
mod tree_options;

use crate::commands::{Command, Inspect, PrintDigest, Pull, Purge, Save, Verify};
use crate::compare::Ignore;
use crate::error::{Error, ErrorKind, UsageError, ValueFault};
use args::{RawArgs, operands, raw_args, spelling, unreadable, value_of};
use grammar::{DIGEST, INSPECT, PULL, PURGE, SAVE, SYNTAXES, TAGS, VERIFY};
pub use help::commands;
use help::{help, version};
use lexopt::{Arg, Parser};
use options::{
    cache, check_cache, check_replacing, check_stdin_once, machine, max_size, name, named,
    platform, progress,
};
use purge::purge_options;
use raw::raw;
use registry_options::{options, timeout};
use save::{platforms, target};
use signature_options::{parsed, signatures, typed_demand};
use std::ffi::OsString;
use std::path::PathBuf;
use suggest::unknown_command;
use tags::tags;
use tree_options::{compared, tree_options};

/// Parses `arguments`, without the name of the program. `variable` looks up the environment.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    // An empty variable counts as not set, as in the Go tool.
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next().map_err(|e| unreadable(&e))? {
        None => return Err(UsageError::NoCommand.into()),
        Some(Arg::Short('h') | Arg::Long("help")) => return help(parser),
        Some(Arg::Short('V') | Arg::Long("version")) => return version(parser),
        Some(Arg::Value(command)) => command.to_string_lossy().into_owned(),
        Some(option) => return Err(unknown_command(spelling(&option))),
    };
    let read = read(&command, parser, variable);
    read.map_err(|error| of_command(&command, error))
}

/// Parses the arguments of `command`.
fn read(
    command: &str,
    parser: Parser,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    match command {
        "pull" => pull(raw_args(&PULL, parser)?, variable),
        "save" => save(raw_args(&SAVE, parser)?, variable),
        "digest" => digest(raw_args(&DIGEST, parser)?, variable),
        "tags" => tags(raw_args(&TAGS, parser)?, variable),
        "inspect" => inspect(raw_args(&INSPECT, parser)?, variable),
        "verify" => verify(raw_args(&VERIFY, parser)?, variable),
        "purge" => purge(raw_args(&PURGE, parser)?, variable),
        "version" => version(parser),
        "help" => help(parser),
        _ => Err(unknown_command(command.to_owned())),
    }
}

/// Adds the command to an error about the value of an option: the hint names its help page.
fn of_command(command: &str, error: Error) -> Error {
    let syntax = SYNTAXES.iter().find(|syntax| syntax.command == command);
    let command = syntax.map(|syntax| syntax.command);
    match error.into_kind() {
        ErrorKind::Usage(UsageError::Value { option, reason, .. }) => UsageError::Value {
            command,
            option,
            reason,
        }
        .into(),
        other => other.into(),
    }
}

/// Whether errors about `arguments` that cannot be parsed must be JSON.
pub fn wants_json(arguments: &[OsString]) -> bool {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    options.any(|option| option == "--json")
}

fn pull(mut args: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(PULL.help()));
    }
    machine(&PULL, &mut args)?;
    // The hint for a missing DEST repeats IMAGE.
    if let [image] = &args.operands[..] {
        name(image)?;
    }
    let mut operands = operands(&PULL, &mut args)?.into_iter();
    let image = operands.next().unwrap_or_default();
    let dest = value_of((&PULL, "DEST"), operands.next())?;
    let (image, cache) = (name(&image)?, cache(&args, &variable));
    check_replacing(&args)?;
    check_cache(&args, [&image], &cache)?;
    let options = options(&args, &variable)?;
    check_stdin_once([&image], &options)?;
    Ok(Command::Pull(Pull {
        image,
        dest: PathBuf::from(dest),
        platform: platform(&args, &variable)?,
        options,
        signatures: signatures(&args, &variable)?,
        cache,
        max_size: max_size(&args)?,
        tree_options: tree_options(&args)?,
        force: args.force,
        update: args.update,
        exit_code: args.exit_code,
        keep_old: args.keep_old.as_ref().map(PathBuf::from),
        offline: args.offline,
        locked: args.locked.as_ref().map(PathBuf::from),
        nspawn: args.nspawn,
        unit: args.unit,
        dry_run: args.dry_run,
        progress: progress(&args, &variable),
    }))
}

fn save(mut args: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(SAVE.help()));
    }
    let operands = operands(&SAVE, &mut args)?;
    let output = target(&args, &operands)?;
    let images = operands.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let options = options(&args, &variable)?;
    check_stdin_once(&images, &options)?;
    let cache = cache(&args, &variable);
    check_cache(&args, &images, &cache)?;
    Ok(Command::Save(Save {
        images,
        platforms: platforms(&args, &variable)?,
        output,
        force: args.force,
        options,
        signatures: signatures(&args, &variable)?,
        all_signatures: args.signatures,
        cache,
        offline: args.offline,
        progress: progress(&args, &variable),
    }))
}

fn digest(
    mut args: RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(DIGEST.help()));
    }
    // A lock file is not JSON.
    if args.json && args.lock {
        return Err(ValueFault::NotWith("--lock").of("--json"));
    }
    let images = operands(&DIGEST, &mut args)?;
    let images = images.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let options = options(&args, &variable)?;
    check_stdin_once(&images, &options)?;
    Ok(Command::Digest(PrintDigest {
        images,
        platform: platform(&args, &variable)?,
        options,
        signatures: signatures(&args, &variable)?,
        index: args.index,
        lock: args.lock,
        progress: progress(&args, &variable),
    }))
}

fn inspect(
    mut args: RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(INSPECT.help()));
    }
    // First, because `--raw` of other tools has no value: then IMAGE is its value, and no operand is left.
    let raw = raw(&args)?;
    machine(&INSPECT, &mut args)?;
    let operands = operands(&INSPECT, &mut args)?;
    let operand = value_of((&INSPECT, "DEST or IMAGE"), operands.into_iter().next())?;
    let image = match raw {
        // A tree has no documents.
        Some(_) => Ok(name(&operand)?),
        None => named(&operand),
    };
    let options = options(&args, &variable)?;
    check_stdin_once(image.as_ref().ok(), &options)?;
    Ok(Command::Inspect(Inspect {
        image,
        dest: operand.into(),
        is_machine: args.machine.is_some(),
        raw,
        platform: platform(&args, &variable)?,
        options,
        signatures: parsed(&args, &variable)?,
        demand: typed_demand(&args),
        cache: cache(&args, &variable),
        progress: progress(&args, &variable),
    }))
}

fn verify(
    mut args: RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(VERIFY.help()));
    }
    machine(&VERIFY, &mut args)?;
    let mut operands = operands(&VERIFY, &mut args)?.into_iter();
    let dest = value_of((&VERIFY, "DEST"), operands.next())?;
    let image = operands.next().map(|image| name(&image)).transpose()?;
    let (options, cache) = (options(&args, &variable)?, cache(&args, &variable));
    check_stdin_once(&image, &options)?;
    check_cache(&args, &image, &cache)?;
    let (tree_options, scope) = compared(&args)?;
    Ok(Command::Verify(Verify {
        dest: dest.into(),
        image,
        platform: platform(&args, &variable)?,
        tree_options,
        scope,
        ignore: Ignore {
            times: args.ignore_times,
            added: args.ignore_added,
        },
        rootless: args.rootless,
        options,
        signatures: signatures(&args, &variable)?,
        cache,
        offline: args.offline,
        progress: progress(&args, &variable),
    }))
}

fn purge(mut args: RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(PURGE.help()));
    }
    operands(&PURGE, &mut args)?;
    let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    Ok(Command::Purge(Purge {
        cache: cache(&args, &variable),
        options: purge_options(&args)?,
        timeout: timeout(&args, text)?,
        progress: progress(&args, &variable),
    }))
}
