//! The daily job of README and of roots-trees(7), with a program that runs in the tree: pull, start, update, go back, check, purge.

use super::{README, TREES, commands, tool, try_run};
use crate::project::fixtures::program::waiting;
use crate::project::readme::read;
use crate::support::sandbox::is_root;
use crate::support::{Built, Image, Layer, Registry, Sandbox};
use std::fs;
use std::path::PathBuf;

/// `systemctl` for one service, a program that has its root in the tree, or only its working directory there.
const SYSTEMCTL: &str = r#"
echo "$*" >> log
stop() {
    test -e pid || return 0
    kill "$(cat pid)"
    while readlink "/proc/$(cat pid)/cwd"; do sleep 0.01; done > /dev/null 2>&1
    rm pid
}
start() {
    (cd srv/app && exec PROGRAM) < /dev/null > /dev/null 2>&1 &
    echo $! > pid
    until test "$(readlink /proc/$!/LINK)" = "$PWD/srv/app"; do sleep 0.01; done
}
case $1 in
    start) start ;;
    stop) stop ;;
    restart) stop; start ;;
    try-restart) test ! -e pid || { stop; start; } ;;
    disable) ;;
    *) exit 1 ;;
esac
"#;

/// Where README says what is done first, and each day.
const START: &str = "Pull an image and start it";
const DAILY: &str = "Keep a tree up to date";

const KEEP: &str = "--keep-old /srv/app.old ";

/// A machine with `/srv`, a service, and a registry whose `ghcr.io/owner/app:1` becomes another image now and then.
struct Machine {
    sandbox: Sandbox,
    mirror: Registry,
    link: &'static str,
}

impl Machine {
    fn new() -> Self {
        let (sandbox, mirror) = (Sandbox::new("daily_job"), Registry::start());
        let (program, link) = match is_root() && waiting().is_some() {
            true => ("chroot . /usr/bin/app", "root"),
            false => ("sleep 1000", "cwd"),
        };
        let script = SYSTEMCTL.replace("PROGRAM", program).replace("LINK", link);
        tool(&sandbox, "systemctl", &script);
        sandbox.mkdir("work/srv");
        let machine = Self {
            sandbox,
            mirror,
            link,
        };
        machine.release(1);
        machine
    }

    fn release(&self, version: u32) {
        self.mirror.push("owner/app", "1", &app(version));
    }

    /// Runs lines of README, where `/srv` is in the sandbox; what they print.
    #[track_caller]
    fn exits(&self, code: i32, script: &str) -> String {
        assert!(!script.is_empty());
        let script = script.replace("sudo ", "").replace("/srv/", "$PWD/srv/");
        let output = try_run(&self.sandbox, &self.mirror, &script);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{script}: {said}");
        said
    }

    /// What is in `/srv`, and which version is where.
    fn trees(&self) -> Vec<String> {
        let names = self.sandbox.names("work/srv");
        let version = |name: &String| self.sandbox.read(format!("work/srv/{name}/version"));
        let line = |name| {
            let version = String::from_utf8(version(&name)).unwrap();
            format!("{name} {version}")
        };
        names.into_iter().map(line).collect()
    }

    /// A file as the program names it, wherever its tree is by now.
    fn of_program(&self, name: &str) -> PathBuf {
        let pid = String::from_utf8(self.sandbox.read("work/pid")).unwrap();
        PathBuf::from(format!("/proc/{}/{}/{name}", pid.trim(), self.link))
    }

    fn log(&self) -> String {
        String::from_utf8(self.sandbox.read("work/log")).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = try_run(&self.sandbox, &self.mirror, "systemctl stop app");
    }
}

fn app(version: u32) -> Built {
    let layer = Layer::new().dir("usr", 0o755).dir("usr/bin", 0o755);
    let layer = layer.file("usr/bin/app", 0o755, waiting().unwrap_or_default());
    let layer = layer.file("version", 0o644, version.to_string());
    let layer = layer.dir("etc", 0o755).file("etc/resolv.conf", 0o644, "");
    let layer = layer.dir("var", 0o755).dir("var/log", 0o755);
    Image::new().layer(layer).build()
}

/// The only line of a section that has `part` in it.
fn line(page: &str, heading: &str, part: &str) -> String {
    let lines = commands(page, heading);
    let found: Vec<_> = lines.lines().filter(|line| line.contains(part)).collect();
    let [line] = found[..] else {
        panic!("{part}: {found:?}");
    };
    line.to_owned()
}

#[test]
fn a_daily_job_loses_nothing_of_a_program_that_runs() {
    let machine = Machine::new();
    machine.exits(0, &line(README, START, "--quiet"));
    machine.exits(0, "systemctl start app");
    fs::write(machine.of_program("state"), "written").unwrap();
    let job = line(README, DAILY, "--keep-old");
    let (pull, restart) = job.split_once(" && ").unwrap();
    assert_eq!(machine.exits(10, &job).lines().count(), 2);

    machine.release(2);
    let cron = line(TREES, "Updates", "0 4 * * *  root  ");
    let (_, cron) = cron.split_once("root  ").unwrap();
    for job in [cron, &job] {
        assert!(job.contains(KEEP), "{job}");
        let said = machine.exits(6, &job.replace(KEEP, ""));
        assert!(said.contains("/srv/app is in use by "), "{said}");
        assert!(said.contains("\nhint: stop it, or keep its tree with --keep-old"));
        assert_eq!(machine.trees(), ["app 1"]);
        let state = machine.sandbox.read("work/srv/app/state");
        assert_eq!(state, b"written");
    }

    machine.exits(0, pull);
    assert_eq!(machine.trees(), ["app 2", "app.old 1"]);
    fs::write(machine.of_program("later"), "written too").unwrap();
    for (name, written) in [("state", "written"), ("later", "written too")] {
        let found = machine.sandbox.read(format!("work/srv/app.old/{name}"));
        assert_eq!(found, written.as_bytes());
        assert!(!machine.sandbox.has(format!("work/srv/app/{name}")));
    }
    // Until it is restarted, there is no room for another generation, and none is lost.
    machine.release(3);
    machine.exits(6, &job);
    assert_eq!(machine.trees(), ["app 2", "app.old 1"]);

    machine.exits(0, restart);
    assert_eq!(fs::read(machine.of_program("version")).unwrap(), b"2");
    assert_eq!(machine.log(), "start app\nrestart app\n");
    machine.exits(0, &job);
    assert_eq!(machine.trees(), ["app 3", "app.old 2"]);
    assert_eq!(fs::read(machine.of_program("version")).unwrap(), b"3");
    machine.exits(10, &job);
    assert_eq!(machine.exits(10, cron), "", "cron mails nothing");
    machine.release(4);
    assert_eq!(machine.exits(0, cron).lines().count(), 1);
    assert_eq!(machine.trees(), ["app 4", "app.old 3"]);
    assert_eq!(fs::read(machine.of_program("version")).unwrap(), b"4");
}

/// As a service, and back.
#[test]
fn three_lines_go_back_from_what_the_service_has_brought() {
    let machine = Machine::new();
    machine.exits(0, &line(README, START, "--quiet"));
    machine.exits(0, "systemctl start app");
    let service = read("fixtures/examples/app-update.service");
    let command = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let command = command.unwrap();
    machine.release(2);
    machine.exits(0, command);
    assert_eq!(machine.trees(), ["app 2", "app.old 1"]);
    assert_eq!(fs::read(machine.of_program("version")).unwrap(), b"2");

    let [back, in_manual] = [(README, DAILY), (TREES, "The old tree")].map(|(page, heading)| {
        let lines = commands(page, heading);
        let (_, lines) = lines.split_once("systemctl disable").unwrap();
        let lines = format!("systemctl disable{lines}");
        lines
            .lines()
            .take(3)
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    });
    assert_eq!(back, in_manual);
    assert!(back.ends_with(" && systemctl start app\n"), "{back}");
    machine.exits(0, &back);
    assert_eq!(machine.trees(), ["app 1", "app.new 2"]);
    assert_eq!(fs::read(machine.of_program("version")).unwrap(), b"1");
    let log =
        "start app\ntry-restart app.service\ndisable --now app-update.timer\nstop app\nstart app\n";
    assert_eq!(machine.log(), log);

    // Forward, and back again: what is still there from the first time is not mixed with this one.
    machine.exits(0, command);
    assert_eq!(machine.trees(), ["app 2", "app.new 2", "app.old 1"]);
    machine.exits(1, &back);
    assert_eq!(machine.trees(), ["app 2", "app.new 2", "app.old 1"]);
    assert!(!machine.sandbox.has("work/srv/app.new/app"));
    machine.exits(0, &format!("rm -r /srv/app.new\n{back}"));
    assert_eq!(machine.trees(), ["app 1", "app.new 2"]);
}

#[test]
fn a_tree_that_was_started_is_checked_each_night_and_purge_spares_it() {
    let machine = Machine::new();
    machine.exits(0, &line(README, START, "--quiet"));
    let job = line(README, DAILY, "--keep-old");
    let (pull, _) = job.split_once(" && ").unwrap();
    let dry = line(README, DAILY, "roots purge --dry-run");
    let old = line(README, DAILY, "roots purge --all");
    let drops_nothing = || {
        machine
            .exits(0, &dry)
            .contains(": 0 blobs would be dropped")
    };
    machine.release(2);
    machine.exits(0, pull);
    assert!(drops_nothing(), "there is a way back to the first image");
    machine.release(3);
    machine.exits(0, pull);
    assert!(!drops_nothing());
    machine.exits(0, "roots purge");
    assert!(drops_nothing());
    machine.exits(0, &old);
    machine.exits(0, &line(TREES, "The cache", "roots purge --max-size"));

    // What one start of systemd-nspawn leaves.
    let tree = "work/srv/app";
    let write = |name: &str, text| machine.sandbox.write(format!("{tree}/{name}"), text);
    write("etc/resolv.conf", "nameserver 127.0.0.53\n");
    write("etc/localtime", "");
    write("var/log/journal/x", "");
    for folder in ["dev", "proc", "run", "sys", "tmp"] {
        machine.sandbox.mkdir(format!("{tree}/{folder}"));
    }
    let nightly = line(README, DAILY, "roots verify");
    assert_eq!(nightly, line(TREES, "Verify", "--quiet"));
    let checks = [line(TREES, "Verify", "--ignore-added"), nightly];
    for check in &checks {
        machine.exits(0, check);
        let said = machine.exits(0, &format!("{check} --quiet --offline"));
        assert_eq!(said, "", "cron mails nothing");
    }
    machine.exits(5, &line(TREES, "Verify", "verify /srv/app ghcr.io"));
    write("usr/bin/app", "trojan");
    for check in &checks {
        let said = machine.exits(5, check);
        assert!(said.contains("changed /usr/bin/app: size "), "{said}");
    }
}
