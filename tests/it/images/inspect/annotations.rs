//! Annotations of the manifest and of the index.

use super::{inspect, json_of};
use crate::support::{Image, Index, Layout, Registry, Sandbox, hello_layer, marked};
use serde_json::{Value, json};

fn annotated(annotations: Value) -> Image {
    let image = Image::new().layer(hello_layer());
    image.manifest(move |manifest| manifest["annotations"] = annotations.clone())
}

#[test]
fn annotations_of_the_index_and_of_the_manifest_are_told_apart() {
    let (sandbox, registry) = (Sandbox::new("annotations"), Registry::start());
    let image =
        annotated(json!({"org.opencontainers.image.base.name": "debian", "a": "two\nlines"}));
    let image = image.build();
    let index = Index::new().image(&image).index(|index| {
        index["annotations"] = json!({"a": "\u{1b}[2J", "org.opencontainers.image.source": ""});
    });
    let index = index.build();
    let name = registry.push_index("a/b", "1", &index);
    Layout::new()
        .index("1", &index)
        .write(sandbox.path("layout"));
    let lines = "annotations:  index     a=\\u{1b}[2J\n\
        \x20             index     org.opencontainers.image.source=\n\
        \x20             manifest  a=two\\nlines\n\
        \x20             manifest  org.opencontainers.image.base.name=debian\n";
    for name in [name.as_str(), "./layout"] {
        let run = inspect(&sandbox, &[name]).succeeds();
        assert!(run.stdout.ends_with(lines), "{}", run.stdout);
        let said = json_of(&sandbox, name);
        assert_eq!(said["annotations"]["a"], "two\nlines");
        assert_eq!(said["index_annotations"]["a"], "\u{1b}[2J");
        assert_eq!(
            said["index_annotations"]["org.opencontainers.image.source"],
            ""
        );
    }
    // Nothing is asked for twice.
    registry.forget_requests();
    inspect(&sandbox, &[&name]).succeeds();
    let manifest = format!("/manifests/{}", image.manifest.digest);
    assert_eq!(registry.requests_for(&manifest).len(), 1);
}

#[test]
fn an_image_without_an_index_has_annotations_of_its_own() {
    let (sandbox, registry) = (Sandbox::new("annotations"), Registry::start());
    let name = registry.push("a/b", "1", &annotated(json!({"a": "b"})).build());
    let said = json_of(&sandbox, &name);
    assert_eq!(said["annotations"], json!({"a": "b"}));
    assert_eq!(said.get("index_annotations"), None);
    for nothing in [json!({}), Value::Null] {
        let name = registry.push("a/b", "1", &annotated(nothing).build());
        assert_eq!(json_of(&sandbox, &name).get("annotations"), None);
        let run = inspect(&sandbox, &[&name]).succeeds();
        assert!(!run.stdout.contains("annotations"), "{}", run.stdout);
    }
}

#[test]
fn an_index_without_this_platform_shows_its_annotations() {
    let (sandbox, registry) = (Sandbox::new("annotations"), Registry::start());
    let image = marked("far", "linux", "mips64le", None);
    let index = Index::new().image(&image);
    let index = index.index(|index| index["annotations"] = json!({"a": "b"}));
    let name = registry.push_index("a/b", "1", &index.build());
    let run = inspect(&sandbox, &[&name]).succeeds();
    assert!(
        run.stdout.ends_with("annotations:  index  a=b\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn annotations_that_make_no_sense_are_named_and_the_rest_is_shown() {
    let (sandbox, registry) = (Sandbox::new("annotations"), Registry::start());
    let many: serde_json::Map<_, _> = (0..5000).map(|n| (n.to_string(), "".into())).collect();
    for wrong in [
        json!(5),
        json!("a"),
        json!(["a"]),
        json!({"a": 1}),
        Value::Object(many),
    ] {
        let image = annotated(wrong.clone()).build();
        let spoilt = wrong.clone();
        let index = Index::new().image(&image);
        let index = index.index(move |index| index["annotations"] = spoilt.clone());
        let name = registry.push_index("a/b", "1", &index.build());
        let said = json_of(&sandbox, &name);
        let malformed = json!(["annotations", "index annotations"]);
        assert_eq!(said["malformed"], malformed, "{wrong}");
        assert_eq!(said["manifest"], image.manifest.digest);
        let run = inspect(&sandbox, &[&name]).succeeds();
        let lines = "malformed:    annotations\n              index annotations\n";
        assert!(run.stdout.ends_with(lines), "{}", run.stdout);
        sandbox
            .roots(["pull", "--force", &name, "dest"])
            .run()
            .succeeds();
    }
}

#[test]
fn an_annotation_as_long_as_a_manifest_may_be_is_one_line() {
    let (sandbox, registry) = (Sandbox::new("annotations"), Registry::start());
    let long = "x\n".repeat(1_000_000);
    let image = annotated(json!({"a": long, "b": "c"})).build();
    let name = registry.push("a/b", "1", &image);
    let run = inspect(&sandbox, &[&name]).succeeds();
    let lines: Vec<_> = run.stdout.lines().rev().take(2).map(str::len).collect();
    assert_eq!(
        lines,
        [
            14 + "manifest  b=c".len(),
            14 + "manifest  a=".len() + 3_000_000
        ]
    );
}
