//! Seconds since 1970, and the three ways in which certificates, timestamps and trusted roots write them.

use rcgen::date_time_ymd;
use std::time::Duration;

pub const MINUTE: i64 = 60;
pub const DAY: i64 = 24 * 60 * MINUTE;

/// The first and the last second.
pub type Period = (i64, i64);

/// Midnight.
pub fn day(year: i32, month: u8, day: u8) -> i64 {
    date_time_ymd(year, month, day).unix_timestamp()
}

fn fields(time: i64) -> [i32; 6] {
    let seconds = Duration::from_secs(time.try_into().unwrap());
    let time = date_time_ymd(1970, 1, 1) + seconds;
    let (hour, minute, second) = time.to_hms();
    let [month, day, hour, minute, second] =
        [u8::from(time.month()), time.day(), hour, minute, second].map(i32::from);
    [time.year(), month, day, hour, minute, second]
}

/// RFC 3339, as in trusted roots.
pub fn rfc3339(time: i64) -> String {
    let [year, month, day, hour, minute, second] = fields(time);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `YYYYMMDDHHMMSSZ`, as in timestamps.
pub fn generalized(time: i64) -> String {
    let text = rfc3339(time);
    text.chars().filter(|c| !"-:T".contains(*c)).collect()
}

/// `YYMMDDHHMMSSZ`, as in certificates until 2049.
pub fn utc(time: i64) -> String {
    generalized(time)[2..].to_owned()
}
