//! The kernel: open directories, and what this machine is. The only folder that names rustix.

mod dir;
mod host;
mod remove;
mod resolver;

pub use dir::{Dir, Handle, Kind, Listed, Owner, Stat, Time, same_file};
pub use host::{Host, is_root, machine, pid, stop_inheriting_umask};
pub use remove::remove_tree;
pub use resolver::use_builtin_resolver;
