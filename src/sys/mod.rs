//! The kernel: open directories, and properties of this machine. Only this directory uses rustix
//! and signal-hook.

mod dir;
mod exposure;
mod file_system;
mod handle;
mod host;
mod id_map;
mod lookup;
mod mountinfo;
mod mounts;
mod node;
mod passwd;
mod processes;
mod record_lock;
mod remove;
mod rename;
mod resolver;
mod signals;
mod stat;
mod stdio;
mod terminal;
mod trail;
mod unopened;
mod wait;
mod xdg;

pub use dir::{Dir, Listed};
pub use exposure::{Exposure, LOST_AND_FOUND};
pub use file_system::next_data;
pub use handle::Handle;
pub use host::{
    Host, file_size_limit, is_root, is_system_root, machine, pause, pid, spare_owner_from_umask,
    spawn_privately, stop_inheriting_umask,
};
pub use id_map::IdMap;
pub use lookup::{Location, Unlocated, locate};
pub use mountinfo::has_mounts_below;
pub use node::NewNode;
pub use passwd::has_subordinate_ids;
pub use processes::{DirUser, Process, holder_of, user_of};
pub use record_lock::{has_record_lock, try_lock_record};
pub use remove::{remove_opened, remove_tree};
pub use resolver::use_builtin_resolver;
pub use signals::{Signal, catch_signals, received_signal};
pub use stat::{FileKind, Owner, Special, Stat, Time};
pub use stdio::check_stdout;
pub use terminal::{has_terminal, read_hidden, terminal_width};
pub use trail::{is_loop, trail};
pub use unopened::Unopened;
pub use wait::{
    Interruptible, Timed, connect_to, is_writable_within, open_to_read, read_file, readable_within,
    wait_to_read, wait_to_write,
};
pub use xdg::{absolute, config_home, home, runtime_dir, variable};
