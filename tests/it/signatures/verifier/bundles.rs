//! How a bundle is written down.

use super::{MANIFEST, Setup, digest, fault_under, invalid, malformed};
use crate::support::sigstore::key::base64;
use crate::support::sigstore::{Checkpoint, Content, Version};
use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, SignedDocument, TrustedRoot};
use serde_json::json;

const NO_MATCH: &str = "the signature does not match what was signed";

#[test]
fn every_version_is_accepted() {
    let setup = Setup::public();
    for version in [
        Version::V01,
        Version::V02,
        Version::V03WithParameter,
        Version::V03,
    ] {
        assert_eq!(setup.fault(setup.sign().version(version)), None);
    }
    let mut unknown = setup.sign().value();
    unknown["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json".into();
    let fault = setup.fault(unknown);
    assert_eq!(fault, malformed("a bundle of an unknown version"));
}

#[test]
fn only_old_versions_have_chains() {
    let setup = Setup::public();
    let mut bundle = setup.sign().version(Version::V02);
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json".into();
    let fault = setup.fault(bundle);
    assert_eq!(fault, malformed("not one certificate or key"));
}

#[test]
fn a_chain_may_have_intermediates_and_no_root() {
    let setup = Setup::public();
    let mut bundle = setup.sign().version(Version::V01);
    let [intermediate, root] = setup.sigstore.authority.chain();
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    let chain = chain.as_array_mut().unwrap();
    chain.push(json!({"rawBytes": base64(intermediate)}));
    assert_eq!(setup.fault(bundle.clone()), None);
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    let chain = chain.as_array_mut().unwrap();
    chain.push(json!({"rawBytes": base64(root)}));
    let fault = setup.fault(bundle);
    assert_eq!(fault, malformed("a root certificate in the chain"));
}

#[test]
fn a_payload_that_is_altered_is_refused() {
    for setup in [Setup::public(), Setup::github()] {
        let mut bundle = setup.sign().value();
        let other = super::Statement::signature(&Digest::sha256(b"another")).payload();
        bundle["dsseEnvelope"]["payload"] = base64(other).into();
        assert_eq!(setup.fault(bundle), invalid(NO_MATCH));
    }
}

#[test]
fn a_signature_that_is_altered_is_refused() {
    let setup = Setup::public();
    let mut bundle = setup.sign().value();
    let other = setup.sign().value()["dsseEnvelope"]["signatures"].clone();
    bundle["dsseEnvelope"]["signatures"] = other;
    assert_eq!(
        setup.fault(bundle),
        invalid("the signature does not match what was signed")
    );
    // Here log and timestamp agree that it is the signature.
    for setup in [setup, Setup::github()] {
        let bundle = setup.sign().forged().json();
        assert_eq!(setup.fault(bundle), invalid(NO_MATCH));
    }
}

#[test]
fn an_envelope_has_one_signature() {
    let setup = Setup::public();
    let bundle = setup.sign().value();
    let signature = bundle["dsseEnvelope"]["signatures"][0].clone();
    for signatures in [json!([signature, signature]), json!([])] {
        let mut bundle = bundle.clone();
        bundle["dsseEnvelope"]["signatures"] = signatures;
        let fault = setup.fault(bundle);
        assert_eq!(fault, malformed("not one signature in the envelope"));
    }
    let mut named = bundle.clone();
    named["dsseEnvelope"]["signatures"][0]["keyid"] = "whatever".into();
    assert_eq!(setup.fault(named), None);
}

#[test]
fn an_envelope_holds_a_statement_of_in_toto() {
    let setup = Setup::public();
    let payload = super::Statement::signature(&digest()).payload();
    let content = Content::Envelope {
        payload,
        payload_type: "text/plain".to_owned(),
    };
    let bundle = setup.sigstore.sign(content, &setup.signer).json();
    let fault = setup.fault(bundle);
    assert_eq!(fault, malformed("the payload is not an in-toto statement"));
}

#[test]
fn a_bundle_has_one_content_and_one_material() {
    let setup = Setup::public();
    let bundle = setup.sign().value();
    let message = setup.sigstore.sign(MANIFEST, &setup.signer).value();
    let no_content = malformed("not one envelope or message signature");
    let mut both = bundle.clone();
    both["messageSignature"] = message["messageSignature"].clone();
    assert_eq!(setup.fault(both), no_content);
    let mut neither = bundle.clone();
    neither.as_object_mut().unwrap().remove("dsseEnvelope");
    assert_eq!(setup.fault(neither), no_content);

    let no_material = malformed("not one certificate or key");
    let mut both = bundle.clone();
    both["verificationMaterial"]["publicKey"] = json!({"hint": "k"});
    assert_eq!(setup.fault(both), no_material);
    let mut neither = bundle;
    let material = neither["verificationMaterial"].as_object_mut().unwrap();
    material.remove("certificate");
    assert_eq!(setup.fault(neither), no_material);
}

#[test]
fn a_message_signature_is_over_the_manifest() {
    let setup = Setup::public();
    let signed = |bytes: &[u8]| setup.sigstore.sign(bytes, &setup.signer).json();
    assert_eq!(setup.fault(signed(MANIFEST)), None);
    let other = Digest::sha256(b"another").to_string();
    let fault = setup.fault(signed(b"another"));
    assert_eq!(fault, Some(SignatureFault::OtherDigest(Some(other))));

    // The digest alone does not do: what was signed are the bytes.
    let roots = TrustedRoot::parse_all(setup.sigstore.trusted_root().as_bytes()).unwrap();
    let bundle = Bundle::parse(signed(MANIFEST).as_bytes()).unwrap();
    let (digest, other) = (digest(), Digest::sha256(b"another"));
    for (digest, bytes) in [(&digest, None), (&other, Some(MANIFEST))] {
        let artifacts = [SignedDocument { digest, bytes }];
        let fault = bundle.verify_anybody(&artifacts, &roots).err();
        assert!(
            matches!(fault, Some(SignatureFault::OtherDigest(_))),
            "{fault:?}"
        );
    }
    let mut weak = setup.sigstore.sign(MANIFEST, &setup.signer).value();
    weak["messageSignature"]["messageDigest"]["algorithm"] = "SHA1".into();
    let fault = setup.fault(weak);
    assert_eq!(fault, malformed("a message digest other than SHA-256"));
}

#[test]
fn old_versions_may_lack_the_checkpoint_or_the_proof_if_they_have_a_promise() {
    let setup = Setup::public();
    let root = setup.sigstore.trusted_root();
    let without_proof = setup.sign().without_inclusion();
    let without_checkpoint = setup.sign().checkpoint(Checkpoint::Missing);
    let fault = |version: Version, signing: &super::Signing<'_>| {
        fault_under(&root, signing.version(version))
    };
    assert_eq!(fault(Version::V01, &without_proof), None);
    assert_eq!(fault(Version::V01, &without_checkpoint), None);
    for version in [Version::V02, Version::V03WithParameter, Version::V03] {
        assert_eq!(
            fault(version, &without_proof),
            invalid("the log entry has no inclusion proof")
        );
        assert_eq!(
            fault(version, &without_checkpoint),
            invalid("the log entry has no checkpoint")
        );
    }
}
