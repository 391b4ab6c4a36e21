//! What a run of the binary left: its words and its exit code.

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    pub command: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts exit code 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.require(self.code == Some(0), "succeeds");
        self
    }

    /// Asserts an exit code, and what holds for every refusal: one line that says why, at most one hint, no panic,
    /// nothing on standard output.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        self.require(self.code == Some(code), &format!("fails with {code}"));
        let lines = |start: &str| {
            self.stderr
                .lines()
                .filter(|line| line.starts_with(start))
                .count()
        };
        let errors = lines("roots: ") - lines("roots: warning: ") - lines("roots: note: ");
        self.require(errors == 1, "says why in exactly one line");
        self.require(lines("hint: ") <= 1, "has one hint at most");
        self.require(!self.stderr.contains("panicked"), "does not panic");
        self.require(self.stdout.is_empty(), "is silent on standard output");
        self
    }

    /// Asserts that standard error contains a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        self.require(self.stderr.contains(text), &format!("says `{text}`"));
        self
    }

    /// Asserts that neither output contains a text: for secrets.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        self.require(
            !self.stderr.contains(text) && !self.stdout.contains(text),
            &format!("never says `{text}`"),
        );
        self
    }

    /// Asserts all of standard output.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        self.require(self.stdout == text, &format!("prints `{text}`"));
        self
    }

    #[track_caller]
    fn require(&self, holds: bool, what: &str) {
        let Self {
            command,
            code,
            signal,
            stdout,
            stderr,
        } = self;
        assert!(
            holds,
            "expected that it {what}\n$ {command}\ncode {code:?}, signal {signal:?}\n\
             --- stdout\n{stdout}\n--- stderr\n{stderr}\n---"
        );
    }
}

mod tests {
    use super::*;

    fn run(stderr: &str, stdout: &str) -> Run {
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        Run {
            command: "roots".into(),
            code: Some(3),
            signal: None,
            stdout,
            stderr,
        }
    }

    #[test]
    fn a_refusal_has_one_reason() {
        let good = run(
            "roots: warning: a\nroots: note: b\nroots: a:1: no such tag\nhint: check it\n",
            "",
        );
        let _ = good.fails(3).says("no such tag");
        for (stderr, stdout) in [
            ("", ""),
            ("roots: warning: a\n", ""),
            ("roots: a\nroots: b\n", ""),
            ("roots: a\nhint: b\nhint: c\n", ""),
            ("roots: a\nthread main panicked at\n", ""),
            ("roots: a\n", "digest\n"),
        ] {
            let run = run(stderr, stdout);
            assert!(
                std::panic::catch_unwind(|| run.fails(3)).is_err(),
                "{stderr}"
            );
        }
        let run = run("roots: a\n", "");
        assert!(std::panic::catch_unwind(|| run.fails(4)).is_err());
    }
}
