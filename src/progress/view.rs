//! The line on a terminal.

use super::bytes;
use super::event::Reached;

impl Reached {
    /// As much of it as fits `width` columns, with how many seconds are `left`, where that is known.
    /// All of it is ASCII, a column each.
    pub(super) fn to_line(self, width: usize, left: Option<u64>) -> String {
        let Self {
            layer,
            layers,
            bytes: done,
            total,
            rate,
            state,
        } = self;
        let left = left.map(|left| format!("{} left", time(left)));
        let rate = (rate > 0).then(|| format!("{}/s", bytes(rate)));
        // What is wanted least goes first.
        let parts = [
            (0, Some(format!("layer {layer}/{layers}"))),
            (1, Some(format!("{} of {}", bytes(done), bytes(total)))),
            (4, rate),
            (2, left),
            (3, Some(state.to_owned())),
        ];
        let of_rank = |rank| {
            let wanted = parts.iter().filter(|(own, _)| *own <= rank);
            let wanted: Vec<_> = wanted.filter_map(|(_, part)| part.as_deref()).collect();
            wanted.join("  ")
        };
        let mut lines = (0..parts.len()).rev().map(of_rank);
        let fitting = lines.find(|line| line.len() < width);
        fitting.unwrap_or_else(|| of_rank(0))
    }
}

/// Nothing has come for so many seconds.
pub(super) fn waiting(whom: &str, seconds: u64) -> String {
    format!("waiting for {whom}, {}", time(seconds))
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

    #[test]
    fn a_narrow_terminal_gets_what_matters_most() {
        let reached = Reached {
            layer: 2,
            layers: 5,
            bytes: 34_100_000,
            total: 120_300_000,
            rate: 45_200_000,
            state: "downloading",
        };
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
            (0, "layer 2/5"),
        ] {
            assert_eq!(reached.to_line(width, Some(100)), line, "{width}");
        }
        let begun = Reached { rate: 0, ..reached };
        assert_eq!(
            begun.to_line(80, None),
            "layer 2/5  34.1 MB of 120.3 MB  downloading"
        );
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
