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

/// The platforms that are named, or all, or the default of a pull.
pub(super) fn platforms(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Platforms, Error> {
    match (args.platforms.as_slice(), args.all_platforms) {
        ([], true) => platform(args, variable).map(Platforms::All),
        (_, true) => Err(ValueFault::NotWith("--platform").of("--all-platforms")),
        ([], false) => Ok(Platforms::Some(vec![platform(args, variable)?])),
        (texts, false) => {
            let platforms = texts.iter().map(|text| {
                let platform = Platform::parse(text);
                let platform = platform.map_err(|_| UsageError::Platform(text.clone()))?;
                Ok(PlatformRequest {
                    platform,
                    explicit: true,
                })
            });
            platforms.collect::<Result<_, _>>().map(Platforms::Some)
        }
    }
}

/// The value of `--output`. `operands` are the images.
pub(super) fn target(args: &RawArgs, operands: &[OsString]) -> Result<SaveTarget, Error> {
    match &args.output {
        None => Err(no_output(operands)),
        Some(path) if path.is_empty() => Err(ValueFault::Missing.of("--output")),
        // The JSON object would be part of the archive.
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

const ARCHIVE_EXTENSIONS: [&str; 5] = [".tar", ".tgz", ".tar.gz", ".tar.zst", ".oci"];

/// The error for a missing `--output`. In crane and skopeo, the file is the last operand.
fn no_output(operands: &[OsString]) -> Error {
    let error = ValueFault::NoOutput.of("save");
    let texts: Option<Vec<_>> = operands.iter().map(|operand| operand.to_str()).collect();
    let Some([images @ .., file]) = texts.as_deref() else {
        return error;
    };
    let file = file.trim_start_matches("oci-archive:");
    let file = file.trim_start_matches("docker-archive:");
    let is_archive = ARCHIVE_EXTENSIONS.iter().any(|end| file.ends_with(end));
    if images.is_empty() || !is_archive {
        return error;
    }
    let line = format!("roots save {} -o {file}", images.join(" "));
    error.suggesting(Suggestion::Option(line))
}
