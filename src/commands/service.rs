//! `--unit`: a service for trees that systemd-nspawn does not start, such as those of scratch images.

use super::nspawn::{MAX_ACCOUNTS, PASSWD};
use super::start_files::{StartFiles, run_config_of};
use crate::error::Error;
use crate::extract::TreeReader;
use crate::oci::{Image, RunConfig};
use crate::sys::{Dir, Host, IdMap, is_root};
use crate::systemd::{Account, DEFAULT_PATH, Service, SettingsText, UnknownAccount, find_account};
use std::path::Path;

/// Where a tree has its groups.
const GROUP: &str = "/etc/group";

/// How much is read of the same files of this machine, in bytes: some have a line for each of thousands.
const MAX_HOST_ACCOUNTS: u64 = 64 << 20;

/// How many numbers one warning names.
const MAX_TOLD: usize = 20;

/// Why systemd will refuse a service, and the settings that it lacks.
struct NoService {
    why: &'static str,
    settings: &'static str,
}

impl NoService {
    fn account(why: &'static str) -> Self {
        let settings = "User=, Group= and ExecStart=";
        Self { why, settings }
    }
}

impl StartFiles {
    /// The text of the service at `path` for the tree `root`, which is to be `dest`. One that has no
    /// user, or no program, has no command: systemd refuses it, and does not run it as root.
    pub(super) fn service_text(
        &self,
        path: &Path,
        dest: &Path,
        image: &Image,
        root: &Dir,
    ) -> Result<String, Error> {
        let about = run_config_of(image)?;
        let tree = TreeReader::new(root);
        let account = self.account(&about, &tree).and_then(in_system_ids);
        let program = program(&about, &tree);
        let name = dest.file_name().unwrap_or_default().to_string_lossy();
        let service = Service {
            name: &name,
            root: &dest.to_string_lossy(),
            manifest: &image.digest,
            about: &about,
            account: account.as_ref().ok(),
            program: program.as_deref().ok(),
        };
        let SettingsText { text, left_out } = service.text();
        self.warn_of_left_out(path, &left_out);
        if let Ok(account) = &account {
            self.warn_of_numbers(path, account);
        }
        if let Some(NoService { why, settings }) = account.err().or(program.err()) {
            self.progress.alarm(format_args!(
                "{}: systemd will refuse it, because {why}: set {settings} with `systemctl edit {name}.service`",
                path.display()
            ));
        }
        self.warn_of_working_dir(path, &about, &tree);
        Ok(text)
    }

    /// Says how this machine gets to know the numbers of an image, without which systemd starts nothing.
    fn warn_of_numbers(&self, path: &Path, account: &Account) {
        let host = Dir::open_path(Path::new("/"));
        let Some(host) = host.ok().filter(|_| is_root()) else {
            return;
        };
        let host = TreeReader::new(&host);
        let passwd = host.read(PASSWD, MAX_HOST_ACCOUNTS);
        let group = host.read(GROUP, MAX_HOST_ACCOUNTS);
        let missing = account.unknown_to(&passwd, &group);
        if !missing.is_empty() {
            let lines: Vec<_> = missing
                .iter()
                .take(MAX_TOLD)
                .map(|line| format!("'{line}'"))
                .collect();
            self.progress.alarm(format_args!(
                "{}: systemd starts it only where its user and groups exist: type systemd-sysusers --inline {}",
                path.display(),
                lines.join(" ")
            ));
        }
    }

    /// The numbers to run the image's command with.
    fn account(&self, about: &RunConfig, tree: &TreeReader<'_>) -> Result<Account, NoService> {
        // All of the tree belongs to this user, who alone can write to it as the image expects.
        if !is_root() {
            let Host { uid, gid } = Host::new();
            return Ok(Account::of(uid, gid));
        }
        let user = about.user.as_deref().unwrap_or_default();
        let passwd = tree.read(PASSWD, MAX_ACCOUNTS);
        let group = tree.read(GROUP, MAX_ACCOUNTS);
        let refused = NoService::account;
        let account = find_account(user, &passwd, &group).map_err(|unknown| {
            refused(match unknown {
                UnknownAccount::User => "/etc/passwd of the tree does not have the image's user",
                UnknownAccount::Group => "/etc/group of the tree does not have the image's group",
            })
        })?;
        // A service has no user namespace: its numbers are those of the files.
        let shifted = account.shifted(self.uid_shift);
        shifted.ok_or_else(|| refused("--uid-shift leaves no number for the image's user"))
    }
}

/// The account with the ids that the system's service manager knows. In a user namespace, root is an
/// ordinary user of the system, who owns the files of the tree: `User=0` would run them as the real root.
fn in_system_ids(account: Account) -> Result<Account, NoService> {
    let Some(map) = IdMap::of_foreign_system() else {
        return Ok(account);
    };
    let mapped = account.mapped(|uid| map.user(uid), |gid| map.group(gid));
    mapped.ok_or_else(|| {
        NoService::account("the image's user has no id outside of this user namespace")
    })
}

/// The absolute path in the tree of the first word of the command. systemd would look for a plain name in
/// a path of its own, and not in that of the image.
fn program(about: &RunConfig, tree: &TreeReader<'_>) -> Result<String, NoService> {
    let refused = |why| NoService {
        why,
        settings: "ExecStart=",
    };
    let Some(word) = about.entrypoint.iter().chain(&about.cmd).next() else {
        return Err(refused("the image has no command"));
    };
    let base = about.workdir.as_deref().unwrap_or("/");
    let found = if word.starts_with('/') {
        found(tree, word)
    } else if word.contains('/') {
        found(tree, &format!("{base}/{word}"))
    } else if word.is_empty() {
        None
    } else {
        let search = about
            .env
            .iter()
            .rev()
            .find_map(|entry| entry.strip_prefix("PATH="));
        let dirs = search.unwrap_or(DEFAULT_PATH).split(':').take(MAX_DIRS);
        let dirs = dirs.filter(|dir| dir.starts_with('/'));
        dirs.map(|dir| format!("{dir}/{word}"))
            .find_map(|path| found(tree, &path))
    };
    found.ok_or_else(|| refused("the tree does not have the program of the image's command"))
}

/// How many directories a program is looked for in: PATH of an image may be megabytes.
const MAX_DIRS: usize = 100;

/// The path of a program, which may be a symlink: busybox goes by the name that it is called by.
fn found(tree: &TreeReader<'_>, path: &str) -> Option<String> {
    if !tree.is_program(path) {
        return None;
    }
    if path.split('/').any(|name| name == "..") {
        return tree.real_path(path);
    }
    let names = path.split('/').filter(|name| !["", "."].contains(name));
    Some(names.map(|name| format!("/{name}")).collect())
}
