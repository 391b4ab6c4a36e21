//! `roots verify`: what is told of a tree that somebody has changed, and where the image comes from.

use crate::support::{
    ALWAYS, Ability, Fault, Image, Layer, Layout, Registry, Run, Sandbox, hello, host_platform,
    marked, tree,
};
use rustix::fs::{XattrFlags, lremovexattr, lsetxattr};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

mod json;
mod mounts;
mod scopes;

/// A bit of everything that an ordinary user can have, too.
fn everything() -> Layer {
    let layer = Layer::new()
        .dir("etc", 0o755)
        .file("etc/passwd", 0o644, "root:x:0:0")
        .file("etc/shadow", 0o640, "root:!")
        .dir("usr", 0o755)
        .dir("usr/bin", 0o755)
        .file("usr/bin/true", 0o755, vec![7; 10_000])
        .hardlink("usr/bin/yes", "usr/bin/true")
        .symlink("bin", "usr/bin")
        .fifo("fifo", 0o600)
        .dir("empty", 0o750);
    match Ability::Attributes.is_missing() {
        true => layer,
        false => layer.file("marked", 0o644, "x").xattr("user.a", "1"),
    }
}

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    /// A tree of everything, pulled with a cache.
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("verify"), Registry::start());
        let image = Image::new().layer(everything()).build();
        let name = registry.push("a/b", "1", &image);
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        registry.forget_requests();
        Self {
            sandbox,
            registry,
            name,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.path("dest").join(path)
    }

    fn verify(&self) -> Run {
        self.sandbox.roots(["verify", "dest"]).run()
    }

    /// Asserts that this is all that differs.
    #[track_caller]
    fn differs(&self, lines: &str) {
        let run = self.verify();
        assert_eq!((&*run.stdout, run.code), (lines, Some(5)), "{}", run.stderr);
        let count = lines.lines().count();
        let s = if count == 1 { "" } else { "s" };
        let said = format!("dest: {count} difference{s} from {}", self.name);
        assert!(run.stderr.contains(&said), "{}", run.stderr);
    }
}

/// Does something to a path, and gives it and its directory the times that they had.
fn quietly(path: &Path, change: impl FnOnce(&Path)) {
    let parent = path.parent().unwrap();
    let time = |path: &Path| {
        fs::symlink_metadata(path)
            .and_then(|found| found.modified())
            .ok()
    };
    let (own, above) = (time(path), time(parent));
    change(path);
    // A pipe would wait for whoever writes to it.
    let is_plain = fs::symlink_metadata(path).is_ok_and(|now| now.is_file() || now.is_dir());
    if let Some(own) = own.filter(|_| is_plain) {
        File::open(path).unwrap().set_modified(own).unwrap();
    }
    File::open(parent)
        .unwrap()
        .set_modified(above.unwrap())
        .unwrap();
}

#[test]
fn what_a_pull_has_made_is_as_in_the_image() {
    let scene = Scene::new();
    let before = tree::list(scene.path(""));
    let run = scene.verify().succeeds();
    assert_eq!(run.stdout, "");
    let said = format!("dest: as in {}@sha256:", scene.name);
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    assert_eq!(scene.registry.lines(), [""; 0], "all of it is in the cache");
    let quiet = scene.sandbox.roots(["verify", "-q", "dest"]).run();
    assert_eq!(quiet.succeeds().stderr, "");
    assert_eq!(tree::diff(&before, &tree::list(scene.path(""))), [""; 0]);
}

#[test]
fn every_change_is_told() {
    let scene = Scene::new();
    let restore = || {
        let pull = ["pull", "--force", "--offline", &scene.name, "dest"];
        scene.sandbox.roots(pull).run().succeeds();
    };
    type Change<'c> = (&'c str, Box<dyn Fn(&Path) + 'c>, &'c str);
    let mode =
        |mode| move |path: &Path| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let remove = |path: &Path| {
        fs::remove_file(path)
            .or_else(|_| fs::remove_dir_all(path))
            .unwrap();
    };
    let changes: Vec<Change<'_>> = vec![
        (
            "etc/passwd",
            Box::new(mode(0o666)),
            "changed /etc/passwd: mode 0644 is 0666\n",
        ),
        (
            "etc/passwd",
            Box::new(mode(0o4755)),
            "changed /etc/passwd: mode 0644 is 4755\n",
        ),
        (
            "empty",
            Box::new(mode(0o755)),
            "changed /empty: mode 0750 is 0755\n",
        ),
        (
            "etc/passwd",
            Box::new(|path| fs::write(path, "toor:x:0:0").unwrap()),
            "changed /etc/passwd: contents\n",
        ),
        (
            "etc/passwd",
            Box::new(|path| fs::write(path, "").unwrap()),
            "changed /etc/passwd: size 10 is 0\n",
        ),
        (
            "etc/new",
            Box::new(|path| fs::write(path, "").unwrap()),
            "added /etc/new\n",
        ),
        (
            "etc/new\u{202e}\n",
            Box::new(|path| fs::write(path, "").unwrap()),
            "added /etc/new\\u{202e}\\n\n",
        ),
        (
            "etc/folder",
            Box::new(|path| {
                fs::create_dir(path).unwrap();
                fs::write(path.join("in it"), "").unwrap();
            }),
            "added /etc/folder\n",
        ),
        ("etc/shadow", Box::new(remove), "missing /etc/shadow\n"),
        ("empty", Box::new(remove), "missing /empty\n"),
        ("bin", Box::new(remove), "missing /bin\n"),
        (
            "etc/shadow",
            Box::new(|path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }),
            "changed /etc/shadow: type file is directory\n",
        ),
        (
            "fifo",
            Box::new(|path| {
                fs::remove_file(path).unwrap();
                symlink("elsewhere", path).unwrap();
            }),
            "changed /fifo: type fifo is symlink\n",
        ),
        (
            "usr",
            Box::new(|path| {
                fs::rename(path, path.with_extension("old")).unwrap();
                symlink("usr.old", path).unwrap();
            }),
            "changed /usr: type directory is symlink\nadded /usr.old\n",
        ),
        (
            "bin",
            Box::new(|path| {
                let time = tree_time(path);
                fs::remove_file(path).unwrap();
                symlink("/tmp\u{1b}", path).unwrap();
                set_time(path, time);
            }),
            "changed /bin: target usr/bin is /tmp\\u{1b}\n",
        ),
        (
            "usr/bin/yes",
            Box::new(|path| {
                let copy = path.with_extension("copy");
                fs::copy(path, &copy).unwrap();
                File::open(&copy)
                    .unwrap()
                    .set_modified(modified(path))
                    .unwrap();
                fs::rename(copy, path).unwrap();
            }),
            "changed /usr/bin/yes: hard link\n",
        ),
        (
            "etc/shadow",
            Box::new(|path| {
                let other = path.with_file_name("passwd");
                fs::remove_file(path).unwrap();
                fs::hard_link(other, path).unwrap();
            }),
            "changed /etc/shadow: size 6 is 10, mode 0640 is 0644, hard link\n",
        ),
    ];
    for (path, change, said) in changes {
        quietly(&scene.path(path), change);
        scene.differs(said);
        restore();
        scene.verify().succeeds();
    }
    // One that shows by its time alone.
    let later = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 500_000_000);
    File::open(scene.path("etc/passwd"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    scene.differs("changed /etc/passwd: mtime 2023-11-14T22:13:20Z is 2023-11-14T22:13:20.5Z\n");
    // Several, sorted by path.
    quietly(&scene.path("a"), |path| fs::write(path, "").unwrap());
    quietly(&scene.path("empty"), |path| fs::remove_dir(path).unwrap());
    scene.differs(
        "added /a\nmissing /empty\nchanged /etc/passwd: mtime 2023-11-14T22:13:20Z is 2023-11-14T22:13:20.5Z\n",
    );
}

fn modified(path: &Path) -> SystemTime {
    fs::symlink_metadata(path).unwrap().modified().unwrap()
}

fn tree_time(path: &Path) -> rustix::fs::Timespec {
    let since = modified(path)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    rustix::fs::Timespec {
        tv_sec: since.as_secs() as i64,
        tv_nsec: since.subsec_nanos().into(),
    }
}

fn set_time(path: &Path, time: rustix::fs::Timespec) {
    let times = rustix::fs::Timestamps {
        last_access: time,
        last_modification: time,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, flags).unwrap();
}

#[test]
fn attributes_are_compared() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let scene = Scene::new();
    let (marked, plain) = (scene.path("marked"), scene.path("etc/passwd"));
    let set = |path: &Path, value: &[u8]| {
        lsetxattr(path, "user.a", value, XattrFlags::empty()).unwrap();
    };
    set(&marked, b"2");
    scene.differs("changed /marked: xattr user.a\n");
    set(&marked, b"1");
    set(&plain, b"1");
    scene.differs("changed /etc/passwd: xattr user.a\n");
    lremovexattr(&plain, "user.a").unwrap();
    lremovexattr(&marked, "user.a").unwrap();
    scene.differs("changed /marked: xattr user.a\n");
    set(&marked, b"1");
    // The record is of the tree, and no part of it.
    scene.verify().succeeds();
}

#[test]
fn owners_and_devices_are_compared_for_root() {
    if Ability::Root.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("verify_root");
    let layer = Layer::new()
        .file("f", 0o644, "f")
        .owner(7, 8)
        .char_device("null", 0o666, 1, 3)
        .block_device("disk", 0o660, 8, 0);
    Layout::new()
        .image("", &Image::new().layer(layer).build())
        .write(sandbox.path("layout"));
    sandbox.roots(["pull", "./layout", "dest"]).run().succeeds();
    let verify = || sandbox.roots(["verify", "dest"]).run();
    verify().succeeds();
    chown(sandbox.path("dest/f"), Some(0), Some(8)).unwrap();
    assert_eq!(verify().stdout, "changed /f: owner 7:8 is 0:8\n");
    chown(sandbox.path("dest/f"), Some(7), Some(8)).unwrap();
    quietly(&sandbox.path("dest/null"), |path| {
        fs::remove_file(path).unwrap();
        let device = rustix::fs::makedev(1, 5);
        let (kind, mode) = (rustix::fs::FileType::CharacterDevice, 0o666.into());
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, device).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    });
    let said = verify().stdout;
    assert!(
        said.starts_with("changed /null: device 1:3 is 1:5"),
        "{said}"
    );
    quietly(&sandbox.path("dest/null"), |path| {
        fs::remove_file(path).unwrap()
    });
    assert_eq!(verify().stdout, "missing /null\n");
    // Where there is none at all, none could be made.
    quietly(&sandbox.path("dest/disk"), |path| {
        fs::remove_file(path).unwrap()
    });
    let run = verify().succeeds();
    run.says("dest: 2 devices of the image could not be made\n");
}

/// overlayfs makes no character device 0:0, which is its whiteout.
#[test]
fn a_device_that_overlayfs_cannot_hold_was_missing() {
    if Ability::Root.is_missing() {
        return;
    }
    let before = "mount -t tmpfs none o; mkdir o/lower o/upper o/work o/merged; \
                  mount -t overlay -o lowerdir=o/lower,upperdir=o/upper,workdir=o/work none o/merged || exit 77";
    let after = "\"$0\" verify o/merged/dest >&2; echo verified: $? >&2; ls o/merged/dest >&2";
    let Some(prelude) = crate::destinations::disk::mounting(before, after) else {
        return;
    };
    let gone = || Layer::new().char_device("gone", 0o644, 0, 0);
    for (layer, said, left) in [
        (gone(), "1 device", "verified: 0\n"),
        (
            gone()
                .char_device("null", 0o666, 1, 3)
                .hardlink("link", "gone"),
            "2 devices",
            "verified: 0\nnull\n",
        ),
        // A block device of that number is none.
        (
            gone().block_device("disk", 0o600, 0, 0),
            "1 device",
            "verified: 0\ndisk\n",
        ),
    ] {
        let sandbox = Sandbox::new("verify_overlay");
        sandbox.mkdir("o");
        let image = Image::new().layer(layer).build();
        Layout::new()
            .image("", &image)
            .write(sandbox.path("layout"));
        let run = sandbox.roots(["pull", "./layout", "o/merged/dest"]);
        let run = run.prelude(&prelude).run();
        if run.code == Some(77) {
            return; // This kernel lacks overlayfs.
        }
        let _ = run
            .succeeds()
            .says(&format!("not as in the image: {said}\n"))
            .says(&format!(
                "o/merged/dest: {said} of the image could not be made\n"
            ))
            .says(left);
    }
}

/// Linux lets everybody make a device 0:0: it does not show that others could be made.
#[test]
fn a_whiteout_device_shows_nothing_of_others() {
    if Ability::Root.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("verify_whiteouts");
    let layer = Layer::new()
        .char_device("gone", 0o644, 0, 0)
        .char_device("null", 0o666, 1, 3);
    let image = Image::new().layer(layer).build();
    Layout::new()
        .image("", &image)
        .write(sandbox.path("layout"));
    sandbox.roots(["pull", "./layout", "dest"]).run().succeeds();
    let verify = || sandbox.roots(["verify", "dest"]).run();
    let _ = verify().succeeds().never_says("could not be made");
    let remove = |name: &str| quietly(&sandbox.path(name), |path| fs::remove_file(path).unwrap());
    remove("dest/null");
    let run = verify().succeeds();
    run.says("dest: 1 device of the image could not be made\n");
    // On a file system that could hold it, it has gone.
    sandbox
        .roots(["pull", "--force", "./layout", "dest"])
        .run()
        .succeeds();
    remove("dest/gone");
    assert_eq!(verify().stdout, "missing /gone\n");
}

#[test]
fn a_tag_that_has_moved_does_not_matter() {
    let scene = Scene::new();
    scene.registry.push("a/b", "1", &hello());
    scene.verify().succeeds();
    // Nor does a cache that has gone: the manifest is there by its digest.
    fs::remove_dir_all(scene.sandbox.path("cache")).unwrap();
    let offline = ["verify", "--offline", "dest"];
    scene
        .sandbox
        .roots(offline)
        .run()
        .fails(3)
        .says("not in the cache");
    scene.verify().succeeds();
    assert!(scene.registry.requests_for("/manifests/1").is_empty());
    // Against the tag itself, it differs.
    let run = scene.sandbox.roots(["verify", "dest", &scene.name]).run();
    assert_eq!(run.code, Some(5));
    assert!(run.stdout.contains("missing /hello\n") && run.stdout.contains("added /etc\n"));
}

#[test]
fn the_platform_is_the_one_that_was_pulled() {
    let (sandbox, registry) = (Sandbox::new("verify_platform"), Registry::start());
    let index = crate::support::Index::new();
    let index = index.image(&marked("one", "linux", "amd64", None));
    let index = index
        .image(&marked("two", "linux", "riscv64", None))
        .build();
    let name = registry.push_index("a", "1", &index);
    for platform in ["linux/riscv64", "linux/amd64"] {
        let pull = ["pull", "--force", "--platform", platform, &name, "dest"];
        sandbox.roots(pull).run().succeeds();
        sandbox.roots(["verify", "dest"]).run().succeeds();
        let named = ["verify", "dest", &name, "--platform", platform];
        sandbox.roots(named).run().succeeds();
    }
    // What the tree was pulled for does not count if IMAGE is named.
    let (os, architecture, _) = host_platform();
    let machine = format!("--platform={os}/{architecture}");
    let [plain, same] = [
        &["verify", "dest", &name][..],
        &["verify", "dest", &name, &machine],
    ]
    .map(|verify| sandbox.roots(verify).run());
    assert_eq!((plain.stdout, plain.code), (same.stdout, same.code));
    let other = ["verify", "--platform=linux/riscv64", "dest", &name];
    let run = sandbox.roots(other).run();
    assert_eq!(
        (&*run.stdout, run.code),
        ("added /one\nmissing /two\n", Some(5))
    );
}

#[test]
fn layouts_and_archives_are_read_again() {
    let sandbox = Sandbox::new("verify_layouts");
    let layout = Layout::new().image("1", &Image::new().layer(everything()).build());
    layout.write(sandbox.path("layout"));
    sandbox.write("image.tar", layout.archive());
    for image in [
        "./layout",
        "oci:layout:1",
        "./image.tar",
        "oci-archive:image.tar:1",
    ] {
        let pull = ["pull", "--force", image, "dest"];
        sandbox.roots(pull).run().succeeds();
        sandbox.roots(["verify", "dest"]).run().succeeds();
        sandbox.roots(["verify", "dest", image]).run().succeeds();
    }
    let run = sandbox
        .roots(["verify", "dest", "-"])
        .stdin(layout.archive());
    run.run().succeeds();
    // Another image in its place is another matter.
    let other = Layout::new().image("1", &hello());
    sandbox.write("image.tar", other.archive());
    let run = sandbox.roots(["verify", "dest"]).run().fails(3);
    let archive = sandbox.path("image.tar");
    let said = format!(
        "oci-archive:{}:1: the tree was made of sha256:",
        archive.display()
    );
    run.says(&said);
    // What came through a pipe is not there any more.
    let pull = sandbox.roots(["pull", "--force", "-", "dest"]);
    pull.stdin(other.archive()).run().succeeds();
    sandbox
        .roots(["verify", "dest"])
        .run()
        .fails(3)
        .says("its image came from standard input");
}

#[test]
fn what_cannot_be_verified_is_said() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    sandbox.write("file", "");
    sandbox.write("folder/file", "");
    for (arguments, code, why) in [
        (&["verify"][..], 2, "verify: DEST is missing"),
        (
            &["verify", "dest", "a", "b"],
            2,
            "verify: unexpected operand: b",
        ),
        (&["verify", "none"], 3, "none: no such folder"),
        (&["verify", "folder"], 3, "folder: no record of a pull"),
        (&["verify", "file"], 6, "file: it is not a folder"),
        (
            &["verify", "dest", "./none"],
            3,
            "./none: no such file or folder",
        ),
    ] {
        let run = sandbox.roots(arguments).run().fails(code);
        let said = run
            .stderr
            .replace(&format!("{}/", sandbox.path("").display()), "");
        assert!(said.starts_with(&format!("roots: {why}\n")), "{said}");
    }
    // An image that is not what it says is no measure.
    fs::remove_dir_all(sandbox.path("cache")).unwrap();
    scene.registry.fault("/blobs/", ALWAYS, Fault::Corrupt(3));
    let run = scene.verify().fails(5).says("digest mismatch");
    assert_eq!(run.stdout, "");
}

/// Opening a pipe would wait for whoever writes to it, and a socket cannot be opened.
#[test]
fn what_is_in_the_place_of_a_file_is_not_opened() {
    let scene = Scene::new();
    let path = scene.path("etc/passwd");
    quietly(&path, |path| {
        fs::remove_file(path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path, 0o644.into()).unwrap();
    });
    scene.differs("changed /etc/passwd: type file is fifo\n");
    quietly(&path, |path| {
        fs::remove_file(path).unwrap();
        // The path of a socket has to be short: if it is not, there is none.
        drop(std::os::unix::net::UnixListener::bind(path));
    });
    if path.exists() {
        scene.differs("changed /etc/passwd: type file is socket\n");
    }
}
