//! Parses a command line: options and operands in any order.

use super::grammar::{SYNTAXES, Syntax};
use super::suggest::closest;
use crate::error::{Error, UsageError, ValueFault};
use lexopt::{Arg, Parser, ValueExt as _};
use std::ffi::OsString;
use std::path::PathBuf;

/// The options and operands of a command, as they were typed.
#[derive(Default)]
pub(super) struct RawArgs {
    pub(super) operands: Vec<OsString>,
    /// The last one counts, except for `save`.
    pub(super) platforms: Vec<String>,
    pub(super) all_platforms: bool,
    pub(super) output: Option<OsString>,
    pub(super) arch: Option<String>,
    pub(super) os: Option<String>,
    pub(super) auth: Option<String>,
    pub(super) mirrors: Vec<String>,
    pub(super) plain_http: bool,
    pub(super) insecure: bool,
    pub(super) ca_files: Vec<PathBuf>,
    pub(super) signed_by: Vec<OsString>,
    pub(super) built_by: Option<String>,
    pub(super) workflow: Option<String>,
    pub(super) signer: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) bundle: Option<OsString>,
    pub(super) trusted_root: Option<OsString>,
    pub(super) signatures: bool,
    pub(super) timeout: Option<String>,
    pub(super) retries: Option<String>,
    pub(super) connections: Option<String>,
    pub(super) cache: Option<OsString>,
    pub(super) max_size: Option<String>,
    /// `--include` and `--exclude`, with their values.
    pub(super) parts: Vec<(String, String)>,
    pub(super) partial: bool,
    pub(super) ignore_times: bool,
    pub(super) ignore_added: bool,
    pub(super) strip_owner: bool,
    pub(super) uid_shift: Option<String>,
    pub(super) rootless: bool,
    pub(super) force: bool,
    pub(super) update: bool,
    pub(super) exit_code: bool,
    pub(super) keep_old: Option<OsString>,
    pub(super) offline: bool,
    pub(super) locked: Option<OsString>,
    pub(super) nspawn: bool,
    pub(super) unit: bool,
    pub(super) machine: Option<OsString>,
    pub(super) index: bool,
    pub(super) lock: bool,
    pub(super) all: bool,
    pub(super) older_than: Option<String>,
    pub(super) dry_run: bool,
    pub(super) raw: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) last: Option<String>,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) json: bool,
    pub(super) help: bool,
}

/// Parses options and operands, in any order.
pub(super) fn raw_args(syntax: &Syntax, mut parser: Parser) -> Result<RawArgs, Error> {
    let mut args = RawArgs::default();
    let mut word = String::new();
    loop {
        // Within several letters after one dash, the word stays the same.
        if let Some(next) = parser.try_raw_args() {
            word = next
                .peek()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
        }
        let option = match parser.next().map_err(|e| unreadable(&e))? {
            None => return Ok(args),
            Some(Arg::Value(operand)) => {
                args.operands.push(operand);
                continue;
            }
            Some(option) => spelling(&option),
        };
        let Some(option) = syntax.option(&option) else {
            return Err(unknown_option(syntax, option, &word));
        };
        match option {
            "--platform" => {
                let platform = text(&mut parser, "--platform")?;
                args.platforms.push(platform.unwrap_or_default());
            }
            "--all-platforms" => args.all_platforms = true,
            "--output" => args.output = Some(value(&mut parser, "--output")?),
            "--arch" => args.arch = text(&mut parser, "--arch")?,
            "--os" => args.os = text(&mut parser, "--os")?,
            "--auth" => args.auth = text(&mut parser, "--auth")?,
            "--mirror" => args.mirrors.extend(text(&mut parser, "--mirror")?),
            "--plain-http" => args.plain_http = true,
            "--insecure" => args.insecure = true,
            "--ca-file" => args.ca_files.push(value(&mut parser, "--ca-file")?.into()),
            "--signed-by" => args.signed_by.push(value(&mut parser, option)?),
            // An empty value, from an unset variable in a script, must not mean that nothing is demanded.
            "--built-by" => args.built_by = Some(demand(&mut parser, option)?),
            "--workflow" => args.workflow = Some(demand(&mut parser, option)?),
            "--signer" => args.signer = Some(demand(&mut parser, option)?),
            "--issuer" => args.issuer = Some(demand(&mut parser, option)?),
            "--bundle" => args.bundle = Some(value(&mut parser, option)?),
            "--trusted-root" => args.trusted_root = Some(value(&mut parser, option)?),
            "--signatures" => args.signatures = true,
            "--timeout" => args.timeout = text(&mut parser, "--timeout")?,
            "--retries" => args.retries = text(&mut parser, "--retries")?,
            "--connections" => args.connections = text(&mut parser, "--connections")?,
            "--cache" => args.cache = Some(value(&mut parser, "--cache")?),
            // An empty value, from an unset variable in a script, must not mean no limit.
            "--max-size" => {
                args.max_size = Some(text(&mut parser, "--max-size")?.unwrap_or_default())
            }
            "--include" | "--exclude" => {
                let path = text(&mut parser, option)?;
                args.parts
                    .push((option.to_owned(), path.unwrap_or_default()));
            }
            "--partial" => args.partial = true,
            "--ignore-times" => args.ignore_times = true,
            "--ignore-added" => args.ignore_added = true,
            "--strip-owner" => args.strip_owner = true,
            "--uid-shift" => {
                args.uid_shift = Some(text(&mut parser, "--uid-shift")?.unwrap_or_default())
            }
            "--rootless" => args.rootless = true,
            "--force" => args.force = true,
            "--update" => args.update = true,
            "--exit-code" => args.exit_code = true,
            "--keep-old" => args.keep_old = Some(value(&mut parser, "--keep-old")?),
            "--offline" => args.offline = true,
            "--locked" => args.locked = Some(value(&mut parser, "--locked")?),
            "--nspawn" => args.nspawn = true,
            "--unit" => args.unit = true,
            "--machine" => args.machine = Some(value(&mut parser, "--machine")?),
            "--index" => args.index = true,
            "--lock" => args.lock = true,
            "--all" => args.all = true,
            "--older-than" => {
                args.older_than = Some(text(&mut parser, "--older-than")?.unwrap_or_default())
            }
            "--dry-run" => args.dry_run = true,
            "--raw" => args.raw = Some(text(&mut parser, "--raw")?.unwrap_or_default()),
            "--limit" => args.limit = Some(text(&mut parser, "--limit")?.unwrap_or_default()),
            "--last" => args.last = Some(text(&mut parser, "--last")?.unwrap_or_default()),
            "--quiet" => args.quiet = true,
            "--verbose" => args.verbose = true,
            "--json" => args.json = true,
            _ => args.help = true,
        }
    }
}

/// The error for an unknown option. `-platform`, with one dash, may be meant as one with two.
fn unknown_option(syntax: &Syntax, option: String, word: &str) -> Error {
    let known: Vec<_> = syntax.options().collect();
    let meant = |args: &str| closest(args, &known);
    let has_one_dash = !word.starts_with("--") && word.len() > 2;
    let long = has_one_dash.then(|| word.split('=').next().unwrap_or_default());
    let (typed, meant) = match long.and_then(|word| Some((word, meant(&format!("-{word}"))?))) {
        Some((word, long)) => (word.to_owned(), Some(long)),
        None => {
            let meant = meant(&option);
            (option, meant)
        }
    };
    let other = SYNTAXES.iter().find(|other| other.option(&typed).is_some());
    UsageError::UnknownOption {
        command: syntax.command,
        meant,
        other: other.map(|other| other.command),
        typed,
        // `--tls-verify=false` of skopeo and podman means the opposite of `--tls-verify`.
        is_off: word
            .split_once('=')
            .is_some_and(|(_, value)| is_false(value)),
    }
    .into()
}

/// The values that Go's `strconv.ParseBool` takes for false, and `no`.
fn is_false(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "false" | "f" | "0" | "no"
    )
}

/// The suffix of an operand that may be repeated.
const REPEATED: &str = "...";

/// The prefix of an optional operand.
const OPTIONAL: char = '[';

/// Takes the operands, and checks their number.
pub(super) fn operands(syntax: &Syntax, args: &mut RawArgs) -> Result<Vec<OsString>, Error> {
    let command = syntax.command;
    let is_optional = |operand: &&&str| operand.starts_with(OPTIONAL);
    let missing = syntax.operands.get(args.operands.len());
    if let Some(operand) = missing.filter(|missing| !is_optional(missing)) {
        let operand = operand.trim_end_matches(REPEATED);
        let before = args.operands.last();
        return Err(UsageError::MissingOperand {
            command,
            operand,
            before: before.map(|args| args.to_string_lossy().into_owned()),
        }
        .into());
    }
    let is_repeated = |last: &&str| last.ends_with(REPEATED);
    if syntax.operands.last().is_some_and(is_repeated) {
        return Ok(std::mem::take(&mut args.operands));
    }
    if let Some(extra) = args.operands.get(syntax.operands.len()) {
        let typed = extra.to_string_lossy().into_owned();
        return Err(UsageError::ExtraOperand { command, typed }.into());
    }
    Ok(std::mem::take(&mut args.operands))
}

/// A path operand. An empty one counts as missing.
pub(super) fn value_of(
    (syntax, operand): (&Syntax, &'static str),
    args: Option<OsString>,
) -> Result<OsString, Error> {
    let missing = UsageError::MissingOperand {
        command: syntax.command,
        operand,
        before: None,
    };
    let path = args.filter(|path| !path.is_empty());
    path.ok_or_else(|| missing.into())
}

fn value(parser: &mut Parser, option: &str) -> Result<OsString, Error> {
    let missing = |_| ValueFault::Missing.of(option);
    parser.value().map_err(missing)
}

/// A value as text. An empty one counts as missing.
fn text(parser: &mut Parser, option: &str) -> Result<Option<String>, Error> {
    let wrong = |_| ValueFault::NotText.of(option);
    let text = value(parser, option)?.string().map_err(wrong)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A value as text, which must not be empty.
fn demand(parser: &mut Parser, option: &str) -> Result<String, Error> {
    let missing = || ValueFault::Missing.of(option);
    text(parser, option)?.ok_or_else(missing)
}

pub(super) fn unreadable(error: &lexopt::Error) -> Error {
    let option = match error {
        lexopt::Error::UnexpectedValue { option, .. } => option.as_str(),
        _ => "",
    };
    ValueFault::Unwanted.of(option)
}

pub(super) fn spelling(argument: &Arg<'_>) -> String {
    match argument {
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(value) => value.to_string_lossy().into_owned(),
    }
}
