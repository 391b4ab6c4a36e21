//! Errors of the disk, put in place of system calls.

use super::{assert_explained, sweep};
use crate::support::{Ability, Call, Traced};
use rustix::io::Errno;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The calls that ask something of a file system, by their numbers on x86-64: write, ftruncate, mkdir and the like by
/// directory, and what sets owners, modes, times and attributes.
const DISK: [u64; 19] = [
    1, 18, 73, 77, 82, 91, 93, 190, 257, 258, 259, 260, 263, 264, 265, 266, 268, 280, 316,
];

/// The first call of `main`; what comes before belongs to the loader.
const UMASK: u64 = 95;

const ERRORS: [Errno; 3] = [Errno::NOSPC, Errno::IO, Errno::ROFS];

/// 0 for what can be done without, such as the cache and attributes.
const CODES: [i32; 2] = [0, 6];

#[test]
fn a_disk_that_fails_at_any_system_call_spoils_nothing() {
    if !Traced::CAN_REPLACE || Ability::Tracing.is_missing() {
        return;
    }
    let failed = AtomicUsize::new(0);
    for force in [false, true] {
        // More points than there are calls: those beyond the end are pulls that succeed at once.
        sweep(force, 0..130, 1, |scene, point| {
            let error = ERRORS[point % ERRORS.len()];
            let mut what = String::new();
            let traced = Traced::start(&scene.sandbox, scene.pull()).unwrap();
            let (mut has_begun, mut seen) = (false, 0);
            let running = traced.calls(|_, traced| {
                let call = traced.call();
                has_begun |= call.number == UMASK;
                if !has_begun || !asks_the_disk(call) {
                    return true;
                }
                seen += 1;
                if seen <= point {
                    return true;
                }
                what = format!("{error:?} in place of {call:?}, {point}th, force: {force}");
                failed.fetch_add(1, Ordering::Relaxed);
                traced.fail(error);
                false
            });
            let run = running.wait();
            let code = run.code;
            assert_explained(run, &CODES, &what);
            assert_eq!(scene.is_new(&what), code == Some(0), "{what}");
            scene.recovers(&what);
        });
    }
    let failed = failed.into_inner();
    assert!(failed >= 100, "only {failed} calls failed");
}

/// Standard output and standard error are no disk.
fn asks_the_disk(call: Call) -> bool {
    DISK.contains(&call.number) && !(call.number == 1 && call.first <= 2)
}
