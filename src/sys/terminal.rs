//! The terminals on stderr and standard input.

use super::Interruptible;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, IsTerminal as _, Read as _, Write as _, stderr, stdin};

/// The width of a terminal that does not report one, in columns.
const USUAL: usize = 80;

/// Whether stderr is a terminal.
pub fn has_terminal() -> bool {
    stderr().is_terminal()
}

/// Its current width in columns: it may just have been resized.
pub fn terminal_width() -> usize {
    let columns = tcgetwinsize(stderr()).map_or(0, |size| size.ws_col);
    match columns {
        0 => USUAL,
        columns => columns.into(),
    }
}

/// Disables the echo of the terminal on standard input until dropped.
struct Hidden(Termios);

impl Hidden {
    fn new() -> io::Result<Self> {
        let shown = tcgetattr(stdin())?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // The line feed is echoed.
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(shown))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nobody to report this to.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
    }
}

/// Writes `prompt` to the terminal on standard input and reads a line without echo, or up to the
/// end of the input if `goes_on` returns true for what was read; at most `limit` bytes. A signal
/// ends the wait.
pub fn read_hidden(
    prompt: &str,
    goes_on: impl Fn(&[u8]) -> bool,
    limit: usize,
) -> io::Result<String> {
    let _hidden = Hidden::new()?;
    // A shell opens the terminal for reading and writing, whatever stderr is; others may not.
    if rustix::io::write(stdin(), prompt.as_bytes()).is_err() {
        stderr().write_all(prompt.as_bytes())?;
    }
    let (mut text, mut piece) = (Vec::new(), [0; 1024]);
    while text.len() < limit && (goes_on(&text) || !text.ends_with(b"\n")) {
        match Interruptible(stdin()).read(&mut piece)? {
            0 => break,
            count => text.extend_from_slice(&piece[..count]),
        }
    }
    String::from_utf8(text).map_err(io::Error::other)
}
