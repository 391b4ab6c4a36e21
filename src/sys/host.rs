//! This machine and this process.

use super::Owner;
use rustix::fs::Mode;
use rustix::process;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command};
use std::time::Duration;

/// The user who runs this process.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The effective user ID, which owns new files.
    pub uid: u32,
    /// The effective group ID.
    pub gid: u32,
}

impl Host {
    /// Reads the IDs from the kernel.
    pub fn new() -> Self {
        Self {
            uid: process::geteuid().as_raw(),
            gid: process::getegid().as_raw(),
        }
    }

    /// The owner of new files.
    pub fn owner(&self) -> Owner {
        let Self { uid, gid } = *self;
        Owner { uid, gid }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this process runs as root and may change owners.
pub fn is_root() -> bool {
    process::geteuid().is_root()
}

/// Whether that root also owns the system it runs in. In a user namespace made by an ordinary user,
/// with `unshare --map-root-user` or `podman unshare`, it does not: the owner of `/` is not mapped
/// there. In a container, which has its own `/`, it does.
pub fn is_system_root() -> bool {
    is_root() && root_owner() == Some(0)
}

/// The owner of `/`, as this user namespace sees it: root of one that shares the `/` of its system is not.
pub(super) fn root_owner() -> Option<u32> {
    std::fs::metadata("/").ok().map(|root| root.uid())
}

/// The ID of this process.
pub fn pid() -> u32 {
    std::process::id()
}

/// The limit on the size of files that this process creates, in bytes, if any. Writing beyond it
/// raises SIGXFSZ, which kills the process unless ignored.
pub fn file_size_limit() -> Option<u64> {
    process::getrlimit(process::Resource::Fsize).current
}

/// Removes the owner's bits from the umask, for files outside a tree: this process must be able to
/// use what it creates. Bits for others stay.
pub fn spare_owner_from_umask() {
    let umask = process::umask(Mode::RWXG | Mode::RWXO);
    process::umask(umask & (Mode::RWXG | Mode::RWXO));
}

/// Starts a program with a umask that keeps its files private unless it sets its own: ours is meant
/// for trees, or cleared.
pub fn spawn_privately(command: &mut Command) -> io::Result<Child> {
    let umask = process::umask(Mode::RWXG | Mode::RWXO);
    let child = command.spawn();
    process::umask(umask);
    child
}

/// Sleeps for `time`, or until a signal arrives.
pub fn pause(time: Duration) {
    // A time too long to represent is skipped: no pause of ours is that long.
    let time = rustix::event::Timespec::try_from(time).ok();
    if time.is_some() {
        // Other signals may end it early, which does no harm.
        let _ = rustix::event::poll(&mut [], time.as_ref());
    }
}

/// Clears the umask of this process, so that files get exactly the modes requested.
pub fn stop_inheriting_umask() {
    process::umask(Mode::empty());
}

/// The machine from `uname -m`, and the x86-64 level, `v1` to `v4`, or an empty string on other
/// architectures.
pub fn machine() -> (String, &'static str) {
    let machine = rustix::system::uname()
        .machine()
        .to_string_lossy()
        .into_owned();
    (machine, level())
}

/// The x86-64 level of this processor, by the psABI's table, as far as std detects it.
#[cfg(target_arch = "x86_64")]
fn level() -> &'static str {
    macro_rules! all {
        ($($feature:tt)*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
    }
    if !all!("cmpxchg16b" "popcnt" "sse3" "sse4.1" "sse4.2" "ssse3") {
        "v1"
    } else if !all!("avx" "avx2" "bmi1" "bmi2" "f16c" "fma" "lzcnt" "movbe") {
        "v2"
    } else if !all!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl") {
        "v3"
    } else {
        "v4"
    }
}

/// On other architectures, `uname -m` is sufficient.
#[cfg(not(target_arch = "x86_64"))]
fn level() -> &'static str {
    ""
}
