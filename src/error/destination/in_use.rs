//! A tree that would be removed while a program, a mount or a container uses it.

use crate::error::text::{escaped, path_of};
use crate::sys::DirUser;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

#[derive(Debug)]
pub struct TreeInUse {
    /// DEST, or the place of `--keep-old`.
    pub path: PathBuf,
    pub user: DirUser,
    /// Whether it is the place of `--keep-old`.
    pub is_kept: bool,
}

impl Display for TreeInUse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} is in use", path_of(&self.path))?;
        match &self.user {
            // A process chooses its own name.
            DirUser::Process(user) => write!(f, " by {} ({})", escaped(&user.name), user.pid),
            DirUser::Mount(point) => write!(f, ": it is mounted at {}", path_of(point)),
            DirUser::Lock(file, None) => write!(f, ": {} is locked", path_of(file)),
            // The lock of a name outlives the tree that had it: the holder may run in another tree.
            DirUser::Lock(file, Some(holder)) => write!(
                f,
                ": {} ({}) holds systemd's lock on it, {}",
                escaped(&holder.name),
                holder.pid,
                path_of(file)
            ),
        }
    }
}

impl TreeInUse {
    pub(in crate::error) fn hint(&self) -> &'static str {
        match (&self.user, self.is_kept) {
            (DirUser::Mount(_), false) => "unmount it, or keep its tree with --keep-old PATH",
            (DirUser::Mount(_), true) => "unmount it, or name another place",
            (_, false) => {
                "stop it, or keep its tree with --keep-old PATH and restart it afterwards"
            }
            (_, true) => "restart it, so that it uses the newer tree, or name another place",
        }
    }
}
