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

    /// Runs a line as it is typed, variables in front, but for the stand-ins; `''` is an empty word.
    pub(super) fn typed(&mut self, title: &str, line: &str) {
        self.case(title, line, |command| command);
    }

    /// The same, with something that is not typed.
    pub(super) fn case(&mut self, title: &str, line: &str, with: impl FnOnce(Command) -> Command) {
        let words: Vec<_> = line.split(' ').collect();
        let is_variable = |word: &&&str| word.contains('=') && !word.starts_with('-');
        let variables = words.iter().take_while(is_variable).count();
        let (variables, words) = words.split_at(variables);
        let command = self.sandbox.roots(words.iter().map(|word| match *word {
            "''" => String::new(),
            word => self.real(word),
        }));
        let command = variables.iter().fold(command, |command, variable| {
            let (name, value) = variable.split_once('=').unwrap();
            command.env(name, self.real(value))
        });
        let run = with(command).run();
        let code = run.code.filter(|code| *code != 0);
        let code = code.unwrap_or_else(|| panic!("{title}: {run:?}"));
        let shell = [variables, &["roots"], words].concat().join(" ");
        self.tell(title, &shell, &run.fails(code));
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
        writeln!(self.text, "# {title}\n$ {line}\n{said}\nexit code {code}\n").unwrap();
    }

    fn real(&self, word: &str) -> String {
        let fill = |word: String, (real, stand_in): &(String, &str)| word.replace(stand_in, real);
        self.stand_ins.iter().fold(word.to_owned(), fill)
    }

    fn shown(&self, said: &str) -> String {
        let hide = |said: String, (real, stand_in): &(String, &str)| said.replace(real, stand_in);
        let said = self.stand_ins.iter().fold(said.to_owned(), hide);
        said.split(' ')
            .map(shown_word)
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Of digests and numbers that are others on other machines and days, only what they are.
fn shown_word(word: &str) -> String {
    if let Some((before, rest)) = word.split_once("sha256:")
        && let Some((hex, after)) = rest.split_at_checked(64)
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return format!("{before}sha256:...{after}");
    }
    match word.parse::<u32>() {
        Ok(many) if many > 5000 => "5000".to_owned(),
        _ => word.to_owned(),
    }
}
