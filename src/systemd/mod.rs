//! How an image is started, in the words of systemd: the text of a `.nspawn` file and of a service.
//!
//! Nothing here does I/O. What these files need to know of a tree, the caller reads from it.

mod account;
mod nspawn;
mod service;
mod value;

pub(crate) use account::{Account, UnknownAccount, find_account};
pub(crate) use nspawn::{is_machine_name, nspawn_text};
pub(crate) use service::{DEFAULT_PATH, Service, is_service_name};
pub(crate) use value::is_unit_path;

use crate::oci::{Image, InvalidManifest, RunConfig};
use std::fmt::Write as _;
use value::{MAX_FILE, MAX_LINE};

/// The first line of a file that we have written begins so; the digest of the manifest follows.
pub(crate) const FILE_MARK: &str = "# roots made this of ";

/// The fields of a config without which systemd would start something else.
const FIELDS: [&str; 7] = [
    "config",
    "User",
    "Env",
    "Entrypoint",
    "Cmd",
    "WorkingDir",
    "StopSignal",
];

/// A file of settings while it is written.
pub(crate) struct SettingsText {
    /// The file.
    pub(crate) text: String,
    /// The fields of the config that systemd has no setting for, or does not accept.
    pub(crate) left_out: Vec<&'static str>,
}

/// The run configuration of an image, refused if a field that says what is run, and as whom, is malformed.
pub(crate) fn run_config(image: &Image) -> Result<RunConfig, InvalidManifest> {
    let config = RunConfig::parse(&image.config_bytes);
    let mut faults = config.malformed.iter();
    match faults.find(|field| FIELDS.contains(field)) {
        Some(field) => Err(InvalidManifest::Field(field)),
        None => Ok(config),
    }
}

impl SettingsText {
    fn new(text: String) -> Self {
        let left_out = Vec::new();
        Self { text, left_out }
    }

    /// Adds a line, or notes that `field` is left out if there is no value or no space for it.
    fn add(&mut self, setting: &str, field: &'static str, value: Option<String>) {
        let space = MAX_LINE.min(MAX_FILE.saturating_sub(self.text.len()));
        match value.filter(|value| value.len() < space) {
            // Writing to a string does not fail.
            Some(value) => drop(writeln!(self.text, "{setting}={value}")),
            None if self.left_out.contains(&field) => {}
            None => self.left_out.push(field),
        }
    }
}
