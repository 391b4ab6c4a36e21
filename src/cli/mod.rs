//! The command line and the environment, read into a [`Command`]. No I/O.

mod spelling;

use crate::commands::{CacheChoice, Command, Digest, Pull, Purge};
use crate::error::{Error, Usage};
use crate::oci::{Platform, Reference, Wanted};
use crate::source::Name;
use crate::sys;
use lexopt::{Arg, Parser, ValueExt as _};
use spelling::closest;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const COMMANDS: [&str; 5] = ["pull", "digest", "purge", "version", "help"];

const OVERVIEW: &str = include_str!("../help/roots.txt");

/// The variables that stand in for options.
const PLATFORM: &str = "ROOTS_PLATFORM";
const ARCH: &str = "ROOTS_ARCH";
const OS: &str = "ROOTS_OS";
const AUTH: &str = "ROOTS_AUTH";
const CACHE: &str = "ROOTS_CACHE";

/// What one command takes.
struct Syntax {
    command: &'static str,
    help: &'static str,
    options: &'static [&'static str],
    operands: &'static [&'static str],
}

const PULL: Syntax = Syntax {
    command: "pull",
    help: include_str!("../help/pull.txt"),
    options: &[
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--cache",
        "--force",
        "--quiet",
        "--help",
    ],
    operands: &["IMAGE", "DEST"],
};

const DIGEST: Syntax = Syntax {
    command: "digest",
    help: include_str!("../help/digest.txt"),
    options: &[
        "--index",
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--help",
    ],
    operands: &["IMAGE"],
};

const PURGE: Syntax = Syntax {
    command: "purge",
    help: include_str!("../help/purge.txt"),
    options: &["--cache", "--quiet", "--help"],
    operands: &[],
};

/// What was typed behind a command.
#[derive(Default)]
struct Typed {
    operands: Vec<OsString>,
    platform: Option<String>,
    arch: Option<String>,
    os: Option<String>,
    auth: Option<String>,
    cache: Option<OsString>,
    force: bool,
    index: bool,
    quiet: bool,
    help: bool,
}

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
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help(OVERVIEW)),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Command::Version),
        Some(Arg::Value(command)) => command.to_string_lossy().into_owned(),
        Some(option) => return Err(unknown_command(spelling(&option))),
    };
    match command.as_str() {
        "pull" => pull(typed(&PULL, parser)?, variable),
        "digest" => digest(typed(&DIGEST, parser)?, variable),
        "purge" => purge(typed(&PURGE, parser)?, variable),
        "version" => Ok(Command::Version),
        "help" => help(parser),
        _ => Err(unknown_command(command)),
    }
}

fn pull(mut typed: Typed, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(PULL.help));
    }
    let mut operands = operands(&PULL, &mut typed)?.into_iter();
    let (image, dest) = (
        operands.next().unwrap_or_default(),
        operands.next().unwrap_or_default(),
    );
    if dest.is_empty() {
        return Err(Error::Usage(Usage::MissingOperand {
            command: PULL.command,
            operand: "DEST",
        }));
    }
    Ok(Command::Pull(Pull {
        image: name(&image)?,
        dest: PathBuf::from(dest),
        wanted: wanted(&typed, &variable)?,
        auth: auth(&typed, &variable),
        cache: cache(&typed, &variable),
        force: typed.force,
        quiet: typed.quiet,
    }))
}

fn digest(mut typed: Typed, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(DIGEST.help));
    }
    let image = operands(&DIGEST, &mut typed)?
        .into_iter()
        .next()
        .unwrap_or_default();
    Ok(Command::Digest(Digest {
        image: name(&image)?,
        wanted: wanted(&typed, &variable)?,
        auth: auth(&typed, &variable),
        index: typed.index,
    }))
}

fn purge(mut typed: Typed, variable: impl Fn(&str) -> Option<OsString>) -> Result<Command, Error> {
    if typed.help {
        return Ok(Command::Help(PURGE.help));
    }
    operands(&PURGE, &mut typed)?;
    Ok(Command::Purge(Purge {
        cache: cache(&typed, &variable),
        quiet: typed.quiet,
    }))
}

fn help(mut parser: Parser) -> Result<Command, Error> {
    let page = match parser.next().map_err(|e| unreadable(&e))? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => OVERVIEW,
        Some(Arg::Value(command)) => match command.to_string_lossy().as_ref() {
            "pull" => PULL.help,
            "digest" => DIGEST.help,
            "purge" => PURGE.help,
            "version" | "help" => OVERVIEW,
            other => return Err(unknown_command(other.to_owned())),
        },
        Some(option) => return Err(unknown_command(spelling(&option))),
    };
    Ok(Command::Help(page))
}

/// Reads options and operands, in any order.
fn typed(syntax: &Syntax, mut parser: Parser) -> Result<Typed, Error> {
    let mut typed = Typed::default();
    while let Some(argument) = parser.next().map_err(|e| unreadable(&e))? {
        let option = match &argument {
            Arg::Long(name) => format!("--{name}"),
            Arg::Short('q') => "--quiet".to_owned(),
            Arg::Short('f') => "--force".to_owned(),
            Arg::Short('h') => "--help".to_owned(),
            Arg::Short(other) => format!("-{other}"),
            Arg::Value(operand) => {
                typed.operands.push(operand.clone());
                continue;
            }
        };
        if !syntax.options.contains(&option.as_str()) {
            let typed = spelling(&argument);
            let meant = closest(&option, syntax.options);
            return Err(Error::Usage(Usage::UnknownOption {
                command: syntax.command,
                typed,
                meant,
            }));
        }
        match option.as_str() {
            "--platform" => typed.platform = Some(text(&mut parser, "--platform")?),
            "--arch" => typed.arch = Some(text(&mut parser, "--arch")?),
            "--os" => typed.os = Some(text(&mut parser, "--os")?),
            "--auth" => typed.auth = Some(text(&mut parser, "--auth")?),
            "--cache" => typed.cache = Some(value(&mut parser, "--cache")?),
            "--force" => typed.force = true,
            "--index" => typed.index = true,
            "--quiet" => typed.quiet = true,
            _ => typed.help = true,
        }
    }
    Ok(typed)
}

/// The operands, as many as there must be.
fn operands(syntax: &Syntax, typed: &mut Typed) -> Result<Vec<OsString>, Error> {
    let command = syntax.command;
    if let Some(operand) = syntax.operands.get(typed.operands.len()) {
        return Err(Error::Usage(Usage::MissingOperand { command, operand }));
    }
    if let Some(extra) = typed.operands.get(syntax.operands.len()) {
        let typed = extra.to_string_lossy().into_owned();
        return Err(Error::Usage(Usage::ExtraOperand { command, typed }));
    }
    Ok(std::mem::take(&mut typed.operands))
}

/// A folder is told from a reference by how it begins: no reference begins so.
fn name(operand: &OsString) -> Result<Name, Error> {
    let layout = |path: &[u8]| Name::Layout {
        path: PathBuf::from(std::ffi::OsStr::from_bytes(path)),
        tag: None,
    };
    let bytes = operand.as_bytes();
    if let Some(path) = bytes.strip_prefix(b"oci:") {
        return Ok(layout(path));
    }
    let is_path = [&b"/"[..], b"./", b"../"]
        .iter()
        .any(|start| bytes.starts_with(start));
    if is_path || matches!(bytes, b"." | b"..") {
        return Ok(layout(bytes));
    }
    let text = operand.to_string_lossy().into_owned();
    let reference = Reference::parse(&text);
    reference
        .map(Name::Registry)
        .map_err(|why| Error::Reference { text, why })
}

/// Options beat variables, and a whole platform beats its parts on the same level.
fn wanted(typed: &Typed, variable: impl Fn(&str) -> Option<OsString>) -> Result<Wanted, Error> {
    let variable = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    if typed.platform.is_some() && (typed.arch.is_some() || typed.os.is_some()) {
        let why = "not together with --arch or --os";
        return Err(Error::Usage(Usage::Value {
            option: "--platform".to_owned(),
            why,
        }));
    }
    let parts = |arch: Option<String>, os: Option<String>| {
        let machine = || sys::machine().0;
        (arch.is_some() || os.is_some()).then(|| {
            format!(
                "{}/{}",
                os.as_deref().unwrap_or("linux"),
                arch.unwrap_or_else(machine)
            )
        })
    };
    let text = match (&typed.platform, &typed.arch, &typed.os) {
        (Some(platform), _, _) => Some(platform.clone()),
        (None, None, None) => variable(PLATFORM).or_else(|| parts(variable(ARCH), variable(OS))),
        (None, arch, os) => parts(
            arch.clone().or_else(|| variable(ARCH)),
            os.clone().or_else(|| variable(OS)),
        ),
    };
    match text {
        Some(text) => match Platform::parse(&text) {
            Ok(platform) => Ok(Wanted {
                platform,
                asked: true,
            }),
            Err(why) => Err(Error::Platform { text, why }),
        },
        None => {
            let (machine, level) = sys::machine();
            Ok(Wanted {
                platform: Platform::normalised("linux", &machine, level),
                asked: false,
            })
        }
    }
}

fn auth(typed: &Typed, variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = || variable(AUTH).map(|value| value.to_string_lossy().into_owned());
    typed
        .auth
        .clone()
        .filter(|auth| !auth.is_empty())
        .or_else(set)
}

/// `no`, in any case, is none; without a HOME there is none either.
fn cache(typed: &Typed, variable: impl Fn(&str) -> Option<OsString>) -> CacheChoice {
    let asked = typed
        .cache
        .clone()
        .filter(|cache| !cache.is_empty())
        .or_else(|| variable(CACHE));
    let home = |rest: &str| variable("HOME").map(|home| Path::new(&home).join(rest));
    match asked {
        Some(no) if no.eq_ignore_ascii_case("no") => CacheChoice::No,
        Some(path) => CacheChoice::At(PathBuf::from(path)),
        None if sys::is_root() => CacheChoice::Usual(PathBuf::from("/var/cache/roots")),
        None => {
            let xdg = variable("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute());
            let usual = xdg
                .map(|xdg| xdg.join("roots"))
                .or_else(|| home(".cache/roots"));
            usual.map_or(CacheChoice::No, CacheChoice::Usual)
        }
    }
}

fn value(parser: &mut Parser, option: &'static str) -> Result<OsString, Error> {
    let missing = |_| {
        Error::Usage(Usage::Value {
            option: option.to_owned(),
            why: "its value is missing",
        })
    };
    parser.value().map_err(missing)
}

fn text(parser: &mut Parser, option: &'static str) -> Result<String, Error> {
    let wrong = |_| {
        Error::Usage(Usage::Value {
            option: option.to_owned(),
            why: "its value is not text",
        })
    };
    value(parser, option)?.string().map_err(wrong)
}

fn unreadable(error: &lexopt::Error) -> Error {
    let option = match error {
        lexopt::Error::UnexpectedValue { option, .. } => option.clone(),
        _ => String::new(),
    };
    Error::Usage(Usage::Value {
        option,
        why: "takes no value",
    })
}

fn unknown_command(typed: String) -> Error {
    let meant = closest(&typed, &COMMANDS);
    Error::Usage(Usage::UnknownCommand { typed, meant })
}

fn spelling(argument: &Arg<'_>) -> String {
    match argument {
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(value) => value.to_string_lossy().into_owned(),
    }
}
