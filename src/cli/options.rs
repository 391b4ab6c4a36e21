//! Parses operands, options and variables that several commands share.

use super::args::RawArgs;
use super::grammar::Syntax;
use crate::commands::CacheChoice;
use crate::error::{Error, Suggestion, UsageError, ValueFault};
use crate::oci::{InvalidReference, Platform, PlatformRequest, Reference};
use crate::progress::{Format, Level, Progress};
use crate::registry::{AuthOption, RegistryOptions};
use crate::source::{Form, ImageName, Local};
use crate::sys::{self, absolute};
use crate::systemd::is_machine_name;
use std::ffi::OsString;
use std::io::{IsTerminal as _, stdin};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

const PLATFORM: &str = "ROOTS_PLATFORM";
const ARCH: &str = "ROOTS_ARCH";
const OS: &str = "ROOTS_OS";
const CACHE: &str = "ROOTS_CACHE";

/// Parses IMAGE. A path differs from a reference by how it begins.
pub(super) fn name(operand: &OsString) -> Result<ImageName, Error> {
    named(operand).map_err(|why| {
        let text = operand.to_string_lossy().into_owned();
        let error = Error::reference(text, why);
        // A shell completes to paths that do not begin like one: `My Images.tar`.
        let path = PathBuf::from(operand);
        if path.is_relative() && path.exists() {
            error.suggesting(Suggestion::Path(path))
        } else {
            error
        }
    })
}

/// [`name`] for an operand that need not be an image.
pub(super) fn named(operand: &OsString) -> Result<ImageName, InvalidReference> {
    let bytes = operand.as_bytes();
    // `oci://ghcr.io/name` is how other tools write a registry: Reference refuses it with a hint.
    let is_url = bytes.starts_with(b"oci://") && !bytes.starts_with(b"oci:///");
    if let Some(local) = Local::parse(operand).filter(|_| !is_url) {
        if local.path.as_os_str().is_empty() {
            return Err(InvalidReference::Empty);
        }
        return Ok(ImageName::Local(local));
    }
    let is_path = [&b"/"[..], b"./", b"../"]
        .iter()
        .any(|start| bytes.starts_with(start));
    if is_path || matches!(bytes, b"." | b".." | b"-") {
        return Ok(ImageName::Local(Local::new(Form::Any, operand)));
    }
    Reference::parse(&operand.to_string_lossy()).map(ImageName::Registry)
}

/// Options take precedence over variables, and `--platform` over its parts.
pub(super) fn platform(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PlatformRequest, Error> {
    let variable = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    let platform = args.platforms.last();
    if platform.is_some() && (args.arch.is_some() || args.os.is_some()) {
        return Err(ValueFault::NotWith("--arch or --os").of("--platform"));
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
    let text = match (platform, &args.arch, &args.os) {
        (Some(platform), _, _) => Some(platform.clone()),
        (None, None, None) => variable(PLATFORM).or_else(|| parts(variable(ARCH), variable(OS))),
        (None, arch, os) => parts(
            arch.clone().or_else(|| variable(ARCH)),
            os.clone().or_else(|| variable(OS)),
        ),
    };
    match text {
        // The slash in `--os a/b` would begin the architecture.
        Some(text) if args.os.as_ref().is_some_and(|os| os.contains('/')) => {
            Err(UsageError::Platform(text).into())
        }
        Some(text) => match Platform::parse(&text) {
            Ok(platform) => Ok(PlatformRequest {
                platform,
                explicit: true,
            }),
            Err(_) => Err(UsageError::Platform(text).into()),
        },
        None => {
            let (machine, level) = sys::machine();
            Ok(PlatformRequest {
                platform: Platform::normalised("linux", &machine, level),
                explicit: false,
            })
        }
    }
}

pub(super) fn progress(args: &RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> Progress {
    let level = match (args.quiet, args.verbose) {
        (true, _) => Level::Faults,
        (false, false) => Level::Steps,
        (false, true) => Level::Details,
    };
    // A dumb terminal cannot clear a line.
    let can_draw = || variable("TERM").is_some_and(|term| term != "dumb") && sys::has_terminal();
    let format = if args.json {
        Format::Json
    } else if can_draw() {
        Format::Terminal
    } else {
        Format::Lines
    };
    Progress::new(level, format)
}

/// The cache. It is disabled by `no`, in upper or lower case, and if HOME is not set.
pub(super) fn cache(args: &RawArgs, variable: impl Fn(&str) -> Option<OsString>) -> CacheChoice {
    let requested = args
        .cache
        .clone()
        .filter(|cache| !cache.is_empty())
        .or_else(|| variable(CACHE));
    match requested {
        Some(no) if no.eq_ignore_ascii_case("no") => CacheChoice::No,
        Some(path) => CacheChoice::At(PathBuf::from(path)),
        None if sys::is_system_root() => CacheChoice::Default(PathBuf::from("/var/cache/roots")),
        None => {
            // A relative path would be another cache in each working directory.
            let xdg = absolute(variable("XDG_CACHE_HOME")).map(|xdg| xdg.join("roots"));
            let home = || absolute(variable("HOME")).map(|home| home.join(".cache/roots"));
            let default = xdg.or_else(home);
            default.map_or(CacheChoice::No, CacheChoice::Default)
        }
    }
}

/// Refuses options that need others.
pub(super) fn check_replacing(args: &RawArgs) -> Result<(), Error> {
    if args.keep_old.is_some() && !args.force && !args.update {
        return Err(ValueFault::OnlyWith("--force or --update").of("--keep-old"));
    }
    if args.keep_old.as_ref().is_some_and(|path| path.is_empty()) {
        return Err(ValueFault::Missing.of("--keep-old"));
    }
    if args.exit_code && !args.update {
        return Err(ValueFault::OnlyWith("--update").of("--exit-code"));
    }
    Ok(())
}

/// Makes `--machine NAME` the operand DEST, below the folder of systemd's machines.
pub(super) fn machine(syntax: &Syntax, args: &mut RawArgs) -> Result<(), Error> {
    let Some(name) = &args.machine else {
        return Ok(());
    };
    let Some(name) = name.to_str().filter(|name| is_machine_name(name)) else {
        return Err(ValueFault::Machine.of("--machine"));
    };
    let dest = format!("/var/lib/machines/{name}");
    let mut operands = syntax.operands.iter().enumerate();
    let Some((place, operand)) = operands.find(|(_, operand)| operand.starts_with("DEST")) else {
        return Ok(());
    };
    match args.operands.len() {
        all if all >= syntax.operands.len() => {
            return Err(ValueFault::NotWith(operand).of("--machine"));
        }
        // IMAGE, which comes before DEST, is missing, too: the error will be about that.
        before if before < place => {}
        _ => args.operands.insert(place, dest.into()),
    }
    Ok(())
}

/// Refuses `--offline` without a cache for images of registries.
pub(super) fn check_cache<'n>(
    args: &RawArgs,
    images: impl IntoIterator<Item = &'n ImageName>,
    cache: &CacheChoice,
) -> Result<(), Error> {
    let is_remote = |name: &ImageName| matches!(name, ImageName::Registry(_));
    let has_none = matches!(cache, CacheChoice::No);
    if args.offline && has_none && images.into_iter().any(is_remote) {
        return Err(ValueFault::NoCacheToPull.of("--offline"));
    }
    Ok(())
}

/// Refuses to read standard input twice, or an archive from a terminal.
pub(super) fn check_stdin_once<'n>(
    images: impl IntoIterator<Item = &'n ImageName>,
    options: &RegistryOptions,
) -> Result<(), Error> {
    let is_stdin = |name: &&ImageName| matches!(name, ImageName::Local(local) if local.is_stdin());
    let images = images.into_iter().filter(is_stdin).count();
    let auth = usize::from(options.auth.as_ref().is_some_and(AuthOption::is_stdin));
    match images + auth {
        0 => Ok(()),
        1 if images == 1 && stdin().is_terminal() => Err(ValueFault::FromTerminal.of("-")),
        1 => Ok(()),
        _ => Err(ValueFault::Twice.of("-")),
    }
}

/// The value of `--max-size`, in bytes.
pub(super) fn max_size(args: &RawArgs) -> Result<Option<u64>, Error> {
    let wrong = || ValueFault::Size.of("--max-size");
    let size = |text: &String| bytes(text).ok_or_else(wrong);
    args.max_size.as_ref().map(size).transpose()
}

/// A size as in coreutils: `2G` and `2GiB` are powers of 1024, `2GB` of 1000.
fn bytes(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.to_ascii_uppercase();
    let power = |letter: &str| ["K", "M", "G", "T"].iter().position(|unit| *unit == letter);
    let factor = match (unit.strip_suffix("IB"), unit.strip_suffix('B')) {
        _ if unit.is_empty() || unit == "B" => 1,
        (Some(letter), _) => 1024u64.pow(u32::try_from(power(letter)?).ok()? + 1),
        (None, Some(letter)) => 1000u64.pow(u32::try_from(power(letter)?).ok()? + 1),
        (None, None) => 1024u64.pow(u32::try_from(power(&unit)?).ok()? + 1),
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_coreutils_do() {
        for (text, size) in [
            ("0", Some(0)),
            ("512", Some(512)),
            ("2K", Some(2048)),
            ("2k", Some(2048)),
            ("2KiB", Some(2048)),
            ("2KB", Some(2000)),
            ("10G", Some(10 << 30)),
            ("1TB", Some(1_000_000_000_000)),
            ("", None),
            ("G", None),
            ("-1", None),
            ("1.5G", None),
            ("1X", None),
            ("99999999999T", None),
        ] {
            assert_eq!(bytes(text), size, "{text}");
        }
    }
}
