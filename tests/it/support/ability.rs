//! What some tests need and not every machine has. A test that goes without says so.

use super::sandbox::is_root;
use super::terminal::Terminal;
use super::{Sandbox, Traced};
use rustix::fs::{XattrFlags, setxattr};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Something a test needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// To give files away and to make devices.
    Root,
    /// Extended attributes on the file system under the tests.
    Attributes,
    /// POSIX ACLs there.
    Acls,
    /// `setpriv`, to run something as somebody else.
    OtherUser,
    /// ptrace, to stop a process at its system calls.
    Tracing,
    /// A mount namespace of its own.
    Mounting,
    /// A pseudo-terminal.
    Terminal,
    /// `make`, for what it installs.
    Make,
    /// `cargo`, which a user without the home of the one who built the tests may not reach.
    Cargo,
    /// `python3`, for the licenses of what is packed.
    Python,
    /// `dpkg-deb`, to make packages of Debian, and `lintian`, to judge them.
    Dpkg,
    Lintian,
    /// The readers of man pages.
    Mandoc,
    Groff,
    /// The shells that complete.
    Bash,
    Zsh,
    Fish,
}

impl Ability {
    /// Whether this machine lacks it; if so, that is said past the test harness.
    pub fn is_missing(self) -> bool {
        let is_there = match self {
            Self::Root => is_root(),
            Self::Attributes => takes("user.test", b"x"),
            Self::Acls => takes("system.posix_acl_default", &acl(&[])),
            Self::OtherUser => is_root() && runs("setpriv"),
            Self::Tracing => Traced::is_permitted(),
            Self::Terminal => Terminal::open(80).is_some(),
            Self::Mounting => crate::destinations::disk::mounting("true", "true").is_some(),
            Self::Make => has("make"),
            Self::Cargo => runs("cargo"),
            Self::Python => runs("python3"),
            Self::Dpkg => has("dpkg-deb"),
            Self::Lintian => has("lintian"),
            Self::Mandoc => has("mandoc"),
            Self::Groff => has("groff"),
            Self::Bash => has("bash"),
            Self::Zsh => has("zsh"),
            Self::Fish => has("fish"),
        };
        if !is_there {
            let test = std::thread::current();
            let test = test.name().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{test} skipped without {self:?}");
        }
        !is_there
    }
}

/// An ACL as the kernel stores it: owner and group rwx, others r-x, and `users` with all rights.
pub fn acl(users: &[u32]) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let entry = |tag: u16, rights: u16, id: u32| {
        [
            &tag.to_le_bytes()[..],
            &rights.to_le_bytes(),
            &id.to_le_bytes(),
        ]
        .concat()
    };
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    bytes.extend(entry(0x01, 7, NOBODY));
    bytes.extend(users.iter().flat_map(|&user| entry(0x02, 7, user)));
    bytes.extend(entry(0x04, 7, NOBODY));
    if !users.is_empty() {
        bytes.extend(entry(0x10, 7, NOBODY));
    }
    bytes.extend(entry(0x20, 5, NOBODY));
    bytes
}

fn takes(name: &str, value: &[u8]) -> bool {
    let sandbox = Sandbox::new("ability");
    setxattr(sandbox.path(""), name, value, XattrFlags::empty()).is_ok()
}

/// Whether the PATH has it: not all say their version.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg("--version").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
