//! A tree that is in use is not pulled away: from a program, a container or a mount. With `--keep-old` it is moved, and
//! the program keeps it.

use crate::destinations::disk::mounting;
use crate::project::fixtures::program::waiting;
use crate::support::sandbox::is_root;
use crate::support::{Ability, Built, HELLO, Image, Layer, Registry, Run, Sandbox, hello, tree};
use rustix::fs::{FlockOperation, fcntl_lock};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

mod races;

const OTHER: &str = "f 0644 5 other\n";
const HINT: &str =
    "hint: stop it, or keep its tree with --keep-old PATH and restart it afterwards\n";

fn other() -> Built {
    let layer = Layer::new().file("other", 0o644, "other");
    Image::new().layer(layer).build()
}

/// A program, until it is dropped.
struct Program(Child);

impl Program {
    fn start(program: &str, arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// One that does nothing in a folder.
    fn sleeping_in(folder: &Path) -> Self {
        Self::start("sleep", &["1000"], folder)
    }

    fn folder(&self) -> PathBuf {
        fs::read_link(format!("/proc/{}/cwd", self.0.id())).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// DEST holds `hello`, and the tag stands for another image by now.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("in_use"), Registry::start());
        let name = registry.push("a/b", "1", &hello());
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        registry.push("a/b", "1", &other());
        registry.forget_requests();
        Self {
            sandbox,
            registry,
            name,
        }
    }

    fn pull(&self, options: &[&str]) -> Run {
        let pull = ["pull", &self.name, "dest"];
        self.sandbox.roots(pull).args(options).run()
    }

    /// Asserts that DEST is refused whatever is tried, and not touched.
    #[track_caller]
    fn is_refused(&self, user: &str) {
        let dest = self.sandbox.path("dest");
        let inode = dest.metadata().unwrap().ino();
        for options in [&["--force"][..], &["--update"], &["--force", "--dry-run"]] {
            let run = self.pull(options).fails(6);
            let said = format!("roots: {} is in use{user}\n", dest.display());
            assert!(run.stderr.starts_with(&said), "{options:?}: {}", run.stderr);
            assert_eq!(dest.metadata().unwrap().ino(), inode);
        }
        // One HEAD has to tell whether there is anything to do.
        assert!(
            self.registry
                .lines()
                .iter()
                .all(|line| line.starts_with("HEAD "))
        );
        assert_eq!(self.sandbox.names(""), ["cache", "dest"]);
    }

    fn sketch(&self, folder: &str) -> String {
        tree::sketch(self.sandbox.path(folder))
    }
}

#[test]
fn a_tree_is_not_pulled_away_under_a_program() {
    let scene = Scene::new();
    let below = scene.sandbox.mkdir("dest/a/b c");
    for folder in [scene.sandbox.path("dest"), below] {
        let program = Program::sleeping_in(&folder);
        let user = format!(" by sleep ({})", program.0.id());
        scene.is_refused(format!("{user}\n{HINT}").trim_end());
        assert_eq!(program.folder(), folder);
    }
    scene.pull(&["--update"]).succeeds();
    assert_eq!(scene.sketch("dest"), OTHER);
    assert_eq!(scene.sandbox.names(""), ["cache", "dest"]);
}

/// A name that only begins like DEST, and what is above and beside.
#[test]
fn a_program_elsewhere_uses_nothing() {
    let scene = Scene::new();
    let folders = ["dest-2", "cache", "."].map(|name| scene.sandbox.mkdir(name));
    let _programs = folders
        .each_ref()
        .map(|folder| Program::sleeping_in(folder));
    scene.pull(&["--update"]).succeeds();
    assert_eq!(scene.sketch("dest"), OTHER);
}

/// It may have its working directory anywhere, as services do that are started with a path.
#[test]
fn a_tree_is_not_pulled_away_under_a_program_that_came_out_of_it() {
    let scene = Scene::new();
    let sleep = scene.sandbox.path("dest/sleep");
    fs::copy("/bin/sleep", &sleep).unwrap();
    let cache = scene.sandbox.path("cache");
    let program = Program::start(sleep.to_str().unwrap(), &["1000"], &cache);
    scene.is_refused(&format!(" by sleep ({})", program.0.id()));
    scene.pull(&["--update", "--keep-old=old"]).succeeds();
    assert!(scene.sandbox.has("old/sleep"));
}

/// Where it is looked for by path, one that a container calls like DEST is another folder.
#[test]
fn a_mount_below_the_same_path_of_another_folder_is_no_use() {
    if Ability::Mounting.is_missing() {
        return;
    }
    let scene = Scene::new();
    scene.sandbox.mkdir("dest/data");
    let script = "mount -t tmpfs none \"$1/..\" && mkdir -p \"$1/data\" && \
        mount -t tmpfs none \"$1/data\" && touch ready && exec sleep 1000";
    let dest = scene.sandbox.path("dest");
    let shell = ["sh", "-c", script, "sh", dest.to_str().unwrap()];
    let unshare: &[&str] = match is_root() {
        true => &["--mount", "--propagation=private"],
        false => &["--mount", "--propagation=private", "--map-root-user"],
    };
    let cache = scene.sandbox.path("cache");
    let mut program = Program::start("unshare", &[unshare, &shell[..]].concat(), &cache);
    while !scene.sandbox.has("cache/ready") {
        assert_eq!(program.0.try_wait().unwrap(), None);
        std::thread::yield_now();
    }
    scene.pull(&["--force"]).succeeds();
    assert_eq!(scene.sketch("dest"), OTHER);
}

/// Deeper than it is looked for, by the path alone; and named so that a terminal would obey.
#[test]
fn a_program_far_down_is_found_and_its_name_is_escaped() {
    let scene = Scene::new();
    let deep = scene.sandbox.mkdir(format!("dest/{}", "d/".repeat(400)));
    let shell = scene.sandbox.path("a\u{1b}[m b");
    fs::copy("/bin/sh", &shell).unwrap();
    let program = Program::start(
        shell.to_str().unwrap(),
        &["-c", "while :; do sleep 1000; done"],
        &deep,
    );
    let dest = scene.sandbox.path("dest");
    let run = scene.pull(&["--force"]).fails(6);
    let said = format!(
        "roots: {} is in use by a\\u{{1b}}[m b ({})\n",
        dest.display(),
        program.0.id()
    );
    assert!(run.stderr.starts_with(&said), "{}", run.stderr);
    assert_eq!(scene.sandbox.names("dest/d").len(), 1);
    let children = format!("/proc/{0}/task/{0}/children", program.0.id());
    let children = fs::read_to_string(children).unwrap_or_default();
    drop(program);
    for child in children.split_whitespace() {
        let _ = Command::new("kill").arg(child).status();
    }
}

#[test]
fn a_tree_is_not_pulled_away_under_its_own_root() {
    let Some(program) = waiting().filter(|_| !Ability::Root.is_missing()) else {
        return;
    };
    let scene = Scene::new();
    scene.sandbox.write("dest/sub/wait", program);
    let wait = scene.sandbox.path("dest/sub/wait");
    fs::set_permissions(&wait, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (dest, sub) = (scene.sandbox.path("dest"), scene.sandbox.path("dest/sub"));
    let here = scene.sandbox.path("cache");
    for (root, program) in [(dest, "/sub/wait"), (sub, "/wait")] {
        let program = Program::start("chroot", &[root.to_str().unwrap(), program], &here);
        let pid = program.0.id();
        // Until it is that program, and not the one that starts it.
        while fs::read_to_string(format!("/proc/{pid}/comm")).unwrap() != "wait\n" {
            std::thread::yield_now();
        }
        scene.is_refused(&format!(" by wait ({pid})"));
    }
}

/// A container has mounts of its own, under names of its own.
#[test]
fn a_mount_of_the_tree_elsewhere_is_a_use() {
    if Ability::Mounting.is_missing() {
        return;
    }
    let unshare: &[&str] = match is_root() {
        true => &["--mount", "--propagation=private"],
        false => &["--mount", "--propagation=private", "--map-root-user"],
    };
    let scene = Scene::new();
    scene.sandbox.mkdir("dest/data");
    let at = Sandbox::new("in_use_mount");
    let overlay = "mount -t overlay -o lowerdir=\"$1:$2\" none \"$2\"";
    for mount in [
        "mount --bind \"$1\" \"$2\"",
        "mount --bind \"$1/data\" \"$2\"",
        // What is mounted in it vanished there when the tree was removed here.
        "mount --bind \"$2\" \"$1/data\"",
        "mount -t tmpfs none \"$1/data\"",
        overlay,
    ] {
        let script = format!("{mount} && touch ready && exec sleep 1000");
        let (dest, there) = (scene.sandbox.path("dest"), at.path(""));
        let shell = [
            "sh",
            "-c",
            &script,
            "sh",
            dest.to_str().unwrap(),
            there.to_str().unwrap(),
        ];
        let mut program = Program::start(
            "unshare",
            &[unshare, &shell[..]].concat(),
            &scene.sandbox.path("cache"),
        );
        let ready = scene.sandbox.path("cache/ready");
        while !ready.exists() && program.0.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if program.0.try_wait().unwrap().is_some() {
            // Not every kernel lets an ordinary user have overlays.
            assert_eq!(mount, overlay);
            continue;
        }
        fs::remove_file(ready).unwrap();
        let pid = program.0.id();
        while fs::read_to_string(format!("/proc/{pid}/comm")).unwrap() != "sleep\n" {
            std::thread::yield_now();
        }
        scene.is_refused(&format!(" by sleep ({pid})"));
    }
}

#[test]
fn a_mount_of_the_tree_in_the_same_namespace_is_named() {
    let Some(prelude) = mounting("mkdir m; mount --bind dest/data m", "umount m; rmdir m") else {
        return;
    };
    let scene = Scene::new();
    scene.sandbox.write("dest/data/file", "");
    let command = scene
        .sandbox
        .roots(["pull", "--force", &scene.name, "dest"]);
    let run = command.prelude(&prelude).run().fails(6);
    let (dest, at) = (scene.sandbox.path("dest"), scene.sandbox.path("m"));
    let hint = "hint: unmount it, or keep its tree with --keep-old PATH\n";
    let said = format!(
        "roots: {} is in use: it is mounted at {}\n{hint}",
        dest.display(),
        at.display()
    );
    assert_eq!(run.stderr, said);
    assert!(scene.sandbox.has("dest/data/file"));
}

/// The lock files of a tree: the one beside it, and where it can be tried without touching what others use, the one for
/// its inode.
fn lock_files(scene: &Scene) -> Vec<PathBuf> {
    let dest = scene.sandbox.path("dest").metadata().unwrap();
    let name = format!("inode-{}:{}", dest.dev(), dest.ino());
    let folder = match is_root() {
        true => PathBuf::from("/run/systemd/nspawn/locks"),
        false => scene.sandbox.mkdir("cache/run/systemd/nspawn/locks"),
    };
    let by_inode = folder.is_dir().then(|| folder.join(name));
    let beside = scene.sandbox.path(".#dest.lck");
    std::iter::once(beside).chain(by_inode).collect()
}

/// systemd-nspawn holds these while a container runs, from before there is any program in the tree.
#[test]
fn a_tree_that_systemd_has_locked_is_in_use() {
    let scene = Scene::new();
    for path in lock_files(&scene) {
        let lock = File::options()
            .create_new(true)
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        for operation in [
            FlockOperation::NonBlockingLockShared,
            FlockOperation::NonBlockingLockExclusive,
        ] {
            fcntl_lock(&lock, operation).unwrap();
            for options in [&["--force"][..], &["--update"], &["--force", "--dry-run"]] {
                let pull = scene
                    .sandbox
                    .roots(["pull", &scene.name, "dest"])
                    .args(options);
                let run = pull
                    .env("XDG_RUNTIME_DIR", scene.sandbox.path("cache/run"))
                    .run()
                    .fails(6);
                // The number is that of this process, or of one that it has just started for another
                // test, which has the same files until it runs its program.
                assert!(run.stderr.contains("/dest is in use: "), "{}", run.stderr);
                assert!(
                    run.stderr.contains(") holds systemd's lock on it, /"),
                    "{}",
                    run.stderr
                );
                assert_eq!(scene.sketch("dest"), HELLO);
            }
        }
        assert!(
            path.exists(),
            "it is the one who has locked it who removes it"
        );
        fs::remove_file(&path).unwrap();
        drop(lock);
    }
    scene.pull(&["--force"]).succeeds();
    assert_eq!(scene.sandbox.names(""), ["cache", "dest"]);
}

/// A container that was killed leaves its lock files, which nobody has locked.
#[test]
fn a_lock_file_that_nobody_has_locked_is_no_use() {
    let scene = Scene::new();
    scene.sandbox.write(".#dest.lck", "");
    scene.pull(&["--force"]).succeeds();
    assert_eq!(scene.sketch("dest"), OTHER);
    assert_eq!(scene.sandbox.names(""), ["cache", "dest"]);
    // And what is no lock file is left alone.
    fs::create_dir(scene.sandbox.path(".#dest.lck")).unwrap();
    scene.pull(&["--force"]).succeeds();
    assert_eq!(scene.sandbox.names(""), [".#dest.lck", "cache", "dest"]);
}

/// `--update --keep-old` is what a daily job does: the program goes on in its tree, and gets the new one when it is
/// restarted.
#[test]
fn a_program_keeps_the_tree_that_is_kept() {
    let scene = Scene::new();
    scene.sandbox.write("dest/state", "written");
    let old = scene.sandbox.path("old");
    let keep = ["--update", "--keep-old=old"];
    let program = Program::sleeping_in(&scene.sandbox.path("dest"));
    scene.pull(&keep).succeeds();
    assert_eq!(scene.sketch("dest"), OTHER);
    assert_eq!(program.folder(), old);
    assert_eq!(scene.sandbox.read("old/state"), b"written");
    assert_eq!(scene.pull(&keep).succeeds().stderr, "dest: unchanged\n");

    // Not restarted, it has that tree the next day, too.
    scene.registry.push("a/b", "1", &hello());
    for more in [&[][..], &["--dry-run"]] {
        let run = scene.pull(&[&keep, more].concat()).fails(6);
        let hint = "hint: restart it, so that it uses the newer tree, or name another place\n";
        let said = format!(
            "roots: {} is in use by sleep ({})\n{hint}",
            old.display(),
            program.0.id()
        );
        assert_eq!(run.stderr, said);
    }
    assert_eq!(program.folder(), old);
    drop(program);
    let restarted = Program::sleeping_in(&scene.sandbox.path("dest"));
    scene.pull(&keep).succeeds();
    assert_eq!(restarted.folder(), old);
    assert_eq!(scene.sketch("dest"), HELLO);
    assert_eq!(scene.sketch("old"), OTHER);
    assert_eq!(scene.sandbox.names(""), ["cache", "dest", "old"]);
}

/// The lines of roots-trees(7) that go back, and an update after them.
#[test]
fn a_rename_by_hand_goes_back() {
    let scene = Scene::new();
    scene.pull(&["--update", "--keep-old=old"]).succeeds();
    for (from, to) in [("dest", "new"), ("old", "dest")] {
        fs::rename(scene.sandbox.path(from), scene.sandbox.path(to)).unwrap();
    }
    assert_eq!(scene.sketch("dest"), HELLO);
    scene.pull(&["--update", "--keep-old=old"]).succeeds();
    assert_eq!(
        (scene.sketch("dest"), scene.sketch("old")),
        (OTHER.into(), HELLO.into())
    );
}

/// Whatever keeps DEST from being replaced keeps the place of the old tree, too.
#[test]
fn what_is_kept_is_replaced_only_where_a_tree_would_be() {
    let scene = Scene::new();
    for name in ["kept", "above", "used"] {
        scene
            .sandbox
            .roots(["pull", &scene.name, name])
            .run()
            .succeeds();
    }
    scene
        .sandbox
        .roots(["pull", &scene.name, "above/dest"])
        .run()
        .succeeds();
    let _program = Program::sleeping_in(&scene.sandbox.path("used"));
    scene.registry.forget_requests();
    for (dest, keep, why) in [
        (
            "dest",
            ".dest.roots",
            ": it is where the new tree is made\n",
        ),
        (
            "dest",
            ".dest.roots/a",
            ": it is where the new tree is made\n",
        ),
        (
            "above/dest",
            "above",
            ": it holds the tree that is to be kept\n",
        ),
        ("dest", "used", "used is in use by sleep ("),
        (
            "dest",
            "/proc",
            ": it exists, and is not a tree that roots has pulled\n",
        ),
    ] {
        let pull = ["pull", "--force", "--keep-old", keep, &scene.name, dest];
        scene.sandbox.roots(pull).run().fails(6).says(why);
    }
    let pull = ["pull", "--force", "--keep-old=.", &scene.name, "../dest"];
    let run = scene
        .sandbox
        .roots(pull)
        .cwd(scene.sandbox.path("kept"))
        .run()
        .fails(6);
    run.says("/kept: it holds the working directory\n");
    assert_eq!(scene.registry.lines(), [""; 0]);
    assert_eq!(scene.sketch("dest"), HELLO);
    assert_eq!(scene.sketch("kept"), OTHER);
}
