//! A tree in which a real systemd-nspawn runs is not pulled away, by whatever of it is seen first: its process or its locks.

use super::docker_registry::DockerRegistry;
use super::peer;
use crate::support::{Image, Layer, Layout, Sandbox};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a container may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// It writes into its tree, and waits.
const PROGRAM: &str = "#include <stdio.h>\n#include <unistd.h>\n\
    int main(void) { FILE *f = fopen(\"/state\", \"a\"); fputs(\"written\", f); fclose(f); for (;;) pause(); }\n";

/// A container that runs, until it is stopped or dropped.
struct Container(Child);

impl Container {
    /// Starts what is in the tree, and waits until it has written. Nothing where this machine has no namespaces to give.
    #[expect(clippy::print_stdout, reason = "why nothing was tried, for the log")]
    fn start(sandbox: &Sandbox, tree: &str) -> Option<Self> {
        let log = File::create(sandbox.path("nspawn.log")).unwrap();
        let mut command = Command::new("systemd-nspawn");
        command.args(["--quiet", "--pipe", "--register=no", "--keep-unit", "-D"]);
        command.arg(sandbox.path(tree)).arg("/usr/bin/app");
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap());
        let process = command.stderr(log).spawn();
        let mut container = Self(process.expect("systemd-nspawn: make interop installs it"));
        let deadline = Instant::now() + PATIENCE;
        while !sandbox.has(format!("{tree}/state")) {
            if let Some(status) = container.0.try_wait().unwrap() {
                let said = String::from_utf8(sandbox.read("nspawn.log")).unwrap();
                assert!(said.contains("not permitted"), "{status}: {said}");
                println!(
                    "SKIPPED: no container runs here, only what needs none is compared: {said}"
                );
                return None;
            }
            assert!(Instant::now() < deadline, "systemd-nspawn does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(container)
    }

    /// As systemd stops it: it removes its lock files itself.
    fn stop(mut self) {
        let pid = self.0.id().to_string();
        peer::run("kill", &["-TERM", &pid]);
        let deadline = Instant::now() + PATIENCE;
        while self.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "systemd-nspawn does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills systemd-nspawn alone, which leaves the program without its locks; the program.
    fn abandon(mut self) -> String {
        let program = self.program();
        let _ = self.0.kill();
        let _ = self.0.wait();
        program
    }

    /// The number of the program in it, if it runs.
    fn program(&self) -> String {
        let pid = self.0.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        children.unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let program = self.program();
        if !program.is_empty() {
            let _ = peer::try_run("kill", &["-KILL", &program]);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Puts an image with this version into the registry, as `owner/app:1`.
fn release(sandbox: &Sandbox, registry: &DockerRegistry, version: &str) {
    let layer = Layer::new().dir("usr", 0o755).dir("usr/bin", 0o755);
    let layer = layer.file("usr/bin/app", 0o755, sandbox.read("app"));
    let layer = layer.file("usr/version", 0o644, version);
    let layer = ["dev", "etc", "proc", "run", "sys", "tmp", "var"]
        .iter()
        .fold(layer, |layer, dir| layer.dir(dir, 0o755));
    let layout = sandbox.path(format!("layout-{version}"));
    let image = Image::new().layer(layer).build();
    Layout::new().image("1", &image).write(&layout);
    let target = format!("docker://{}", registry.name("owner/app", "1"));
    peer::copy(&format!("oci:{}:1", layout.display()), &target, &[]);
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_tree_that_nspawn_runs_in_is_in_use() {
    let sandbox = Sandbox::new("interop_nspawn_use");
    let source = sandbox.write("app.c", PROGRAM);
    let program = sandbox.path("app");
    let paths = [&program, &source].map(|path| path.to_str().unwrap());
    peer::run("cc", &["-static", "-o", paths[0], paths[1]]);
    let registry = DockerRegistry::start(&sandbox);
    let name = registry.name("owner/app", "1");
    let pull = |options: &[&str]| {
        let pull = sandbox.roots(["pull", &name, "trees/app", "--update", "--exit-code"]);
        pull.args(options).run()
    };
    let version = |tree: &str| sandbox.read(format!("trees/{tree}/usr/version"));
    let keep: &[&str] = &["--keep-old=trees/app.old"];
    release(&sandbox, &registry, "1");
    pull(&[]).succeeds();
    let container = Container::start(&sandbox, "trees/app");
    release(&sandbox, &registry, "2");

    let Some(container) = container else {
        pull(keep).succeeds();
        return;
    };
    // Its lock is there, and nobody but systemd-nspawn has made it.
    assert!(sandbox.has("trees/.#app.lck"));
    for options in [&[][..], &["--force"], &["--dry-run"]] {
        let run = pull(options).fails(6);
        let said = format!(
            "roots: {} is in use by ",
            sandbox.path("trees/app").display()
        );
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
        assert_eq!(version("app"), b"1");
    }
    // Where its processes cannot be seen, the lock for its name tells, and once it is moved, the one for its inode.
    for tree in ["app", "moved"] {
        let path = sandbox.path(format!("trees/{tree}"));
        fs::rename(sandbox.path("trees/app"), &path).unwrap();
        let cache = sandbox.path("cache");
        let (path, cache) = (path.to_str().unwrap(), cache.to_str().unwrap());
        let unshare = [
            "--pid",
            "--fork",
            "--mount-proc",
            env!("CARGO_BIN_EXE_roots"),
        ];
        let pull = ["pull", "--force", "--cache", cache, &name, path];
        let said = peer::try_run("unshare", &[&unshare[..], &pull].concat()).unwrap_err();
        assert!(said.contains(&format!("{path} is in use")), "{said}");
        fs::rename(path, sandbox.path("trees/app")).unwrap();
        assert_eq!(version("app"), b"1");
    }

    pull(keep).succeeds();
    assert_eq!(
        (version("app"), version("app.old")),
        (b"2".into(), b"1".into())
    );
    assert_eq!(sandbox.read("trees/app.old/state"), b"written");
    assert!(!sandbox.has("trees/app/state"));
    assert_eq!(pull(keep).code, Some(10));
    release(&sandbox, &registry, "3");
    pull(keep).fails(6).says("/trees/app.old is in use by ");
    // systemd still holds the lock for the name, and the new tree has not been started.
    pull(&[]).fails(6);
    container.stop();
    assert_eq!(sandbox.names("trees"), ["app", "app.old"]);

    let container = Container::start(&sandbox, "trees/app").unwrap();
    pull(keep).succeeds();
    assert_eq!(
        (version("app"), version("app.old")),
        (b"3".into(), b"2".into())
    );
    release(&sandbox, &registry, "4");
    let program = container.abandon();
    let said = format!("/trees/app.old is in use by app ({program})\n");
    pull(keep).fails(6).says(&said);
    peer::run("kill", &["-KILL", &program]);
    assert!(
        sandbox.has("trees/.#app.lck"),
        "its lock file is still there"
    );
    while Path::new(&format!("/proc/{program}/root/usr")).exists() {
        std::thread::yield_now();
    }
    pull(keep).succeeds();
    assert_eq!(
        (version("app"), version("app.old")),
        (b"4".into(), b"3".into())
    );
    sandbox
        .roots(["verify", "--quiet", "trees/app"])
        .run()
        .succeeds()
        .prints("");
}
