//! Pulls that are killed, and pulls that meet: the next one is right, or says why not.

use crate::support::{ALWAYS, Compression, Fault, Image, Layer, Registry, Sandbox, hello, tree};
use rustix::process::Signal;

const TREE: &str = "f 0644 100000 file-0\nf 0644 100000 file-1\nf 0644 100000 file-2\n";

/// A registry that gives the first half of a layer and then waits.
fn half_way() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("interruptions"), Registry::start());
    let layer = (0..3).fold(Layer::new(), |layer, n| {
        layer.file(format!("file-{n}"), 0o644, vec![b'x'; 100_000])
    });
    let image = Image::new()
        .layer(layer)
        .compressed(Compression::None)
        .build();
    let name = registry.push("a/b", "1", &image);
    registry.fault(&image.layers[0].digest, 1, Fault::Hold(150_000));
    (sandbox, registry, name)
}

#[test]
fn what_a_killed_pull_left_is_swept_by_the_next() {
    for force in [false, true] {
        let (sandbox, registry, name) = half_way();
        if force {
            sandbox.write("dest/old", "old");
        }
        let pull = || {
            let command = sandbox.roots(["pull", &name, "dest"]);
            if force {
                command.arg("--force")
            } else {
                command
            }
        };
        let running = pull().spawn();
        registry.wait_for("/blobs/", 2);
        running.until_says("layer 1/1");
        running.signal(Signal::KILL);
        assert_eq!(running.wait().signal, Some(Signal::KILL.as_raw()));
        assert!(sandbox.has(".dest.roots"), "there is something to sweep");
        assert_eq!(sandbox.has("dest"), force, "no half tree");
        if force {
            assert_eq!(sandbox.names("dest"), ["old"]);
        }
        pull().run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        assert_eq!(sandbox.names(""), ["cache", "dest"]);
        sandbox.roots(["purge"]).run().succeeds();
        assert_eq!(
            sandbox.cached().len(),
            2,
            "what was half written is gone, what is used is not"
        );
    }
}

#[test]
fn of_two_pulls_into_one_folder_one_is_told_so() {
    let (sandbox, registry, name) = half_way();
    let first = sandbox.roots(["pull", &name, "dest"]).spawn();
    registry.wait_for("/blobs/", 2);
    registry.forget_requests();
    for arguments in [&["dest"][..], &["--force", "dest"], &["./x/../dest/"]] {
        sandbox.mkdir("x");
        let run = sandbox
            .roots(["pull", &name])
            .args(arguments)
            .run()
            .fails(6);
        let path = sandbox.path("dest").display().to_string();
        let refusal = format!(
            "roots: {path}: another roots process is using it\nhint: wait until it has finished, or choose another place\n"
        );
        assert_eq!(run.stderr, refusal);
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert!(first.is_running());
    registry.release();
    first.wait().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
    assert_eq!(sandbox.names(""), ["cache", "dest", "x"]);
}

#[test]
fn a_folder_that_is_filled_meanwhile_is_not_replaced() {
    for force in [false, true] {
        let (sandbox, registry, name) = half_way();
        let command = sandbox.roots(["pull", &name, "dest"]);
        let pull = if force {
            command.arg("--force")
        } else {
            command
        }
        .spawn();
        registry.wait_for("/blobs/", 2);
        sandbox.write("dest/mine", "mine");
        registry.release();
        let run = pull.wait();
        if force {
            run.succeeds();
            assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        } else {
            run.fails(6).says("/dest: it is not empty\n");
            assert_eq!(sandbox.names("dest"), ["mine"]);
        }
        assert_eq!(sandbox.names(""), ["cache", "dest"]);
    }
}

#[test]
fn pulls_of_one_image_into_two_folders_are_both_right() {
    let (sandbox, registry, name) = half_way();
    let first = sandbox.roots(["pull", &name, "first"]).spawn();
    registry.wait_for("/blobs/", 2);
    let second = sandbox.roots(["pull", &name, "second"]).spawn();
    second.until_says("another pull fetches it; waiting");
    registry.release();
    first.wait().succeeds();
    second.wait().succeeds().says("(cached)");
    assert_eq!(
        registry.requests_for("/blobs/").len(),
        2,
        "config and layer, once each"
    );
    for dest in ["first", "second"] {
        assert_eq!(tree::sketch(sandbox.path(dest)), TREE);
    }
    assert_eq!(sandbox.cached().len(), 2);
    assert_eq!(sandbox.names(""), ["cache", "first", "second"]);
}

#[test]
fn a_connection_that_breaks_leaves_nothing_and_can_be_tried_again() {
    let faults = [
        Fault::CutBody(60),
        Fault::ResetBody(60),
        Fault::All(vec![Fault::Chunked, Fault::CutBody(60)]),
        Fault::status(503),
        Fault::status(429),
        Fault::Reset,
    ];
    for fault in faults {
        for part in ["/manifests/", "/blobs/"] {
            let (sandbox, registry) = (Sandbox::new("a_connection"), Registry::start());
            let name = registry.push("a/b", "1", &hello());
            registry.fault(part, ALWAYS, fault.clone());
            let run = sandbox.roots(["pull", &name, "dest"]).run().fails(75);
            run.says(&format!("roots: {}", registry.url("/v2/a/b/")));
            sandbox.assert_nothing_left();
            registry.recover();
            sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        }
    }
}
