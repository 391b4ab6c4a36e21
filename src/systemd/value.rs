//! Values that `.nspawn` files and units share: signals, paths, and what systemd calls UTF-8.

use crate::oci::RunConfig;

/// systemd refuses a whole file for one line of a MiB.
pub(super) const MAX_LINE: usize = 1_000_000;

/// How long a file may become, in bytes: the config of an image may have megabytes.
pub(super) const MAX_FILE: usize = 2_000_000;

/// The signals of every architecture of Linux; real-time signals are counted from both ends.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS", "RTMIN",
];

/// The stop signal of an image. Docker accepts it in lower case, systemd does not.
pub(super) fn signal(config: &RunConfig) -> Option<String> {
    let name = config.stop_signal.as_deref().unwrap_or("SIGTERM");
    let name = name.to_ascii_uppercase();
    let short = name.strip_prefix("SIG").unwrap_or(&name);
    let number = |text: &str| {
        let is_digits = text.bytes().all(|c| c.is_ascii_digit());
        text.parse().ok().filter(|_| is_digits)
    };
    // RTMIN is 34 and RTMAX is 64.
    let is_real_time = ["RTMIN+", "RTMAX-"].iter().any(|start| {
        let offset: Option<u8> = short.strip_prefix(start).and_then(number);
        offset.is_some_and(|offset| offset <= 30)
    });
    if SIGNALS.contains(&short) || short == "RTMAX" || is_real_time {
        return Some(format!("SIG{short}"));
    }
    let number: Option<u8> = number(&name);
    number
        .filter(|n| (1..=64).contains(n))
        .map(|n| n.to_string())
}

/// An absolute path as the value of a setting. systemd trims the end of a line, and a backslash there
/// continues it.
pub(super) fn path(path: &str) -> Option<String> {
    let is_kept = path.starts_with('/')
        && is_text(path)
        && !path.contains(char::is_control)
        && !path.ends_with(|c: char| c == '\\' || c.is_whitespace())
        // path_is_valid and path_is_normalized of systemd.
        && path.len() < 4096
        && path.split('/').all(|name| name != ".." && name.len() <= 255);
    is_kept.then(|| path.to_owned())
}

/// Whether a unit can name this path of the host.
pub(crate) fn is_unit_path(host_path: &str) -> bool {
    path(host_path).is_some()
}

/// Whether it is what systemd calls UTF-8, which refuses the whole file for one of Unicode's
/// noncharacters (unichar_is_valid).
pub(super) fn is_text(text: &str) -> bool {
    !text.contains(is_noncharacter)
}

/// A code point that stands for no character, and that systemd does not accept as it stands.
pub(super) fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}
