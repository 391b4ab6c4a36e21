//! How to start a tree: `--nspawn`, and a hint where the image does not say.

use super::Pull;
use super::start_files::{StartFiles, malformed, run_config_of};
use crate::error::Error;
use crate::extract::TreeReader;
use crate::oci::{Image, RunConfig};
use crate::sys::{Dir, is_system_root};
use crate::systemd::{SettingsText, find_account, nspawn_text};
use std::ffi::CStr;
use std::path::Path;

/// Where a tree has its users.
pub(super) const PASSWD: &str = "/etc/passwd";

/// How much is read of passwd and group, in bytes. Those of images have a few kB.
pub(super) const MAX_ACCOUNTS: u64 = 1 << 20;

/// What `systemd-nspawn --boot` looks for, in one of these places.
const INIT: [&[&CStr]; 4] = [
    &[c"usr", c"lib", c"systemd", c"systemd"],
    &[c"lib", c"systemd", c"systemd"],
    &[c"sbin", c"init"],
    &[c"usr", c"sbin", c"init"],
];

/// And which it wants as well.
const OS_RELEASE: [&[&CStr]; 2] = [&[c"etc", c"os-release"], &[c"usr", c"lib", c"os-release"]];

impl Pull {
    /// The text of the `.nspawn` file at `path`. What systemd cannot be told, and what keeps
    /// systemd-nspawn from starting the tree, are warnings: a tree that is right does not fail for it.
    pub(super) fn nspawn_text(
        &self,
        path: &Path,
        image: &Image,
        root: &Dir,
    ) -> Result<String, Error> {
        let about = run_config_of(image)?;
        let SettingsText { text, left_out } =
            nspawn_text(image).map_err(|why| malformed(image, why))?;
        self.warn_of_left_out(path, &left_out);
        // What keeps it from starting is said to those, too, who want to hear only what goes wrong.
        let alarm = |what: &str| {
            let path = path.display();
            self.progress.alarm(format_args!("{path}: {what}"));
        };
        let tree = TreeReader::new(root);
        if !tree.is_directory("/usr") {
            alarm(
                "systemd-nspawn refuses a tree without /usr: start it as a service, which --unit writes",
            );
        } else if let Some(why) = user_fault(&about, &tree) {
            alarm(&format!(
                "systemd-nspawn cannot look up the image's user, because {why}: start it as a service, which --unit writes"
            ));
        }
        self.warn_of_working_dir(path, &about, &tree);
        let shift = self.altered.uid_shift();
        if shift > 0 {
            // nspawn takes no PrivateUsers= out of a file that it does not trust.
            self.progress.warn(format_args!(
                "{}: it cannot hold the shift of --uid-shift: start it with systemd-nspawn --private-users={shift}:65536",
                path.display()
            ));
        }
        Ok(text)
    }

    /// The warnings of a pull that a dry run can give, which has no tree to look into.
    pub(super) fn warn_of_nspawn(&self, files: &StartFiles, image: &Image) -> Result<(), Error> {
        if let Some(path) = files.nspawn() {
            let file = nspawn_text(image).map_err(|why| malformed(image, why))?;
            self.warn_of_left_out(path, &file.left_out);
        }
        Ok(())
    }

    /// Says which fields of the config a file lacks.
    pub(super) fn warn_of_left_out(&self, path: &Path, left_out: &[&str]) {
        if !left_out.is_empty() {
            self.progress.warn(format_args!(
                "{}: cannot be told to systemd: {}",
                path.display(),
                left_out.join(", ")
            ));
        }
    }

    /// Says that systemd does not make the working directory, as docker does.
    pub(super) fn warn_of_working_dir(
        &self,
        path: &Path,
        about: &RunConfig,
        tree: &TreeReader<'_>,
    ) {
        let missing = |dir: &&String| dir.starts_with('/') && !tree.is_directory(dir);
        if about.workdir.as_ref().filter(missing).is_some() {
            self.progress.alarm(format_args!(
                "{}: the tree lacks its WorkingDirectory: make it there with mkdir -p",
                path.display()
            ));
        }
    }

    /// Says how to start a program in a tree that does not boot and has nothing beside it: to people,
    /// not to logs, and to root, because no other user can start it in these ways.
    pub(super) fn say_how_to_start(&self, root: &Dir) {
        let has = |paths: &[&[&CStr]]| paths.iter().any(|path| is_there(root, path));
        // Who takes a part of an image knows what for.
        let is_part = self.altered.included().next().is_some();
        let is_of_use = self.progress.is_for_person() && is_system_root();
        if !is_of_use || self.nspawn || self.unit || is_part || has(&INIT) && has(&OS_RELEASE) {
            return;
        }
        // systemd-nspawn starts nothing in a tree without it.
        let start = match has(&[&[c"usr"]]) {
            true => "systemd-nspawn --as-pid2 -D",
            false => "chroot",
        };
        let path = self.dest.display();
        self.progress.step(format_args!(
            "nothing in it boots; to start a program: {start} {path} COMMAND..."
        ));
    }
}

/// Why systemd-nspawn, which runs `getent` in the tree, will not find the user there.
fn user_fault(about: &RunConfig, tree: &TreeReader<'_>) -> Option<&'static str> {
    let user = about.user.as_deref()?;
    let name = user.split(':').next().unwrap_or_default();
    if ["", "root", "0"].contains(&name) {
        return None;
    }
    if !["/usr/bin/getent", "/bin/getent"]
        .iter()
        .any(|path| tree.is_program(path))
    {
        return Some("the tree has no getent");
    }
    let passwd = tree.read(PASSWD, MAX_ACCOUNTS);
    // Group and home only come from an entry.
    let account = find_account(name, &passwd, b"").ok();
    let is_known = account.is_some_and(|account| account.is_known);
    (!is_known).then_some("/etc/passwd of the tree does not have it")
}

/// Whether there is something of that name; what a symlink leads to, may be another tree's.
fn is_there(root: &Dir, path: &[&CStr]) -> bool {
    let [parents @ .., name] = path else {
        return true;
    };
    let parent = parents.iter().try_fold(root.try_clone(), |dir, name| {
        Ok::<_, std::io::Error>(dir?.open(name))
    });
    matches!(parent, Ok(Ok(parent)) if matches!(parent.find(name), Ok(Some(_))))
}
