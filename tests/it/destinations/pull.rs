//! A pull that works, from end to end.

use crate::support::{Compression, Image, Layer, Registry, Sandbox, tree};

fn base() -> Layer {
    Layer::new()
        .dir("etc", 0o755)
        .file("etc/hostname", 0o644, "roots\n")
        .dir("usr", 0o755)
        .dir("usr/bin", 0o755)
        .file("usr/bin/su", 0o4755, "#!/bin/sh\n")
        .symlink("bin", "usr/bin")
        .hardlink("usr/bin/sudo", "usr/bin/su")
        .dir("tmp", 0o1777)
}

#[test]
fn layers_become_a_tree() {
    let sandbox = Sandbox::new("layers_become_a_tree");
    let registry = Registry::start();
    let upper = Layer::new()
        .file("bin/new", 0o755, "new")
        .whiteout("etc/hostname")
        .file("etc/motd", 0o600, "hello");
    let image = Image::new()
        .layer(base())
        .compressed(Compression::Gzip)
        .layer(upper)
        .compressed(Compression::Zstd)
        .build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(
        tree::sketch(sandbox.path("dest")),
        "l bin -> usr/bin\n\
         d 0755 etc/\n\
         f 0600 5 etc/motd\n\
         d 1777 tmp/\n\
         d 0755 usr/\n\
         d 0755 usr/bin/\n\
         f 0755 3 usr/bin/new\n\
         f 4755 10 usr/bin/su\n\
         h usr/bin/sudo -> usr/bin/su\n"
    );
}
