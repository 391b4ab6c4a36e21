//! Parses the options of `save`.

use super::args::RawArgs;
use super::options::platform;
use crate::commands::SaveTarget;
use crate::error::{Error, Suggestion, UsageError, ValueFault};
use crate::oci::{Platform, PlatformRequest};
use crate::source::Platforms;
use std::ffi::OsString;
use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

/// For which platforms: those that are named, all, or one as for a pull.
pub(super) fn platforms(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Platforms, Error> {
    match (args.platforms.as_slice(), args.all_platforms) {
        ([], true) => platform(args, variable).map(Platforms::All),
        (_, true) => Err(ValueFault::NotWith("--platform").of("--all-platforms")),
        ([], false) => Ok(Platforms::Some(vec![platform(args, variable)?])),
        (texts, false) => {
            let wanted = texts.iter().map(|text| {
                let platform = Platform::parse(text);
                let platform = platform.map_err(|_| UsageError::Platform(text.clone()))?;
                Ok(PlatformRequest {
                    platform,
                    explicit: true,
                })
            });
            wanted.collect::<Result<_, _>>().map(Platforms::Some)
        }
    }
}

/// Where the archive goes; `operands` are the images.
pub(super) fn target(args: &RawArgs, operands: &[OsString]) -> Result<SaveTarget, Error> {
    match &args.output {
        None => Err(no_output(operands)),
        Some(path) if path.is_empty() => Err(ValueFault::Missing.of("--output")),
        // What reads the archive would read the object as well.
        Some(path) if path == "-" && args.json => {
            Err(ValueFault::NotWith("-o -, which prints nothing but the archive").of("--json"))
        }
        Some(path) if path == "-" && stdout().is_terminal() => {
            Err(ValueFault::ToTerminal.of("--output"))
        }
        Some(path) if path == "-" => Ok(SaveTarget::Stdout),
        Some(path) => Ok(SaveTarget::File(PathBuf::from(path))),
    }
}

/// What the names of archives end with.
const ARCHIVES: [&str; 5] = [".tar", ".tgz", ".tar.gz", ".tar.zst", ".oci"];

/// crane and skopeo have the file for the last operand.
fn no_output(operands: &[OsString]) -> Error {
    let error = ValueFault::NoOutput.of("save");
    let texts: Option<Vec<_>> = operands.iter().map(|operand| operand.to_str()).collect();
    let Some([images @ .., file]) = texts.as_deref() else {
        return error;
    };
    let file = file.trim_start_matches("oci-archive:");
    let file = file.trim_start_matches("docker-archive:");
    match !images.is_empty() && ARCHIVES.iter().any(|end| file.ends_with(end)) {
        true => {
            let line = format!("roots save {} -o {file}", images.join(" "));
            error.suggesting(Suggestion::Option(line))
        }
        false => error,
    }
}
