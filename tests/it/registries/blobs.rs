//! Blobs that are not what the manifest says: nothing of them stays, neither as a tree nor in the cache.

use crate::support::image::{oci, raw_gzip, raw_zstd};
use crate::support::{
    ALWAYS, Built, Compression, Fault, HELLO, Image, Layer, Registry, Run, Sandbox, hello,
    hello_layer, sha256, tree,
};

/// Pulls an image that is bad, which must leave nothing of its layer; then, from the same cache, what is good.
#[track_caller]
fn refused(sandbox: &Sandbox, registry: &Registry, image: &Built, code: i32) -> Run {
    let name = registry.push("bad", "1", image);
    refused_as_it_is(sandbox, registry, &name, image, code)
}

#[track_caller]
fn refused_as_it_is(
    sandbox: &Sandbox,
    registry: &Registry,
    name: &str,
    image: &Built,
    code: i32,
) -> Run {
    let run = sandbox.roots(["pull", name, "dest"]).run().fails(code);
    sandbox.assert_nothing_left();
    let layers = image.layers.iter().map(|layer| layer.digest.clone());
    let kept: Vec<_> = layers
        .filter(|layer| sandbox.cached().contains(layer))
        .collect();
    assert_eq!(kept, [""; 0], "in the cache");
    registry.recover();
    let name = registry.push("good", "1", &hello());
    sandbox.roots(["pull", &name, "after"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("after")), HELLO);
    run
}

#[test]
fn a_blob_with_another_digest_is_refused() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        for at in [0, 40, 90] {
            let (sandbox, registry) = (Sandbox::new("another_digest"), Registry::start());
            let image = Image::new()
                .layer(hello_layer())
                .compressed(compression)
                .build();
            let name = registry.push("bad", "1", &image);
            let digest = &image.layers[0].digest;
            registry.fault(digest, ALWAYS, Fault::Corrupt(at));
            let mut spoilt = image.layers[0].bytes.clone();
            spoilt[at] ^= 0xff;
            let run = refused_as_it_is(&sandbox, &registry, &name, &image, 5);
            // Whatever the decoder or the archive complain about first: the digest is to blame.
            let refusal = format!(
                "roots: {digest}: digest mismatch: the blob received is {}\n",
                sha256(&spoilt)
            );
            run.says(&refusal);
        }
    }
}

#[test]
fn a_blob_of_another_size_is_refused() {
    for (fault, why) in [
        (
            Fault::Append(b"x".to_vec()),
            "longer than the {size} bytes it should have",
        ),
        (
            Fault::Append(vec![0; 1 << 20]),
            "longer than the {size} bytes it should have",
        ),
        (
            Fault::All(vec![Fault::NoContentLength, Fault::Append(b"x".to_vec())]),
            "longer than the {size} bytes it should have",
        ),
        (
            Fault::All(vec![Fault::NoContentLength, Fault::CutBody(60)]),
            "60 bytes instead of {size}",
        ),
        (
            Fault::All(vec![Fault::Chunked, Fault::Append(b"x".to_vec())]),
            "longer than the {size} bytes it should have",
        ),
    ] {
        let (sandbox, registry) = (Sandbox::new("another_size"), Registry::start());
        let image = hello();
        let name = registry.push("bad", "1", &image);
        registry.fault(&image.layers[0].digest, ALWAYS, fault);
        let run = refused_as_it_is(&sandbox, &registry, &name, &image, 5);
        let layer = &image.layers[0];
        let why = why.replace("{size}", &layer.bytes.len().to_string());
        assert!(
            run.stderr
                .contains(&format!("roots: {}: wrong size: {why}\n", layer.digest)),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_body_without_end_is_left_at_its_first_byte_too_many() {
    let (sandbox, registry) = (Sandbox::new("a_body_without_end"), Registry::start());
    let image = hello();
    let name = registry.push("bad", "1", &image);
    let layer = &image.layers[0];
    // What comes behind that byte is held back until the end of the test: nobody may wait for it.
    let held = vec![
        Fault::Append(vec![0; 1 << 20]),
        Fault::Hold(layer.bytes.len() + 1),
    ];
    registry.fault(&layer.digest, ALWAYS, Fault::All(held));
    let start = std::time::Instant::now();
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(5);
    run.says("wrong size: longer than the ");
    assert!(start.elapsed().as_secs() < 20, "it waited for more");
    sandbox.assert_nothing_left();
}

#[test]
fn a_descriptor_with_another_size_is_refused() {
    // Beyond what a disk has room for, nothing is asked for any more.
    let too_large = "no space left on device: at least ";
    for (delta, code, why) in [
        (-1, 5, "wrong size: "),
        (1, 5, "wrong size: "),
        (1 << 20, 5, "wrong size: "),
        (1 << 60, 6, too_large),
        (i64::MAX - 1_000_000, 6, too_large),
    ] {
        let (sandbox, registry) = (Sandbox::new("a_descriptor"), Registry::start());
        let image = Image::new().layer(hello_layer()).manifest(move |manifest| {
            let size = manifest["layers"][0]["size"].as_i64().unwrap();
            manifest["layers"][0]["size"] = (size + delta).into();
        });
        let image = image.build();
        refused(&sandbox, &registry, &image, code).says(why);
        let layer = format!("/v2/bad/blobs/{}", image.layers[0].digest);
        let asked = registry.requests_for(&layer);
        assert_eq!(asked.is_empty(), code == 6, "{delta}");
    }
}

#[test]
fn contents_with_another_diff_id_are_refused() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let (sandbox, registry) = (Sandbox::new("another_diff_id"), Registry::start());
        let wanted = sha256("another");
        let diff_id = wanted.clone();
        let image = Image::new().layer(hello_layer()).compressed(compression);
        let image = image
            .config(move |config| config["rootfs"]["diff_ids"][0] = diff_id.clone().into())
            .build();
        let run = refused(&sandbox, &registry, &image, 5);
        let got = sha256(hello_layer().tar());
        run.says(&format!(
            "roots: {wanted}: digest mismatch: the uncompressed layer received is {got}\n"
        ));
    }
}

/// Blobs whose digest is right, and that were broken when the image was made.
#[test]
fn a_blob_that_was_pushed_broken_is_refused() {
    let tar = hello_layer().tar();
    let (gzip, zstd) = (raw_gzip(&tar), raw_zstd(&tar));
    let cut = |bytes: &[u8], less: usize| bytes[..bytes.len() - less].to_vec();
    let with = |bytes: &[u8], more: &[u8]| [bytes, more].concat();
    let flipped = |bytes: &[u8], from_end: usize| {
        let mut bytes = bytes.to_vec();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, what) in [
        (cut(&gzip, 1), "gzip without all of its trailer"),
        (cut(&gzip, 8), "gzip without its trailer"),
        (cut(&gzip, 30), "gzip cut"),
        (gzip[..5].to_vec(), "gzip cut in its header"),
        (flipped(&gzip, 6), "gzip with a wrong checksum"),
        (flipped(&gzip, 1), "gzip with a wrong length"),
        (with(&gzip, b"junk"), "gzip and junk"),
        (with(&gzip, &gzip[..12]), "gzip and half a member"),
        (cut(&zstd, 1), "zstd without all of its checksum"),
        (cut(&zstd, 20), "zstd cut"),
        (flipped(&zstd, 1), "zstd with a wrong checksum"),
        (with(&zstd, b"junk"), "zstd and junk"),
        (with(&zstd, &zstd[..9]), "zstd and half a frame"),
    ] {
        let (sandbox, registry) = (Sandbox::new("pushed_broken"), Registry::start());
        let image = Image::new()
            .layer_bytes(oci::LAYER, bytes, &sha256(&tar))
            .build();
        let run = refused(&sandbox, &registry, &image, 5);
        let mut lines = run.stderr.lines().rev();
        assert_eq!(
            lines.next(),
            Some("hint: the image is broken: have it built and pushed again")
        );
        let last = lines.next().unwrap_or_default();
        assert!(
            last.starts_with(&format!(
                "roots: {}: corrupt layer: ",
                image.layers[0].digest
            )),
            "{what}: {last}"
        );
    }
}

#[test]
fn an_archive_that_breaks_off_is_refused() {
    let tar = Layer::new().file("long", 0o644, [b'x'; 2000]).tar();
    for length in [100, 512, 1500] {
        let (sandbox, registry) = (Sandbox::new("breaks_off"), Registry::start());
        let image = Image::new().layer_tar(&tar[..length]).build();
        let run = refused(&sandbox, &registry, &image, 5);
        run.says("malformed layer: unexpected end of archive");
    }
}

#[test]
fn compressions_that_images_may_not_have_are_named() {
    for (start, name) in [(&b"BZh91AY&SY"[..], "bzip2"), (b"\xfd7zXZ\0\0\x04", "xz")] {
        let (sandbox, registry) = (Sandbox::new("compressions"), Registry::start());
        let image = Image::new()
            .layer_bytes(&format!("{}+gzip", oci::LAYER), start, &sha256("x"))
            .build();
        let run = refused(&sandbox, &registry, &image, 5);
        let refusal = format!(
            "roots: {}: {name}-compressed layers are not allowed by the image spec\n",
            image.layers[0].digest
        );
        run.says(&refusal);
    }
}

#[test]
fn a_blob_that_is_missing_is_not_found() {
    let (sandbox, registry) = (Sandbox::new("a_blob_that_is_missing"), Registry::start());
    let image = hello();
    let name = registry.push("bad", "1", &image);
    registry.drop_blob("bad", &image.layers[0].digest);
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(3);
    let url = registry.url(&format!("/v2/bad/blobs/{}", image.layers[0].digest));
    run.says(&format!(
        "roots: {url}: status 404: BLOB_UNKNOWN blob unknown to registry\n"
    ));
    sandbox.assert_nothing_left();
}

#[test]
fn a_body_that_is_labelled_encoded_is_taken_as_it_is() {
    let (sandbox, registry) = (Sandbox::new("labelled_encoded"), Registry::start());
    let name = registry.push("a", "1", &hello());
    registry.fault("/blobs/", ALWAYS, Fault::ContentEncodingGzip);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}
