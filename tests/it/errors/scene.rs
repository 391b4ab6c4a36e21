//! A sandbox and a registry for the cases of one chapter, and what was said in them.

use super::{Command, Run};
use crate::support::{Registry, Sandbox, hello};
use std::fmt::Write as _;

/// Where cases take place.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) registry: Registry,
    /// What stands for what differs from run to run.
    pub(super) stand_ins: Vec<(String, &'static str)>,
    text: String,
}

impl Scene {
    /// A registry with `acme/tool:1` in it.
    pub(super) fn new(chapter: &str) -> Self {
        let (sandbox, registry) = (Sandbox::new("errors"), Registry::start());
        registry.push("acme/tool", "1", &hello());
        let stand_ins = vec![
            (registry.host(), "HOST"),
            (sandbox.path("").display().to_string(), "/here"),
        ];
        let text = format!("== {chapter}\n\n");
        Self {
            sandbox,
            registry,
            stand_ins,
            text,
        }
    }

    /// Names what differs from run to run.
    pub(super) fn stands_for(&mut self, what: impl Into<String>, stand_in: &'static str) {
        self.stand_ins.push((what.into(), stand_in));
    }

    /// Runs a line as it is typed, but for the stand-ins; `''` is an empty word.
    pub(super) fn typed(&mut self, title: &str, line: &str) {
        self.case(title, line, |command| command);
    }

    /// The same, with more than what is typed: variables and standard input.
    pub(super) fn case(&mut self, title: &str, line: &str, with: impl FnOnce(Command) -> Command) {
        let words = line.split(' ').map(|word| match word {
            "''" => String::new(),
            word => self.real(word),
        });
        let run = with(self.sandbox.roots(words)).run();
        let code = run.code.filter(|code| *code != 0);
        let code = code.unwrap_or_else(|| panic!("{title}: {run:?}"));
        self.tell(title, line, &run.fails(code));
    }

    /// Takes down what a run has said.
    fn tell(&mut self, title: &str, line: &str, run: &Run) {
        let last: Vec<_> = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("roots: ") || line.starts_with("hint: "))
            .collect();
        let said = self.shown(&last.join("\n"));
        let code = run.code.unwrap_or_default();
        writeln!(
            self.text,
            "# {title}\n$ roots {line}\n{said}\nexit code {code}\n"
        )
        .unwrap();
    }

    fn real(&self, word: &str) -> String {
        let fill = |word: String, (real, stand_in): &(String, &str)| word.replace(stand_in, real);
        self.stand_ins.iter().fold(word.to_owned(), fill)
    }

    fn shown(&self, said: &str) -> String {
        let hide = |said: String, (real, stand_in): &(String, &str)| said.replace(real, stand_in);
        self.stand_ins.iter().fold(said.to_owned(), hide)
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}
