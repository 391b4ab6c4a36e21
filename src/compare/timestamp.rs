//! Times in UTC: RFC 3339, section 5.6.

use crate::calendar::date;
use crate::sys::Time;
use std::fmt::{self, Display, Formatter};

const SECONDS_IN_DAY: i64 = 24 * 60 * 60;

/// A time as `date --utc --iso-8601=ns` prints it, without trailing zeros of the fraction. RFC 3339 has
/// only years of four digits; other times are `@SECONDS`, which date(1) reads.
pub(super) struct Timestamp(pub(super) Time);

impl Display for Timestamp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Time {
            seconds,
            nanoseconds,
        } = self.0;
        let days = seconds.div_euclid(SECONDS_IN_DAY);
        let second = seconds.rem_euclid(SECONDS_IN_DAY);
        let (year, month, day) = date(days);
        let has_four_digits = (0..=9999).contains(&year);
        if has_four_digits {
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
            let (hour, minute) = (second / 3600, second / 60 % 60);
            write!(f, "{hour:02}:{minute:02}:{:02}", second % 60)?;
        } else {
            write!(f, "@{seconds}")?;
        }
        if nanoseconds > 0 {
            let fraction = format!("{nanoseconds:09}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str(if has_four_digits { "Z" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked with `date --utc --date @SECONDS`.
    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (951_782_399, 0, "2000-02-28T23:59:59Z"),
            (951_782_400, 0, "2000-02-29T00:00:00Z"),
            (951_868_800, 0, "2000-03-01T00:00:00Z"),
            (4_107_456_000, 0, "2100-02-28T00:00:00Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
            (1_709_164_800, 0, "2024-02-29T00:00:00Z"),
            (1_735_689_599, 1_000, "2024-12-31T23:59:59.000001Z"),
            (1_700_000_000, 500_000_000, "2023-11-14T22:13:20.5Z"),
            (i64::from(i32::MIN), 0, "1901-12-13T20:45:52Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00Z"),
            (-62_167_219_201, 0, "@-62167219201"),
            (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
            (253_402_300_800, 5, "@253402300800.000000005"),
            (i64::MAX, 0, "@9223372036854775807"),
            (i64::MIN, 0, "@-9223372036854775808"),
        ] {
            let time = Time {
                seconds,
                nanoseconds,
            };
            assert_eq!(Timestamp(time).to_string(), text);
        }
    }
}
