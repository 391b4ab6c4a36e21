//! Parses the options of `purge`.

use super::args::RawArgs;
use super::options::max_size;
use crate::cache::PurgeOptions;
use crate::error::{Error, ValueFault};
use std::time::Duration;

pub(super) fn purge_options(args: &RawArgs) -> Result<PurgeOptions, Error> {
    let wrong = || ValueFault::Age.of("--older-than");
    let age = |text: &String| age(text).ok_or_else(wrong);
    Ok(PurgeOptions {
        all: args.all,
        older_than: args.older_than.as_ref().map(age).transpose()?,
        max_size: max_size(args)?,
        dry_run: args.dry_run,
    })
}

/// A number and a unit, which is required: `30` could be seconds or days.
fn age(text: &str) -> Option<Duration> {
    const DAY: u64 = 24 * 60 * 60;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|_| is_number)?;
    number.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        for (text, wanted) in [
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("12h", Some(43_200)),
            ("30d", Some(2_592_000)),
            ("2w", Some(1_209_600)),
            ("", None),
            ("d", None),
            ("30", None),
            ("30D", None),
            ("+3d", None),
            ("-3d", None),
            ("1.5h", None),
            ("3é", None),
            ("99999999999999999999d", None),
            ("9999999999999999999w", None),
        ] {
            assert_eq!(age(text), wanted.map(Duration::from_secs), "{text}");
        }
    }
}
