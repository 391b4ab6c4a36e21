//! The process: parses its arguments, runs the command, prints the result or one error, and exits.

use roots::commands::Stdout;
use roots::error::{Error, ErrorKind, UsageError};
use roots::progress::Progress;
use roots::{cli, sys};
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    sys::use_builtin_resolver();
    sys::spare_owner_from_umask();
    sys::catch_signals();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let wants_json = cli::wants_json(&arguments);
    let (progress, done) = match cli::parse(arguments, |name| std::env::var_os(name)) {
        Ok(command) => (command.progress(), command.run()),
        Err(error) => (Progress::of_faults(wants_json), Err(error)),
    };
    progress.clear();
    let done = done.and_then(|done| print(&done.out).map(|()| done.exit_code));
    match &done {
        Ok(_) => {}
        // The user who sends a signal needs no message. A program that reads JSON may not have sent it.
        Err(error) if error.is_stopped() && !progress.is_json() => {}
        Err(error) => {
            progress.failed(error);
            if let ErrorKind::Usage(UsageError::NoCommand) = error.kind() {
                progress.list(cli::commands());
            }
        }
    }
    // Even if it came too late to stop anything: a shell ends a loop only if a signal has ended the process.
    if let Some(signal) = sys::received_signal() {
        signal.end_process();
    }
    ExitCode::from(done.unwrap_or_else(|error| error.exit_code()))
}

/// A closed pipe is not an error: its reader, such as `head`, has read enough.
fn print(result: &[u8]) -> Result<(), Error> {
    let mut stdout = Stdout::lock();
    match stdout.write_all(result).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(e.downcast().unwrap_or_else(Error::stdout))
        }
        _ => Ok(()),
    }
}
