//! Who says what about an image: signatures, and the attestations of BuildKit.

use super::{inspect, json_of};
use crate::support::image::oci;
use crate::support::sigstore::{Key, Signer, Sigstore, SimplePayload, Statement};
use crate::support::{Blob, Built, BuiltIndex, Index, Registry, Run, Sandbox, hello};
use roots::oci::Digest;
use serde_json::{Value, json};

mod buildkit;
mod failures;
mod raw;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SPDX: &str = "https://spdx.dev/Document/v2.3";

/// An image in an index, in a registry without the referrers API.
struct Published {
    sandbox: Sandbox,
    registry: Registry,
    sigstore: Sigstore,
    image: Built,
    index: BuiltIndex,
    name: String,
}

impl Published {
    fn new() -> Self {
        Self::with(|index, _| index)
    }

    fn with(more: impl FnOnce(Index, &Built) -> Index) -> Self {
        let (sandbox, registry) = (Sandbox::new("attestations"), Registry::start());
        let image = hello();
        let index = more(Index::new().image(&image), &image).build();
        let name = registry.push_index("a/b", "1", &index);
        let sigstore = Sigstore::new();
        sandbox.write("root.json", sigstore.trusted_root());
        Self {
            sandbox,
            registry,
            sigstore,
            image,
            index,
            name,
        }
    }

    /// Attaches blobs to a document, each with a manifest, and lists these in the given order.
    fn attach(&self, subject: &Blob, blobs: &[Blob]) {
        let manifests: Vec<_> = blobs
            .iter()
            .map(|blob| {
                let manifest = Blob::json(
                    oci::MANIFEST,
                    &json!({
                        "schemaVersion": 2, "mediaType": oci::MANIFEST, "artifactType": blob.media_type,
                        "config": Blob::new("application/vnd.oci.empty.v1+json", "{}").descriptor(),
                        "layers": [blob.descriptor()], "subject": subject.descriptor(),
                    }),
                );
                self.registry.put("a/b", blob);
                let bytes = &manifest.bytes;
                self.registry.put_manifest("a/b", &manifest.digest, oci::MANIFEST, bytes);
                manifest.descriptor()
            })
            .collect();
        let list = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": manifests});
        let tag = subject.digest.replace(':', "-");
        self.registry
            .put_manifest("a/b", &tag, oci::INDEX, list.to_string());
    }

    fn page(&self, options: &[&str]) -> Run {
        inspect(&self.sandbox, &[&[self.name.as_str()], options].concat())
    }

    /// The lines of the page, with the authorities of the test trusted.
    fn lines(&self, options: &[&str]) -> Vec<String> {
        let trusted = ["--trusted-root", "root.json"];
        let run = self.page(&[&trusted, options].concat()).succeeds();
        assert_eq!(run.stderr, "");
        lines(&run.stdout)
    }

    fn json(&self) -> Value {
        let run = self
            .page(&["--trusted-root=root.json", "--json"])
            .succeeds();
        assert_eq!(run.stderr, "");
        let page: Value = serde_json::from_str(&run.stdout).unwrap();
        page["attestations"].clone()
    }
}

/// The lines of `attestations` on a page.
fn lines(page: &str) -> Vec<String> {
    let from = page
        .lines()
        .skip_while(|line| !line.starts_with("attestations:"));
    let rows = from.enumerate();
    let rows = rows.take_while(|(number, line)| *number == 0 || line.starts_with("  "));
    rows.map(|(_, line)| line[14..].to_owned()).collect()
}

fn digest(blob: &Blob) -> Digest {
    Digest::parse(&blob.digest).unwrap()
}

fn bundle(json: impl Into<Vec<u8>>) -> Blob {
    Blob::new(BUNDLE, json)
}

const WORKFLOW: &str = "https://github.com/o/r/.github/workflows/build.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SIGNED: &str = "2024-07-01T12:00:00Z";

#[test]
fn signatures_of_the_index_come_first_and_say_who_made_them() {
    let at = Published::new();
    let signer = Signer::workflow("o/r");
    let signature = at
        .sigstore
        .sign(Statement::signature(&digest(&at.index.index)), &signer);
    let provenance = Statement::provenance(&digest(&at.image.manifest));
    let provenance = at.sigstore.sign(provenance, &signer);
    let provenance = bundle(provenance.json());
    at.attach(&at.index.index, &[bundle(signature.json())]);
    at.attach(&at.image.manifest, std::slice::from_ref(&provenance));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let by = format!("signed by {WORKFLOW}, who logged in at {ISSUER}, at {SIGNED}");
    let wanted = [
        format!("1  signature   index     {by}"),
        format!("2  provenance  manifest  {by}"),
        format!(
            "   repository https://github.com/o/r, commit {commit}, builder https://github.com/actions/runner"
        ),
    ];
    assert_eq!(at.lines(&[]), wanted);
    let wanted = json!({
        "kind": "provenance",
        "predicate_type": "https://slsa.dev/provenance/v1",
        "of": "manifest",
        "subject": at.image.manifest.digest,
        "status": "verified",
        "signer": WORKFLOW,
        "issuer": ISSUER,
        "time": SIGNED,
        "repository": "https://github.com/o/r",
        "commit": commit,
        "builder": "https://github.com/actions/runner",
        "digest": provenance.digest,
        "size": provenance.bytes.len(),
    });
    assert_eq!(at.json()[1], wanted);
}

#[test]
fn authorities_that_are_not_built_in_are_unknown() {
    let at = Published::new();
    let statement = Statement::signature(&digest(&at.index.index));
    let signature = at.sigstore.sign(statement, &Signer::workflow("o/r"));
    at.attach(&at.index.index, &[bundle(signature.json())]);
    let run = at.page(&[]).succeeds();
    let reason = "recorded in an unknown transparency log";
    let wanted = format!("1  signature  index  not verified: {reason}");
    assert_eq!(lines(&run.stdout), [wanted]);
    let page = json_of(&at.sandbox, &at.name);
    let attestation = &page["attestations"][0];
    assert_eq!(attestation["status"], "not verified");
    assert_eq!(attestation["reason"], reason);
    assert_eq!(attestation.get("signer"), None);
}

#[test]
fn a_key_is_unknown_unless_it_is_given() {
    let at = Published::new();
    let key = Key::p256();
    at.sandbox.write("key.pub", key.pem());
    at.sandbox.write("other.pub", Key::p256().pem());
    let statement = Statement::signature(&digest(&at.image.manifest));
    let signature = at.sigstore.sign(statement, &key);
    at.attach(&at.image.manifest, &[bundle(signature.json())]);
    assert_eq!(at.lines(&[]), ["1  signature  manifest  key unknown"]);
    assert_eq!(at.json()[0]["status"], "key unknown");
    let fingerprint = crate::support::sha256(key.info());
    let wanted = format!("1  signature  manifest  signed by {fingerprint}");
    let run = at.page(&["--signed-by=key.pub"]).succeeds();
    assert_eq!(lines(&run.stdout), [wanted]);
    at.page(&["--signed-by=other.pub"]).fails(5);
}

#[test]
fn legacy_signatures_are_listed_behind_referrers() {
    let at = Published::new();
    let key = Key::p256();
    let subject = digest(&at.index.index);
    let bundled = at.sigstore.sign(Statement::signature(&subject), &key);
    at.attach(&at.index.index, &[bundle(bundled.json())]);
    let signer = Signer::email("jo@example.com", "https://login.example.com");
    let by_key = at
        .sigstore
        .sign(SimplePayload::new(&subject), &key)
        .legacy();
    let by_jo = at
        .sigstore
        .sign(SimplePayload::new(&subject), &signer)
        .legacy();
    let layers = [by_key, by_jo].map(|legacy| {
        let payload = Blob::new(SIMPLE_SIGNING, legacy.payload);
        at.registry.put("a/b", &payload);
        let mut layer = payload.descriptor();
        layer["annotations"] = json!(legacy.annotations);
        layer
    });
    let config = Blob::new(oci::CONFIG, "{}").descriptor();
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let tag = format!("{}.sig", at.index.index.digest.replace(':', "-"));
    at.registry
        .put_manifest("a/b", &tag, oci::MANIFEST, manifest.to_string());
    let wanted = [
        "1  signature  index  key unknown".to_owned(),
        "2  signature  index  key unknown".to_owned(),
        format!(
            "3  signature  index  signed by jo@example.com, who logged in at https://login.example.com, at {SIGNED}"
        ),
    ];
    assert_eq!(at.lines(&[]), wanted);
    assert_eq!(at.json()[2].get("predicate_type"), None);
}

#[test]
fn an_sbom_has_a_format_and_a_size() {
    let at = Published::new();
    let subject = digest(&at.image.manifest);
    let signed = |kind: &str, predicate: Value| {
        let statement = Statement::new(kind, &subject, predicate);
        bundle(at.sigstore.sign(statement, &Signer::workflow("o/r")).json())
    };
    let spdx = signed(SPDX, json!({}));
    at.attach(&at.image.manifest, std::slice::from_ref(&spdx));
    let size = format!("{:.1} kB", spdx.bytes.len() as f64 / 1000.0);
    let line = &at.lines(&[])[0];
    let wanted = format!("1  SBOM, SPDX, {size}  manifest  signed by {WORKFLOW}");
    assert!(line.starts_with(&wanted), "{line}");
    let said = &at.json()[0];
    assert_eq!(
        (&said["kind"], &said["format"]),
        (&"sbom".into(), &"SPDX".into())
    );
    assert_eq!(said["size"], spdx.bytes.len());
    // It does not say that the image is good.
    at.page(&["--trusted-root=root.json", "--built-by=o/r"])
        .fails(5);
    let cyclonedx = signed("https://cyclonedx.org/bom/v1.6", json!({}));
    at.attach(&at.image.manifest, &[cyclonedx]);
    assert_eq!(at.json()[0]["format"], "CycloneDX");
}

#[test]
fn large_attestations_are_neither_fetched_nor_checked() {
    let at = Published::new();
    let large = bundle("x".repeat((1 << 20) + 1));
    at.attach(&at.image.manifest, std::slice::from_ref(&large));
    let wanted = "1  signature  manifest  not verified: too large to check, 1048577 bytes";
    assert_eq!(at.lines(&[]), [wanted]);
    assert_eq!(at.registry.requests_for(&large.digest).len(), 0);
    let run = at.page(&["--raw=attestation"]).succeeds();
    assert_eq!(run.stdout.as_bytes(), large.bytes);
}

#[test]
fn the_order_is_the_same_each_time() {
    let at = Published::new();
    let statement = Statement::signature(&digest(&at.image.manifest));
    let signed = |_| bundle(at.sigstore.sign(statement.clone(), &Key::p256()).json());
    let mut bundles: Vec<_> = (0..4).map(signed).collect();
    at.attach(&at.image.manifest, &bundles);
    let before = at.json();
    assert_eq!(before.as_array().unwrap().len(), 4);
    bundles.reverse();
    at.attach(&at.image.manifest, &bundles);
    assert_eq!(at.json(), before);
}

#[test]
fn other_artifacts_are_not_listed() {
    let at = Published::new();
    let other = |kind: &str| Blob::new(kind, format!("{kind} of an image"));
    let others = [
        other("application/jose+json"),
        other("application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
        other("application/sarif+json"),
    ];
    at.attach(&at.image.manifest, &others);
    assert_eq!(at.lines(&[]), [""; 0]);
    assert_eq!(json_of(&at.sandbox, &at.name).get("attestations"), None);
    assert_eq!(at.registry.requests_for(&others[0].digest).len(), 0);
}

#[test]
fn saved_signatures_are_listed_as_well() {
    let at = Published::new();
    let statement = Statement::signature(&digest(&at.index.index));
    let signature = at.sigstore.sign(statement, &Signer::workflow("o/r"));
    at.attach(&at.index.index, &[bundle(signature.json())]);
    let save = ["save", "--signatures", "-o", "saved.tar", &at.name];
    at.sandbox.roots(save).run().succeeds();
    let archive = at.sandbox.read("saved.tar");
    for name in ["oci-archive:saved.tar", "-"] {
        let options = ["inspect", "--trusted-root=root.json", name];
        let command = at.sandbox.roots(options).stdin(archive.clone());
        let run = command.run().succeeds();
        assert_eq!(run.stderr, "", "{name}");
        assert_eq!(lines(&run.stdout), at.lines(&[]), "{name}");
    }
}

#[test]
fn bundles_in_a_file_take_the_place_of_those_in_the_registry() {
    let at = Published::new();
    let statement = Statement::signature(&digest(&at.index.index));
    let in_file = at
        .sigstore
        .sign(statement.clone(), &Signer::workflow("o/r"));
    let in_registry = at.sigstore.sign(statement, &Key::p256());
    at.attach(&at.index.index, &[bundle(in_registry.json())]);
    at.sandbox.write("bundle.json", in_file.json());
    let found = at.lines(&["--bundle=bundle.json"]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("1  signature  index  signed by "),
        "{found:?}"
    );
}
