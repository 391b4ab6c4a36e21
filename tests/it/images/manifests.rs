//! Manifests: which documents are images, and which are refused, by name and before any layer is fetched.

use crate::support::image::{docker, oci};
use crate::support::{
    Blob, Built, HELLO, Image, Index, Registry, Sandbox, hello, hello_layer, sha256, tree,
};
use serde_json::{Value, json};

/// Pulls a document served as `media_type`, whose pull must fail without a request for a layer; gives what was said.
#[track_caller]
pub(crate) fn refused(media_type: &str, bytes: &[u8], image: &Built) -> String {
    let sandbox = Sandbox::new("refused");
    let registry = Registry::start();
    registry.push("a/b", "other", image);
    registry.put_manifest("a/b", "1", media_type, bytes);
    let run = sandbox
        .roots(["pull", &registry.image("a/b:1"), "dest"])
        .run()
        .fails(5);
    for layer in &image.layers {
        assert_eq!(
            registry.requests_for(&layer.digest).len(),
            0,
            "a layer was fetched"
        );
    }
    assert!(registry.requests().len() <= 2, "{:?}", registry.lines());
    sandbox.assert_nothing_left();
    run.stderr
}

/// The manifest of an image, changed.
pub(crate) fn changed(image: &Built, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = image.manifest.value();
    change(&mut manifest);
    manifest.to_string().into_bytes()
}

/// Takes away a document's own word on what it is.
pub(crate) fn untyped(document: &mut Value) {
    document.as_object_mut().unwrap().remove("mediaType");
}

#[test]
fn both_kinds_of_manifest_are_images() {
    for docker in [false, true] {
        let sandbox = Sandbox::new("both_kinds");
        let registry = Registry::start();
        let image = Image::new().layer(hello_layer());
        let image = if docker { image.docker() } else { image }.build();
        let name = registry.push("a/b", "1", &image);
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.prints(&format!("{}\n", image.manifest.digest));
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    }
}

#[test]
fn a_document_is_what_its_bytes_say_where_the_header_says_less() {
    let image = hello();
    let pretty = serde_json::to_vec_pretty(&image.manifest.value()).unwrap();
    for (media_type, bytes) in [
        (
            format!("{}; charset=utf-8", oci::MANIFEST),
            image.manifest.bytes.clone(),
        ),
        (
            "Application/VND.oci.image.manifest.v1+JSON".into(),
            image.manifest.bytes.clone(),
        ),
        ("application/json".into(), image.manifest.bytes.clone()),
        ("text/plain; charset=utf-8".into(), changed(&image, untyped)),
        (String::new(), changed(&image, untyped)),
        (oci::MANIFEST.into(), changed(&image, untyped)),
        (oci::MANIFEST.into(), pretty),
        (
            oci::MANIFEST.into(),
            changed(&image, |document| document["future"] = json!({"a": [1]})),
        ),
        (
            oci::MANIFEST.into(),
            changed(&image, |document| {
                document["annotations"] = json!({"a": "x".repeat(4 << 20)})
            }),
        ),
    ] {
        let sandbox = Sandbox::new("a_document_is");
        let registry = Registry::start();
        registry.push("a/b", "other", &image);
        registry.put_manifest("a/b", "1", &media_type, &bytes);
        let run = sandbox
            .roots(["pull", &registry.image("a/b:1"), "dest"])
            .run()
            .succeeds();
        // Over the bytes as they came, never over JSON written anew.
        run.prints(&format!("{}\n", sha256(&bytes)));
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    }
}

#[test]
fn a_header_with_a_digest_is_not_believed() {
    for header in [
        "sha256:0",
        &sha256("another"),
        &format!("sha512:{}", "0".repeat(128)),
        "",
    ] {
        let sandbox = Sandbox::new("a_header_with_a_digest");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &hello());
        registry.fault(
            "/manifests/",
            1,
            crate::support::Fault::header("Docker-Content-Digest", header),
        );
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.prints(&format!("{}\n", hello().manifest.digest));
    }
}

/// Registries of old stored a config under whatever type came to hand, and moby takes these four for images.
#[test]
fn docker_manifests_with_an_untyped_config_are_images() {
    for config in [
        json!("application/octet-stream"),
        json!("application/octet-stream; charset=binary"),
        json!("Application/JSON"),
        json!("application/json"),
        json!("text/html"),
        json!(""),
        json!(null),
    ] {
        for is_said in [true, false] {
            let image = Image::new().layer(hello_layer()).docker().build();
            let bytes = changed(&image, |manifest| {
                manifest["config"]["mediaType"] = config.clone();
                if is_said {
                    untyped(manifest);
                }
            });
            let sandbox = Sandbox::new("docker_manifests_with");
            let registry = Registry::start();
            registry.push("a/b", "other", &image);
            registry.put_manifest("a/b", "1", docker::MANIFEST, &bytes);
            let name = registry.image("a/b:1");
            let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
            run.prints(&format!("{}\n", sha256(&bytes)));
            assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{config}");
            sandbox.roots(["inspect", &name]).run().succeeds();
            // What is saved is the same, by OCI's index and by docker's list.
            let save = ["save", "--all-platforms", &name, "-o", "saved.tar"];
            sandbox.roots(save).run().succeeds();
            for form in ["oci-archive", "docker-archive"] {
                let saved = format!("{form}:saved.tar");
                let pull = ["pull", "--force", "--cache=no", &saved, "dest"];
                sandbox.roots(pull).run().succeeds();
            }
        }
    }
}

#[test]
fn an_untyped_config_that_is_no_config_is_an_artifact() {
    let refusal = |config: &[u8], media_type: &str, is_docker: bool| {
        let image = Image::new().layer(hello_layer());
        let image = if is_docker { image.docker() } else { image }.build();
        let config = Blob::new(media_type, config);
        let bytes = changed(&image, |manifest| manifest["config"] = config.descriptor());
        let sandbox = Sandbox::new("an_untyped_config");
        let registry = Registry::start();
        registry.push("a/b", "other", &image);
        registry.put_blob("a/b", &config.digest, &config.bytes);
        registry.put_manifest("a/b", "1", &image.manifest.media_type, &bytes);
        let name = registry.image("a/b:1");
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(5);
        assert_eq!(registry.requests_for(&image.layers[0].digest).len(), 0);
        sandbox.assert_nothing_left();
        run.stderr
    };
    for (config, media_type) in [
        (&b"{}"[..], "application/json"),
        (b"<html></html>", "text/html"),
        (b"\x7fELF", "application/octet-stream"),
        (b"{\"rootfs\":{\"type\":\"other\"}}", "application/json"),
    ] {
        let said = refusal(config, media_type, true);
        let why = format!(": not an image but an artifact of type `{media_type}`\n");
        assert!(said.contains(&why), "{said}");
    }
    assert!(refusal(b"{}", "", true).contains(": malformed: missing field `rootfs`"));
    // To OCI the type says what it is, and other types say it to Docker, too.
    let config = hello().config.bytes;
    for (media_type, is_docker) in [
        ("application/json", false),
        ("application/octet-stream", false),
        ("text/plain", true),
        ("application/vnd.docker.plugin.v1+json", true),
    ] {
        let said = refusal(&config, media_type, is_docker);
        assert!(
            said.contains(&format!("an artifact of type `{media_type}`\n")),
            "{said}"
        );
    }
    let said = refusal(&config, "", false);
    assert!(
        said.contains(": malformed: no media type of its config"),
        "{said}"
    );
}

/// Go writes an empty list as `null`, and BuildKit an image without layers.
#[test]
fn null_is_an_empty_list_or_a_field_that_is_not_there() {
    let sandbox = Sandbox::new("null_is_an_empty_list");
    let registry = Registry::start();
    let config = |config: &mut Value| {
        config["variant"] = json!(null);
        config["rootfs"]["diff_ids"] = json!(null);
    };
    let image = Image::new().config(config).build();
    for layers in [json!(null), json!([])] {
        let bytes = changed(&image, |manifest| {
            manifest["layers"] = layers.clone();
            for field in ["artifactType", "annotations", "subject", "manifests"] {
                manifest[field] = json!(null);
            }
            manifest["config"]["annotations"] = json!(null);
            manifest["config"]["platform"] = json!(null);
        });
        registry.push("a/b", "other", &image);
        registry.put_manifest("a/b", "1", oci::MANIFEST, &bytes);
        let name = registry.image("a/b:1");
        let pull = ["pull", "--force", &name, "dest"];
        sandbox.roots(pull).run().succeeds();
        assert_eq!(sandbox.names("dest"), [""; 0]);
    }
    let image = hello();
    let nulls = |entry: &mut Value| {
        entry["platform"]["variant"] = json!(null);
        entry["platform"]["os.version"] = json!(null);
        entry["annotations"] = json!({"a": null, "b": "c"});
    };
    let silent = |entry: &mut Value| {
        entry["platform"] = json!({"os": null, "architecture": null});
        entry["mediaType"] = json!(null);
    };
    let index = Index::new()
        .image_with(&image, silent)
        .image_with(&image, nulls);
    let index = index.index(|index| {
        for field in ["layers", "config", "annotations", "subject", "artifactType"] {
            index[field] = json!(null);
        }
    });
    let name = registry.push_index("a/b", "2", &index.build());
    for command in [&["pull", "--force"][..], &["inspect"], &["digest"]] {
        let dest = (command[0] == "pull").then_some("dest");
        let command = sandbox.roots(command).arg(&name).args(dest);
        command.run().succeeds();
    }
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    // What must be there must be there.
    for field in ["schemaVersion", "config"] {
        let bytes = changed(&image, |manifest| manifest[field] = json!(null));
        assert!(refused(oci::MANIFEST, &bytes, &image).contains(": malformed: no "));
    }
}
