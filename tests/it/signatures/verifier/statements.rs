//! What a statement says, once its signature holds.

use super::{Setup, digest, malformed};
use crate::support::sigstore::{COSIGN_SIGNATURE, Content, Statement, subject};
use roots::error::SignatureFault;
use roots::oci::{Algorithm, Digest};
use roots::sigstore::{Bundle, SignedDocument, TrustedRoot};
use serde_json::{Value, json};

const NO_STATEMENT: &str = "not an in-toto statement";

fn fault(content: impl Into<Content>) -> Option<SignatureFault> {
    let setup = Setup::github();
    setup.fault(setup.sigstore.sign(content, &setup.signer).json())
}

fn fault_of_digests(digests: &Value) -> Option<SignatureFault> {
    let subject = json!({"name": "image", "digest": digests});
    fault(Statement::signature(&digest()).with_subjects(vec![subject]))
}

#[test]
fn signatures_and_provenance_are_of_the_image() {
    for kind in [
        COSIGN_SIGNATURE,
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/provenance/v0.2",
    ] {
        assert_eq!(fault(Statement::new(kind, &digest(), json!({}))), None);
    }
    assert_eq!(fault(Statement::provenance(&digest())), None);
}

#[test]
fn an_sbom_is_not_a_signature_of_the_image() {
    for kind in [
        "https://spdx.dev/Document/v2.3",
        "https://cyclonedx.org/bom",
        "https://cosign.sigstore.dev/attestation/v1",
        "https://slsa.dev/provenance/v1.1",
        "https://slsa.dev/verification_summary/v1",
        "",
    ] {
        let other = Some(SignatureFault::OtherPredicate(kind.to_owned()));
        assert_eq!(fault(Statement::new(kind, &digest(), json!({}))), other);
    }
}

#[test]
fn a_statement_of_another_digest_is_refused() {
    let other = Digest::sha256(b"another");
    assert_eq!(
        fault(Statement::signature(&other)),
        Some(SignatureFault::OtherDigest(Some(other.to_string())))
    );
    let none = Statement::signature(&digest()).with_subjects(Vec::new());
    assert_eq!(fault(none), Some(SignatureFault::OtherDigest(None)));
}

#[test]
fn one_of_several_subjects_is_enough() {
    let subjects = [Digest::sha256(b"another"), digest()];
    let subjects = subjects.iter().map(subject).collect();
    let statement = Statement::signature(&digest()).with_subjects(subjects);
    assert_eq!(fault(statement), None);
}

#[test]
fn digests_are_compared_as_lower_case_hex_of_their_own_algorithm() {
    let digest = digest();
    let hex = digest.hex();
    assert_eq!(fault_of_digests(&json!({"sha256": hex, "sha1": "x"})), None);
    let sha512 = Digest::of(Algorithm::Sha512, super::MANIFEST);
    for digests in [
        json!({"sha256": hex.to_uppercase()}),
        json!({"sha256": format!("sha256:{hex}")}),
        json!({"sha256": format!("{hex} ")}),
        json!({"sha256": &hex[..32]}),
        json!({"SHA256": hex}),
        json!({"sha1": hex}),
        json!({"gitCommit": hex}),
        // Of the same bytes, under an algorithm that was not asked for.
        json!({"sha512": sha512.hex()}),
        json!({}),
    ] {
        let fault = fault_of_digests(&digests);
        assert!(
            matches!(fault, Some(SignatureFault::OtherDigest(_))),
            "{digests}: {fault:?}"
        );
    }
}

#[test]
fn a_statement_has_a_known_type() {
    let mut statement = Statement::signature(&digest());
    statement.statement_type = "https://in-toto.io/Statement/v0.1".to_owned();
    assert_eq!(fault(statement.clone()), None);
    statement.statement_type = "https://in-toto.io/Statement/v2".to_owned();
    assert_eq!(fault(statement), malformed(NO_STATEMENT));
}

#[test]
fn a_statement_with_many_subjects_is_refused() {
    let subjects = |count| vec![subject(&digest()); count];
    let statement = |count| Statement::signature(&digest()).with_subjects(subjects(count));
    assert_eq!(fault(statement(1024)), None);
    assert_eq!(fault(statement(1025)), malformed(NO_STATEMENT));
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let payload = String::from_utf8(Statement::signature(&digest()).payload()).unwrap();
    let other = Digest::sha256(b"another");
    for (key, value) in [
        ("subject", "[]".to_owned()),
        ("predicateType", format!("{COSIGN_SIGNATURE:?}")),
        ("sha256", format!("{:?}", other.hex())),
    ] {
        let once = format!(r#""{key}":"#);
        let twice = payload.replacen(&once, &format!("{once}{value},{once}"), 1);
        assert_ne!(twice, payload);
        let envelope = Content::envelope(twice);
        assert_eq!(fault(envelope), malformed(NO_STATEMENT), "{key}");
    }
}

#[test]
fn a_payload_that_is_no_statement_is_refused() {
    for payload in ["", "{}", "[]", "null", "\u{feff}{}", "{\"_type\": 1}"] {
        let envelope = Content::envelope(payload);
        assert_eq!(fault(envelope), malformed(NO_STATEMENT), "{payload:?}");
    }
}

#[test]
fn an_image_that_is_known_by_its_sha512_is_looked_for_by_it() {
    let setup = Setup::github();
    let roots = TrustedRoot::parse_all(setup.sigstore.trusted_root().as_bytes()).unwrap();
    let sha512 = Digest::of(Algorithm::Sha512, super::MANIFEST);
    let artifacts = [SignedDocument {
        digest: &sha512,
        bytes: Some(super::MANIFEST),
    }];
    let fault = |content: Content| {
        let bundle = setup.sigstore.sign(content, &setup.signer).json();
        let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
        bundle.verify_anybody(&artifacts, &roots).err()
    };
    assert_eq!(fault(Statement::signature(&sha512).into()), None);
    assert_eq!(fault(super::MANIFEST.into()), None);
    let other = Some(SignatureFault::OtherDigest(Some(digest().to_string())));
    assert_eq!(fault(Statement::signature(&digest()).into()), other);
}
