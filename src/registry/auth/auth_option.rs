//! The value of `--auth` or `ROOTS_AUTH`.

use super::credentials::Credentials;
use super::google;
use crate::error::{CredentialsFault, Error};
use crate::sys::{Interruptible, open_to_read, read_hidden};
use std::cell::OnceCell;
use std::io::{self, IsTerminal as _, Read, stdin};
use std::path::Path;
use std::rc::Rc;

/// The longest text that is read, in bytes.
const MAX_FILE: u16 = u16::MAX;

/// The value that means standard input.
const STDIN: &str = "-";

/// A value of `--auth`: `user:password`, or a file that contains it, or a Google service-account
/// key as the Go tool accepted it. No `Debug`: it holds a secret.
#[derive(Clone)]
pub struct AuthOption {
    value: String,
    /// The name of the option or variable.
    origin: &'static str,
    /// What was read from standard input. It can be read only once, so clones share it.
    input: Rc<OnceCell<Option<String>>>,
}

impl AuthOption {
    /// Wraps the value of the option or variable `origin`. Nothing is read yet.
    pub fn new(value: String, origin: &'static str) -> Self {
        Self {
            value,
            origin,
            input: Rc::default(),
        }
    }

    /// Whether the value is read from standard input.
    pub fn is_stdin(&self) -> bool {
        self.value == STDIN
    }

    /// The name of the option or variable.
    pub(crate) fn origin(&self) -> &'static str {
        self.origin
    }

    pub(crate) fn read(&self) -> Result<Credentials, Error> {
        if self.value == STDIN {
            let text = self.input.get_or_init(|| typed().ok());
            Error::unless_stopped()?;
            let text = text.clone();
            let text = text.ok_or_else(|| CredentialsFault::Unreadable.of("standard input"))?;
            return of_text(text, "standard input");
        }
        let path = Path::new(&self.value);
        if path.metadata().is_ok_and(|found| !found.is_dir()) {
            let text = open_to_read(path).and_then(|file| text(Interruptible(file)));
            Error::unless_stopped()?;
            let text = text.map_err(|_| CredentialsFault::Unreadable.of(&self.value))?;
            return of_text(text, &self.value);
        }
        // A value that names no file may be a password, so it must not appear in a message.
        if self.value.contains(':') {
            of_line(&self.value, self.origin)
        } else {
            Err(CredentialsFault::Unknown.of(self.origin))
        }
    }
}

fn of_text(text: String, origin: &str) -> Result<Credentials, Error> {
    if text.trim_start().starts_with('{') {
        let why = CredentialsFault::NotAGoogleKey;
        return google::key(text).ok_or_else(|| why.of(origin));
    }
    if text.contains(':') {
        of_line(&text, origin)
    } else {
        Err(CredentialsFault::NoColon.of(origin))
    }
}

fn of_line(line: &str, origin: &str) -> Result<Credentials, Error> {
    let line = line.trim_end_matches(['\r', '\n']);
    match line.split_once(':') {
        _ if line.contains(char::is_control) => Err(CredentialsFault::ControlCharacter.of(origin)),
        Some((user, password)) if !user.is_empty() => Ok(Credentials::of(user, password)),
        _ => Err(CredentialsFault::NoUser.of(origin)),
    }
}

/// Reads standard input. On a terminal, prompts without echo.
fn typed() -> io::Result<String> {
    if !stdin().is_terminal() {
        return text(Interruptible(stdin()));
    }
    // A Google key spans several lines.
    let is_key = |text: &[u8]| text.trim_ascii_start().starts_with(b"{");
    read_hidden("user:password (not shown): ", is_key, MAX_FILE.into())
}

fn text(file: impl Read) -> io::Result<String> {
    let mut text = String::new();
    file.take(MAX_FILE.into()).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Credentials, Error> {
        AuthOption::new(value.to_owned(), "--auth").read()
    }

    #[test]
    fn a_password_may_hold_colons() {
        let credentials = read("user:p:w").map_err(|e| e.to_string()).unwrap();
        assert_eq!(credentials.basic().as_deref(), Some("Basic dXNlcjpwOnc="));
    }

    #[test]
    fn a_secret_never_stands_in_a_message() {
        for secret in ["s3cret", ":s3cret", "a:s3cret\r\nX: y"] {
            let error = read(secret).map(drop).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
