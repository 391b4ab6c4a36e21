//! This machine and this process.

use rustix::fs::Mode;
use rustix::process;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command};
use std::time::Duration;

/// Who runs this.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The effective user id, which owns what is made.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
}

impl Host {
    /// Asks the kernel.
    pub fn new() -> Self {
        Self {
            uid: process::geteuid().as_raw(),
            gid: process::getegid().as_raw(),
        }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this process runs as root and may give files away.
pub fn is_root() -> bool {
    process::geteuid().is_root()
}

/// Whether that root also owns the system that it runs in. Root of a user namespace that an ordinary user
/// has made, with `unshare --map-root-user` or `podman unshare`, does not: `/` belongs to somebody without
/// a number there. Root of a container, whose `/` is its own, does.
pub fn is_system_root() -> bool {
    is_root() && std::fs::metadata("/").is_ok_and(|top| top.uid() == 0)
}

/// The number of this process.
pub fn pid() -> u32 {
    std::process::id()
}

/// How large a file this process may make, in bytes, if there is a limit. Whoever writes beyond it is
/// killed by SIGXFSZ, unless that signal is ignored.
pub fn file_size_limit() -> Option<u64> {
    process::getrlimit(process::Resource::Fsize).current
}

/// Leaves the umask its say about others, for files outside a tree, but not about their owner: what
/// this process makes, it must be able to use.
pub fn spare_owner_from_umask() {
    let umask = process::umask(Mode::RWXG | Mode::RWXO);
    process::umask(umask & (Mode::RWXG | Mode::RWXO));
}

/// Starts a program whose files nobody else can read, unless it sees to that itself: the umask that
/// it would inherit is one for trees, or none at all.
pub fn spawn_privately(command: &mut Command) -> io::Result<Child> {
    let umask = process::umask(Mode::RWXG | Mode::RWXO);
    let child = command.spawn();
    process::umask(umask);
    child
}

/// Waits.
pub fn pause(time: Duration) {
    // Longer than any pause of ours is no time to wait at all.
    let time = rustix::event::Timespec::try_from(time).ok();
    if time.is_some() {
        // A signal that is no reason to end may cut it short, which does no harm.
        let _ = rustix::event::poll(&mut [], time.as_ref());
    }
}

/// Makes the modes that are asked for the modes that are made, for the rest of this process.
pub fn stop_inheriting_umask() {
    process::umask(Mode::empty());
}

/// The machine as `uname -m` says it, and the step of the x86-64 levels, `v1` to `v4`, where there
/// are such.
pub fn machine() -> (String, &'static str) {
    let machine = rustix::system::uname()
        .machine()
        .to_string_lossy()
        .into_owned();
    (machine, level())
}

/// The x86-64 level of this processor: the psABI's table, as far as std can ask.
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

/// Other architectures say all there is to say in `uname -m`.
#[cfg(not(target_arch = "x86_64"))]
fn level() -> &'static str {
    ""
}
