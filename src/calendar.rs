//! Days as dates: Howard Hinnant, "chrono-compatible low-level date algorithms".

/// How many days after 0000-03-01 the first day of 1970 is.
const DAYS_TO_1970: i64 = 719_468;

/// Days in 400 years, after which the Gregorian calendar repeats itself.
const DAYS_IN_ERA: i64 = 146_097;

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01. Years are counted from
/// March, so that the leap day is the last.
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
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

/// How many days after 1970-01-01 a date of the Gregorian calendar is: the inverse of [`date`].
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5 + day - 1;
    era * DAYS_IN_ERA + year * 365 + year / 4 - year / 100 + day - DAYS_TO_1970
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(super::days(year, month, day), days);
            last = (year, month, day);
        }
    }
}
