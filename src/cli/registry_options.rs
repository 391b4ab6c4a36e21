//! Parses options and variables for registries.

use super::args::RawArgs;
use crate::error::{Error, ValueFault};
use crate::registry::{AuthOption, ConnectionCount, Mirror, RegistryOptions};
use std::ffi::OsString;
use std::time::Duration;

const AUTH: &str = "ROOTS_AUTH";
const TIMEOUT: &str = "ROOTS_TIMEOUT";
const RETRIES: &str = "ROOTS_RETRIES";
const CONNECTIONS: &str = "ROOTS_CONNECTIONS";
const MIRRORS: &str = "ROOTS_MIRRORS";

/// More would be rude to a registry, and hardly faster.
const MAX_CONNECTIONS: usize = 16;

/// More than a day is a typing error.
const MAX_TIMEOUT: u64 = 24 * 60 * 60;

pub(super) fn options(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<RegistryOptions, Error> {
    let variable = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    let timeout = timeout(args, variable)?;
    let retries = number(
        ("--retries", &args.retries),
        (RETRIES, variable(RETRIES)),
        (times, ValueFault::Times),
    )?;
    let connections = number(
        ("--connections", &args.connections),
        (CONNECTIONS, variable(CONNECTIONS)),
        (connections, ValueFault::Connections),
    )?;
    let (origin, mirrors) = match (&args.mirrors[..], variable(MIRRORS)) {
        ([], Some(set)) => {
            let mirrors = set.split_whitespace().map(str::to_owned).collect();
            (MIRRORS, mirrors)
        }
        (args, _) => ("--mirror", args.to_vec()),
    };
    let mirrors = mirrors.iter().map(|text| {
        let mirror = Mirror::parse(text);
        mirror.map_err(|_| ValueFault::Mirror.of(origin))
    });
    Ok(RegistryOptions {
        mirrors: mirrors.collect::<Result<_, _>>()?,
        auth: match (&args.auth, variable(AUTH)) {
            (Some(value), _) => Some(AuthOption::new(value.clone(), "--auth")),
            (None, set) => set.map(|value| AuthOption::new(value, AUTH)),
        },
        plain_http: args.plain_http,
        insecure: args.insecure,
        ca_files: args.ca_files.clone(),
        timeout,
        retries: retries.unwrap_or(RegistryOptions::RETRIES),
        connections: ConnectionCount::new(connections),
    })
}

/// The value of `--timeout` or its variable.
pub(super) fn timeout(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Duration, Error> {
    let timeout = number(
        ("--timeout", &args.timeout),
        (TIMEOUT, variable(TIMEOUT)),
        (seconds, ValueFault::Seconds),
    )?;
    Ok(timeout.unwrap_or(RegistryOptions::TIMEOUT))
}

/// The value of an option, or else of its variable. The error names the one that was used.
fn number<T>(
    (option, args): (&str, &Option<String>),
    (name, set): (&str, Option<String>),
    (parse, why): (fn(&str) -> Option<T>, ValueFault),
) -> Result<Option<T>, Error> {
    let (name, text) = match (args, set) {
        (Some(text), _) => (option, text.clone()),
        (None, Some(text)) => (name, text),
        (None, None) => return Ok(None),
    };
    let wrong = || why.of(name);
    parse(&text).map(Some).ok_or_else(wrong)
}

fn seconds(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(number) => (number, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=MAX_TIMEOUT)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

fn times(text: &str) -> Option<u32> {
    text.parse().ok().filter(|times| *times <= 100)
}

fn connections(text: &str) -> Option<usize> {
    let count = text.parse().ok()?;
    (1..=MAX_CONNECTIONS).contains(&count).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_a_unit_or_without() {
        for (text, wanted) in [
            ("1", Some(1)),
            ("30s", Some(30)),
            ("2m", Some(120)),
            ("0", None),
            ("", None),
            ("m", None),
            ("-1", None),
            ("1.5", None),
            ("1h", None),
            ("99999999999999999999m", None),
            ("1000000000000000000m", None),
        ] {
            assert_eq!(seconds(text), wanted.map(Duration::from_secs), "{text}");
        }
    }
}
