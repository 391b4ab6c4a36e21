//! The text of the status line.

use super::bytes;
use super::event::Snapshot;

impl Snapshot<'_> {
    /// As much of it as fits `width` columns. It is all ASCII, one column per character.
    pub(super) fn to_line(self, width: usize) -> String {
        let waiting = self.waiting_for.map(|whom| match self.silence {
            0 => format!("waiting for {whom}"),
            silence => format!("waiting for {whom}, {}", time(silence)),
        });
        let is_waiting = waiting.is_some();
        let state = Some(waiting.unwrap_or_else(|| self.state.to_owned()));
        let layer = format!("layer {}/{}", self.layer, self.layers);
        let done = format!("{} of {}", bytes(self.bytes), bytes(self.total));
        let rate = (self.rate > 0).then(|| format!("{}/s", bytes(self.rate)));
        let left = self.left.map(|left| format!("{} left", time(left)));
        // The part with the highest rank is omitted first.
        let parts = match self.layers {
            0 => vec![(0, state)],
            _ => vec![
                (0, Some(layer)),
                (if is_waiting { 2 } else { 1 }, Some(done)),
                (4, rate),
                (2, left),
                (if is_waiting { 1 } else { 3 }, state),
            ],
        };
        let of_rank = |rank| {
            let wanted = parts.iter().filter(|(own, _)| *own <= rank);
            let wanted: Vec<_> = wanted.filter_map(|(_, part)| part.as_deref()).collect();
            wanted.join("  ")
        };
        // A line that fills the last column makes some terminals wrap.
        let fits = |line: &String| line.len() < width;
        let line = (0..=4).rev().map(of_rank).find(fits);
        let line = line.unwrap_or_else(|| of_rank(0));
        let plain = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
        let fitting = line.chars().take(width.saturating_sub(1));
        fitting.map(plain).collect()
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOT: Snapshot<'_> = Snapshot {
        layer: 2,
        layers: 5,
        bytes: 34_100_000,
        total: 120_300_000,
        rate: 45_200_000,
        left: Some(100),
        state: "downloading",
        waiting_for: None,
        silence: 0,
    };

    #[test]
    fn a_narrow_terminal_gets_what_matters_most() {
        let all = "layer 2/5  34.1 MB of 120.3 MB  45.2 MB/s  1:40 min left  downloading";
        for (width, line) in [
            (usize::MAX, all),
            (all.len() + 1, all),
            (
                all.len(),
                "layer 2/5  34.1 MB of 120.3 MB  1:40 min left  downloading",
            ),
            (50, "layer 2/5  34.1 MB of 120.3 MB  1:40 min left"),
            (40, "layer 2/5  34.1 MB of 120.3 MB"),
            (20, "layer 2/5"),
            (5, "laye"),
            (1, ""),
            (0, ""),
        ] {
            assert_eq!(SNAPSHOT.to_line(width), line, "{width}");
        }
        let begun = Snapshot {
            rate: 0,
            left: None,
            ..SNAPSHOT
        };
        let line = "layer 2/5  34.1 MB of 120.3 MB  downloading";
        assert_eq!(begun.to_line(80), line);
    }

    #[test]
    fn who_is_silent_matters_more_than_what_has_come() {
        let silent = Snapshot {
            rate: 0,
            left: None,
            waiting_for: Some("ghcr.io"),
            silence: 61,
            ..SNAPSHOT
        };
        for (width, line) in [
            (
                80,
                "layer 2/5  34.1 MB of 120.3 MB  waiting for ghcr.io, 1:01 min",
            ),
            (50, "layer 2/5  waiting for ghcr.io, 1:01 min"),
            (20, "layer 2/5"),
        ] {
            assert_eq!(silent.to_line(width), line);
        }
        let asked = Snapshot {
            layers: 0,
            silence: 0,
            ..silent
        };
        assert_eq!(asked.to_line(80), "waiting for ghcr.io");
        assert_eq!(asked.to_line(10), "waiting f");
    }

    #[test]
    fn each_character_takes_a_column() {
        let odd = Snapshot {
            layers: 0,
            waiting_for: Some("漢\u{1b}[2J\u{202e}\u{301}"),
            ..SNAPSHOT
        };
        assert_eq!(odd.to_line(80), "waiting for ??[2J??");
    }

    #[test]
    fn times_are_as_long_as_they_must_be() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1:00 min"),
            (3599, "59:59 min"),
            (3660, "1:01 h"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }
}
