//! What operands, options and variables mean.

use super::syntax::Typed;
use crate::commands::CacheChoice;
use crate::error::{Error, Usage};
use crate::oci::{Platform, Reference, Wanted};
use crate::source::Name;
use crate::sys;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The variables that stand in for options.
const PLATFORM: &str = "ROOTS_PLATFORM";
const ARCH: &str = "ROOTS_ARCH";
const OS: &str = "ROOTS_OS";
const AUTH: &str = "ROOTS_AUTH";
const CACHE: &str = "ROOTS_CACHE";

/// A folder is told from a reference by how it begins: no reference begins so.
pub(super) fn name(operand: &OsString) -> Result<Name, Error> {
    let layout = |path: &[u8]| Name::Layout {
        path: PathBuf::from(OsStr::from_bytes(path)),
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
pub(super) fn wanted(
    typed: &Typed,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Wanted, Error> {
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

pub(super) fn auth(typed: &Typed, variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = || variable(AUTH).map(|value| value.to_string_lossy().into_owned());
    typed
        .auth
        .clone()
        .filter(|auth| !auth.is_empty())
        .or_else(set)
}

/// `no`, in any case, is none; without a HOME there is none either.
pub(super) fn cache(typed: &Typed, variable: impl Fn(&str) -> Option<OsString>) -> CacheChoice {
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
