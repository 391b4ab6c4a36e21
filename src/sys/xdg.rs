//! Directories of this user: HOME, and those of the XDG Base Directory Specification.

use super::Host;
use super::passwd::{field, passwd};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// An environment variable. An empty one counts as unset.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The home directory: HOME, or else the entry in passwd, as in docker and podman. systemd services
/// without `User=`, cron jobs and init scripts often have no HOME.
pub fn home() -> Option<PathBuf> {
    if let Some(home) = variable("HOME") {
        return Some(home.into());
    }
    let uid = Host::new().uid;
    // Without a passwd, as in an initramfs, root still has a home directory.
    home_in(&passwd(), uid).or_else(|| (uid == 0).then(|| "/root".into()))
}

/// `$XDG_CONFIG_HOME`, or else `~/.config`.
pub fn config_home() -> Option<PathBuf> {
    absolute(variable("XDG_CONFIG_HOME")).or_else(|| Some(home()?.join(".config")))
}

/// `$XDG_RUNTIME_DIR`, which has no default.
pub fn runtime_dir() -> Option<PathBuf> {
    absolute(variable("XDG_RUNTIME_DIR"))
}

/// A variable that holds a path. The specification requires relative paths to be ignored.
pub fn absolute(value: Option<OsString>) -> Option<PathBuf> {
    value.map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The home directory of `uid` in a passwd.
fn home_in(passwd: &[u8], uid: u32) -> Option<PathBuf> {
    let home = Path::new(OsStr::from_bytes(field(passwd, uid, 5)?));
    home.is_absolute().then(|| home.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_folder_of_a_user_is_in_passwd() {
        let passwd = b"# users\n\nroot:x:0:0:root:/root:/bin/bash\nbad line\n+::::::\n\
            a:x:1000:1000::/home/a:\nb:x:1000:1000::/home/b:\nnone:x:7:7:::\nrelative:x:8:8::home:\n\
            short:x:9:9::/srv/\xff\nlast:x:10:10::/last:/bin/sh";
        for (uid, home) in [
            (0, Some("/root".as_bytes())),
            (1000, Some(b"/home/a")),
            (1, None),
            (7, None),
            (8, None),
            (9, Some(b"/srv/\xff")),
            (10, Some(b"/last")),
        ] {
            let home = home.map(|home| PathBuf::from(OsStr::from_bytes(home)));
            assert_eq!(home_in(passwd, uid), home, "{uid}");
        }
        assert_eq!(home_in(b"", 0), None);
    }
}
