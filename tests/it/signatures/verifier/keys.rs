//! Signatures with keys, in bundles.

use super::{MANIFEST, Setup, digest, invalid};
use crate::support::sigstore::{
    Content, IN_USE, Key, Promise, Recorded, RekorLog, Sigstore, Statement,
};
use roots::error::SignatureFault::{
    self, NotByCertificate, NotByKey, OtherDigest, OtherKey, OtherPredicate,
};
use roots::oci::Digest;
use roots::sigstore::{Bundle, PublicKey, SignedDocument, TrustedRoot};
use serde_json::json;

fn verify(sigstore: &Sigstore, bundle: &str, keys: &[&Key]) -> Option<SignatureFault> {
    let digest = digest();
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(MANIFEST),
    }];
    let keys = keys
        .iter()
        .map(|key| PublicKey::from_pem(&key.pem()).unwrap());
    let keys: Vec<_> = keys.collect();
    let roots = TrustedRoot::parse_all(sigstore.trusted_root().as_bytes()).unwrap();
    let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
    let verified = bundle.verify_key(&artifacts, &keys, &roots);
    verified.and_then(|verified| verified.of_image()).err()
}

fn statement() -> Statement {
    Statement::signature(&digest())
}

#[test]
fn each_kind_of_key_signs() {
    let sigstore = Sigstore::new();
    for key in [Key::p256(), Key::p384(), Key::ed25519(), Key::rsa()] {
        let signing = sigstore.sign(statement(), &key);
        assert_eq!(verify(&sigstore, &signing.json(), &[&key]), None);
        let other = Key::p256();
        let bundle = signing.json();
        assert_eq!(verify(&sigstore, &bundle, &[&other, &key]), None);
        assert_eq!(verify(&sigstore, &bundle, &[&other]), Some(OtherKey));
        assert_eq!(verify(&sigstore, &bundle, &[]), Some(OtherKey));
        let logged = signing.in_rekor1();
        assert_eq!(verify(&sigstore, &logged.json(), &[&key]), None);
        let logged = logged.in_rekor2().without_timestamp();
        assert_eq!(verify(&sigstore, &logged.json(), &[&key]), None);
    }
}

#[test]
fn the_hint_of_a_key_means_nothing() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let mut bundle = sigstore.sign(statement(), &key).value();
    bundle["verificationMaterial"]["publicKey"] = json!({"hint": "another"});
    assert_eq!(verify(&sigstore, &bundle.to_string(), &[&key]), None);
}

#[test]
fn a_key_is_no_certificate_and_a_certificate_no_key() {
    let setup = Setup::public();
    let key = Key::p256();
    let by_key = setup.sigstore.sign(statement(), &key).json();
    assert_eq!(setup.fault(by_key), Some(NotByCertificate));
    // Not even with the key of the certificate.
    let certified = setup.sign().certified_key(key.clone()).json();
    assert_eq!(verify(&setup.sigstore, &certified, &[&key]), Some(NotByKey));
}

#[test]
fn a_log_is_not_demanded_and_must_not_contradict() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let fault = |bundle: String| verify(&sigstore, &bundle, &[&key]);
    let logged = || sigstore.sign(statement(), &key).in_rekor1();
    let other = RekorLog::v1(IN_USE);
    assert_eq!(fault(logged().logged_by(&other).json()), None);
    assert_eq!(fault(logged().promise(Promise::Missing).json()), None);
    let forged = logged().promise(Promise::Forged).json();
    assert_eq!(fault(forged), invalid("the log has not signed its entry"));
    for recorded in [
        Recorded::OtherContent,
        Recorded::OtherMaterial,
        Recorded::OtherSignature,
    ] {
        let contradicted = invalid("the log entry belongs to another signature");
        assert_eq!(fault(logged().recorded(recorded).json()), contradicted);
        let second = logged().in_rekor2().recorded(recorded);
        assert_eq!(fault(second.json()), contradicted);
    }
}

#[test]
fn what_a_key_has_signed_is_compared() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let fault = |content: Content| {
        let bundle = sigstore.sign(content, &key).json();
        verify(&sigstore, &bundle, &[&key])
    };
    assert_eq!(fault(MANIFEST.into()), None);
    let other = Digest::sha256(b"another");
    let of_other = Some(OtherDigest(Some(other.to_string())));
    assert_eq!(fault(Statement::signature(&other).into()), of_other);
    assert_eq!(fault(b"another"[..].into()), of_other);
    let sbom = Statement::new("https://spdx.dev/Document", &digest(), json!({}));
    let kind = "https://spdx.dev/Document".to_owned();
    assert_eq!(fault(sbom.into()), Some(OtherPredicate(kind)));
}

#[test]
fn a_payload_or_signature_that_is_altered_is_by_no_key() {
    let (sigstore, key) = (Sigstore::new(), Key::ed25519());
    let mut bundle = sigstore.sign(statement(), &key).value();
    let other = sigstore
        .sign(Statement::provenance(&digest()), &key)
        .value();
    bundle["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone();
    assert_eq!(
        verify(&sigstore, &bundle.to_string(), &[&key]),
        Some(OtherKey)
    );
    let forged = sigstore.sign(statement(), &key).forged().json();
    assert_eq!(verify(&sigstore, &forged, &[&key]), Some(OtherKey));
}
