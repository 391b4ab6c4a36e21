//! Points in time, in seconds since 1970. All of them come from certificates, logs, timestamps and trusted roots: the clock of the
//! machine is never asked, since that of a bare machine is often wrong.

use crate::calendar::{date, days};
use crate::der::{Element, GENERALIZED_TIME, UTC_TIME};

/// From `start` to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: i64,
    /// None if it is still open.
    pub(crate) end: Option<i64>,
}

impl Interval {
    pub(crate) fn contains(&self, time: i64) -> bool {
        self.start <= time && self.end.is_none_or(|end| time <= end)
    }
}

/// A time in a certificate: RFC 5280, section 4.1.2.5.
pub(crate) fn of_certificate(element: &Element<'_>) -> Option<i64> {
    let text = str::from_utf8(element.contents).ok()?.strip_suffix('Z')?;
    match element.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let century = if number(year)? < 50 { 2000 } else { 1900 };
            compact(century + number(year)?, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            compact(number(year)?, rest)
        }
        _ => None,
    }
}

/// The `genTime` of a timestamp: RFC 3161, section 2.4.2. Fractions of a second are left out.
pub(crate) fn of_timestamp(contents: &[u8]) -> Option<i64> {
    let text = without_fraction(str::from_utf8(contents).ok()?.strip_suffix('Z')?)?;
    let (year, rest) = text.split_at_checked(4)?;
    compact(number(year)?, rest)
}

/// A time in a trusted root: RFC 3339, in UTC, as JSON of protocol buffers has it.
pub(crate) fn of_root(text: &str) -> Option<i64> {
    let text = without_fraction(text.strip_suffix('Z')?)?;
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = fields(date, '-')?;
    let [hour, minute, second] = fields(time, ':')?;
    let is_padded = [month, day, hour, minute, second]
        .iter()
        .all(|field| field.len() == 2);
    (year.len() == 4 && is_padded).then_some(())?;
    compact(number(year)?, &[month, day, hour, minute, second].concat())
}

/// RFC 3339, in UTC.
pub(crate) fn rfc3339(time: i64) -> String {
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn fields(text: &str, separator: char) -> Option<[&str; 3]> {
    let fields: Vec<_> = text.split(separator).collect();
    fields.try_into().ok()
}

/// A time without the fraction of its seconds.
fn without_fraction(text: &str) -> Option<&str> {
    let Some((text, fraction)) = text.split_once('.') else {
        return Some(text);
    };
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction.then_some(text)
}

/// `MMDDHHMMSS` of a year.
fn compact(year: i64, rest: &str) -> Option<i64> {
    (rest.len() == 10 && rest.is_ascii()).then_some(())?;
    let field = |at: usize| number(rest.get(at..at + 2)?);
    let (month, day) = (field(0)?, field(2)?);
    let (hour, minute, second) = (field(4)?, field(6)?, field(8)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=longest).contains(&day) && hour < 24 && minute < 60 && second < 60).then_some(())?;
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(digits: &str) -> Option<i64> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_gives_the_same_second() {
        let certificate = |tag, contents| {
            of_certificate(&Element {
                tag,
                contents,
                whole: contents,
            })
        };
        assert_eq!(certificate(UTC_TIME, b"230712155636Z"), Some(1_689_177_396));
        assert_eq!(
            certificate(GENERALIZED_TIME, b"20230712155636Z"),
            Some(1_689_177_396)
        );
        assert_eq!(of_timestamp(b"20230712155636.25Z"), Some(1_689_177_396));
        assert_eq!(of_root("2023-07-12T15:56:36.999Z"), Some(1_689_177_396));
        assert_eq!(rfc3339(1_689_177_396), "2023-07-12T15:56:36Z");
        assert_eq!(certificate(UTC_TIME, b"700101000000Z"), Some(0));
        for bad in [
            "2023-07-12T15:56:36",
            "2023-07-12T15:56:36+00:00",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:60Z",
            "23-01-01T00:00:00Z",
            "2023-1-010T00:00:00Z",
            "2023-01-01T00:00:00.Z",
            "",
        ] {
            assert_eq!(of_root(bad), None, "{bad}");
        }
    }

    #[test]
    fn both_ends_belong_to_an_interval() {
        let interval = Interval {
            start: 5,
            end: Some(7),
        };
        let inside: Vec<_> = (0..10).filter(|time| interval.contains(*time)).collect();
        assert_eq!(inside, [5, 6, 7]);
    }
}
