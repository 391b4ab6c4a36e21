//! Signatures that do not hold, and registries that do not tell.

use super::{Published, bundle, digest};
use crate::support::image::oci;
use crate::support::sigstore::{Key, Signer, Statement};
use crate::support::{ALWAYS, Fault, hello, marked};

#[test]
fn a_signature_that_does_not_hold_says_why() {
    let at = Published::new();
    let signer = Signer::workflow("o/r");
    let statement = Statement::signature(&digest(&at.image.manifest));
    let far = marked("far", "linux", "s390x", None);
    let of_far = Statement::signature(&digest(&far.manifest));
    let other = format!("signs another digest, {}", far.manifest.digest);
    for (json, reason) in [
        (
            at.sigstore.sign(statement.clone(), &signer).forged().json(),
            "invalid: ",
        ),
        (
            at.sigstore.sign(statement, &signer).in_no_log().json(),
            "no proof of the signing time",
        ),
        (at.sigstore.sign(of_far, &signer).json(), other.as_str()),
        (
            "{}".to_owned(),
            "malformed: not the JSON of a sigstore bundle",
        ),
    ] {
        at.attach(&at.image.manifest, &[bundle(json)]);
        let line = &at.lines(&[])[0];
        let wanted = format!("1  signature  manifest  not verified: {reason}");
        assert!(line.starts_with(&wanted), "{line}");
    }
}

#[test]
fn a_registry_that_refuses_to_tell_is_a_warning_unless_a_signature_is_demanded() {
    let at = Published::with(|index, image| index.attestation(image));
    at.sandbox.write("key.pub", Key::p256().pem());
    for status in [401, 403, 418] {
        at.registry
            .fault("/referrers/", ALWAYS, Fault::status(status));
        let run = at.page(&[]).succeeds();
        assert!(
            run.stderr
                .starts_with("roots: warning: attestations may be missing: "),
            "{}",
            run.stderr
        );
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        // Those of the index are no secret.
        assert_eq!(
            super::lines(&run.stdout),
            ["1  provenance  manifest  unsigned"]
        );
        let run = at.page(&["--signed-by=key.pub"]);
        assert_ne!(run.code, Some(0));
        assert_eq!(run.stdout, "");
        at.registry.recover();
    }
}

#[test]
fn a_malformed_list_is_an_empty_one() {
    let at = Published::new();
    let tag = at.image.manifest.digest.replace(':', "-");
    at.registry.put_manifest("a/b", &tag, oci::INDEX, "<html>");
    assert_eq!(at.lines(&[]), [""; 0]);
}

#[test]
fn a_spoilt_attestation_is_listed_as_such() {
    let at = Published::new();
    let statement = Statement::signature(&digest(&at.image.manifest));
    let signature = bundle(at.sigstore.sign(statement, &Key::p256()).json());
    at.attach(&at.image.manifest, std::slice::from_ref(&signature));
    at.registry
        .fault(&signature.digest, ALWAYS, Fault::Corrupt(5));
    let [line] = &at.lines(&[])[..] else {
        panic!("one line");
    };
    assert!(
        line.contains("not verified: sha256:") && line.contains("digest mismatch"),
        "{line}"
    );
}

#[test]
fn a_flood_is_cut_short() {
    let at = Published::new();
    let bundles: Vec<_> = (0..70)
        .map(|number| bundle(format!("{{\"n\": {number}}}")))
        .collect();
    at.attach(&at.image.manifest, &bundles);
    let run = at.page(&["--json"]).succeeds();
    let run = run.says("has 70 referrers, of which 64 are read");
    let page: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(page["attestations"].as_array().unwrap().len(), 64);
    assert!(at.registry.requests_for("/blobs/").len() < 70);
}

#[test]
fn signatures_of_a_single_image_are_asked_for_in_three_places() {
    let at = Published::new();
    let image = hello();
    let name = at.registry.push("c", "1", &image);
    at.registry.forget_requests();
    let run = super::inspect(&at.sandbox, &[&name]).succeeds();
    assert!(!run.stdout.contains("\nattestations:"), "{}", run.stdout);
    let (digest, tag) = (
        &image.manifest.digest,
        image.manifest.digest.replace(':', "-"),
    );
    let wanted = [
        format!("GET /v2/c/referrers/{digest}"),
        format!("GET /v2/c/manifests/{tag}"),
        format!("GET /v2/c/manifests/{tag}.sig"),
    ];
    assert!(
        at.registry.lines().ends_with(&wanted),
        "{:?}",
        at.registry.lines()
    );
}
