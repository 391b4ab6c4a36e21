//! The smallest images that a test of something else needs.

use super::image::{Built, Image};
use super::tar::Layer;

/// The sketch of the tree of [`hello`].
pub const HELLO: &str = "f 0644 6 hello\n";

/// A layer of one file.
pub fn hello_layer() -> Layer {
    Layer::new().file("hello", 0o644, "hello\n")
}

/// An image of one file in one layer.
pub fn hello() -> Built {
    Image::new().layer(hello_layer()).build()
}

/// An image of one file `name`, for a platform, to tell it from others by what is in the tree.
pub fn marked(name: &str, os: &str, architecture: &str, variant: Option<&str>) -> Built {
    Image::new()
        .platform(os, architecture, variant)
        .layer(Layer::new().file(name, 0o644, ""))
        .build()
}
