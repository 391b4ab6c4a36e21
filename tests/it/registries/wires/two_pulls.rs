//! Pulls that want the same blob at the same time: one fetches it, the others wait, and none of them for the dead.

use super::{SIZE, Wire};
use crate::support::sandbox::Command;
use crate::support::{Compression, Fault, Image, Layer, tree};
use rustix::process::Signal;

const WAITING: &str = "another pull fetches it; waiting";

/// A pull that got 2000 bytes of the layer and hangs, and one that waits for it.
fn held() -> Wire {
    Wire::new("held", 1).fault("layer 1", 1, Fault::Hold(2000))
}

fn pull_into(wire: &Wire, dest: &str) -> Command {
    let name = wire.registry.image("a/b:1");
    wire.sandbox.roots(["pull", &name, dest])
}

#[test]
fn whoever_waits_for_a_pull_that_is_killed_goes_on_by_itself() {
    let wire = held();
    let first = pull_into(&wire, "first").spawn();
    first.until_says("layer 1/1");
    let second = wire.pull().spawn();
    second.until_says(WAITING);
    first.signal(Signal::KILL);
    first.wait();
    second.wait().succeeds();
    wire.assert_pulled();
    let asked = wire.asked();
    assert_eq!(asked[..4], ["manifest", "config", "layer 1", "manifest"]);
    assert_eq!(asked[4..], ["layer 1 bytes=2000-"]);
}

#[test]
fn whoever_waits_for_a_pull_that_fails_goes_on_by_itself() {
    let wire = Wire::new("fails", 1);
    let stall = Fault::Stall(2000);
    let wire = wire.fault("layer 1", 1, stall);
    let first = pull_into(&wire, "first").arg("--timeout=2").spawn();
    first.until_says("layer 1/1");
    let second = wire.pull().spawn();
    second.until_says(WAITING);
    first
        .wait()
        .fails(75)
        .says("timed out waiting for a response");
    second.wait().succeeds();
    wire.assert_pulled();
    assert_eq!(wire.asked()[4..], ["layer 1 bytes=2000-"]);
}

#[test]
fn of_many_pulls_one_fetches() {
    let wire = held();
    let first = wire.pull().spawn();
    wire.registry.wait_for("/blobs/", 2);
    let others: Vec<_> = (0..4)
        .map(|n| pull_into(&wire, &format!("other-{n}")).spawn())
        .collect();
    for other in &others {
        other.until_says(WAITING);
    }
    wire.registry.release();
    first.wait().succeeds();
    for other in others {
        other.wait().succeeds().says("(cached)");
    }
    wire.assert_pulled();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 2);
}

#[test]
fn a_pull_without_a_cache_waits_for_nobody() {
    let wire = held();
    let first = pull_into(&wire, "first").spawn();
    first.until_says("layer 1/1");
    let run = pull_into(&wire, "second").arg("--cache=no").run();
    run.succeeds().never_says(WAITING);
    wire.registry.release();
    first.wait().succeeds();
    let file = wire.sandbox.read("second/file-1");
    assert!(file.len() < SIZE && file == wire.sandbox.read("first/file-1"));
}

/// Each has the layer that the other wants next: the one that is only announced must not be held.
#[test]
fn pulls_of_the_same_layers_in_another_order_both_end() {
    let wire = Wire::new("order", 1);
    let layers = ["a", "b"].map(|name| Layer::new().file(name, 0o644, vec![b'x'; 50_000]));
    let image = |order: [usize; 2]| {
        let image = order.into_iter().fold(Image::new(), |image, n| {
            image.layer(layers[n].clone()).compressed(Compression::None)
        });
        image.build()
    };
    let (ab, ba) = (image([0, 1]), image([1, 0]));
    let names =
        [("ab", &ab), ("ba", &ba)].map(|(name, image)| wire.registry.push(name, "1", image));
    for layer in &ab.layers {
        let line = format!("/v2/ab/blobs/{}", layer.digest);
        wire.registry.fault(&line, 1, Fault::Hold(30_000));
        let line = format!("/v2/ba/blobs/{}", layer.digest);
        wire.registry.fault(&line, 1, Fault::Hold(30_000));
    }
    let pulls: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let pull = wire.sandbox.roots(["pull", name, &format!("dest-{n}")]);
            pull.spawn()
        })
        .collect();
    wire.registry.wait_for("/blobs/", 4);
    wire.registry.release();
    for (n, pull) in pulls.into_iter().enumerate() {
        pull.wait().succeeds();
        let sketch = tree::sketch(wire.sandbox.path(format!("dest-{n}")));
        assert_eq!(sketch, "f 0644 50000 a\nf 0644 50000 b\n");
    }
}
