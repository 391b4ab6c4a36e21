//! `--unit`: a service, also for trees that systemd-nspawn refuses, such as those of scratch images.

use super::nspawn::{MAX_ACCOUNTS, PASSWD};
use super::start_files::{StartFiles, run_config_of};
use crate::error::Error;
use crate::extract::TreeReader;
use crate::oci::{Image, RunConfig};
use crate::sys::{Dir, Host, IdMap, is_root};
use crate::systemd::{Account, DEFAULT_PATH, Service, SettingsText, UnknownAccount, find_account};
use std::path::Path;

/// The groups of a tree.
const GROUP: &str = "/etc/group";

/// How much of this machine's passwd and group is read, in bytes. Some have thousands of lines.
const MAX_HOST_ACCOUNTS: u64 = 64 << 20;

/// How many accounts one warning lists.
const MAX_LISTED: usize = 20;

/// Why systemd will refuse a service, and the settings that it lacks.
struct NoService {
    reason: &'static str,
    settings: &'static str,
}

impl NoService {
    fn account(reason: &'static str) -> Self {
        let settings = "User=, Group= and ExecStart=";
        Self { reason, settings }
    }
}

impl StartFiles {
    /// The text of the service at `path` for the tree `root`, which will be at `dest`. If the user or the
    /// program is unknown, the service has no command: systemd refuses it, rather than run it as root.
    pub(super) fn service_text(
        &self,
        path: &Path,
        dest: &Path,
        image: &Image,
        root: &Dir,
    ) -> Result<String, Error> {
        let config = run_config_of(image)?;
        let tree = TreeReader::new(root);
        let account = self.account(&config, &tree).and_then(in_system_ids);
        let program = program(&config, &tree);
        let name = dest.file_name().unwrap_or_default().to_string_lossy();
        let service = Service {
            name: &name,
            root: &dest.to_string_lossy(),
            manifest: &image.digest,
            config: &config,
            account: account.as_ref().ok(),
            program: program.as_deref().ok(),
        };
        let SettingsText { text, left_out } = service.text();
        self.warn_of_left_out(path, &left_out);
        if let Ok(account) = &account {
            self.warn_of_unknown_ids(path, account);
        }
        if let Some(NoService { reason, settings }) = account.err().or(program.err()) {
            self.progress.alarm(format_args!(
                "{}: systemd will refuse it, because {reason}: set {settings} with `systemctl edit {name}.service`",
                path.display()
            ));
        }
        self.warn_of_working_dir(path, &config, &tree);
        Ok(text)
    }

    /// systemd starts nothing as a user or group id that this machine does not know.
    fn warn_of_unknown_ids(&self, path: &Path, account: &Account) {
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
                .take(MAX_LISTED)
                .map(|line| format!("'{line}'"))
                .collect();
            self.progress.alarm(format_args!(
                "{}: systemd starts it only where its user and groups exist: type systemd-sysusers --inline {}",
                path.display(),
                lines.join(" ")
            ));
        }
    }

    /// The user and group ids to run the image's command with.
    fn account(&self, config: &RunConfig, tree: &TreeReader<'_>) -> Result<Account, NoService> {
        // An ordinary user owns the whole tree, so only this user can write to it as the image expects.
        if !is_root() {
            let Host { uid, gid } = Host::new();
            return Ok(Account::of(uid, gid));
        }
        let user = config.user.as_deref().unwrap_or_default();
        let passwd = tree.read(PASSWD, MAX_ACCOUNTS);
        let group = tree.read(GROUP, MAX_ACCOUNTS);
        let refused = NoService::account;
        let account = find_account(user, &passwd, &group).map_err(|unknown| {
            refused(match unknown {
                UnknownAccount::User => "/etc/passwd of the tree does not have the image's user",
                UnknownAccount::Group => "/etc/group of the tree does not have the image's group",
            })
        })?;
        // A service has no user namespace, so it needs the ids of the files on disk.
        let shifted = account.shifted(self.uid_shift);
        shifted.ok_or_else(|| refused("--uid-shift leaves no number for the image's user"))
    }
}

/// The account as the system's service manager sees it. Root of a user namespace is an ordinary user
/// there: `User=0` would run the files of that user as the real root.
fn in_system_ids(account: Account) -> Result<Account, NoService> {
    let Some(map) = IdMap::of_foreign_system() else {
        return Ok(account);
    };
    let mapped = account.mapped(|uid| map.user(uid), |gid| map.group(gid));
    mapped.ok_or_else(|| {
        NoService::account("the image's user has no id outside of this user namespace")
    })
}

/// The absolute path in the tree of the first word of the command. For a plain name, systemd would search
/// its own path instead of the image's PATH.
fn program(config: &RunConfig, tree: &TreeReader<'_>) -> Result<String, NoService> {
    let refused = |reason| NoService {
        reason,
        settings: "ExecStart=",
    };
    let Some(word) = config.entrypoint.iter().chain(&config.cmd).next() else {
        return Err(refused("the image has no command"));
    };
    let base = config.workdir.as_deref().unwrap_or("/");
    let path = if word.starts_with('/') {
        program_path(tree, word)
    } else if word.contains('/') {
        program_path(tree, &format!("{base}/{word}"))
    } else if word.is_empty() {
        None
    } else {
        let search = config
            .env
            .iter()
            .rev()
            .find_map(|entry| entry.strip_prefix("PATH="));
        let dirs = search.unwrap_or(DEFAULT_PATH).split(':').take(MAX_DIRS);
        let dirs = dirs.filter(|dir| dir.starts_with('/'));
        dirs.map(|dir| format!("{dir}/{word}"))
            .find_map(|path| program_path(tree, &path))
    };
    path.ok_or_else(|| refused("the tree does not have the program of the image's command"))
}

/// How many directories of PATH are searched: the PATH of an image may be megabytes.
const MAX_DIRS: usize = 100;

/// The normalized path, if there is a program. The last symlink stays: busybox goes by its name.
fn program_path(tree: &TreeReader<'_>, path: &str) -> Option<String> {
    if !tree.is_program(path) {
        return None;
    }
    if path.split('/').any(|name| name == "..") {
        return tree.real_path(path);
    }
    let names = path.split('/').filter(|name| !["", "."].contains(name));
    Some(names.map(|name| format!("/{name}")).collect())
}
