//! What a pull that ended early has left in the cache is what the next one goes on from.

use super::{SIZE, Wire, each};
use crate::destinations::disk::mounting;
use crate::support::{ALWAYS, Fault, Image, Layer, Random};
use rustix::process::Signal;
use std::fs;
use std::time::{Duration, Instant};

/// Leaves so many bytes of the only layer in the cache.
fn left(what: &str, bytes: usize) -> Wire {
    let wire = Wire::new(what, 1).fault("layer 1", 1, Fault::CutBody(bytes));
    wire.pull().run().fails(75);
    wire.registry.forget_requests();
    wire
}

#[test]
fn the_next_pull_goes_on() {
    each([1, 2000, SIZE - 1], |bytes| {
        let wire = left("left", bytes);
        let start = wire.sandbox.read(wire.partial(1));
        assert_eq!(start, wire.image.layers[0].bytes[..bytes]);
        let rest = format!("layer 1 bytes={bytes}-");
        let run = wire.pulls(&["manifest", &rest]);
        run.says(&format!("(registry, from byte {bytes} on)"));
    });
}

#[test]
fn a_pull_that_is_killed_is_gone_on_from() {
    let wire = Wire::new("killed", 1).fault("layer 1", 1, Fault::Hold(2000));
    let pull = wire.pull().spawn();
    let partial = wire.sandbox.path(wire.partial(1));
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::metadata(&partial).map_or(0, |found| found.len()) < 2000 {
        assert!(Instant::now() < deadline, "nothing came");
        std::thread::sleep(Duration::from_millis(2));
    }
    pull.signal(Signal::KILL);
    pull.wait();
    wire.registry.forget_requests();
    wire.pulls(&["manifest", "layer 1 bytes=2000-"]);
}

#[test]
fn each_pull_adds_what_it_gets() {
    let wire = left("again and again", 1000);
    let wire = wire.fault("layer 1", 2, Fault::CutBody(1000));
    let asked = [
        "manifest",
        "layer 1 bytes=1000-",
        "manifest",
        "layer 1 bytes=2000-",
        "manifest",
        "layer 1 bytes=3000-",
    ];
    wire.pull().run().fails(75);
    wire.pull().run().fails(75);
    wire.pulls(&asked);
}

#[test]
fn what_servers_make_of_ranges_holds_between_runs_too() {
    let rest = "layer 1 bytes=2000-";
    let cases = [
        (Fault::IgnoreRange, vec!["manifest", rest]),
        (Fault::RangeFrom(0), vec!["manifest", rest, "layer 1"]),
        (Fault::status(416), vec!["manifest", rest, "layer 1"]),
    ];
    each(cases, |(fault, asked)| {
        let wire = left(&format!("{fault:?}"), 2000);
        wire.fault("layer 1", ALWAYS, Fault::of_range(fault))
            .pulls(&asked);
    });
}

#[test]
fn a_blob_that_only_lacks_its_name_is_not_fetched() {
    let wire = Wire::new("whole", 1);
    wire.pull().run().succeeds();
    let partial = wire.sandbox.path(wire.partial(1));
    let whole = wire.sandbox.path(wire.partial(1).replace("/.", "/"));
    fs::rename(whole, partial).unwrap();
    wire.registry.forget_requests();
    wire.pull().arg("--force").run().succeeds().says("(cached)");
    assert_eq!(wire.asked(), ["manifest"]);
    wire.assert_pulled();
}

#[test]
fn nothing_is_left_of_what_nobody_should_go_on_with() {
    let cases = [
        (Fault::Corrupt(10), 5),
        (Fault::Append(b"x".to_vec()), 5),
        (Fault::status(500), 75),
        (Fault::CutBody(0), 75),
    ];
    each(cases, |(fault, code)| {
        let wire = Wire::new(&format!("{fault:?}"), 1).fault("layer 1", ALWAYS, fault);
        wire.pull().run().fails(code);
        assert_eq!(wire.partials(), [""; 0]);
    });
}

#[test]
fn without_a_cache_nothing_is_left() {
    let wire = Wire::new("no cache", 1).arg("--cache=no");
    let wire = wire.fault("layer 1", 1, Fault::CutBody(2000));
    let asked = ["manifest", "config", "layer 1"];
    wire.fails(75, "connection closed before the end", &asked);
    assert_eq!(wire.asked()[3..], asked);
    assert_eq!(wire.sandbox.names(""), ["dest"]);
}

#[test]
fn purge_drops_it() {
    let wire = left("purge", 2000);
    assert_eq!(wire.partials().len(), 1);
    wire.sandbox.roots(["purge"]).run().succeeds();
    assert_eq!(wire.partials(), [""; 0]);
    wire.pulls(&["manifest", "config", "layer 1"]);
}

/// What a pull had got of a layer used to stay where its tree had found no room.
#[test]
fn a_full_disk_keeps_nothing_of_a_layer() {
    let after = "echo left: $(ls -A disk/cache/blobs/sha256 | grep -c ^[.]) >&2";
    let wire = Wire::new("full", 1);
    wire.sandbox.mkdir("disk");
    let noise = Random::new(1).bytes(60_000);
    let layer = Layer::new().file("big", 0o644, [noise, vec![b'x'; 240_000]].concat());
    let name = wire
        .registry
        .push("big", "1", &Image::new().layer(layer).build());
    // Room for the compressed layer and some of the tree.
    for size in ["160k", "220k", "300k"] {
        let mount = format!("mount -t tmpfs -o size={size} none disk");
        let Some(prelude) = mounting(&mount, after) else {
            return;
        };
        let pull = wire.sandbox.roots(["pull", "--cache=disk/cache", &name]);
        let run = pull.arg("disk/dest").prelude(&prelude).run().fails(6);
        run.says("no space left on device").says("left: 0\n");
    }
}
