//! Credentials that the user passes with `--auth` or `ROOTS_AUTH`.

use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// A user name and a password. There is no `Debug`: it would end up in a log.
#[derive(Clone)]
pub(super) struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Reads what was passed: `user:password`, or a file that holds that, or a Google
    /// service-account key as the Go tool took it.
    pub(super) fn read(passed: &str) -> Result<Self, Error> {
        // What is no file may be a password: then it must not appear in a message.
        let is_file = Path::new(passed)
            .metadata()
            .is_ok_and(|found| !found.is_dir());
        let origin = if is_file { passed } else { "--auth" };
        let wrong = |why| Error::Credentials {
            origin: origin.to_owned(),
            why,
        };
        let text = if is_file {
            let mut text = String::new();
            File::open(passed)
                .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
                .map_err(|_| wrong("cannot be read as text"))?;
            text
        } else {
            passed.to_owned()
        };
        if is_file && text.trim_start().starts_with('{') {
            return Self::google(text)
                .ok_or_else(|| wrong("JSON, but not a Google service-account key"));
        }
        let line = text.trim_end_matches(['\r', '\n']);
        match line.split_once(':') {
            Some(("", _)) => Err(wrong("there is no user name before the colon")),
            Some(_) if line.contains(char::is_control) => Err(wrong("has control characters")),
            Some((user, password)) => Ok(Self {
                user: user.to_owned(),
                password: password.to_owned(),
            }),
            None if is_file => Err(wrong("neither user:password nor a Google key")),
            None => Err(wrong("neither user:password nor an existing file")),
        }
    }

    /// Google's registries take the key file itself as the password of `_json_key`.
    fn google(key: String) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_str(&key).ok()?;
        let is_key = json.get("type")?.as_str()? == "service_account";
        is_key.then(|| Self {
            user: "_json_key".to_owned(),
            password: key,
        })
    }

    /// The value of an `Authorization` header: RFC 7617.
    pub(super) fn basic(&self) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", self.user, self.password))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons() {
        let credentials = Credentials::read("user:p:w")
            .map_err(|e| e.to_string())
            .unwrap();
        assert_eq!(credentials.basic(), "Basic dXNlcjpwOnc=");
    }

    #[test]
    fn a_secret_never_stands_in_a_message() {
        for secret in ["s3cret", ":s3cret", "a:s3cret\r\nX: y"] {
            let error = Credentials::read(secret).map(drop).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
