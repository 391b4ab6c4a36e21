//! The shells, asked what they would offer at the end of a line.

use crate::project::readme::root;
use crate::support::Sandbox;
use std::fmt::{self, Debug, Formatter};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A shell with the completions of `roots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// A shell to ask, and what it keeps from one question to the next.
pub(super) struct Session {
    pub(super) shell: Shell,
    sandbox: Sandbox,
}

/// What readline has as COMP_WORDS, and where files would be offered, that word between angles.
const BASH: &str = r#"
    source "$1" && COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
    compopt() { COMPREPLY+=("<$2>"); }
    shift 2
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _roots
    ((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
    exit 0
"#;

/// A shell on a terminal, since zsh completes nowhere else. What it would offer goes into a file on the way.
const ZSH: &str = r#"
    zmodload zsh/zpty
    cat > setup <<'END'
    fpath=($SCRIPTS $fpath)
    autoload -Uz compinit && compinit $OPTIONS -d $HOME/known
    bindkey '^I' complete-word
    compadd() {
        if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
            local -a hits
            builtin compadd -O hits "$@"
            print -rl -- $hits >> offered
        fi
        builtin compadd "$@"
    }
    finish() { mv -f offered done; }
    : > offered
    comppostfuncs=(finish)
END
    zpty shell zsh -f -i
    zpty -w shell 'source ./setup; : > ready'
    while [[ ! -e ready ]] { zpty -r -t shell > /dev/null; sleep 0.05; }
    zpty -w -n shell "$1"$'\t'
    while [[ ! -e done ]] { zpty -r -t shell > /dev/null; sleep 0.05; }
    cat done
"#;

const REF_NAME: &str = "\"org.opencontainers.image.ref.name\"";

const FISH: &str = r#"source $argv[1]; complete -C "$argv[2]""#;

impl Debug for Session {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.shell.fmt(f)
    }
}

impl Shell {
    /// The file of completions.
    pub(super) fn script(self) -> PathBuf {
        root().join("fixtures/completions").join(self.file())
    }

    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Bash => "roots.bash",
            Self::Zsh => "_roots",
            Self::Fish => "roots.fish",
        }
    }
}

impl Session {
    pub(super) fn new(shell: Shell) -> Self {
        let sandbox = Sandbox::new("completion");
        sandbox.mkdir("home");
        Self { shell, sandbox }
    }

    /// Each once, sorted. In the working directory, there are `folder`, `file` and `layout`, whose images are `1`,
    /// `edge` and one whose name a shell would have to quote.
    pub(super) fn offers(&self, line: &str) -> Vec<String> {
        let (sandbox, script) = (&self.sandbox, self.shell.script());
        let _ = fs::remove_dir_all(sandbox.path("work"));
        sandbox.mkdir("work/folder");
        sandbox.write("work/file", "");
        let name = |name: &str| format!("{{ {REF_NAME} :\n \"{name}\" }}");
        let names = ["1", "edge", "$(rm *)"].map(name).join(",");
        sandbox.write("work/layout/index.json", format!("[{names}]"));
        let mut command = match self.shell {
            Shell::Bash => {
                let mut command = Command::new("bash");
                command.args(["--norc", "--noprofile", "-c", BASH, "bash"]);
                command.arg(&script).arg(line).args(words(line));
                command
            }
            Shell::Zsh => {
                let mut command = Command::new("zsh");
                command.args(["-f", "-c", ZSH, "zsh", line]);
                // To look through all that zsh can complete takes a second, the first time.
                let again = sandbox.has("home/known");
                command.env("OPTIONS", if again { "-C" } else { "-u" });
                command.env("SCRIPTS", script.parent().unwrap());
                command
            }
            Shell::Fish => {
                let mut command = Command::new("fish");
                command
                    .args(["--no-config", "-c", FISH])
                    .arg(&script)
                    .arg(line);
                command
            }
        };
        command
            .current_dir(sandbox.path("work"))
            .env("HOME", sandbox.path("home"));
        let output = command.output().unwrap();
        let (out, said) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        assert!(
            output.status.success() && said.is_empty(),
            "{self:?} {line}: {said}"
        );
        let out = String::from_utf8(out).unwrap();
        let mut offered: Vec<_> = out
            .lines()
            .map(|line| line.split('\t').next().unwrap())
            .collect();
        offered.sort_unstable();
        offered.dedup();
        offered
            .into_iter()
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether it takes the file, nothing run.
    pub(super) fn parses(&self) -> bool {
        let program = format!("{:?}", self.shell).to_lowercase();
        let status = Command::new(program)
            .arg("-n")
            .arg(self.shell.script())
            .status();
        status.unwrap().success()
    }
}

/// A line as readline parts it, at : and =, too.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_apart = false;
    for letter in line.chars() {
        let parts = matches!(letter, ':' | '=');
        let is_new = letter == ' ' || parts || is_apart;
        if is_new && !words.last().unwrap().is_empty() {
            words.push(String::new());
        }
        if letter != ' ' {
            words.last_mut().unwrap().push(letter);
        }
        is_apart = parts;
    }
    words
}
