//! When to retry, and how long to wait first. Pure, except for the clock.

use std::time::{Duration, SystemTime};

/// The first pause; each further one doubles.
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause without `Retry-After`.
const LONGEST: Duration = Duration::from_secs(15);

/// The longest `Retry-After` that is obeyed. Waiting for an hour is better left to the caller of
/// roots.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Exponential backoff: how many retries are left, and the next pause.
pub(crate) struct Backoff {
    retries: u32,
    used: u32,
}

impl Backoff {
    pub(crate) fn new(retries: u32) -> Self {
        Self { retries, used: 0 }
    }

    /// The pause before the next retry, at least as long as the server's `retry_after`; None if
    /// retries are exhausted or the server asks for too long a pause.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let retry_after = retry_after.unwrap_or_default();
        if self.used >= self.retries || retry_after > MAX_RETRY_AFTER {
            return None;
        }
        let pause = FIRST.saturating_mul(1 << self.used.min(16)).min(LONGEST);
        self.used += 1;
        Some(jittered(pause).max(retry_after))
    }

    /// Progress was made: allow the full number of retries again.
    pub(crate) fn reset(&mut self) {
        self.used = 0;
    }
}

/// Whether a response with this status may differ on a retry.
pub(crate) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 520..=599)
}

/// `Retry-After`, RFC 9110 section 10.2.3: seconds or a date. A date is relative to the server's
/// clock, given by `date`. Anything else (GHCR has sent `880µs`) is ignored.
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let then = httpdate::parse_http_date(value).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let now = now.unwrap_or_else(SystemTime::now);
    Some(then.duration_since(now).unwrap_or_default())
}

/// Up to a quarter shorter, so that machines cut off at the same moment do not all return at once.
fn jittered(pause: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let parts = now.unwrap_or_default().subsec_nanos() % 1024;
    pause - pause / 4 * parts / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let mut backoff = Backoff::new(8);
        let pauses: Vec<_> = std::iter::from_fn(|| backoff.next(None)).collect();
        assert_eq!(pauses.len(), 8);
        for (pause, whole) in pauses
            .iter()
            .zip([250, 500, 1000, 2000, 4000, 8000, 15000, 15000])
        {
            let whole = Duration::from_millis(whole);
            assert!(
                *pause <= whole && *pause >= whole / 4 * 3,
                "{pause:?} {whole:?}"
            );
        }
        backoff.reset();
        assert!(backoff.next(None).is_some());
        assert_eq!(Backoff::new(0).next(None), None);
        assert!(Backoff::new(u32::MAX).next(None).is_some());
    }

    #[test]
    fn a_server_is_waited_for_unless_it_asks_too_much() {
        let asked = |seconds| Backoff::new(1).next(Some(Duration::from_secs(seconds)));
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(60), Some(Duration::from_secs(60)));
        assert_eq!(asked(61), None);
        assert_eq!(asked(u64::MAX), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_of_the_servers_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, wanted) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:49:38 1994", Some(1)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("880µs", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            let wanted = wanted.map(Duration::from_secs);
            assert_eq!(retry_after(value, date), wanted, "{value}");
        }
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:47 GMT", None),
            Some(Duration::ZERO)
        );
    }
}
