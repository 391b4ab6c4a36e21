//! The process edge: arguments in, a result or one sentence out, and the exit code.

use roots::error::Error;
use roots::progress::Progress;
use roots::{cli, sys};
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    sys::use_builtin_resolver();
    sys::spare_owner_from_umask();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let wants_json = cli::wants_json(&arguments);
    let (progress, done) = match cli::parse(arguments, |name| std::env::var_os(name)) {
        Ok(command) => (command.progress(), command.run()),
        Err(error) => (Progress::of_faults(wants_json), Err(error)),
    };
    progress.clear();
    match done.and_then(|done| print(&done.out).map(|()| done.exit_code)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            progress.failed(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Whoever closed the pipe has read enough.
fn print(result: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(result).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(e)),
        _ => Ok(()),
    }
}
