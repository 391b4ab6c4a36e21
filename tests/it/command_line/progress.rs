//! What a pull says while it is at work: on a terminal, into a log, to a program.

use crate::support::{Compression, Fault, Image, Layer, Random, Registry, Sandbox};

mod escapes;
mod json;
mod lines;
mod silence;
mod terminal;

/// How much comes of the second layer before the registry goes silent.
const HELD: usize = 150_000;

/// An image of two layers in a registry that goes silent in the second, until it is released.
struct Slow {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
    /// Of both layers, in bytes.
    size: usize,
}

impl Slow {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
        let layer = |n: u64| {
            let contents = Random::new(n).bytes(300_000);
            Layer::new().file(format!("file-{n}"), 0o644, contents)
        };
        let image = Image::new()
            .layer(layer(1))
            .compressed(Compression::None)
            .layer(layer(2))
            .compressed(Compression::None)
            .build();
        let name = registry.push("a/b", "1", &image);
        registry.fault(&image.layers[1].digest, 1, Fault::Hold(HELD));
        let size = image.layers.iter().map(|layer| layer.bytes.len()).sum();
        Self {
            sandbox,
            registry,
            name,
            size,
        }
    }

    fn pull(&self) -> crate::support::sandbox::Command {
        self.sandbox.roots(["pull", &self.name, "dest"])
    }
}
