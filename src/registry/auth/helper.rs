//! `docker-credential-NAME get`: programs that hold the secrets of a desktop or a cloud. The
//! protocol is that of docker/docker-credential-helpers.

use super::credentials::Credentials;
use crate::sys;
use serde::Deserialize;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The longest output that is read, in bytes. Tokens of clouds take a few thousand.
const MAX_ANSWER: u64 = 64 << 10;

/// The search path if `PATH` is not set.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The longest interval between two checks whether a helper has exited.
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// The output of a helper that has no credentials, which is not a failure.
const NOT_FOUND: &str = "credentials not found in native keychain";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperOutput {
    username: Option<String>,
    secret: Option<String>,
}

/// The credentials that a helper has for a server, if any. Errors never quote its output, which may
/// be a secret.
///
/// The helper must respond and exit within `time`.
pub(crate) fn ask(name: &str, server: &str, time: Duration) -> Result<Option<Credentials>, String> {
    // The name becomes part of a program name, which must not be a path.
    if name.is_empty() || name.contains(['/', '\0']) {
        return Err("not a name of a helper".to_owned());
    }
    let found = find_program(&program(name), std::env::var_os("PATH"));
    let mut command = Command::new(found.ok_or("no such program")?);
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut helper = sys::spawn_privately(&mut command).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => "no such program".to_owned(),
        kind => format!("cannot be started: {kind}"),
    })?;
    if let Some(mut stdin) = helper.stdin.take() {
        // A helper may ignore its input and still know the credentials.
        let _ = writeln!(stdin, "{server}");
    }
    let (begun, mut response) = (Instant::now(), Vec::new());
    let read = match helper.stdout.take() {
        // The helper may wait for the user, or hang.
        Some(file) => sys::Timed { file, begun, time }
            .take(MAX_ANSWER + 1)
            .read_to_end(&mut response),
        None => Ok(0),
    };
    let is_late = |e: &io::Error| e.kind() == io::ErrorKind::TimedOut;
    let is_late = read.as_ref().is_err_and(is_late);
    // A helper that has exited has written everything, even if a child process keeps the pipe open.
    if is_late && !matches!(helper.try_wait(), Ok(Some(_))) {
        let _ = helper.kill();
        let _ = helper.wait();
        return Err(no_answer(time));
    }
    if (read.is_err() && !is_late) || response.len() as u64 > MAX_ANSWER {
        // Closing the pipe stops a helper that keeps writing, but not one that waits.
        let _ = helper.kill();
        let _ = helper.wait();
        return Err("its answer cannot be read".to_owned());
    }
    let status = wait_for(&mut helper, begun, time).map_err(|_| "it cannot be waited for")?;
    let status = status.ok_or_else(|| no_answer(time))?;
    let text = String::from_utf8_lossy(&response);
    if !status.success() {
        return if text.contains(NOT_FOUND) {
            Ok(None)
        } else {
            Err(format!("it failed: {status}"))
        };
    }
    parse(&text).map_err(str::to_owned)
}

fn no_answer(time: Duration) -> String {
    format!("no answer within {} s (--timeout)", time.as_secs())
}

/// Waits for a helper whose output is complete to exit. Kills it at a signal or time-out; after
/// a time-out, returns None.
fn wait_for(helper: &mut Child, begun: Instant, time: Duration) -> io::Result<Option<ExitStatus>> {
    let mut step = Duration::from_millis(1);
    loop {
        if let Some(status) = helper.try_wait()? {
            return Ok(Some(status));
        }
        if sys::received_signal().is_some() {
            helper.kill()?;
            return helper.wait().map(Some);
        }
        if begun.elapsed() >= time {
            helper.kill()?;
            helper.wait()?;
            return Ok(None);
        }
        sys::pause(step);
        step = LONGEST_STEP.min(step * 2);
    }
}

/// The program name of a helper.
pub(crate) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// Finds a program in PATH. Empty and relative entries are skipped: the system would search the
/// working directory, and anyone who can write there would receive secrets.
fn find_program(program: &str, path: Option<OsString>) -> Option<PathBuf> {
    let path = path.unwrap_or_else(|| USUAL_PATH.into());
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let files = folders.map(|folder| folder.join(program));
    let mut files = files.filter_map(|file| {
        let found = file.metadata().ok().filter(Metadata::is_file)?;
        Some((file, found.permissions().mode() & 0o111 != 0))
    });
    let first = files.next()?;
    let runs = |(_, runs): &(PathBuf, bool)| *runs;
    // Report a program without execute permission if no other is found.
    let (file, _) = if runs(&first) {
        first
    } else {
        files.find(runs).unwrap_or(first)
    };
    Some(file)
}

fn parse(text: &str) -> Result<Option<Credentials>, &'static str> {
    let response: HelperOutput =
        serde_json::from_str(text).map_err(|_| "its answer is not that of a helper")?;
    let secret = response.secret.filter(|secret| !secret.is_empty());
    let user = response.username.unwrap_or_default();
    Ok(secret.map(|secret| Credentials::of(&user, &secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_name_and_a_secret() {
        let found = |text: &str| parse(text).map(|found| found.and_then(|found| found.basic()));
        let basic = Ok(Some("Basic YTpi".to_owned()));
        assert_eq!(
            found(r#"{"ServerURL":"x","Username":"a","Secret":"b"}"#),
            basic
        );
        assert_eq!(found(r#"{"Username":"a","Secret":"b","More":[]}"#), basic);
        assert_eq!(found("{}"), Ok(None));
        assert_eq!(found(r#"{"Username":"a","Secret":""}"#), Ok(None));
        for rubbish in ["", "}{", "[]", r#"{"Secret":7}"#, "null"] {
            assert!(found(rubbish).is_err(), "{rubbish}");
        }
    }

    #[test]
    fn programs_are_not_looked_up_in_the_working_directory() {
        let find = |path: &str| find_program("sh", Some(path.into()));
        let sh = find("/nowhere:/bin:/usr/bin");
        assert!(sh.is_some_and(|sh| sh.is_absolute()));
        for path in [
            "",
            ":",
            "::",
            ".",
            "./",
            "bin",
            "../../../../../../../bin",
            ":/nowhere:",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
        assert!(find_program("sh", None).is_some());
        assert_eq!(find_program("bin", Some("/usr:/".into())), None, "a folder");
    }

    #[test]
    fn a_name_is_no_path() {
        for name in ["", "/bin/sh", "../x", "x/y", "x\0"] {
            assert!(ask(name, "h", Duration::MAX).is_err_and(|why| why.starts_with("not a name")));
        }
    }
}
