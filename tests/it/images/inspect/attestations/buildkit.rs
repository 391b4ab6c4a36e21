//! What BuildKit puts into the index: statements that nobody has signed.

use super::{Published, SPDX};
use crate::support::image::{oci, platform};
use crate::support::{Blob, Built, Index, Registry, Sandbox, hello, marked};
use serde_json::{Value, json};

const PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";

fn statement(predicate_type: &str, predicate: &Value) -> Blob {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1", "predicateType": predicate_type,
        "subject": [], "predicate": predicate,
    });
    Blob::json("application/vnd.in-toto+json", &statement)
}

/// Adds statements about an image, each with the type that its descriptor has.
pub(super) fn attested(index: Index, image: &Built, statements: &[(&str, Blob)]) -> Index {
    let layers = statements.iter().map(|(predicate_type, statement)| {
        let mut layer = statement.descriptor();
        layer["annotations"] = json!({"in-toto.io/predicate-type": predicate_type});
        layer
    });
    let layers: Vec<_> = layers.collect();
    let config = Blob::json(
        oci::CONFIG,
        &json!({"os": "unknown", "architecture": "unknown"}),
    );
    let manifest = json!({
        "schemaVersion": 2, "mediaType": oci::MANIFEST, "config": config.descriptor(), "layers": layers,
    });
    let attestation = Built {
        manifest: Blob::json(oci::MANIFEST, &manifest),
        config,
        layers: statements.iter().map(|(_, blob)| blob.clone()).collect(),
        platform: platform("unknown", "unknown", None),
    };
    let image = image.manifest.digest.clone();
    index.image_with(&attestation, |entry| {
        entry["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image,
        });
    })
}

pub(super) fn provenance() -> Blob {
    let source = json!({"uri": "https://github.com/o/r", "digest": {"sha1": "c0ffee"}});
    let predicate = json!({
        "builder": {"id": "https://github.com/o/r/actions/runs/7"},
        "invocation": {"configSource": source},
    });
    statement(PROVENANCE, &predicate)
}

#[test]
fn they_are_unsigned_and_an_sbom_is_not_fetched() {
    let sbom = statement(SPDX, &json!({"spdxVersion": "SPDX-2.3"}));
    let statements = [(SPDX, sbom.clone()), (PROVENANCE, provenance())];
    let at = Published::with(|index, image| attested(index, image, &statements));
    let size = sbom.bytes.len();
    let title = format!("SBOM, SPDX, {size} B");
    let width = title.len();
    let wanted = [
        format!("1  {title}  manifest  unsigned"),
        format!("2  {:width$}  manifest  unsigned", "provenance"),
        "   repository https://github.com/o/r, commit c0ffee, \
         builder https://github.com/o/r/actions/runs/7"
            .to_owned(),
    ];
    assert_eq!(at.lines(&[]), wanted);
    assert_eq!(at.registry.requests_for(&sbom.digest).len(), 0);
    let wanted = json!({
        "kind": "provenance",
        "predicate_type": PROVENANCE,
        "of": "manifest",
        "subject": at.image.manifest.digest,
        "status": "unsigned",
        "repository": "https://github.com/o/r",
        "commit": "c0ffee",
        "builder": "https://github.com/o/r/actions/runs/7",
        "digest": provenance().digest,
        "size": provenance().bytes.len(),
    });
    assert_eq!(at.json()[1], wanted);
}

#[test]
fn those_of_other_platforms_are_not_shown() {
    let far = marked("far", "linux", "s390x", None);
    let of_far = statement(SPDX, &json!({"far": true}));
    let at = Published::with(|index, image| {
        let index = attested(index.image(&far), &far, &[(SPDX, of_far)]);
        attested(index, image, &[(PROVENANCE, provenance())])
    });
    assert_eq!(at.json().as_array().unwrap().len(), 1);
    assert_eq!(at.json()[0]["kind"], "provenance");
    let run = at.page(&["--platform=linux/s390x"]).succeeds();
    assert!(super::lines(&run.stdout)[0].starts_with("1  SBOM, SPDX, "));
}

#[test]
fn all_are_shown_if_there_is_no_image_for_this_machine() {
    let (sandbox, registry) = (Sandbox::new("attestations"), Registry::start());
    let far = ["mips64le", "riscv32"].map(|name| marked(name, "linux", name, None));
    let index = far.iter().fold(Index::new(), |index, image| {
        index.image(image).attestation(image)
    });
    let name = registry.push_index("a/b", "1", &index.build());
    let run = super::inspect(&sandbox, &["--json", &name]).succeeds();
    let page: Value = serde_json::from_str(&run.stdout).unwrap();
    let subjects = page["attestations"].as_array().unwrap().iter();
    let subjects: Vec<_> = subjects.map(|one| one["subject"].clone()).collect();
    let wanted = far.map(|image| Value::from(image.manifest.digest));
    assert_eq!(subjects, wanted);
}

#[test]
fn a_terminal_obeys_none_of_it() {
    let evil = "\u{1b}[2J\u{202e}\r\n";
    let hostile = statement(PROVENANCE, &json!({"builder": {"id": evil}}));
    let kind = format!("https://example.com/{evil}");
    let other = statement(&kind, &json!({}));
    let statements = [(PROVENANCE, hostile), (kind.as_str(), other)];
    let at = Published::with(|index, image| attested(index, image, &statements));
    let run = at.page(&[]).succeeds();
    let is_plain = |c: char| c == '\n' || (' '..='~').contains(&c);
    assert!(run.stdout.chars().all(is_plain), "{:?}", run.stdout);
    assert!(
        run.stdout.contains("builder \\u{1b}[2J\\u{202e}\\r\\n\n"),
        "{}",
        run.stdout
    );
    // A program gets it as it is.
    assert_eq!(at.json()[0]["builder"], evil);
    assert_eq!(
        (&at.json()[1]["kind"], &at.json()[1]["predicate_type"]),
        (&"other".into(), &kind.into())
    );
}

#[test]
fn statements_that_make_no_sense_are_listed_without_details() {
    let broken = Blob::new("application/vnd.in-toto+json", "[");
    let at = Published::with(|index, image| attested(index, image, &[(PROVENANCE, broken)]));
    assert_eq!(at.lines(&[]), ["1  provenance  manifest  unsigned"]);
}

#[test]
fn a_copy_without_them_is_no_failure() {
    let image = hello();
    let at = Published::with(|index, image| index.attestation(image));
    let entry = at.index.index.value()["manifests"][1].clone();
    let lost = Index::new().image(&image).entry(entry);
    let name = at.registry.push_index("copy", "1", &lost.build());
    let run = super::inspect(&at.sandbox, &[&name]).succeeds();
    assert_eq!(run.stderr, "");
    assert!(!run.stdout.contains("\nattestations:"), "{}", run.stdout);
}
