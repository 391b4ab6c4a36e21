//! A terminal that the binary runs on, and what stands on it in the end.

use nix::pty::{Winsize, openpty};
use rustix::termios::tcsetwinsize;
use std::fs::File;
use std::os::fd::OwnedFd;

/// What goes in front of each line that is drawn, and takes it away.
pub const CLEAR: &str = "\r\x1b[J";

/// A pseudo-terminal.
pub struct Terminal {
    /// The side that a person looks at.
    pub screen: File,
    /// The side that a program writes to.
    pub stderr: OwnedFd,
}

impl Terminal {
    /// One with so many columns, if this machine has any.
    pub fn open(columns: u16) -> Option<Self> {
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).ok()?;
        Some(Self {
            screen: pair.master.into(),
            stderr: pair.slave,
        })
    }
}

/// Makes a terminal wider or narrower.
pub fn resize(screen: &File, columns: u16) {
    let size = rustix::termios::Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(screen, size).unwrap();
}

/// The lines that a terminal shows after these bytes, blanks at the end left out. What a terminal of the simplest kind
/// would not understand is a failure.
pub fn shown(bytes: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut letters = bytes.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let command: String = letters.by_ref().take(2).collect();
                assert_eq!(command, "[J", "an unknown command");
                rows.truncate(row + 1);
                rows[row].truncate(column);
            }
            letter => {
                assert!(!letter.is_control(), "{letter:?} in {bytes:?}");
                if column == columns {
                    (row, column) = (row + 1, 0);
                    rows.resize(rows.len().max(row + 1), Vec::new());
                }
                let width = rows[row].len().max(column + 1);
                rows[row].resize(width, ' ');
                rows[row][column] = letter;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let lines = rows.iter().map(|row| row.iter().collect::<String>());
    let mut lines: Vec<_> = lines.map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Each line that was drawn to be drawn over, in its order. Each stays where it is.
pub fn drawn(bytes: &str) -> Vec<String> {
    let drawn = bytes.split(CLEAR).skip(1);
    let drawn = drawn.filter_map(|text| text.split_once('\r'));
    // What ends its line is there to stay.
    drawn
        .filter(|(_, rest)| !rest.starts_with('\n'))
        .map(|(line, rest)| {
            assert_eq!(rest, "", "something behind {line:?}");
            line.to_owned()
        })
        .collect()
}

mod tests {
    use super::*;

    #[test]
    fn a_screen_is_what_a_terminal_makes_of_bytes() {
        assert_eq!(shown("", 10), [""; 0]);
        assert_eq!(shown("one\r\ntwo\r\n", 10), ["one", "two"]);
        assert_eq!(shown("\r\x1b[Jhalf\r\r\x1b[Jx\r\r\x1b[J", 10), [""; 0]);
        assert_eq!(shown("\r\x1b[Jhalf\r\r\x1b[Jin\r\nend", 10), ["in", "end"]);
        assert_eq!(shown("long\rab", 10), ["abng"]);
        assert_eq!(shown("0123456789ab\r\x1b[J", 10), ["0123456789"]);
        let all = "\r\x1b[Jone\r\r\x1b[Jstays\r\nmore\r\n\r\x1b[Jtwo\r\r\x1b[J";
        assert_eq!(drawn(all), ["one", "two"]);
    }
}
