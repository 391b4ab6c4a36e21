//! How an image wants to be run, in the words of systemd.nspawn(5).
//!
//! The config is hostile and the file is made of lines. systemd splits `Environment=` and `Parameters=`
//! at blanks, takes quotes of both kinds, and leaves backslashes alone in both, whatever its manual says
//! of escapes (config_parse_strv); the other settings it takes as they stand. So a value that could end
//! its line, come out as another one, or have the whole file refused, is left out.

use super::value::{MAX_LINE, is_text, path, signal};
use super::{FILE_MARK, SettingsText, run_config};
use crate::oci::{Digest, Image, InvalidManifest, RunConfig};

/// The text of a `NAME.nspawn` for `image`.
pub(crate) fn nspawn_text(image: &Image) -> Result<SettingsText, InvalidManifest> {
    Ok(text_of(&run_config(image)?, &image.digest))
}

fn text_of(config: &RunConfig, manifest: &Digest) -> SettingsText {
    let mut file = SettingsText::new(format!("{FILE_MARK}{manifest}\n[Exec]\nBoot=no\n"));
    file.add("KillSignal", "StopSignal", signal(config));
    if let Some(user) = &config.user {
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
    if let Some(dir) = config.workdir.as_ref().filter(|dir| *dir != "/") {
        file.add("WorkingDirectory", "WorkingDir", path(dir));
    }
    for entry in &config.env {
        let is_named = entry.find('=').is_some_and(|end| end > 0);
        let entry = quoted(entry).filter(|_| is_named);
        file.add("Environment", "an entry of Env", entry);
    }
    let command: Vec<_> = config.entrypoint.iter().chain(&config.cmd).collect();
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

/// The name or number of a user, if systemd can look it up: nothing that would have to be quoted.
fn plain(name: String) -> Option<String> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.+".contains(&c);
    let is_number = name.bytes().all(|c| c.is_ascii_digit());
    // (uid_t) -1 in 32 and 16 bits is no user (uid_is_valid of systemd).
    let is_id = || matches!(name.parse::<u32>(), Ok(id) if ![0xffff, u32::MAX].contains(&id));
    let is_name = || name.bytes().all(is_plain) && !name.starts_with(['-', '+', '.']);
    let is_user = if is_number { is_id() } else { is_name() };
    is_user.then_some(name)
}

/// A word between quotes; one of the same kind stands between those of the other kind. What ends a
/// line can be told in no way.
fn quoted(word: &str) -> Option<String> {
    let is_told = word.len() < MAX_LINE && is_text(word) && !word.contains(['\0', '\n', '\r']);
    is_told.then(|| format!("\"{}\"", word.replace('"', "\"'\"'\"")))
}

/// Whether a machine of systemd can be called so: hostname_is_valid of systemd.
pub(crate) fn is_machine_name(name: &str) -> bool {
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

    fn file(json: &str) -> SettingsText {
        let digest = Digest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
        let config = format!(r#"{{"config":{json}}}"#);
        text_of(&RunConfig::parse(config.as_bytes()), &digest)
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
            (r#"{"User":"-1"}"#, "User"),
            (r#"{"User":"+5"}"#, "User"),
            (r#"{"User":"65535"}"#, "User"),
            (r#"{"User":"4294967295"}"#, "User"),
            (r#"{"User":"4294967296"}"#, "User"),
            (r#"{"User":".."}"#, "User"),
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
