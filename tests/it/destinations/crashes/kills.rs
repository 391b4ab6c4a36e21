//! Signals: SIGKILL, and those that ask a pull to end.

use super::{Scene, sweep};
use crate::support::{Ability, Registry, Traced, not_ignored};
use rustix::process::Signal;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many points are tried, at least, and how many that is of a sweep.
const KILLS: usize = 120;
const REQUESTS: usize = 24;

/// How many system calls a pull makes when nobody stops it.
fn length(force: bool) -> usize {
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &super::image());
    let scene = Scene::new(&name, force);
    scene.reset();
    let mut calls = 0;
    let traced = Traced::start(&scene.sandbox, scene.pull()).unwrap();
    let count = |number, _: &mut Traced| {
        calls = number;
        true
    };
    traced.calls(count).wait().succeeds();
    assert!(scene.is_new("the whole pull"));
    calls
}

/// Ends a pull by a signal at points spread over all of it, and gives the number of those it did not live to see.
fn end_everywhere(force: bool, signal: Signal, points: usize) -> usize {
    let length = length(force);
    let ended = AtomicUsize::new(0);
    sweep(
        force,
        1..length,
        (length / points).max(1),
        |scene, point| {
            let what = format!("{signal:?} at system call {point} of {length}, force: {force}");
            let traced = Traced::start(&scene.sandbox, scene.pull()).unwrap();
            let running = traced.calls(|number, traced| {
                if number == point {
                    traced.end(signal);
                }
                number < point
            });
            let run = running.wait();
            match run.signal {
                Some(number) => {
                    assert_eq!(number, signal.as_raw(), "{what}");
                    ended.fetch_add(1, Ordering::Relaxed);
                    scene.is_new(&what);
                }
                // A pull makes some more or fewer calls each time.
                None => assert!(
                    run.code == Some(0) && scene.is_new(&what),
                    "{what}: {run:?}"
                ),
            }
            // Only a process that is killed cannot tidy up.
            let is_left = scene.sandbox.has(".dest.roots");
            assert!(signal == Signal::KILL || !is_left, "{what}: {run:?}");
            scene.recovers(&what);
        },
    );
    ended.into_inner()
}

#[test]
fn a_pull_that_is_killed_at_any_system_call_leaves_the_old_or_the_new() {
    if Ability::Tracing.is_missing() {
        return;
    }
    let killed: usize = [false, true]
        .map(|force| end_everywhere(force, Signal::KILL, KILLS))
        .iter()
        .sum();
    assert!(killed >= 200, "only {killed} were killed");
}

#[test]
fn a_pull_that_is_asked_to_end_at_any_system_call_does() {
    if Ability::Tracing.is_missing() {
        return;
    }
    for signal in not_ignored(&[Signal::INT, Signal::TERM]) {
        let ended = end_everywhere(true, signal, REQUESTS);
        assert!(ended >= REQUESTS - 2, "only {ended} ended");
    }
}
