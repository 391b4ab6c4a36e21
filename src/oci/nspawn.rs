//! How an image wants to be run, in the words of systemd.nspawn(5).
//!
//! The config is hostile and the file is made of lines. systemd splits `Environment=` and `Parameters=`
//! at blanks, takes quotes of both kinds, and leaves backslashes alone in both, whatever its manual says
//! of escapes (config_parse_strv); the other settings it takes as they stand. So a value that could end
//! its line, come out as another one, or have the whole file refused, is left out.

use super::{About, Digest, Image, InvalidManifest};
use std::fmt::Write as _;

/// How a file begins that we have written: the digest of the manifest that it is of comes next.
pub const NSPAWN_MARK: &str = "# roots made this of ";

/// systemd refuses a whole file for one line of a MiB.
const MAX_LINE: usize = 1_000_000;

/// How long the file may become, in bytes: what an image says in its config may be megabytes.
const MAX_FILE: usize = 2_000_000;

/// What a `NAME.nspawn` says.
pub struct Nspawn {
    /// The file.
    pub text: String,
    /// What the config says beyond that, and systemd cannot be told.
    pub left_out: Vec<&'static str>,
}

/// What signals are called on every machine that Linux runs on; those of real time count from both ends.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS", "RTMIN",
];

/// The fields that systemd has a word for.
const FIELDS: [&str; 7] = [
    "config",
    "User",
    "Env",
    "Entrypoint",
    "Cmd",
    "WorkingDir",
    "StopSignal",
];

impl Nspawn {
    /// The settings of an image.
    pub fn new(image: &Image) -> Result<Self, InvalidManifest> {
        let about = About::parse(&image.config_bytes);
        let mut faults = about.malformed.iter();
        match faults.find(|field| FIELDS.contains(field)) {
            Some(field) => Err(InvalidManifest::Field(field)),
            None => Ok(Self::of(&about, &image.digest)),
        }
    }

    fn of(about: &About, manifest: &Digest) -> Self {
        let text = format!("{NSPAWN_MARK}{manifest}\n[Exec]\nBoot=no\n");
        let left_out = Vec::new();
        let mut file = Self { text, left_out };
        let signal = about.stop_signal.clone();
        let signal = signal.unwrap_or_else(|| "SIGTERM".to_owned());
        file.add("KillSignal", "StopSignal", self::signal(&signal));
        if let Some(user) = &about.user {
            let (user, group) = user.split_once(':').unwrap_or((user, ""));
            let is_root = ["", "root", "0"].contains(&user);
            let is_its_own = is_root && ["root", "0"].contains(&group);
            if !group.is_empty() && !is_its_own {
                file.left_out.push("the group of User");
            }
            if !is_root {
                file.add("User", "User", plain(user.to_owned()));
            }
        }
        if let Some(dir) = about.workdir.as_ref().filter(|dir| *dir != "/") {
            file.add("WorkingDirectory", "WorkingDir", path(dir.clone()));
        }
        for entry in &about.env {
            let is_named = entry.find('=').is_some_and(|end| end > 0);
            let entry = quoted(entry).filter(|_| is_named);
            file.add("Environment", "an entry of Env", entry);
        }
        let command: Vec<_> = about.entrypoint.iter().chain(&about.cmd).collect();
        if !command.is_empty() {
            // Without one of its words it would be another command.
            let length: usize = command.iter().map(|word| word.len()).sum();
            let words = command.into_iter().map(|word| quoted(word));
            let words = (length < MAX_LINE).then(|| words.collect::<Option<Vec<_>>>());
            let words = words.flatten().map(|words| words.join(" "));
            file.add("Parameters", "Entrypoint and Cmd", words);
        }
        file
    }

    fn add(&mut self, setting: &str, field: &'static str, value: Option<String>) {
        let room = MAX_LINE.min(MAX_FILE.saturating_sub(self.text.len()));
        match value.filter(|value| value.len() < room) {
            // To write to a string does not fail.
            Some(value) => drop(writeln!(self.text, "{setting}={value}")),
            None if self.left_out.contains(&field) => {}
            None => self.left_out.push(field),
        }
    }
}

/// The name of a user: nothing that would have to be quoted.
fn plain(name: String) -> Option<String> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.+".contains(&c);
    name.bytes().all(is_plain).then_some(name)
}

/// A signal, which Docker takes in small letters, too, and systemd does not.
fn signal(name: &str) -> Option<String> {
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

/// A path goes to the end of the line, which systemd trims, and a backslash there continues.
fn path(path: String) -> Option<String> {
    let is_kept = path.starts_with('/')
        && is_text(&path)
        && !path.contains(char::is_control)
        && !path.ends_with(|c: char| c == '\\' || c.is_whitespace())
        // path_is_valid and path_is_normalized of systemd.
        && path.len() < 4096
        && path.split('/').all(|name| name != ".." && name.len() <= 255);
    is_kept.then_some(path)
}

/// A word between quotes; one of the same kind stands between those of the other kind. What ends a
/// line can be told in no way.
fn quoted(word: &str) -> Option<String> {
    let is_told = word.len() < MAX_LINE && is_text(word) && !word.contains(['\0', '\n', '\r']);
    is_told.then(|| format!("\"{}\"", word.replace('"', "\"'\"'\"")))
}

/// Whether it is what systemd calls UTF-8, which refuses the whole file for one of Unicode's
/// noncharacters (unichar_is_valid).
fn is_text(text: &str) -> bool {
    let is_nothing = |c: char| {
        let code = u32::from(c);
        (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
    };
    !text.contains(is_nothing)
}

/// Whether a machine of systemd can be called so: hostname_is_valid of systemd.
pub fn is_machine_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_known = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(is_known)
    };
    name.len() <= 64 && name.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: &str) -> Nspawn {
        let digest = Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
        let config = format!(r#"{{"config":{json}}}"#);
        Nspawn::of(&About::parse(config.as_bytes()), &digest)
    }

    fn settings(json: &str) -> String {
        let text = file(json).text;
        let (_, settings) = text.split_once("[Exec]\nBoot=no\n").unwrap();
        settings.to_owned()
    }

    #[test]
    fn an_image_says_how_to_run_it() {
        let json = r#"{"User":"www-data:www-data","Env":["PATH=/bin","GREETING=a \"b\" \\n 'c'"],
            "Entrypoint":["/init","--"],"Cmd":["a b",""],"WorkingDir":"/srv/a b","StopSignal":"SIGQUIT"}"#;
        let expected = "KillSignal=SIGQUIT\nUser=www-data\nWorkingDirectory=/srv/a b\n\
            Environment=\"PATH=/bin\"\nEnvironment=\"GREETING=a \"'\"'\"b\"'\"'\" \\n 'c'\"\n\
            Parameters=\"/init\" \"--\" \"a b\" \"\"\n";
        assert_eq!(settings(json), expected);
        assert_eq!(file(json).left_out, ["the group of User"]);
    }

    #[test]
    fn what_is_usual_is_not_said() {
        for json in [
            "{}",
            r#"{"User":"0:0","WorkingDir":"/","Cmd":null,"Env":[]}"#,
        ] {
            assert_eq!(settings(json), "KillSignal=SIGTERM\n");
            assert_eq!(file(json).left_out, [""; 0]);
        }
    }

    #[test]
    fn what_would_be_another_setting_is_left_out() {
        for (json, field) in [
            (r#"{"User":"a\n[Files]\nBind=/"}"#, "User"),
            (r#"{"WorkingDir":"/a\n[Files]"}"#, "WorkingDir"),
            (r#"{"WorkingDir":"/a\\"}"#, "WorkingDir"),
            (r#"{"WorkingDir":"/a "}"#, "WorkingDir"),
            (r#"{"WorkingDir":"a"}"#, "WorkingDir"),
            (r#"{"WorkingDir":"/a/../b"}"#, "WorkingDir"),
            // The whole file would be refused.
            (r#"{"WorkingDir":"/\ufffe"}"#, "WorkingDir"),
            (r#"{"Env":["A=\ufdd0"]}"#, "an entry of Env"),
            (r#"{"Cmd":["a","\ud83f\udfff"]}"#, "Entrypoint and Cmd"),
            (r#"{"Env":["A=\r[Files]","=a","a",""]}"#, "an entry of Env"),
            (r#"{"Cmd":["a","b\u0000c"]}"#, "Entrypoint and Cmd"),
        ] {
            assert_eq!(settings(json), "KillSignal=SIGTERM\n", "{json}");
            assert_eq!(file(json).left_out, [field]);
        }
        for name in ["/".repeat(4096), format!("/{}", "x".repeat(256))] {
            let json = format!(r#"{{"WorkingDir":"{name}"}}"#);
            assert_eq!(settings(&json), "KillSignal=SIGTERM\n");
        }
        let long = format!(r#"{{"Env":["A={}"]}}"#, "x".repeat(MAX_LINE));
        assert_eq!(settings(&long), "KillSignal=SIGTERM\n");
    }

    #[test]
    fn signals_that_systemd_knows() {
        for (said, written) in [
            ("SIGQUIT", "SIGQUIT"),
            ("quit", "SIGQUIT"),
            ("sigrtmin+3", "SIGRTMIN+3"),
            ("RTMAX", "SIGRTMAX"),
            ("3", "3"),
        ] {
            let json = format!(r#"{{"StopSignal":"{said}"}}"#);
            assert_eq!(settings(&json), format!("KillSignal={written}\n"));
        }
        for said in [
            "SIGTERM\\nBoot=yes",
            "SIGNO",
            "SIG",
            "0",
            "65",
            "+3",
            "RTMIN+31",
            "RTMIN++3",
            "SIG3",
        ] {
            let json = format!(r#"{{"StopSignal":"{said}"}}"#);
            assert_eq!(settings(&json), "", "{said}");
            assert_eq!(file(&json).left_out, ["StopSignal"]);
        }
    }

    #[test]
    fn names_of_machines() {
        for name in ["debian", "a", "a-b.c-d", "9.9", &"x".repeat(64)] {
            assert!(is_machine_name(name), "{name}");
        }
        let long = "x".repeat(65);
        for name in [
            "", ".", "..", "a..b", "-a", "a-", "a-.b", "a.", ".a", "a_b", "a/b", "ä", "a b", &long,
        ] {
            assert!(!is_machine_name(name), "{name}");
        }
    }
}
