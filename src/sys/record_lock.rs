//! Locks of fcntl(2), which systemd takes on its lock files. They are independent of flock(2),
//! which std uses.

use rustix::fs::{self, FlockOperation};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};

/// Takes a write lock on all of `file` without waiting; false if someone else has locked it.
///
/// systemd takes locks of an open file description (F_OFD_SETLK), rustix those of a process
/// (F_SETLK): they exclude each other. The lock of a process is released as soon as it closes *any*
/// descriptor of the file, so the file must not be opened again meanwhile.
pub fn try_lock_record(file: &File) -> io::Result<bool> {
    match fs::fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        // Which of the two it is depends on the system.
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Whether anyone holds such a lock on the file with this device and inode. It need not be opened,
/// because other users cannot open the lock files of root. False without /proc.
pub fn has_record_lock(id: (u64, u64)) -> bool {
    let table = File::open("/proc/locks");
    let lines = table.map(|file| BufReader::new(file).lines());
    let mut lines = lines.into_iter().flatten().map_while(Result::ok);
    lines.any(|line| is_lock_on(&line, id))
}

/// proc_locks(5): `1: OFDLCK ADVISORY  WRITE -1 08:01:1234 0 EOF`, with `->` before waiting
/// processes.
fn is_lock_on(line: &str, (device, inode): (u64, u64)) -> bool {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let kind = fields.next();
    let file = fields.nth(3).unwrap_or_default();
    let mut numbers = file.split(':');
    let mut hex = || u32::from_str_radix(numbers.next()?, 16).ok();
    let (major, minor) = (hex(), hex());
    let number = numbers.next().and_then(|number| number.parse().ok());
    matches!(kind, Some("OFDLCK" | "POSIX"))
        && major.zip(minor) == Some((fs::major(device), fs::minor(device)))
        && number == Some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_by_its_kind_and_its_file() {
        let id = (fs::makedev(0xfe, 1), 1234);
        assert!(is_lock_on(
            "7: OFDLCK ADVISORY  WRITE -1 fe:01:1234 0 EOF",
            id
        ));
        assert!(is_lock_on(
            "7: POSIX  ADVISORY  READ 9 fe:01:1234 0 EOF",
            id
        ));
        for other in [
            "7: FLOCK  ADVISORY  WRITE 9 fe:01:1234 0 EOF",
            "7: OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF",
            "7: OFDLCK ADVISORY  WRITE -1 fe:01:12345 0 EOF",
            "7: -> OFDLCK ADVISORY  WRITE -1 fe:01:1234 0 EOF",
            "7: OFDLCK ADVISORY  WRITE -1 :: 0 EOF",
            "",
        ] {
            assert!(!is_lock_on(other, id), "{other}");
        }
    }
}
