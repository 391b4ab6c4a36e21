//! Pulls that end at any moment: at each of hundreds of points spread over their system calls, by a signal or by an
//! error of the disk. Each time DEST is what it was or what it was to become, the cache has whole blobs only, and the
//! same command then gives the right tree and leaves nothing beside it.

use crate::support::sandbox::{Command, Run, remove};
use crate::support::{Built, Image, Layer, Registry, Sandbox, tree};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

mod errors;
mod kills;
mod swaps;

/// How many points are tried at once.
const WORKERS: usize = 3;

/// A small image with something of everything: several layers, hard links, whiteouts, directories that are replaced.
fn image() -> Built {
    let base = Layer::new()
        .dir("etc", 0o755)
        .file("etc/passwd", 0o644, "root")
        .file("etc/shadow", 0o600, "secret")
        .hardlink("etc/passwd-", "etc/passwd")
        .dir("usr", 0o755)
        .dir("usr/bin", 0o755)
        .file("usr/bin/tool", 0o4755, vec![b'x'; 20_000])
        .symlink("bin", "usr/bin")
        .dir("var", 0o755)
        .dir("var/cache", 0o700)
        .file("var/cache/one", 0o644, "1")
        .file("var/cache/two", 0o644, "2");
    let middle = Layer::new()
        .whiteout("etc/shadow")
        .dir("var/cache", 0o755)
        .opaque("var/cache")
        .file("var/cache/three", 0o644, "3")
        .file("bin/other", 0o755, "#!")
        .fifo("var/pipe", 0o640);
    let top = Layer::new()
        .whiteout("usr/bin/tool")
        .hardlink("usr/bin/more", "usr/bin/other")
        .dir("etc", 0o711)
        .file("etc/passwd", 0o644, "root:joe");
    Image::new().layer(base).layer(middle).layer(top).build()
}

const NEW: &str = "\
    l bin -> usr/bin\n\
    d 0711 etc/\n\
    f 0644 8 etc/passwd\n\
    f 0644 4 etc/passwd-\n\
    d 0755 usr/\n\
    d 0755 usr/bin/\n\
    f 0755 2 usr/bin/more\n\
    h usr/bin/other -> usr/bin/more\n\
    d 0755 var/\n\
    d 0755 var/cache/\n\
    f 0644 1 var/cache/three\n\
    p 0640 var/pipe\n";

const OLD: &str = "d 0755 a/\nd 0755 a/b/\nf 0644 3 a/b/old\nf 0644 4 mine\n";

/// One place where the same pull is broken off again and again.
struct Scene<'r> {
    sandbox: Sandbox,
    name: &'r str,
    /// Over an old tree.
    force: bool,
}

impl<'r> Scene<'r> {
    fn new(name: &'r str, force: bool) -> Self {
        let sandbox = Sandbox::in_memory("crashes");
        Self {
            sandbox,
            name,
            force,
        }
    }

    /// Makes everything as before the first pull.
    fn reset(&self) {
        for folder in ["cache", "dest", ".dest.roots"] {
            remove(&self.sandbox.path(folder)).unwrap();
        }
        if self.force {
            for (path, contents) in [("dest/a/b/old", "old"), ("dest/mine", "mine")] {
                let path = self.sandbox.write(path, contents);
                set_mode(&path, 0o644);
            }
            for path in ["dest", "dest/a", "dest/a/b"] {
                set_mode(&self.sandbox.path(path), 0o755);
            }
        }
    }

    fn pull(&self) -> Command {
        let command = self.sandbox.roots(["pull", self.name, "dest"]);
        match self.force || self.sandbox.has("dest") {
            true => command.arg("--force"),
            false => command,
        }
    }

    /// Whether DEST is the new tree. If not, it is as before the pull.
    #[track_caller]
    fn is_new(&self, point: &str) -> bool {
        let dest = self.sandbox.path("dest");
        let found = dest.exists().then(|| tree::sketch(dest));
        let before = self.force.then_some(OLD);
        let is_new = found.as_deref() == Some(NEW);
        assert!(
            is_new || found.as_deref() == before,
            "{point}: a mix:\n{found:?}"
        );
        is_new
    }

    /// Asserts that the same command makes everything right, whatever was left.
    #[track_caller]
    fn recovers(&self, point: &str) {
        self.sandbox.cached();
        let run = self.pull().run();
        assert_eq!(run.code, Some(0), "{point}: {run:?}");
        assert_eq!(tree::sketch(self.sandbox.path("dest")), NEW, "{point}");
        let mut names = self.sandbox.names("");
        names.retain(|name| name != "gate");
        assert_eq!(names, ["cache", "dest"], "{point}");
        assert_eq!(self.sandbox.cached().len(), 4, "{point}: {run:?}");
        let counts = [
            ("blobs/sha256", 5),
            ("links", 1),
            ("resolved", 1),
            ("leases", 0),
        ];
        for (folder, count) in counts {
            let names = self.sandbox.names(format!("cache/{folder}"));
            assert_eq!(names.len(), count, "{point}: {folder}: {names:?}");
        }
        let names = [
            "CACHEDIR.TAG",
            "blobs",
            "leases",
            "links",
            "lock",
            "resolved",
        ];
        assert_eq!(self.sandbox.names("cache"), names, "{point}");
    }
}

/// Tries each point of a range, several at once, in a scene of its own for each worker.
fn sweep(
    force: bool,
    points: Range<usize>,
    step: usize,
    attempt: impl Fn(&Scene<'_>, usize) + Sync,
) {
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &image());
    let next = AtomicUsize::new(points.start);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let scene = Scene::new(&name, force);
                loop {
                    let point = next.fetch_add(step, Ordering::Relaxed);
                    if point >= points.end {
                        return;
                    }
                    scene.reset();
                    attempt(&scene, point);
                }
            });
        }
    });
}

fn set_mode(path: &std::path::Path, mode: u32) {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, permissions).unwrap();
}

/// Asserts that a pull that failed said so as it should.
#[track_caller]
fn assert_explained(run: Run, codes: &[i32], point: &str) {
    let code = run.code.unwrap_or_else(|| panic!("{point}: {run:?}"));
    assert!(codes.contains(&code), "{point}: {run:?}");
    if code != 0 {
        run.fails(code);
    }
}
