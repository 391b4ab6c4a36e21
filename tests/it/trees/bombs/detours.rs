//! Symlinks that say thousands of components and lead through each other, on every way that is gone.

use super::{cannot_count, image, spend, verify};
use crate::support::{Layer, Sandbox};

const TOO_FAR: &str = "its parents lead through symlinks of more than 16384 steps";

/// So many symlinks, each of which goes here and there before it leads to the next one, and the last to `end`.
fn detours(count: usize, end: &str) -> Layer {
    let layer = Layer::new().dir("d", 0o755).dir("e", 0o755);
    (0..count).fold(layer, |layer, n| {
        let next = match n + 1 {
            next if next == count => end.to_owned(),
            next => format!("l{next}"),
        };
        layer.symlink(
            format!("l{n}"),
            format!("{}{next}", "d/../e/../".repeat(400)),
        )
    })
}

#[test]
fn a_way_of_half_a_million_steps_is_not_gone() {
    if cannot_count() {
        return;
    }
    let long = || detours(255, "d");
    for (name, layers) in [
        ("file", vec![long().file("l0/f", 0o644, "")]),
        ("whiteout", vec![Layer::new(), long().whiteout("l0/f")]),
        ("opaque", vec![Layer::new(), long().opaque("l0")]),
        ("link", vec![long().hardlink("f", "l0/f")]),
    ] {
        let sandbox = Sandbox::new(&format!("detour-{name}"));
        let image = image(&sandbox, layers.iter().map(Layer::tar));
        for (run, spent) in [super::pull(&sandbox, &image), verify(&sandbox, &image)] {
            run.fails(5).says(TOO_FAR);
            spent.is_within(16, 10);
        }
    }
    // What is meant seriously is gone.
    let short = detours(10, "d").file("l0/f", 0o644, "x");
    let sandbox = Sandbox::new("detour");
    let image = image(&sandbox, [short.tar()]);
    super::pull(&sandbox, &image).0.succeeds();
    assert_eq!(sandbox.read("dest/d/f"), b"x");
    verify(&sandbox, &image).0.succeeds().prints("");
}

#[test]
fn an_include_goes_no_further() {
    if cannot_count() {
        return;
    }
    let file = |layer: Layer| layer.file("d/f", 0o644, "");
    // Of 39 symlinks, and of some that lead thousands of directories deep, each of which would be written down.
    let deep = (0..8).fold(Layer::new(), |layer, n| {
        let target = format!("l{}/{}", n + 1, "d/".repeat(1000));
        layer.symlink(format!("l{n}"), target)
    });
    let deep = deep.dir("l8", 0o755).file("l0/f", 0o644, "");
    for (name, layer) in [("long", file(detours(39, "d"))), ("deep", deep)] {
        let sandbox = Sandbox::new(&format!("include-{name}"));
        let image = image(&sandbox, [layer.tar()]);
        let command = sandbox.roots(["pull", "--cache=no", "--include=l0/f", &image, "dest"]);
        let (run, spent) = spend(&sandbox, command);
        run.fails(3).says("l0/f");
        spent.is_within(16, 10);
    }
    let sandbox = Sandbox::new("include");
    let image = image(&sandbox, [file(detours(9, "d")).tar()]);
    let command = sandbox.roots(["pull", "--cache=no", "--include=l0/f", &image, "dest"]);
    command.run().succeeds();
    assert!(sandbox.has("dest/d/f") && sandbox.has("dest/l8") && sandbox.has("dest/e"));
}
