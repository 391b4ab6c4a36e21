//! What lies in the cache in place of a blob on its way, and is none: healed, or left alone.

use super::{SIZE, Wire, each};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

/// A cache that has all but the layer.
fn without_layer(what: &str) -> Wire {
    let wire = Wire::new(what, 1).arg("--force");
    wire.pull().run().succeeds();
    let layer = wire.sandbox.path(wire.partial(1).replace("/.", "/"));
    fs::remove_file(layer).unwrap();
    wire.registry.forget_requests();
    wire
}

#[test]
fn what_is_not_of_the_blob_is_healed_in_the_same_run() {
    let cases = [
        (1, 0, "layer 1 bytes=1-"),
        (1000, 0, "layer 1 bytes=1000-"),
        (1000, 999, "layer 1 bytes=1000-"),
        (SIZE - 1, 4000, "layer 1 bytes=4607-"),
        (SIZE, 0, ""),
        (SIZE, 700, ""),
    ];
    each(cases, |(size, at, rest)| {
        let wire = without_layer(&format!("{size} bytes, spoilt at {at}"));
        let mut bytes = wire.image.layers[0].bytes[..size].to_vec();
        bytes[at] ^= 0x20;
        wire.sandbox.write(wire.partial(1), bytes);
        let asked = ["manifest", rest, "manifest", "layer 1"];
        let asked: Vec<_> = asked.into_iter().filter(|part| !part.is_empty()).collect();
        let run = wire.pulls(&asked);
        run.says(": the cached blob is corrupt and is not used\n");
    });
}

#[test]
fn a_config_is_healed_in_the_same_run() {
    let wire = without_layer("config");
    let config = format!("cache/blobs/sha256/{}", wire.image.config.hex());
    fs::remove_file(wire.sandbox.path(&config)).unwrap();
    let partial = config.replace("sha256/", "sha256/.");
    wire.sandbox.write(partial, [b'x'; 10]);
    wire.pulls(&["manifest", "config bytes=10-", "config", "layer 1"]);
}

#[test]
fn a_config_is_gone_on_with() {
    let wire = without_layer("config");
    let config = format!("cache/blobs/sha256/{}", wire.image.config.hex());
    fs::remove_file(wire.sandbox.path(&config)).unwrap();
    let partial = config.replace("sha256/", "sha256/.");
    wire.sandbox.write(partial, &wire.image.config.bytes[..10]);
    wire.pulls(&["manifest", "config bytes=10-", "layer 1"]);
}

#[test]
fn what_is_longer_than_the_blob_is_begun_anew() {
    for more in [1, 100_000] {
        let wire = without_layer("longer");
        let start = &wire.image.layers[0].bytes;
        wire.sandbox
            .write(wire.partial(1), [start, &vec![0; more][..]].concat());
        wire.pulls(&["manifest", "layer 1"]);
    }
}

#[test]
fn an_empty_one_is_as_good_as_none() {
    let wire = without_layer("empty");
    wire.sandbox.write(wire.partial(1), "");
    wire.pulls(&["manifest", "layer 1"]);
}

/// Nothing is written through what lies in its place: not to where it leads, and not to what shares its bytes.
#[test]
fn what_is_no_file_of_the_caches_own_is_left_alone() {
    type Lay = fn(&Path, &Path);
    let ways: [(&str, Lay); 6] = [
        ("a symlink", |canary, place| symlink(canary, place).unwrap()),
        ("a dangling symlink", |canary, place| {
            symlink(canary.with_file_name("nothing"), place).unwrap();
        }),
        ("a hard link", |canary, place| {
            fs::hard_link(canary, place).unwrap();
        }),
        ("a folder", |_, place| {
            fs::create_dir(place).unwrap();
            fs::write(place.join("mine"), "mine").unwrap();
        }),
        ("a fifo", |_, place| {
            rustix::fs::mkfifoat(rustix::fs::CWD, place, rustix::fs::Mode::RWXU).unwrap();
        }),
        ("a socket", |_, place| {
            // A name too long for a socket's address is reached by a shorter way.
            let short = std::env::temp_dir().join(format!("roots-{}", std::process::id()));
            drop(std::os::unix::net::UnixListener::bind(&short).unwrap());
            let moved = fs::rename(&short, place);
            if moved.is_err() {
                fs::remove_file(&short).unwrap();
                fs::create_dir(place).unwrap();
            }
        }),
    ];
    each(ways, |(what, lay)| {
        let wire = without_layer(what);
        let contents = &wire.image.layers[0].bytes[..1000];
        let canary = wire.sandbox.write("outside/canary", contents);
        let place = wire.sandbox.path(wire.partial(1));
        lay(&canary, &place);
        let before = place.symlink_metadata().unwrap();
        let run = wire.pull().run().succeeds();
        run.says(&format!(
            "roots: warning: {} is not kept in the cache: ",
            wire.image.layers[0].digest
        ));
        assert_eq!(wire.asked(), ["manifest", "layer 1"], "{what}");
        assert_eq!(fs::read(&canary).unwrap(), contents, "{what}");
        assert_eq!(wire.sandbox.names("outside"), ["canary"], "{what}");
        let after = place.symlink_metadata().unwrap();
        assert_eq!(
            (before.ino(), before.mode(), before.mtime_nsec()),
            (after.ino(), after.mode(), after.mtime_nsec()),
            "{what}"
        );
        wire.sandbox.roots(["purge"]).run().succeeds();
        assert_eq!(wire.partials(), [""; 0], "{what}");
        assert_eq!(fs::read(&canary).unwrap(), contents, "{what}");
    });
}

#[test]
fn one_that_may_not_be_written_to_does_not_stop_a_pull() {
    for mode in [0o444, 0o200, 0] {
        let wire = without_layer("read-only");
        let start = &wire.image.layers[0].bytes[..1000];
        let place = wire.sandbox.write(wire.partial(1), start);
        fs::set_permissions(&place, Permissions::from_mode(mode)).unwrap();
        wire.pull().run().succeeds();
        let file = wire.sandbox.path("dest/file-1");
        assert_eq!(fs::metadata(file).unwrap().len(), 3000);
    }
}
