//! The text of a `NAME.service`: systemd.service(5) and systemd.exec(5).
//!
//! systemd expands `%` in almost every setting and `$` in `ExecStart=`, and undoes the escapes of C where
//! it splits words. So all of these are escaped, and a value that has no escape is left out.

use super::value::{is_noncharacter, is_text, path, signal};
use super::{Account, FILE_MARK, SettingsText};
use crate::oci::{Digest, RunConfig};
use std::fmt::Write as _;

/// The search path of docker for an image that sets none; that of systemd may lack `/bin`.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What docker takes away from every container as well, so that images run without it. The
/// capabilities are docker's own, without that to make devices, which `PrivateDevices=` forbids.
const HARDENING: &str = "\
NoNewPrivileges=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID \
CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SYS_CHROOT CAP_AUDIT_WRITE CAP_SETFCAP
";

/// The fields of a config that a service can do without. Images may have megabytes in them, which nobody reads.
const OPTIONAL: [&str; 2] = ["Volumes", "ExposedPorts"];

/// What a service is made of.
pub(crate) struct Service<'s> {
    /// Its name, without `.service`.
    pub(crate) name: &'s str,
    /// The root folder.
    pub(crate) root: &'s str,
    /// The manifest of the image.
    pub(crate) manifest: &'s Digest,
    /// How the image is run.
    pub(crate) config: &'s RunConfig,
    /// As whom, if that is known. Otherwise systemd must not start it: it would run as root.
    pub(crate) account: Option<&'s Account>,
    /// The absolute path in the tree of the first word of the command, if it is known.
    pub(crate) program: Option<&'s str>,
}

impl Service<'_> {
    /// The file.
    pub(crate) fn text(&self) -> SettingsText {
        let (name, manifest) = (self.name, self.manifest);
        let mut file = SettingsText::new(format!(
            "{FILE_MARK}{manifest}\n\
             # The next --update writes it again: `systemctl edit {name}.service` keeps your own settings apart.\n\
             [Unit]\nDescription={name}\nWants=network-online.target\nAfter=network-online.target\n\n\
             [Service]\nType=exec\n"
        ));
        let root = path(self.root).map(|path| specifiers(&path));
        file.add("RootDirectory", "RootDirectory", root);
        // Images leave that file to the runtime.
        let api = "MountAPIVFS=yes\nBindReadOnlyPaths=-/etc/resolv.conf\n";
        file.text.push_str(api);
        if let Some(account) = self.account {
            self.add_account(&mut file, account);
        }
        self.add_environment(&mut file);
        if let Some(dir) = self.config.workdir.as_ref().filter(|dir| *dir != "/") {
            let dir = path(dir).map(|dir| specifiers(&dir));
            file.add("WorkingDirectory", "WorkingDir", dir);
        }
        if let (Some(_), Some(program)) = (self.account, self.program) {
            file.add("ExecStart", "Entrypoint and Cmd", self.command(program));
        }
        // As `docker stop`: the signal goes to the first process only.
        file.text.push_str("KillMode=mixed\n");
        file.add("KillSignal", "StopSignal", signal(self.config));
        file.text.push_str(HARDENING);
        self.add_volumes(&mut file);
        // The service starts without them: a warning is enough.
        let unread = self.config.malformed.iter();
        let is_unread = |field: &&&str| OPTIONAL.contains(*field);
        file.left_out.extend(unread.filter(is_unread));
        let install = "\n[Install]\nWantedBy=multi-user.target\n";
        file.text.push_str(install);
        file
    }

    fn add_account(&self, file: &mut SettingsText, account: &Account) {
        file.add("User", "User", Some(account.uid.to_string()));
        file.add("Group", "User", Some(account.gid.to_string()));
        if !account.groups.is_empty() {
            let groups: Vec<_> = account.groups.iter().map(u32::to_string).collect();
            let groups = Some(groups.join(" "));
            file.add("SupplementaryGroups", "the groups of User", groups);
        }
        // Docker lets every user of a container bind these.
        let is_low = |port: &String| {
            let number = port.split(['/', '-']).next().unwrap_or_default();
            number.parse::<u16>().is_ok_and(|port| port < 1024)
        };
        if account.uid != 0 && self.config.ports.iter().any(is_low) {
            let ambient = "AmbientCapabilities=CAP_NET_BIND_SERVICE\n";
            file.text.push_str(ambient);
        }
    }

    fn add_environment(&self, file: &mut SettingsText) {
        // systemd takes HOME from the host's passwd.
        let home = self.account.and_then(|account| account.home.as_deref());
        let home = format!("HOME={}", home.unwrap_or("/"));
        let search = format!("PATH={DEFAULT_PATH}");
        let is_set = |entry: &String| {
            let name = entry.split_inclusive('=').next().unwrap_or_default();
            self.config.env.iter().any(|own| own.starts_with(name))
        };
        let missing = [home, search].into_iter().filter(|entry| !is_set(entry));
        for entry in missing.collect::<Vec<_>>().iter().chain(&self.config.env) {
            let entry = environment(entry);
            file.add("Environment", "an entry of Env", entry);
        }
    }

    /// The command. The first word is what the program sees as its name, which may not be its path.
    fn command(&self, program: &str) -> Option<String> {
        // string_is_safe of systemd, for the path only.
        let is_safe = |c: char| !c.is_control() && !['"', '\'', '\\'].contains(&c);
        if path(program).is_none() || program.ends_with('/') || !program.chars().all(is_safe) {
            return None;
        }
        let words = self.config.entrypoint.iter().chain(&self.config.cmd);
        let words: Option<Vec<_>> = words.map(|word| argument(word)).collect();
        let program = specifiers(program);
        Some(format!("\"@{program}\" {}", words?.join(" ")))
    }

    /// Data that an update would take away with the old tree.
    fn add_volumes(&self, file: &mut SettingsText) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        let volumes = self.config.volumes.iter();
        let volumes: Vec<_> = volumes
            .filter(|volume| volume.chars().all(is_plain) && path(volume).is_some())
            .take(100)
            .collect();
        if !volumes.is_empty() {
            let name = self.name;
            let start = "# The image keeps data here, which is lost when the tree is replaced. To keep it elsewhere:\n";
            file.text.push_str(start);
            for volume in volumes {
                // Writing to a string does not fail.
                let _ = writeln!(file.text, "#BindPaths=/var/lib/{name}{volume}:{volume}");
            }
        }
    }
}

/// A word of `ExecStart=`. A NUL can be in no argument at all.
fn argument(word: &str) -> Option<String> {
    Some(escaped(word)?.replace('$', "$$"))
}

/// An assignment of `Environment=`; systemd refuses others (env_assignment_is_valid).
fn environment(entry: &str) -> Option<String> {
    let (name, value) = entry.split_once('=')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = name.chars().all(is_plain) && !name.starts_with(|c: char| c.is_ascii_digit());
    let is_valid = is_name && !name.is_empty() && is_text(value);
    escaped(entry).filter(|_| is_valid)
}

/// A word in double quotes, with the escapes of C (cunescape), and `%` twice.
fn escaped(word: &str) -> Option<String> {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '\0' => return None,
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            // systemd would refuse the file, or end the line.
            _ if c.is_control() || is_noncharacter(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    Some(quoted)
}

/// A path in which systemd finds no specifier.
fn specifiers(path: &str) -> String {
    path.replace('%', "%%")
}

/// Whether `NAME.service` is the name of a service (unit_name_is_valid), and not of a template or an
/// alias.
pub(crate) fn is_service_name(name: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b":_.-".contains(&c);
    let is_hidden = name.starts_with(['.', '-']);
    !name.is_empty() && name.len() <= 247 && !is_hidden && name.bytes().all(is_plain)
}
