//! Files that options name: locks, keys, bundles, trusted roots.

use crate::error::{ConfigurationFault, Error};
use crate::sys::read_file;
use std::io;
use std::path::Path;

/// All bytes of the file at `path`, which may be a pipe. More than `limit` are an error.
pub(super) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let unreadable = |e| ConfigurationFault::Unreadable(e).at(path);
    // One byte beyond the limit shows that the file is longer.
    let bytes = read_file(path, limit + 1).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}
