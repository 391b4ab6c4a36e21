//! A large layer in ranges, from a registry that others have written.

use super::docker_registry::DockerRegistry;
use super::{explained, peer};
use crate::support::tree;
use crate::support::{Image, Layer, Layout, Random, Sandbox};

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_large_layer_in_ranges() {
    let sandbox = Sandbox::new("interop_ranges");
    let large = (0..24).fold(Layer::new(), |layer, n| {
        layer.file(format!("file-{n}"), 0o644, Random::new(n).bytes(1 << 20))
    });
    let small = Layer::new().file("file-1", 0o600, "small");
    let image = Image::new().layer(large).layer(small).build();
    let layout = sandbox.path("layout");
    Layout::new().image("image", &image).write(&layout);
    let registry = DockerRegistry::start(&sandbox);
    let name = registry.name("large", "1");
    let source = format!("oci:{}:image", layout.display());
    peer::copy(
        &source,
        &format!("docker://{name}"),
        &["--preserve-digests"],
    );
    let pull = sandbox.roots(["pull", "--cache=no", "--connections=6", &name, "ours"]);
    pull.run().succeeds();
    let asked = registry.asked().into_iter();
    let ranges = asked.filter(|line| line.starts_with("roots: ") && line.ends_with(" 206"));
    assert!(ranges.count() >= 4, "{:#?}", registry.asked());
    let theirs = peer::unpack(&layout, "image", &sandbox.path("theirs"));
    explained::assert_same(&tree::list(sandbox.path("ours")), &theirs);
}
