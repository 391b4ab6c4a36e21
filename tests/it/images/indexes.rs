//! Indexes as documents: what is in them beside images, indexes in indexes, and lies.

use crate::support::image::oci;
use crate::support::{BuiltIndex, HELLO, Index, Registry, Sandbox, hello, marked, sha256, tree};
use serde_json::{Value, json};

mod unknown_digests;

/// Pulls an index that must give the tree of `hello`, and says what was asked for.
#[track_caller]
fn pulled(index: &BuiltIndex) -> Vec<String> {
    let sandbox = Sandbox::new("pulled");
    let registry = Registry::start();
    let name = registry.push_index("a/b", "1", index);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    registry.lines()
}

/// Pulls an index that must be refused before any blob is fetched, and says what was said.
#[track_caller]
fn refused(index: &BuiltIndex, code: i32) -> String {
    let sandbox = Sandbox::new("refused");
    let registry = Registry::start();
    let name = registry.push_index("a/b", "1", index);
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(code);
    assert_eq!(registry.requests_for("/blobs/").len(), 0);
    sandbox.assert_nothing_left();
    run.stderr
}

#[test]
fn lists_of_docker_are_indexes() {
    pulled(
        &Index::new()
            .docker()
            .image(&marked("x", "linux", "mips", None))
            .image(&hello())
            .build(),
    );
}

#[test]
fn attestations_are_never_chosen() {
    let image = hello();
    let marked_only_by_annotation = |entry: &mut Value| {
        entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    };
    let decoy = marked("decoy", "linux", "mips", None);
    let lines = pulled(
        &Index::new()
            .attestation(&image)
            .image_with(&decoy, |entry| {
                marked_only_by_annotation(entry);
                entry["platform"] = image.platform.clone();
            })
            .image(&image)
            .attestation(&image)
            .build(),
    );
    assert_eq!(
        lines[1],
        format!("GET /v2/a/b/manifests/{}", image.manifest.digest)
    );
}

#[test]
fn entries_of_other_types_are_passed_over() {
    let image = hello();
    let other = |media_type: &str| json!({"mediaType": media_type, "digest": sha256("x"), "size": 1, "platform": image.platform});
    let index = Index::new()
        .entry(other("application/vnd.future+json"))
        .entry(other(
            "application/vnd.docker.distribution.manifest.v1+json",
        ))
        .image_with(&image, |entry| {
            entry["artifactType"] = "application/vnd.x".into()
        })
        .build();
    assert_eq!(pulled(&index).len(), 4, "neither is fetched");
}

#[test]
fn an_entry_without_a_platform_will_do_if_it_is_the_only_image() {
    let image = hello();
    let open = |entry: &mut Value| drop(entry.as_object_mut().unwrap().remove("platform"));
    pulled(
        &Index::new()
            .image_with(&image, open)
            .attestation(&image)
            .build(),
    );
    pulled(
        &Index::new()
            .image_with(&image, |entry| {
                entry["platform"] = json!({"os": "", "architecture": ""})
            })
            .build(),
    );
    pulled(
        &Index::new()
            .image_with(&marked("x", "linux", "mips", None), open)
            .image(&image)
            .build(),
    );
    let two = Index::new()
        .image_with(&image, open)
        .image_with(&image, open)
        .build();
    assert!(refused(&two, 3).contains("available: none"));
}

#[test]
fn an_index_of_nothing_is_for_no_platform() {
    assert!(refused(&Index::new().build(), 3).contains("available: none"));
    let null = Index::new()
        .index(|index| index["manifests"] = Value::Null)
        .build();
    assert!(refused(&null, 3).contains("available: none"));
    let nothing = Index::new()
        .index(|index| drop(index.as_object_mut().unwrap().remove("manifests")))
        .build();
    assert!(refused(&nothing, 5).contains("malformed: no manifests"));
    let object = Index::new()
        .index(|index| index["manifests"] = json!({}))
        .build();
    assert!(refused(&object, 5).contains("malformed: "));
}

fn nested(index: Index, depth: usize) -> Index {
    (0..depth).fold(index, |inner, _| Index::new().nested(&inner.build()))
}

#[test]
fn an_index_in_an_index_is_followed() {
    for depth in [1, 2, 7] {
        assert_eq!(
            pulled(&nested(Index::new().image(&hello()), depth).build()).len(),
            depth + 4
        );
    }
    // An image that is right here is taken before any is looked for deeper down.
    let inner = Index::new()
        .image(&marked("inner", "linux", "mips", None))
        .build();
    let beside = Index::new().nested(&inner).image(&hello()).build();
    assert_eq!(pulled(&beside).len(), 4);
    // The second of two inner indexes has it.
    let second = Index::new()
        .nested(&inner)
        .nested(&Index::new().image(&hello()).build())
        .build();
    pulled(&second);
}

#[test]
fn indexes_in_indexes_end_somewhere() {
    let deep = refused(&nested(Index::new().image(&hello()), 30).build(), 5);
    assert!(
        deep.contains("indexes within indexes, too deep to follow"),
        "{deep}"
    );
    let wide = (0..200).fold(Index::new(), |index, number| {
        let inner = Index::new()
            .index(move |index| index["annotations"] = json!({"n": number.to_string()}));
        index.nested(&inner.build())
    });
    assert!(refused(&wide.build(), 5).contains("indexes within indexes"));
}

#[test]
fn a_long_index_is_read() {
    let entry = json!({
        "mediaType": oci::MANIFEST, "digest": sha256("x"), "size": 1,
        "platform": {"os": "linux", "architecture": "mips"},
    });
    let many = (0..15_000).fold(Index::new(), |index, _| index.entry(entry.clone()));
    pulled(&many.image(&hello()).build());
}

#[test]
fn what_an_index_says_of_its_images_must_hold() {
    let image = hello();
    let size = image.manifest.bytes.len();
    for (key, value, why) in [
        (
            "size",
            json!(size - 1),
            format!(
                "{}: wrong size: longer than the {} bytes",
                image.manifest.digest,
                size - 1
            ),
        ),
        (
            "size",
            json!(size + 1),
            format!(
                "{}: wrong size: {size} bytes instead of {}",
                image.manifest.digest,
                size + 1
            ),
        ),
        ("size", json!(-1), "malformed: invalid value".into()),
        ("digest", json!("sha256:../x"), "malformed: ".into()),
        (
            "mediaType",
            json!("application/vnd.docker.distribution.manifest.v2+json"),
            "announced as ".into(),
        ),
    ] {
        let index = Index::new()
            .image_with(&image, |entry| entry[key] = value)
            .build();
        let said = refused(&index, 5);
        assert!(said.contains(&why), "{said}");
    }
    // CVE-2021-41190: an entry that says manifest and leads to an index.
    let inner = Index::new().image(&image).build();
    let liar = Index::new().nested(&inner).index({
        let platform = image.platform.clone();
        move |index| {
            index["manifests"][0]["mediaType"] = oci::MANIFEST.into();
            index["manifests"][0]["platform"] = platform.clone();
        }
    });
    let said = refused(&liar.build(), 5);
    assert!(
        said.contains("announced as `application/vnd.oci.image.manifest.v1+json`"),
        "{said}"
    );
}

#[test]
fn a_manifest_that_is_another_is_refused() {
    let sandbox = Sandbox::new("a_manifest_that_is_another");
    let registry = Registry::start();
    let image = hello();
    let name = registry.push_index("a/b", "1", &Index::new().image(&image).build());
    let other = String::from_utf8(image.manifest.bytes.clone())
        .unwrap()
        .replace("gzip", "zstd");
    registry.put_manifest("a/b", &image.manifest.digest, oci::MANIFEST, &other);
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(5);
    let (wanted, got) = (&image.manifest.digest, sha256(&other));
    run.says(&format!(
        "roots: {wanted}: digest mismatch: the manifest received is {got}\n"
    ));
    assert_eq!(registry.requests().len(), 2);
    sandbox.assert_nothing_left();
}
