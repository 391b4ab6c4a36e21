//! Many layers, and the same one more than once.

use super::{file, holds};
use crate::support::{Image, Layer, Registry, Sandbox, tree};

#[test]
fn a_layer_that_comes_twice_is_applied_twice() {
    let add = || Layer::new().file("f", 0o644, "").file("d/x", 0o644, "");
    let remove = || Layer::new().whiteout("f").opaque("d");
    let there = "d 0755 d/\nf 0644 0 d/x\nf 0644 0 f\n";
    let gone = "d 0755 d/\n";
    holds("add", [add(), add()], there);
    holds("add, remove, add", [add(), remove(), add()], there);
    holds(
        "add, remove, add, remove",
        [add(), remove(), add(), remove()],
        gone,
    );
    // By a registry and its cache as well.
    let registry = Registry::start();
    let image = Image::new()
        .layer(add())
        .layer(remove())
        .layer(add())
        .build();
    let name = registry.push("a/b", "1", &image);
    let sandbox = Sandbox::new("twice");
    for dest in ["first", "second"] {
        sandbox.roots(["pull", &name, dest]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path(dest)), there);
    }
    assert_eq!(registry.requests_for(&image.layers[0].digest).len(), 1);
}

#[test]
fn layers_are_applied_in_the_order_of_the_manifest() {
    let layers = (0..127).map(|number: u32| {
        let layer = Layer::new()
            .file("last", 0o644, number.to_string())
            .file(format!("f{number:03}"), 0o644, "")
            .dir("d", 0o700 + (number & 0o77))
            .file(format!("d/{number}"), 0o644, "")
            .opaque("d");
        if number % 2 == 1 {
            layer.whiteout(format!("f{:03}", number - 1))
        } else {
            layer
        }
    });
    let left = (0..127).filter(|number| number % 2 == 1 || *number == 126);
    let files: String = left
        .map(|number| format!("f 0644 0 f{number:03}\n"))
        .collect();
    let sketch = format!("d 0776 d/\nf 0644 0 d/126\n{files}f 0644 3 last\n");
    let outcome = holds("127", layers, &sketch);
    assert_eq!(outcome.read("last"), b"126");
}

#[test]
fn an_image_may_have_no_layers_and_empty_ones() {
    holds("none", [], "");
    holds("empty", [Layer::new(), Layer::new()], "");
    holds(
        "between",
        [file("a"), Layer::new(), file("b")],
        "f 0644 0 a\nf 0644 0 b\n",
    );
}
