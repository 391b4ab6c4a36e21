//! The images of `make bench`, written into the folder that ROOTS_BENCH names: a layout each, and beside it the digests of
//! its layers, for shells. `NAME` is gzip, `NAME-zstd` the same in zstd.

use crate::support::{Compression, Image, Layer, Layout, Random};
use std::path::Path;

/// Words rather than noise: what programs and texts are made of can be compressed to a third.
fn contents(random: &mut Random, size: usize) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..256).map(|_| random.bytes(6)).collect();
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&words[random.below(256)]);
        bytes.extend(random.bytes(1));
    }
    bytes.truncate(size);
    bytes
}

fn files(random: &mut Random, layer: usize, count: usize) -> Layer {
    let mut tar = Layer::new();
    for number in 0..count {
        if number % 100 == 0 {
            tar = tar.dir(format!("{layer}-{}", number / 100), 0o755);
        }
        let size = 1024 + random.below(3072);
        let name = format!("{layer}-{}/file-{number}", number / 100);
        tar = tar.file(name, 0o644, contents(random, size));
    }
    tar
}

fn write(folder: &Path, name: &str, layers: &[Layer]) {
    for (suffix, compression) in [("", Compression::Gzip), ("-zstd", Compression::Zstd)] {
        let image = layers.iter().cloned().fold(Image::new(), |image, layer| {
            image.layer(layer).compressed(compression)
        });
        let image = image.build();
        let name = format!("{name}{suffix}");
        Layout::new()
            .image("image", &image)
            .write(folder.join(&name));
        let digests = image.layers.iter().map(|layer| layer.hex());
        let digests = digests.collect::<Vec<_>>().join("\n");
        std::fs::write(folder.join(format!("{name}.layers")), digests).unwrap();
    }
}

#[test]
#[ignore = "makes images for make bench"]
fn bench_images() {
    let folder = std::env::var_os("ROOTS_BENCH").expect("ROOTS_BENCH names a folder");
    let folder = Path::new(&folder);
    let random = &mut Random::new(1);
    write(folder, "files", &[files(random, 0, 100_000)]);
    let big = contents(random, 1 << 30);
    write(folder, "big", &[Layer::new().file("big", 0o644, big)]);
    let layers: Vec<_> = (0..100).map(|n| files(random, n, 20)).collect();
    write(folder, "layers", &layers);
}
