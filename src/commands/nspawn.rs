//! How a tree is started: `--nspawn`, and what to type where nothing says it.

use super::Pull;
use crate::destination::{Destination, Found, Output, Settings};
use crate::error::Error;
use crate::oci::{Image, Nspawn};
use crate::sys::{Dir, is_root};
use std::ffi::CStr;

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
    /// The file beside DEST, with `--nspawn`.
    pub(super) fn settings(&self, found: &Found) -> Result<Option<Settings>, Error> {
        let settings = || Settings::beside(found, self.force);
        self.nspawn.then(settings).transpose()
    }

    /// Writes a new one, which waits for the tree that it is about.
    pub(super) fn set(
        &self,
        settings: &Settings,
        destination: &Destination,
        image: &Image,
    ) -> Result<Output, Error> {
        let text = self.settings_of(settings, image)?;
        settings.write(destination, &text)
    }

    /// What it is to say. What cannot be told to systemd is warned of.
    pub(super) fn settings_of(&self, settings: &Settings, image: &Image) -> Result<String, Error> {
        let malformed = |why| Error::Manifest {
            what: image.digest.to_string(),
            why,
        };
        let Nspawn { text, left_out } = Nspawn::new(image).map_err(malformed)?;
        if !left_out.is_empty() {
            self.progress.warn(format_args!(
                "{}: cannot be told to systemd: {}",
                settings.path().display(),
                left_out.join(", ")
            ));
        }
        Ok(text)
    }

    /// Says how to start a program in a tree that does not boot and has nothing beside it: to people,
    /// not to logs, and to root, because no other user can start it in these ways.
    pub(super) fn say_how_to_start(&self, root: &Dir) {
        let has = |paths: &[&[&CStr]]| paths.iter().any(|path| is_there(root, path));
        // Who takes a part of an image knows what for.
        let is_part = self.altered.included().next().is_some();
        let is_of_use = self.progress.is_for_person() && is_root();
        if !is_of_use || self.nspawn || is_part || has(&INIT) && has(&OS_RELEASE) {
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

/// Whether there is something of that name; what a symlink leads to, may be another tree's.
fn is_there(root: &Dir, path: &[&CStr]) -> bool {
    let [parents @ .., name] = path else {
        return true;
    };
    let parent = parents.iter().try_fold(root.again(), |dir, name| {
        Ok::<_, std::io::Error>(dir?.open(name))
    });
    matches!(parent, Ok(Ok(parent)) if matches!(parent.find(name), Ok(Some(_))))
}
