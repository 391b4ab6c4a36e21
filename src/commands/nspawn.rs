//! `--nspawn`: the settings with which systemd-nspawn starts a tree.

use super::start_files::{StartFiles, malformed, run_config_of};
use crate::error::Error;
use crate::extract::TreeReader;
use crate::oci::{Image, RunConfig};
use crate::sys::Dir;
use crate::systemd::{SettingsText, find_account, nspawn_text};
use std::path::Path;

/// The users of a tree.
pub(super) const PASSWD: &str = "/etc/passwd";

/// How much of passwd and group is read, in bytes. In images they have a few kB.
pub(super) const MAX_ACCOUNTS: u64 = 1 << 20;

impl StartFiles {
    /// The text of the `.nspawn` file at `path`. Warns of fields that systemd has no setting for, and of
    /// anything that keeps systemd-nspawn from starting the tree: the tree itself is correct.
    pub(super) fn nspawn_text(
        &self,
        path: &Path,
        image: &Image,
        root: &Dir,
    ) -> Result<String, Error> {
        let config = run_config_of(image)?;
        let SettingsText { text, left_out } =
            nspawn_text(image).map_err(|why| malformed(image, why))?;
        self.warn_of_left_out(path, &left_out);
        // What keeps the tree from starting is reported even with --quiet.
        let alarm = |fault: &str| {
            let path = path.display();
            self.progress.alarm(format_args!("{path}: {fault}"));
        };
        let tree = TreeReader::new(root);
        if !tree.is_directory("/usr") {
            alarm(
                "systemd-nspawn refuses a tree without /usr: start it as a service, which --unit writes",
            );
        } else if let Some(why) = user_fault(&config, &tree) {
            alarm(&format!(
                "systemd-nspawn cannot look up the image's user, because {why}: start it as a service, which --unit writes"
            ));
        }
        self.warn_of_working_dir(path, &config, &tree);
        let shift = self.uid_shift;
        if shift > 0 {
            // systemd-nspawn ignores PrivateUsers= in a file that it does not trust.
            self.progress.warn(format_args!(
                "{}: it cannot hold the shift of --uid-shift: start it with systemd-nspawn --private-users={shift}:65536",
                path.display()
            ));
        }
        Ok(text)
    }

    /// The warnings that need no tree, for a dry run.
    pub(super) fn warn_before_pull(&self, image: &Image) -> Result<(), Error> {
        if let Some(path) = self.nspawn() {
            let settings = nspawn_text(image).map_err(|why| malformed(image, why))?;
            self.warn_of_left_out(path, &settings.left_out);
        }
        Ok(())
    }
}

/// Why systemd-nspawn, which runs `getent` in the tree, will not find the user.
fn user_fault(config: &RunConfig, tree: &TreeReader<'_>) -> Option<&'static str> {
    let user = config.user.as_deref()?;
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
    // Group and home come from the entry only.
    let account = find_account(name, &passwd, b"").ok();
    let is_known = account.is_some_and(|account| account.is_known);
    (!is_known).then_some("/etc/passwd of the tree does not have it")
}
