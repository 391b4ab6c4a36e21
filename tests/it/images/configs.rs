//! Descriptors and configs: sizes and digests must be such and hold, and the config must fit its manifest.

use crate::images::manifests::{changed, refused};
use crate::support::image::{Blob, oci};
use crate::support::{Image, Layout, Registry, Sandbox, hello, hello_layer};
use serde_json::{Value, json};

#[test]
fn sizes_must_be_sizes_and_hold() {
    let image = hello();
    let config_size = image.config.bytes.len();
    for (size, why) in [
        (json!(-1), "malformed: invalid value: integer `-1`"),
        (json!("7"), "malformed: invalid type: string \"7\""),
        (json!(1.5), "malformed: invalid type: floating point `1.5`"),
        (
            json!(1e30),
            "malformed: invalid type: floating point `1e+30`",
        ),
        (json!(null), "malformed: invalid type: null"),
        (
            json!(0),
            "wrong size: longer than the 0 bytes it should have",
        ),
        (json!(config_size - 1), "wrong size: longer than"),
        (json!(config_size + 1), "wrong size: "),
        (json!(u64::MAX), "malformed: longer than 8388608 bytes"),
    ] {
        let bytes = changed(&image, |document| document["config"]["size"] = size.clone());
        let said = refused(oci::MANIFEST, &bytes, &image);
        assert!(said.contains(why), "{size}: {said}");
    }
    let bytes = changed(&image, |document| {
        document["layers"][0]["size"] = (-1).into()
    });
    assert!(refused(oci::MANIFEST, &bytes, &image).contains("malformed: invalid value"));
}

#[test]
fn the_config_must_fit_the_manifest() {
    type Spoil = fn(&mut Value);
    let cases: [(Spoil, &str); 8] = [
        (
            |config| config["rootfs"]["diff_ids"] = json!([]),
            "malformed: 1 layers in the manifest but 0 in the config",
        ),
        (
            |config| config["rootfs"]["diff_ids"] = Value::Null,
            "malformed: 1 layers in the manifest but 0 in the config",
        ),
        (
            |config| config["rootfs"]["type"] = "tar".into(),
            "unknown type of rootfs: `tar`",
        ),
        (|config| config["rootfs"] = Value::Null, "malformed: "),
        (
            |config| drop(config.as_object_mut().unwrap().remove("rootfs")),
            "malformed: missing field `rootfs`",
        ),
        (
            |config| config["rootfs"]["diff_ids"][0] = "sha256:x".into(),
            "malformed: ",
        ),
        (|config| config["os"] = 7.into(), "malformed: "),
        (|config| *config = json!("config"), "malformed: "),
    ];
    for (spoil, why) in cases {
        let image = Image::new().layer(hello_layer()).config(spoil).build();
        let said = refused(oci::MANIFEST, &image.manifest.bytes, &image);
        assert!(
            said.starts_with(&format!("roots: {}: {why}", image.manifest.digest)),
            "{said}"
        );
    }
    let image = hello();
    let sandbox = Sandbox::new("the_config_must_fit");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &image);
    let other = Blob::new(oci::CONFIG, image.config.bytes.to_ascii_uppercase());
    registry.put_blob("a/b", &image.config.digest, &other.bytes);
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(5);
    let (wanted, got) = (&image.config.digest, &other.digest);
    run.says(&format!(
        "roots: {wanted}: digest mismatch: the blob received is {got}\n"
    ));
    sandbox.assert_nothing_left();
    assert_eq!(sandbox.cached(), [""; 0]);
}

#[test]
fn an_image_without_layers_is_an_empty_tree() {
    let sandbox = Sandbox::new("an_image_without_layers");
    let registry = Registry::start();
    let with_null = Image::new()
        .config(|config| config["rootfs"]["diff_ids"] = Value::Null)
        .build();
    for image in [Image::new().build(), with_null] {
        let name = registry.push("a/b", "1", &image);
        sandbox
            .roots(["pull", "--force", &name, "in/dest"])
            .run()
            .succeeds();
        assert_eq!(sandbox.names("in/dest"), [""; 0]);
    }
}

#[test]
fn a_config_that_is_too_long_is_said_to_be() {
    let (sandbox, registry) = (Sandbox::new("a_config_that_is_too_long"), Registry::start());
    let long = "x".repeat(8 << 20);
    let image = Image::new().layer(hello_layer());
    let image = image
        .config(move |config| config["author"] = long.clone().into())
        .build();
    Layout::new()
        .image("", &image)
        .write(sandbox.path("layout"));
    let digest = &image.config.digest;
    for name in ["./layout", &registry.push("a/b", "1", &image)] {
        for command in [&["inspect", name][..], &["pull", name, "dest"]] {
            let run = sandbox.roots(command).run().fails(5);
            // Nobody has altered anything, and to take it from elsewhere would not help.
            assert_eq!(
                run.stderr,
                format!("roots: {digest}: malformed: longer than 8388608 bytes\n")
            );
        }
    }
}
