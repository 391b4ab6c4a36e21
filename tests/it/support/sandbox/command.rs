//! The binary, about to run.

use super::running::Output;
use super::{Run, Running, Sandbox};
use crate::support::terminal::Terminal;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A run to be: an environment of HOME and ROOTS_CACHE only, both in the sandbox, which is also where it starts.
#[derive(Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    stdin: Option<Vec<u8>>,
    prelude: Option<String>,
    /// How many columns the terminal has, if there is one.
    terminal: Option<u16>,
}

impl Command {
    pub(super) fn new(program: impl AsRef<OsStr>, sandbox: &Sandbox) -> Self {
        let command = Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: sandbox.path(""),
            stdin: None,
            prelude: None,
            terminal: None,
        };
        command
            .env("HOME", sandbox.path("home"))
            .env("ROOTS_CACHE", sandbox.path("cache"))
            .env("ROOTS_RETRIES", "0")
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<T: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self = self.no_env(&name);
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Unsets a variable.
    pub fn no_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.retain(|(key, _)| key != name.as_ref());
        self
    }

    /// Leaves it to the binary where the cache is.
    pub fn no_cache_env(self) -> Self {
        self.no_env("ROOTS_CACHE")
    }

    /// Feeds these bytes to standard input, which is /dev/null otherwise.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Starts in another folder.
    pub fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = folder.as_ref().to_owned();
        self
    }

    /// Gives it a terminal with so many columns for standard error.
    pub fn terminal(mut self, columns: u16) -> Self {
        self.terminal = Some(columns);
        self.env("TERM", "xterm")
    }

    /// Has /bin/sh do something first, in the same process: `umask 077`, `ulimit -f 100`, `exec >&-`.
    /// What is said last comes first: it may be that nothing comes behind what was said before.
    pub fn prelude(mut self, shell: &str) -> Self {
        let before = self.prelude.take();
        self.prelude =
            Some(before.map_or_else(|| shell.to_owned(), |before| format!("{shell}\n{before}")));
        self
    }

    /// Starts it and waits for its end; what takes longer than a minute is killed, and the test fails.
    pub fn run(self) -> Run {
        self.spawn().wait()
    }

    /// Starts it, for tests that look at it, or kill it, while it runs.
    pub fn spawn(self) -> Running {
        let said = self.to_string();
        let mut command = match &self.prelude {
            Some(shell) => {
                let mut command = std::process::Command::new("/bin/sh");
                command
                    .arg("-c")
                    .arg(format!("{shell}\nexec \"$0\" \"$@\""))
                    .arg(&self.program);
                command
            }
            None => std::process::Command::new(&self.program),
        };
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment)
            .current_dir(&self.folder);
        command.stdin(if self.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let terminal = self.terminal.map(|columns| {
            let terminal = Terminal::open(columns).expect("the test needs Ability::Terminal");
            command.stderr(terminal.stderr);
            terminal.screen
        });
        // A group of its own, so that a helper it may have started is killed with it.
        let mut child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{said}: {error}"));
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin) {
            // A program that does not read all of its input is right if it says so by its exit code.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let stdout = Output::collect(child.stdout.take().expect("piped"));
        // Until nobody has the terminal any more, there is no end to what comes from it.
        drop(command);
        let stderr = match &terminal {
            Some(screen) => Output::collect(screen.try_clone().expect("a file")),
            None => Output::collect(child.stderr.take().expect("piped")),
        };
        Running {
            child,
            said,
            stdout,
            stderr,
            terminal,
        }
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}",
            Path::new(&self.program)
                .file_name()
                .unwrap_or_default()
                .display()
        )?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(f, " {}", argument.display()))
    }
}

mod tests {
    use super::*;
    use rustix::process::Signal;

    #[test]
    fn a_run_has_what_it_was_given_and_nothing_else() {
        let sandbox = Sandbox::new("command");
        let shell = |script| {
            Command::new("/bin/sh", &sandbox)
                .args(["-c", script])
                .env("X", "y")
        };
        let run = shell("cat; echo $HOME $X; umask; echo oops >&2; exit 7")
            .stdin("in ")
            .prelude("umask 027")
            .run();
        let home = sandbox.path("home");
        assert_eq!(run.stdout, format!("in {} y\n0027\n", home.display()));
        assert_eq!(
            (run.stderr.as_str(), run.code, run.signal),
            ("oops\n", Some(7), None)
        );

        let running = shell("echo here >&2; sleep 600").spawn();
        assert!(running.until_says("here").is_running());
        running.signal(Signal::TERM);
        assert_eq!(running.wait().signal, Some(Signal::TERM.as_raw()));
    }
}
