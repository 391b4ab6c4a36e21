//! Times in UTC: RFC 3339, section 5.6.

use crate::sys::Time;
use std::fmt::{self, Display, Formatter};

/// How many days after 0000-03-01 the first day of 1970 is.
const DAYS_TO_1970: i64 = 719_468;

/// Days in 400 years, after which the Gregorian calendar repeats itself.
const DAYS_IN_ERA: i64 = 146_097;

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

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01. Years are counted from
/// March, so that the leap day is the last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let era = days.div_euclid(DAYS_IN_ERA);
    let day = days.rem_euclid(DAYS_IN_ERA);
    let leap_days = day / 1460 - day / 36_524 + day / (DAYS_IN_ERA - 1);
    let year = (day - leap_days) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March, months have 31, 30, 31, 30 and 31 days, again and again.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * era + year + i64::from(month <= 2), month, day)
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

    /// Every day has the date behind that of the day before it.
    #[test]
    fn no_day_is_left_out() {
        let mut last = date(-800_000);
        for days in -799_999..800_000 {
            let (year, month, day) = date(days);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let expected = match (month, day) {
                (1, 1) => (year - 1, 12, 31),
                (3, 1) => (year, 2, if is_leap { 29 } else { 28 }),
                (5 | 7 | 10 | 12, 1) => (year, month - 1, 30),
                (_, 1) => (year, month - 1, 31),
                _ => (year, month, day - 1),
            };
            assert_eq!(last, expected, "before {year}-{month}-{day}");
            last = (year, month, day);
        }
    }
}
