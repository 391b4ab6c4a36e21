//! Commands that a signal asks to end: nothing of them is left beside DEST, and they end by that signal.

use crate::registries::wires::addresses::Silent;
use crate::support::sandbox::{Command, Run, Running};
use crate::support::terminal::shown;
use crate::support::{
    ALWAYS, Ability, Built, Compression, Fault, Image, Layer, Layout, Registry, Sandbox, Traced,
    hello, not_ignored, tree,
};
use rustix::process::Signal;
use std::net::Ipv4Addr;
use std::time::Duration;

const TREE: &str = "f 0644 100000 file-0\nf 0644 100000 file-1\n";

/// A registry that gives one layer, the first half of another one, and then waits.
fn half_way() -> (Sandbox, Registry, String) {
    let (sandbox, registry, image) = (Sandbox::new("signals"), Registry::start(), image());
    let name = registry.push("a/b", "1", &image);
    registry.fault(&image.layers[1].digest, ALWAYS, Fault::Hold(50_000));
    (sandbox, registry, name)
}

fn image() -> Built {
    let image = (0..2).fold(Image::new(), |image, n| {
        let layer = Layer::new().file(format!("file-{n}"), 0o644, vec![b'x'; 100_000]);
        image.layer(layer).compressed(Compression::None)
    });
    image.build()
}

const ALL: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// Sends the signal, and asserts that it ends the command, without a word.
#[track_caller]
fn end(running: Running, signal: Signal) -> Run {
    running.signal(signal);
    ended(running, signal)
}

#[track_caller]
fn ended(running: Running, signal: Signal) -> Run {
    let run = running.wait();
    assert_eq!(run.signal, Some(signal.as_raw()), "{run:?}");
    run.never_says("roots: stopped").never_says("hint:")
}

fn has_file(sandbox: &Sandbox, folder: &str, is_it: impl Fn(&str) -> bool) -> bool {
    sandbox.has(folder) && sandbox.names(folder).iter().any(|name| is_it(name))
}

/// Waits until something holds; the command is to reach it.
#[track_caller]
fn until(running: &Running, holds: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if holds() {
            return;
        }
        assert!(running.is_running(), "it ended before");
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("it does not come to pass");
}

/// The staging folder stayed, up to the whole tree, and hidden.
#[test]
fn a_pull_that_is_told_to_end_leaves_nothing_beside_dest() {
    for signal in not_ignored(&ALL) {
        for options in [
            &[][..],
            &["--force"],
            &["--force", "--keep-old", "kept"],
            &["--nspawn"],
        ] {
            let (sandbox, registry, name) = half_way();
            let force = options.contains(&"--force");
            if force {
                sandbox.write("dest/old", "old");
            }
            let pull = || sandbox.roots(["pull", &name, "dest"]).args(options);
            let running = pull().spawn();
            registry.wait_for("/blobs/", 3);
            until(&running, || sandbox.has(".dest.roots/rootfs/file-0"));
            end(running, signal);
            let left: &[&str] = if force {
                &["cache", "dest"]
            } else {
                &["cache"]
            };
            assert_eq!(sandbox.names(""), left, "{signal:?} {options:?}");
            if force {
                assert_eq!(sandbox.names("dest"), ["old"]);
            }
            registry.recover();
            pull().run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        }
    }
}

#[test]
fn parents_that_were_made_and_a_tree_in_place_go_too() {
    for signal in not_ignored(&[Signal::TERM]) {
        let (sandbox, registry, name) = half_way();
        let running = sandbox.roots(["pull", &name, "a/b/dest"]).spawn();
        registry.wait_for("/blobs/", 3);
        until(&running, || sandbox.has("a/b/.dest.roots/rootfs/file-0"));
        end(running, signal);
        assert_eq!(sandbox.names(""), ["cache"]);

        let (sandbox, registry, name) = half_way();
        let dest = sandbox.mkdir("dest");
        let running = sandbox.roots(["pull", &name, "."]).cwd(&dest).spawn();
        registry.wait_for("/blobs/", 3);
        until(&running, || sandbox.has("dest/file-0"));
        end(running, signal);
        assert_eq!(sandbox.names("dest"), [""; 0]);
    }
}

/// What has come of a layer is not fetched again.
#[test]
fn the_partial_blob_stays_in_the_cache() {
    for signal in not_ignored(&[Signal::INT]) {
        let (sandbox, registry, name) = half_way();
        let running = sandbox.roots(["pull", &name, "dest"]).spawn();
        registry.wait_for("/blobs/", 3);
        let digest = &image().layers[1].digest;
        let hex = digest.rsplit(':').next().unwrap();
        let partial = sandbox.path(format!("cache/blobs/sha256/.{hex}"));
        let has_come = || std::fs::metadata(&partial).is_ok_and(|file| file.len() > 0);
        until(&running, has_come);
        end(running, signal);
        assert!(has_come());
        registry.recover();
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.says("(registry, from byte ");
    }
}

#[test]
fn the_line_on_the_terminal_is_erased() {
    if Ability::Terminal.is_missing() {
        return;
    }
    for signal in not_ignored(&[Signal::INT]) {
        let (sandbox, _registry, name) = half_way();
        let running = sandbox.roots(["pull", &name, "dest"]).terminal(80).spawn();
        running.until_says("waiting for 127.0.0.1, 1 s");
        let run = end(running, signal);
        assert_eq!(shown(&run.stderr, 80), [""; 0], "{}", run.stderr);
        assert_eq!(sandbox.names(""), ["cache"]);
    }
}

#[test]
fn a_program_that_reads_events_is_told() {
    for signal in not_ignored(&[Signal::TERM]) {
        let (sandbox, registry, name) = half_way();
        let running = sandbox.roots(["pull", &name, "dest", "--json"]).spawn();
        registry.wait_for("/blobs/", 3);
        running.signal(signal);
        let run = running.wait();
        assert_eq!(run.signal, Some(signal.as_raw()), "{run:?}");
        run.says(r#""message":"stopped by signal 15""#)
            .says(r#""exit_code":143"#);
    }
}

/// `timeout` sends each signal to the process and to its group.
#[test]
fn a_signal_that_is_sent_twice_at_once_is_one() {
    for signal in not_ignored(&[Signal::TERM]) {
        let (sandbox, registry, name) = half_way();
        let running = sandbox.roots(["pull", &name, "dest"]).spawn();
        registry.wait_for("/blobs/", 3);
        until(&running, || sandbox.has(".dest.roots/rootfs/file-0"));
        // Both are delivered when it goes on, one right after the other.
        running.signal(Signal::STOP);
        running
            .signal(signal)
            .signal(Signal::HUP)
            .signal(Signal::CONT);
        let run = running.wait();
        assert!(run.signal.is_some(), "{run:?}");
        assert_eq!(sandbox.names(""), ["cache"]);
    }
}

/// Where removing takes long, whoever cannot wait need not.
#[test]
fn a_second_signal_ends_at_once() {
    if Ability::Tracing.is_missing() || !Traced::CAN_REPLACE {
        return;
    }
    for signal in not_ignored(&[Signal::INT]) {
        let (sandbox, _registry, name) = half_way();
        let pull = sandbox.roots(["pull", &name, "dest"]);
        let traced = Traced::start(&sandbox, pull).unwrap();
        let mut is_told = false;
        let running = traced.calls(|_, traced| {
            let is_removing = traced.call().number == UNLINKAT;
            if is_told && is_removing {
                traced.end(signal);
                return false;
            }
            if !is_told && sandbox.has(".dest.roots/rootfs/file-0") {
                traced.signal(signal);
                is_told = true;
            }
            true
        });
        ended(running, signal);
        assert!(sandbox.has(".dest.roots/rootfs"));
        assert!(!sandbox.has("dest"));
    }
}

const UNLINKAT: u64 = 263;

/// `nohup roots pull`.
#[test]
fn a_signal_that_is_ignored_stays_so() {
    let (sandbox, registry, name) = half_way();
    let command = sandbox.roots(["pull", &name, "dest"]);
    let running = command.prelude("trap '' HUP").spawn();
    registry.wait_for("/blobs/", 3);
    running.signal(Signal::HUP);
    running.until_says("layer 2/2");
    registry.release();
    running.wait().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
}

/// Signals interrupt what waits: for a server, for another try, for a connection, for a pipe.
#[test]
fn whatever_is_waited_for() {
    for signal in not_ignored(&[Signal::TERM]) {
        for part in ["/manifests/", "/blobs/"] {
            let (sandbox, registry) = (Sandbox::new("signals"), Registry::start());
            let name = registry.push("a/b", "1", &hello());
            registry.fault(part, ALWAYS, Fault::Stall(10));
            for arguments in [&["pull", &name, "dest"][..], &["save", &name, "-o", "file"]] {
                let command = sandbox.roots(arguments).arg("--cache=no");
                registry.forget_requests();
                let running = command.spawn();
                registry.wait_for(part, 1);
                end(running, signal);
                assert_eq!(sandbox.names(""), [""; 0], "{arguments:?}");
            }
        }

        let (sandbox, registry) = (Sandbox::new("signals"), Registry::start());
        let name = registry.push("a/b", "1", &hello());
        let busy = Fault::All(vec![Fault::status(429), Fault::header("Retry-After", "59")]);
        registry.fault("/blobs/", ALWAYS, busy);
        let pull = sandbox.roots(["pull", &name, "dest", "--cache=no"]);
        let running = pull.env("ROOTS_RETRIES", "1").spawn();
        running.until_says("trying again in 59.0 s");
        end(running, signal);
        assert_eq!(sandbox.names(""), [""; 0]);
    }
}

#[test]
fn a_server_that_does_not_answer_is_left() {
    for signal in not_ignored(&[Signal::INT]) {
        let sandbox = Sandbox::new("signals");
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let Some(_silent) = Silent::at(Ipv4Addr::LOCALHOST, port) else {
            return;
        };
        let name = format!("127.0.0.1:{port}/a/b:1");
        let pull = sandbox.roots(["pull", &name, "dest", "--cache=no", "--timeout=50"]);
        let running = pull.spawn();
        until(&running, || sandbox.has(".dest.roots/rootfs"));
        end(running, signal);
        assert_eq!(sandbox.names(""), [""; 0]);
    }
}

#[test]
fn pipes_that_nobody_writes_to_or_reads_from_are_left() {
    for signal in not_ignored(&[Signal::TERM]) {
        let sandbox = Sandbox::new("signals");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        let fifo = sandbox.path("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        // Open to both sides, it has no end.
        let endless = |command: Command| command.prelude("exec 0<>fifo");
        for (command, staged) in [
            (endless(sandbox.roots(["pull", "-", "dest"])), false),
            (sandbox.roots(["pull", "./fifo", "dest"]), false),
            (endless(sandbox.roots(["inspect", "-"])), false),
            (endless(sandbox.roots(["save", "-", "-o", "file"])), true),
        ] {
            let running = command.spawn();
            // It has nothing to say and nothing to do: whatever it waits in by then.
            until(&running, || waits(&running));
            if staged {
                until(&running, || {
                    has_file(&sandbox, "", |name| name.starts_with(".file"))
                });
            }
            end(running, signal);
            assert_eq!(
                sandbox.names("")[..],
                ["cache", "fifo"][usize::from(!sandbox.has("cache"))..]
            );
        }
    }
}

/// No number of signals ended these.
#[test]
fn credentials_that_do_not_come_and_messages_that_nobody_reads_are_left() {
    for signal in not_ignored(&[Signal::TERM]) {
        let (sandbox, registry) = (Sandbox::new("signals"), Registry::start());
        let name = registry.push("a/b", "1", &hello());
        let fifo = sandbox.path("fifo");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let pull = || sandbox.roots(["pull", "--cache=no", "--force", &name, "dest"]);
        // Authorities are read before the name is looked up.
        let secure = ["digest", "--ca-file=fifo", "registry.test/a/b:1"];
        let secure = sandbox.roots(secure);
        for (command, shell) in [
            (pull().arg("--auth=-"), "exec 0<>fifo"),
            (pull().arg("--auth=fifo"), ":"),
            (secure, ":"),
            // It is full.
            (
                pull().arg("-v"),
                "exec 2<>fifo; dd if=/dev/zero of=fifo bs=4k count=64 oflag=nonblock 2>&-",
            ),
        ] {
            let running = command.prelude(shell).spawn();
            until(&running, || waits(&running));
            end(running, signal);
        }
    }
}

#[test]
fn a_credential_helper_that_hangs_is_left() {
    for signal in not_ignored(&[Signal::TERM]) {
        // Before and after it has closed its output.
        for script in ["sleep 600", "exec >&-; exec sleep 600"] {
            let (sandbox, registry) = (Sandbox::new("signals"), Registry::start());
            let name = registry.push("a/b", "1", &hello());
            registry.require_basic("joe", "hunter2");
            let script = format!(
                "#!/bin/sh\necho >'{}'\n{script}\n",
                sandbox.path("asked").display()
            );
            let helper = sandbox.write("bin/docker-credential-x", script);
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(helper, executable).unwrap();
            sandbox.write("home/.docker/config.json", r#"{"credsStore":"x"}"#);
            let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
            let pull = sandbox.roots(["pull", &name, "dest", "--cache=no"]);
            let running = pull.env("PATH", path).spawn();
            until(&running, || sandbox.has("asked"));
            end(running, signal);
            assert_eq!(sandbox.names(""), ["asked", "bin", "home"]);
        }
    }
}

/// Whether the process sleeps in a system call, and has come further than its handlers.
fn waits(running: &Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid()));
    let status = status.unwrap_or_default();
    let is = |line: &str| status.lines().any(|found| found == line);
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    is("State:\tS (sleeping)") && caught.is_some_and(|mask| mask & (1 << 14) != 0)
}

/// The archive is larger than what a pipe holds, and nobody reads.
#[test]
fn an_archive_that_nobody_reads_is_left() {
    for signal in not_ignored(&[Signal::TERM]) {
        let sandbox = Sandbox::new("signals");
        let big = Layer::new().file("x", 0o644, vec![b'x'; 1_000_000]);
        let image = Image::new()
            .layer(big)
            .compressed(Compression::None)
            .build();
        Layout::new()
            .image("1", &image)
            .write(sandbox.path("layout"));
        let fifo = sandbox.path("fifo");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for output in ["-", "fifo"] {
            let save = sandbox.roots(["save", "./layout", "-o", output, "--cache=no"]);
            let running = save.prelude("exec 1<>fifo").spawn();
            until(&running, || waits(&running));
            end(running, signal);
        }
    }
}

/// A shell's loop ends only if the command did end by the signal.
#[test]
fn the_work_that_was_done_is_printed_and_the_signal_is_passed_on() {
    if Ability::Tracing.is_missing() {
        return;
    }
    for signal in not_ignored(&[Signal::INT]) {
        let sandbox = Sandbox::new("signals");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &hello());
        let traced = Traced::start(&sandbox, sandbox.roots(["pull", &name, "dest"])).unwrap();
        let running = traced.calls(|_, traced| {
            let is_done = sandbox.has("dest");
            if is_done {
                traced.end(signal);
            }
            !is_done
        });
        let run = ended(running, signal);
        assert!(run.stdout.starts_with("sha256:"), "{run:?}");
        assert_eq!(sandbox.names(""), ["cache", "dest", "gate"]);
    }
}
