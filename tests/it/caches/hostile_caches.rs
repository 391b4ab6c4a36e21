//! A cache that others may write to, who mean no good, or that a registry has left spoilt: pulls become slower, and
//! nothing else.

use crate::caches::cache::{entry, published};
use crate::registries::wires::{SIZE, Wire, each};
use crate::support::sandbox::{Command, Run, remove};
use crate::support::{
    Ability, Compression, HELLO, Image, Layer, Registry, Sandbox, hello, sha256, tree,
};
use rustix::fs::{CWD, FlockOperation, Mode, flock, mkfifoat};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const GROUP: u32 = 60_000;
const MEMBER: u32 = 65_533;

/// A cache of root's that a group may write to, with `hello` in it; and an image of the member's that root has pulled, too.
struct Shared {
    sandbox: Sandbox,
    registry: Registry,
    good: String,
    /// What the member wants root to take for `good`.
    bad: String,
    /// A blob of root's whose contents say so.
    blob: String,
}

impl Shared {
    fn new() -> Option<Self> {
        if Ability::OtherUser.is_missing() {
            return None;
        }
        let (sandbox, registry, good) = published();
        fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o777)).unwrap();
        let cache = sandbox.mkdir("cache");
        chown(&cache, None, Some(GROUP)).unwrap();
        fs::set_permissions(&cache, Permissions::from_mode(0o2775)).unwrap();
        sandbox
            .roots(["pull", &good, "first"])
            .prelude("umask 022")
            .run()
            .succeeds();
        let evil = Image::new().layer(Layer::new().file("evil", 0o644, "evil"));
        let evil = evil.build();
        let bad = registry.push("evil", "1", &evil);
        let (name, digest) = (good.clone(), evil.manifest.digest.clone());
        // A config may say more than anybody reads.
        let carrier = Image::new()
            .layer(Layer::new().file("x", 0o644, "x"))
            .config(move |config| {
                config["reference"] = name.clone().into();
                config["digest"] = digest.clone().into();
            })
            .build();
        let carried = registry.push("carrier", "1", &carrier);
        for (image, dest) in [(&bad, "bad"), (&carried, "carried")] {
            let pull = sandbox.roots(["pull", image, dest]).prelude("umask 022");
            pull.run().succeeds();
        }
        let blob = entry(&carrier.config);
        Some(Self {
            sandbox,
            registry,
            good,
            bad,
            blob,
        })
    }

    /// What the member does, in a shell, in the folder above the cache.
    fn member(&self, script: &str) {
        let switch = [
            &format!("--reuid={MEMBER}"),
            &format!("--regid={MEMBER}"),
            &format!("--groups={GROUP}"),
        ];
        let mut shell = std::process::Command::new("setpriv");
        let shell = shell.args(switch).args(["sh", "-ec", script]);
        let done = shell.current_dir(self.sandbox.path("")).status().unwrap();
        assert!(done.success(), "{script}");
    }

    fn offline(&self) -> Run {
        let _ = remove(&self.sandbox.path("dest"));
        let pull = ["pull", "--offline", &self.good, "dest"];
        self.sandbox.roots(pull).run()
    }

    /// Where what a name stands for was written flatly.
    fn file(name: &str) -> String {
        sha256(name.as_bytes()).replace("sha256:", "")
    }
}

#[test]
fn no_member_of_the_group_decides_what_a_name_stands_for() {
    let Some(shared) = Shared::new() else { return };
    let run = shared.offline().succeeds();
    assert_eq!(tree::sketch(shared.sandbox.path("dest")), HELLO, "{run:?}");
    let known = shared.sandbox.path("cache/resolved/0");
    assert_eq!(known.metadata().unwrap().mode() & 0o022, 0);
    assert_eq!(
        known.parent().unwrap().metadata().unwrap().mode() & 0o1070,
        0o1070
    );
    let file = Shared::file(&shared.good);
    let forged = {
        let blob = shared.sandbox.read(&shared.blob);
        let text = String::from_utf8(blob).unwrap();
        let digest = text.split("\"digest\":\"").nth(1).unwrap();
        let digest = digest.split('"').next().unwrap();
        format!(
            "{{\"reference\":\"{}\",\"digest\":\"{digest}\"}}",
            shared.good
        )
    };
    let moved = format!("cp -p {0} keep; mv {0}", shared.blob);
    // What he writes himself, and what he moves; where he finds a place, and where he makes one.
    let attacks = [
        format!("echo '{forged}' >cache/resolved/{file}"),
        format!("{moved} cache/resolved/{file}"),
        format!("mv cache/resolved cache/r; mkdir cache/resolved; {moved} cache/resolved/{file}"),
        format!(
            "mv cache/resolved cache/r; mkdir -p cache/resolved/0; {moved} cache/resolved/0/{file}"
        ),
        format!(
            "mv cache/resolved cache/r; mv cache/blobs cache/resolved; mv cache/resolved/sha256 cache/resolved/0
             mkdir -p cache/blobs/sha256 cache/blobs/sha512; cp cache/resolved/0/* cache/blobs/sha256
             {} cache/resolved/0/{file}",
            moved.replace("blobs/sha256", "resolved/0")
        ),
    ];
    for attack in &attacks {
        shared.member(attack);
        let run = shared.offline();
        assert!(matches!(run.code, Some(0 | 3)), "{attack}: {run:?}");
        assert!(!shared.sandbox.has("dest/evil"), "{attack}");
        // And it mends itself with the next pull.
        let pull = ["pull", "--force", &shared.good, "first"];
        let pull = shared.sandbox.roots(pull).prelude("umask 022");
        pull.run().succeeds().never_says("warning");
        shared.offline().succeeds();
        assert_eq!(tree::sketch(shared.sandbox.path("dest")), HELLO, "{attack}");
        for image in [&shared.bad, &shared.registry.image("carrier:1")] {
            let pull = ["pull", "--force", image, "bad"];
            let pull = shared.sandbox.roots(pull).prelude("umask 022");
            pull.run().succeeds();
        }
        let _ = remove(&shared.sandbox.path("cache/r"));
        let _ = remove(&shared.sandbox.path("keep"));
    }
}

#[test]
fn no_member_of_the_group_makes_purge_keep_or_fail() {
    let Some(shared) = Shared::new() else { return };
    for dest in ["bad", "carried"] {
        remove(&shared.sandbox.path(dest)).unwrap();
    }
    let all: Vec<_> = shared.sandbox.cached();
    let link = format!(
        "{{\"destination\":\"/\",\"image\":\"x\",\"blobs\":{:?}}}",
        all
    );
    shared.member(&format!(
        "echo '{link}' >cache/links/{0}; mkdir cache/links/{MEMBER}; cp cache/links/{0} cache/links/{MEMBER}
         echo '{1}' >cache/leases/1.0; mkdir cache/leases/2.0 cache/links/.1.0; mkfifo cache/leases/3.0
         ln -s /etc/passwd cache/leases/4.0; echo >cache/leases/5.0; chmod 0 cache/leases/5.0",
        Shared::file("/"),
        all.join("\n"),
    ));
    let lease = File::open(shared.sandbox.path("cache/leases/1.0")).unwrap();
    flock(&lease, FlockOperation::LockShared).unwrap();
    let run = shared.sandbox.roots(["purge"]).run().succeeds();
    run.says("cache/leases/1.0: not a lease of root or of this user; passed over\n")
        .says("cache/leases/2.0: not a lease that can be read; passed over\n")
        .says("cache/leases/3.0: not a lease that can be read; passed over\n")
        .says("cache/leases/4.0: not a lease that can be read; passed over\n")
        .says(": 6 blobs dropped, ");
    assert_eq!(shared.sandbox.cached().len(), 2, "those of hello");
}

/// With the sticky bit on the folder of the cache, nobody brings back what a name stood for earlier.
#[test]
fn no_member_of_the_group_puts_away_what_root_has_written() {
    let Some(shared) = Shared::new() else { return };
    let cache = shared.sandbox.path("cache");
    fs::set_permissions(cache, Permissions::from_mode(0o3775)).unwrap();
    shared.member(
        "! mv cache/resolved cache/r 2>/dev/null; ! mv cache/resolved/0 cache/resolved/1 2>/dev/null",
    );
    shared.offline().succeeds();
}

/// What is moved into the cache, in place of a blob on its way, is nobody's who could not read it.
#[test]
fn no_member_of_the_group_gets_to_read_what_he_moves() {
    let Some(shared) = Shared::new() else { return };
    let layer = &hello().layers[0];
    let secret = shared.sandbox.write("open/secret", &layer.bytes[..10]);
    let open = shared.sandbox.path("open");
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    chown(&secret, None, Some(GROUP)).unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let partial = entry(layer).replace("sha256/", "sha256/.");
    shared.member(&format!("rm {}; mv open/secret {partial}", entry(layer)));
    let held = File::open(shared.sandbox.path(&partial)).unwrap();
    fs::write(shared.sandbox.path(&partial), b"0123456789").unwrap();
    let pull = ["pull", "--force", &shared.good, "first"];
    shared.sandbox.roots(pull).run().succeeds();
    assert_eq!(held.metadata().unwrap().mode() & 0o777, 0o600);
}

fn lock(path: &Path, operation: FlockOperation) -> File {
    let file = File::open(path).unwrap();
    flock(&file, operation).unwrap();
    file
}

#[test]
fn the_lock_of_the_cache_stops_nobody_for_ever() {
    for operation in [FlockOperation::LockExclusive, FlockOperation::LockShared] {
        let (sandbox, _registry, name) = published();
        sandbox.roots(["pull", &name, "first"]).run().succeeds();
        let _lock = lock(&sandbox.path("cache/lock"), operation);
        const GOES_ON: &str =
            "cache: another process has held the lock for 1 s; going on without it\n";
        let pull = ["pull", &name, "second", "--timeout=1"];
        let run = sandbox.roots(pull).run().succeeds();
        if operation == FlockOperation::LockExclusive {
            run.says("cache: a purge is at work; waiting\n")
                .says(GOES_ON);
        }
        assert_eq!(tree::sketch(sandbox.path("second")), HELLO);
        for dest in ["first", "second"] {
            remove(&sandbox.path(dest)).unwrap();
        }
        let purge = sandbox.roots(["purge", "--timeout=1"]);
        purge
            .run()
            .succeeds()
            .says(GOES_ON)
            .says(": 3 blobs dropped, ");
        let run = sandbox.roots(["pull", &name, "third"]);
        run.env("ROOTS_TIMEOUT", "1").run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("third")), HELLO);
    }
}

#[test]
fn a_locked_blob_stops_no_pull_for_ever() {
    let wire = Wire::new("locked", 3).retries(5).arg("--timeout=1");
    wire.pull().run().succeeds();
    let mut locks = Vec::new();
    for (n, layer) in wire.image.layers.iter().enumerate().skip(1) {
        fs::remove_file(wire.sandbox.path(entry(layer))).unwrap();
        let partial = wire.sandbox.write(wire.partial(n + 1), "");
        locks.push(lock(&partial, FlockOperation::LockShared));
    }
    remove(&wire.sandbox.path("dest")).unwrap();
    let mut run = wire.pull().run().succeeds();
    for layer in &wire.image.layers[1..] {
        run = run.says(&format!(
            "{} is not kept in the cache: another process has held it for 1 s without adding to it\n",
            layer.digest
        ));
    }
    for n in 1..=3 {
        assert!(wire.sandbox.has(format!("dest/file-{n}")));
    }
    drop(locks);
    remove(&wire.sandbox.path("dest")).unwrap();
    wire.pull().run().succeeds();
    wire.assert_pulled();
}

/// Nor does one that a byte is added to now and then.
#[test]
fn a_blob_that_hardly_grows_stops_no_pull_for_ever() {
    let wire = Wire::new("grows", 1).retries(5).arg("--timeout=1");
    let partial = wire.sandbox.path(wire.partial(1));
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    wire.sandbox.write(
        "cache/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of roots.\n",
    );
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&partial)
        .unwrap();
    flock(&file, FlockOperation::LockExclusive).unwrap();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                file.write_all(b"x").unwrap();
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let run = wire.pull().run();
        is_done.store(true, Ordering::Relaxed);
        run.succeeds().says(" is not kept in the cache: ");
    });
    assert!(wire.sandbox.has("dest/file-1"));
}

/// Each name of a cache is a fifo, a folder, a file, a symlink to nothing: pulls and purges end, and harm nothing.
#[test]
fn whatever_lies_in_the_cache_every_command_ends() {
    let names = [
        "CACHEDIR.TAG",
        "lock",
        "blobs",
        "blobs/sha256",
        "blobs/sha512",
        "links",
        "leases",
        "resolved",
        "config",
        "layer",
        "manifest",
        "part of layer",
    ];
    type Lay = fn(&Path);
    let lays: [Lay; 4] = [
        |path| mkfifoat(CWD, path, Mode::RWXU).unwrap(),
        |path| fs::create_dir_all(path.join("folder")).unwrap(),
        |path| fs::write(path, "junk").unwrap(),
        |path| symlink("nothing", path).unwrap(),
    ];
    each(lays, |lay| {
        let (sandbox, _registry, name) = published();
        let image = hello();
        for at in names {
            let path = match at {
                "config" => entry(&image.config),
                "layer" => entry(&image.layers[0]),
                "manifest" => entry(&image.manifest),
                "part of layer" => entry(&image.layers[0]).replace("sha256/", "sha256/."),
                other => format!("cache/{other}"),
            };
            for folder in ["cache", "dest"] {
                let _ = remove(&sandbox.path(folder));
            }
            sandbox.roots(["pull", &name, "dest"]).run().succeeds();
            remove(&sandbox.path("dest")).unwrap();
            let _ = remove(&sandbox.path(&path));
            if at == "part of layer" {
                fs::remove_file(sandbox.path(entry(&image.layers[0]))).unwrap();
            }
            lay(&sandbox.path(&path));
            let pull = |more: &[&str]| -> Command {
                let pull = ["pull", &name, "dest", "--force", "--timeout=1"];
                sandbox.roots(pull).args(more)
            };
            let run = pull(&[]).run();
            let codes: &[i32] = match at {
                "config" | "layer" | "manifest" | "part of layer" => &[0],
                _ => &[0, 6],
            };
            assert!(codes.contains(&run.code.unwrap()), "{at}: {run:?}");
            let run = pull(&["--offline"]).run();
            assert!(matches!(run.code, Some(0 | 3 | 6)), "{at}: {run:?}");
            for arguments in [["purge", "--dry-run"], ["purge", "--timeout=1"]] {
                let run = sandbox.roots(arguments).run();
                assert!(matches!(run.code, Some(0 | 6)), "{at}: {run:?}");
            }
        }
    });
}

/// Spoils so many layers, and leaves the tree of a pull that was right beside it.
fn spoilt(spoil: impl Fn(&Wire, usize)) -> Wire {
    let wire = Wire::new("spoilt", 4);
    wire.pull().run().succeeds();
    for n in [1, 2, 4] {
        spoil(&wire, n);
    }
    wire.registry.forget_requests();
    wire
}

/// What a registry that meant no good has left: the beginning of something else.
fn begun(wire: &Wire, layer: usize) {
    fs::remove_file(wire.sandbox.path(entry(&wire.image.layers[layer - 1]))).unwrap();
    wire.sandbox.write(wire.partial(layer), vec![b'x'; 1000]);
}

/// A disk that has forgotten something.
fn rotten(wire: &Wire, layer: usize) {
    let layer = &wire.image.layers[layer - 1];
    let mut bytes = layer.bytes.clone();
    bytes[700] ^= 1;
    wire.sandbox.write(entry(layer), bytes);
}

#[test]
fn as_many_spoilt_blobs_as_there_are_stop_no_pull() {
    let spoils: [fn(&Wire, usize); 3] = [begun, rotten, |wire, layer| match layer {
        2 => begun(wire, layer),
        _ => rotten(wire, layer),
    }];
    each(spoils, |spoil| {
        let wire = spoilt(spoil);
        remove(&wire.sandbox.path("dest")).unwrap();
        wire.pull().run().succeeds().says("corrupt and is not used");
        wire.assert_pulled();
        assert!(wire.registry.requests_for("/blobs/").len() <= 5);
    });
}

#[test]
fn as_many_spoilt_blobs_as_there_are_stop_no_verify_and_no_save() {
    let spoils: [fn(&Wire, usize); 2] = [begun, rotten];
    each(spoils, |spoil| {
        let wire = spoilt(spoil);
        wire.sandbox
            .roots(["verify", "dest"])
            .run()
            .succeeds()
            .says("corrupt and is not used");
        wire.assert_pulled();
        let wire = spoilt(spoil);
        let name = wire.registry.image("a/b:1");
        let save = ["save", &name, "-o", "saved.tar"];
        wire.sandbox
            .roots(save)
            .run()
            .succeeds()
            .says("corrupt and is not used");
        remove(&wire.sandbox.path("dest")).unwrap();
        let pull = ["pull", "oci-archive:saved.tar", "dest"];
        wire.sandbox.roots(pull).run().succeeds();
        wire.assert_pulled();
    });
}

/// What went to standard output cannot be taken back; the next save must not fail for the next blob.
#[test]
fn as_many_spoilt_blobs_as_there_are_stop_one_save_to_a_pipe() {
    let spoils: [fn(&Wire, usize); 2] = [begun, rotten];
    each(spoils, |spoil| {
        let wire = spoilt(spoil);
        let name = wire.registry.image("a/b:1");
        let save = |sink: &str| {
            let save = wire.sandbox.roots(["save", &name, "-o", "-"]);
            save.prelude(&format!("exec >{sink}")).run()
        };
        save("first").fails(75).says("run it again");
        save("saved.tar")
            .succeeds()
            .never_says("corrupt and is not used");
        remove(&wire.sandbox.path("dest")).unwrap();
        let pull = ["pull", "oci-archive:saved.tar", "dest"];
        wire.sandbox.roots(pull).run().succeeds();
        wire.assert_pulled();
    });
}

/// What looks like something that no layer may be, or is too large for what was allowed.
#[test]
fn a_spoilt_blob_is_not_taken_for_the_image() {
    let large = Image::new()
        .layer(Layer::new().file("large", 0o644, vec![b'x'; 200_000]))
        .compressed(Compression::None)
        .build();
    let starts: [Vec<u8>; 3] = [
        b"\xfd7zXZ\0".to_vec(),
        b"BZh91AY".to_vec(),
        large.layers[0].bytes[..SIZE].to_vec(),
    ];
    each(starts, |start| {
        for is_whole in [true, false] {
            let wire = Wire::new("mistaken", 2).arg("--force");
            let wire = wire.arg("--max-size=64K");
            wire.pull().run().succeeds();
            let layer = &wire.image.layers[1];
            let mut bytes = start.clone();
            match is_whole {
                true => {
                    bytes.resize(SIZE, b'x');
                    wire.sandbox.write(entry(layer), bytes);
                }
                false => {
                    fs::remove_file(wire.sandbox.path(entry(layer))).unwrap();
                    wire.sandbox.write(wire.partial(2), bytes);
                }
            }
            wire.pull().run().succeeds().says("corrupt and is not used");
            wire.assert_pulled();
        }
    });
}
