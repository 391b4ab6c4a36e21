//! Error bodies of registries: distribution-spec, "Error Codes", and whatever else servers send.

use crate::progress::Progress;
use serde::Deserialize;

/// How much of a message is shown, in characters.
const MAX_SHOWN: usize = 300;

/// An error reported by a server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// `MANIFEST_UNKNOWN`, `DENIED`, …; empty if there is none.
    pub(super) code: String,
    /// Code and message, shortened to fit a line.
    pub(super) message: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Errors {
    Many {
        errors: Vec<ErrorEntry>,
    },
    Single(ErrorEntry),
    /// The format of token servers: RFC 6749, section 5.2, and Docker Hub's own.
    Plain {
        #[serde(alias = "error", alias = "details")]
        error_description: String,
    },
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: String,
    #[serde(default)]
    message: Option<String>,
}

impl ErrorBody {
    /// Parses the body of an error response, without the secrets of this pull. HTML and other
    /// formats are ignored: they say nothing useful.
    pub(super) fn read(body: &[u8], progress: Progress) -> Self {
        let (code, message) = match serde_json::from_slice::<Errors>(body) {
            Ok(Errors::Many { errors }) => match errors.into_iter().next() {
                Some(one) => one.into_parts(),
                None => (String::new(), String::new()),
            },
            Ok(Errors::Single(one)) => one.into_parts(),
            Ok(Errors::Plain { error_description }) => (String::new(), error_description),
            Err(_) => (String::new(), plain_text(body)),
        };
        let message = progress.without_secrets(&message);
        Self {
            code,
            message: message.chars().take(MAX_SHOWN).collect(),
        }
    }

    /// Whether the registry reports that the object does not exist.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(
            self.code.as_str(),
            "NAME_UNKNOWN" | "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN" | "NOT_FOUND"
        )
    }

    /// Whether the registry reports that access is denied.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self.code.as_str(), "UNAUTHORIZED" | "DENIED")
    }
}

impl ErrorEntry {
    fn into_parts(self) -> (String, String) {
        let message = match self.message.filter(|message| !message.is_empty()) {
            Some(message) => format!("{} {message}", self.code),
            None => self.code.clone(),
        };
        (self.code, message)
    }
}

fn plain_text(body: &[u8]) -> String {
    match std::str::from_utf8(body).map(str::trim) {
        Ok(text) if text.lines().count() <= 1 && !text.starts_with(['<', '{', '[']) => {
            text.to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_echoed_is_not_shown() {
        let progress = Progress::silent();
        progress.conceal(["am9lOmh1bnRlcjI", "hunter2", "tok:en", ""], "");
        let said = |body: &[u8]| ErrorBody::read(body, progress).message;
        let body = br#"{"details":"Basic am9lOmh1bnRlcjI= is joe with hunter2"}"#;
        assert_eq!(said(body), "Basic ***= is joe with ***");
        assert_eq!(said(b"no 99: bad token tok:en"), "no 99: bad token ***");
        // Not even the start of a secret where the text is cut.
        let long = format!("{}hunter2", "x".repeat(MAX_SHOWN - 3));
        assert!(!said(long.as_bytes()).contains("hun"));
    }

    #[test]
    fn reads_every_shape() {
        for (body, code, said) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"no","detail":{"a":[]}}]}"#,
                "DENIED",
                "DENIED no",
            ),
            (
                r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#,
                "NAME_UNKNOWN",
                "NAME_UNKNOWN",
            ),
            (r#"{"errors":[]}"#, "", ""),
            (
                r#"{"code":"UNAUTHORIZED","message":"x"}"#,
                "UNAUTHORIZED",
                "UNAUTHORIZED x",
            ),
            (
                r#"{"details":"incorrect username or password"}"#,
                "",
                "incorrect username or password",
            ),
            (r#"{"error":"invalid_grant"}"#, "", "invalid_grant"),
            ("<html>\n<body>504</body>", "", ""),
            ("404 page not found\n", "", "404 page not found"),
            ("", "", ""),
            ("{\"errors\":", "", ""),
        ] {
            let read = ErrorBody::read(body.as_bytes(), Progress::silent());
            assert_eq!(
                (read.code.as_str(), read.message.as_str()),
                (code, said),
                "{body}"
            );
        }
    }
}
