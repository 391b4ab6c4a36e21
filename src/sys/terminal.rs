//! The terminal behind stderr.

use rustix::termios::tcgetwinsize;
use std::io::{IsTerminal as _, stderr};

/// How wide a terminal is that does not say so.
const USUAL: usize = 80;

/// Whether stderr goes to a terminal.
pub fn has_terminal() -> bool {
    stderr().is_terminal()
}

/// How many columns it has now: it may have been made narrower a moment ago.
pub fn terminal_width() -> usize {
    let columns = tcgetwinsize(stderr()).map_or(0, |size| size.ws_col);
    match columns {
        0 => USUAL,
        columns => columns.into(),
    }
}
