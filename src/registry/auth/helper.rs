//! `docker-credential-NAME get`: programs that know the secrets of a desktop or a cloud. The
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

/// The longest answer that is read, in bytes. Tokens of clouds come to some thousands.
const MAX_ANSWER: u64 = 64 << 10;

/// Where programs are if nobody says so.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How long nobody looks whether a helper has ended.
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// How a helper says that it has nothing, which is no failure.
const NOT_FOUND: &str = "credentials not found in native keychain";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperOutput {
    username: Option<String>,
    secret: Option<String>,
}

/// What a helper has for a server, if anything; or why it cannot be asked, in words that hold
/// nothing of what it said: that may be a secret.
///
/// It has `time` to answer and to end.
pub(crate) fn ask(name: &str, server: &str, time: Duration) -> Result<Option<Credentials>, String> {
    // It becomes the name of a program, to be found where programs are.
    if name.is_empty() || name.contains(['/', '\0']) {
        return Err("not a name of a helper".to_owned());
    }
    let found = found(&program(name), std::env::var_os("PATH"));
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
        // One that does not read its input may know the answer all the same.
        let _ = writeln!(stdin, "{server}");
    }
    let (begun, mut response) = (Instant::now(), Vec::new());
    let read = match helper.stdout.take() {
        // It may wait for a person, or hang.
        Some(file) => sys::Timed { file, begun, time }
            .take(MAX_ANSWER + 1)
            .read_to_end(&mut response),
        None => Ok(0),
    };
    let is_late = |e: &io::Error| e.kind() == io::ErrorKind::TimedOut;
    let is_late = read.as_ref().is_err_and(is_late);
    // One that has ended has said all, even if a process that it leaves behind keeps the pipe open.
    if is_late && !matches!(helper.try_wait(), Ok(Some(_))) {
        let _ = helper.kill();
        let _ = helper.wait();
        return Err(no_answer(time));
    }
    if (read.is_err() && !is_late) || response.len() as u64 > MAX_ANSWER {
        // One that goes on talking to nobody ends by that; one that waits would not.
        let _ = helper.kill();
        let _ = helper.wait();
        return Err("its answer cannot be read".to_owned());
    }
    let status = wait_for(&mut helper, begun, time).map_err(|_| "it cannot be waited for")?;
    let status = status.ok_or_else(|| no_answer(time))?;
    let text = String::from_utf8_lossy(&response);
    if !status.success() {
        return match text.contains(NOT_FOUND) {
            true => Ok(None),
            false => Err(format!("it failed: {status}")),
        };
    }
    parse(&text).map_err(str::to_owned)
}

fn no_answer(time: Duration) -> String {
    format!("no answer within {} s (--timeout)", time.as_secs())
}

/// Waits for the end of a helper that has said all it has to say. A signal ends the helper, too, and so does
/// the end of its time: then there is no status.
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

/// The name of the program.
pub(crate) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// Where a program is. The system would take an empty entry of PATH for the working directory, and look
/// there for a relative one as well: whoever can write there would be asked for, and given, secrets.
fn found(program: &str, path: Option<OsString>) -> Option<PathBuf> {
    let path = path.unwrap_or_else(|| USUAL_PATH.into());
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let files = folders.map(|folder| folder.join(program));
    let mut files = files.filter_map(|file| {
        let found = file.metadata().ok().filter(Metadata::is_file)?;
        Some((file, found.permissions().mode() & 0o111 != 0))
    });
    let first = files.next()?;
    let runs = |(_, runs): &(PathBuf, bool)| *runs;
    // One that may not be run is worth saying, if there is no other.
    let (file, _) = match runs(&first) {
        true => first,
        false => files.find(runs).unwrap_or(first),
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
        let find = |path: &str| found("sh", Some(path.into()));
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
        assert!(found("sh", None).is_some());
        assert_eq!(found("bin", Some("/usr:/".into())), None, "a folder");
    }

    #[test]
    fn a_name_is_no_path() {
        for name in ["", "/bin/sh", "../x", "x/y", "x\0"] {
            assert!(ask(name, "h", Duration::MAX).is_err_and(|why| why.starts_with("not a name")));
        }
    }
}
