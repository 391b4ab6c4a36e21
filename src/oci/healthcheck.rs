//! Docker's health checks. image-spec reserves the field and leaves it to docker: config.md,
//! `Healthcheck`; Docker Engine API, `HealthConfig`.

use super::lenient::{Field, Lenient};
use crate::escape::json_words;
use serde::Serialize;
use serde::de::{IgnoredAny, MapAccess};

/// The name of the field, for the list of malformed fields.
const FIELD: &str = "Healthcheck";

const SECOND: u64 = 1_000_000_000;

/// A health check. A number that is missing or 0 means docker's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Healthcheck {
    /// `NONE`, or `CMD` or `CMD-SHELL` and the command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// The time between two checks, in nanoseconds, as in the config.
    #[serde(skip_serializing_if = "is_zero")]
    pub interval: u64,
    /// How long one check may take, in nanoseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: u64,
    /// How long failures are ignored after the start, in nanoseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_period: u64,
    /// The time between two checks in that period, in nanoseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_interval: u64,
    /// How many consecutive failures make the container unhealthy.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: u64,
}

impl Healthcheck {
    /// For display: the test, followed by the times and retries that the image sets.
    pub fn lines(&self) -> Vec<String> {
        let test = (!self.test.is_empty()).then(|| json_words(&self.test));
        let times = [
            ("interval", self.interval),
            ("timeout", self.timeout),
            ("start period", self.start_period),
            ("start interval", self.start_interval),
        ];
        let times = times.iter().filter(|(_, time)| *time > 0);
        let times = times.map(|(name, time)| format!("{name} {}", duration(*time)));
        let retries = (self.retries > 0).then(|| format!("retries {}", self.retries));
        let settings: Vec<_> = times.chain(retries).collect();
        let settings = (!settings.is_empty()).then(|| settings.join(", "));
        test.into_iter().chain(settings).collect()
    }
}

/// Formats a duration like docker, with Go's `time.Duration.String`: `1h0m0s`, `1m30s`, `1.5s`,
/// `300ms`.
fn duration(nanoseconds: u64) -> String {
    let (unit, name) = match nanoseconds {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..SECOND => (1_000_000, "ms"),
        _ => (SECOND, "s"),
    };
    let seconds = nanoseconds / SECOND;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let whole = match name {
        "s" => seconds % 60,
        _ => nanoseconds / unit,
    };
    let digits = unit.ilog10() as usize;
    let fraction = format!(".{:0digits$}", nanoseconds % unit);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let before = match (hours, minutes) {
        (0, 0) => String::new(),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes}m"),
    };
    format!("{before}{whole}{fraction}{name}")
}

impl Lenient for Healthcheck {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut healthcheck = Self::default();
        let mut faults = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            let number = match name.as_str() {
                "Interval" => &mut healthcheck.interval,
                "Timeout" => &mut healthcheck.timeout,
                "StartPeriod" => &mut healthcheck.start_period,
                "StartInterval" => &mut healthcheck.start_interval,
                "Retries" => &mut healthcheck.retries,
                "Test" => {
                    let test: Field<Vec<String>> = object.next_value()?;
                    healthcheck.test = test.take(FIELD, &mut faults);
                    continue;
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let field: Field<u64> = object.next_value()?;
            *number = field.take(FIELD, &mut faults);
        }
        Ok(Some(healthcheck).filter(|_| faults.is_empty()).into())
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (nanoseconds, text) in [
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (300_000_000, "300ms"),
            (999_999_999, "999.999999ms"),
            (SECOND, "1s"),
            (1_500_000_000, "1.5s"),
            (30 * SECOND, "30s"),
            (60 * SECOND, "1m0s"),
            (90 * SECOND, "1m30s"),
            (3600 * SECOND, "1h0m0s"),
            (
                4 * 3600 * SECOND + 5 * 60 * SECOND + 1_000_000,
                "4h5m0.001s",
            ),
            (i64::MAX as u64, "2562047h47m16.854775807s"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn numbers_that_docker_refuses_are_malformed() {
        let read = |json: &str| serde_json::from_str::<Field<Healthcheck>>(json).unwrap();
        for number in [
            "-1",
            "1.5",
            "1e3",
            "\"30s\"",
            "[]",
            "true",
            "9223372036854775808",
        ] {
            for name in ["Interval", "Retries"] {
                let field = read(&format!(r#"{{"Test":["NONE"],"{name}":{number}}}"#));
                assert!(matches!(field, Field::Malformed), "{name}: {number}");
            }
        }
        let Field::Value(read) = read(r#"{"Timeout":null,"Retries":3,"Else":{"Interval":1}}"#)
        else {
            panic!("malformed")
        };
        assert_eq!(read.lines(), ["retries 3"]);
    }
}
