//! Signatures of cosign before version 3.

use super::{MANIFEST, Setup, digest, fault_under, invalid, malformed};
use crate::support::sigstore::der::pem;
use crate::support::sigstore::legacy::{BUNDLE, CERTIFICATE, CHAIN, SIGNATURE};
use crate::support::sigstore::trusted_root::LOGS;
use crate::support::sigstore::{
    Key, LegacySignature, Promise, Recorded, Sct, Signing, Sigstore, SimplePayload, Timestamp,
};
use roots::error::SignatureFault::{
    self, NoTime, NotByCertificate, NotByKey, NotLogged, OtherDigest, OtherKey, UnknownLog,
};
use roots::oci::Digest;
use roots::sigstore::{Bundle, DemandedSigner, PublicKey, SignedDocument, TrustedRoot};

/// Why a signature is refused, where one of the keys, or else a workflow of `o/r` is demanded.
fn verify(root: &str, legacy: &LegacySignature, keys: &[&Key]) -> Option<SignatureFault> {
    let digest = digest();
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(MANIFEST),
    }];
    let annotations = &legacy.annotations;
    let bundle = Bundle::from_legacy(&legacy.payload, |name| {
        annotations.get(name).map(String::as_str)
    });
    let bundle = match bundle {
        Ok(bundle) => bundle,
        Err(fault) => return Some(fault),
    };
    let roots = TrustedRoot::parse_all(root.as_bytes()).unwrap();
    if keys.is_empty() {
        let signer = DemandedSigner::built_by("o/r").unwrap();
        return bundle.verify_signer(&artifacts, &signer, &roots).err();
    }
    let keys = keys
        .iter()
        .map(|key| PublicKey::from_pem(&key.pem()).unwrap());
    let keys: Vec<_> = keys.collect();
    bundle.verify_key(&artifacts, &keys, &roots).err()
}

fn keyless(setup: &Setup) -> Signing<'_> {
    setup
        .sigstore
        .sign(SimplePayload::new(&digest()), &setup.signer)
}

fn fault(setup: &Setup, legacy: &LegacySignature) -> Option<SignatureFault> {
    verify(&setup.sigstore.trusted_root(), legacy, &[])
}

#[test]
fn keys_sign_with_and_without_a_log() {
    let sigstore = Sigstore::new();
    let root = sigstore.trusted_root();
    for key in [Key::p256(), Key::p384(), Key::ed25519(), Key::rsa()] {
        let signing = sigstore.sign(SimplePayload::new(&digest()), &key);
        assert_eq!(verify(&root, &signing.legacy(), &[&key]), None);
        let other = verify(&root, &signing.legacy(), &[&Key::p256()]);
        assert_eq!(other, Some(OtherKey));
        let none = verify(&root, &signing.legacy(), &[]);
        assert_eq!(none, Some(NotByCertificate));
        let logged = signing.in_rekor1();
        assert_eq!(verify(&root, &logged.legacy(), &[&key]), None);
        let contradicted = logged.recorded(Recorded::OtherMaterial).legacy();
        assert_eq!(
            verify(&root, &contradicted, &[&key]),
            invalid("the log entry belongs to another signature")
        );
    }
}

#[test]
fn certificates_sign_with_a_promise() {
    let setup = Setup::public();
    let legacy = keyless(&setup).legacy();
    assert_eq!(fault(&setup, &legacy), None);
    let root = setup.sigstore.trusted_root();
    let by_key = verify(&root, &legacy, &[&Key::p256()]);
    assert_eq!(by_key, Some(NotByKey));
}

#[test]
fn without_a_promise_there_is_no_time() {
    let setup = Setup::public();
    let unlogged = keyless(&setup).in_no_log();
    assert_eq!(fault(&setup, &unlogged.legacy()), Some(NoTime));
    let stamped = unlogged.timestamp(Timestamp::Right).legacy();
    assert_eq!(fault(&setup, &stamped), Some(NotLogged));
    let root = setup.sigstore.root().without(LOGS).json();
    assert_eq!(verify(&root, &stamped, &[]), None);
    let missing = keyless(&setup).promise(Promise::Missing).legacy();
    let not_signed = invalid("the log has not signed its entry");
    assert_eq!(fault(&setup, &missing), not_signed);
}

#[test]
fn a_promise_is_of_this_signature_and_of_a_known_log() {
    let setup = Setup::public();
    for promise in [Promise::Forged, Promise::OtherTime] {
        let legacy = keyless(&setup).promise(promise).legacy();
        let not_signed = invalid("the log has not signed its entry");
        assert_eq!(fault(&setup, &legacy), not_signed);
    }
    for recorded in [
        Recorded::OtherSignature,
        Recorded::OtherContent,
        Recorded::OtherMaterial,
    ] {
        let legacy = keyless(&setup).recorded(recorded).legacy();
        let other = invalid("the log entry belongs to another signature");
        assert_eq!(fault(&setup, &legacy), other);
    }
    let other = Setup::public();
    let unknown = keyless(&setup).logged_by(&other.sigstore.rekor1).legacy();
    assert_eq!(fault(&setup, &unknown), Some(UnknownLog));
    // Rekor v2 promises nothing, whatever the annotation says.
    let second = keyless(&setup).in_rekor2().legacy();
    let no_proof = invalid("the log entry has no inclusion proof");
    assert_eq!(fault(&setup, &second), no_proof);
}

#[test]
fn a_log_has_seen_the_certificate() {
    let setup = Setup::public();
    let legacy = keyless(&setup).sct(Sct::Missing).legacy();
    let unseen = invalid("no log has seen the certificate");
    assert_eq!(fault(&setup, &legacy), unseen);
}

#[test]
fn the_chain_among_the_annotations_is_not_looked_at() {
    let setup = Setup::public();
    let legacy = keyless(&setup).legacy();
    let garbage = legacy.clone().annotated(CHAIN, "garbage");
    assert_eq!(fault(&setup, &garbage), None);
    assert_eq!(fault(&setup, &legacy.without(CHAIN)), None);
    let below = setup.sigstore.authority.below();
    let chain = pem("CERTIFICATE", &below.intermediate.certificate);
    let legacy = keyless(&setup).certified_by(&below).legacy();
    let legacy = legacy.annotated(CHAIN, &chain);
    let unknown = Some(SignatureFault::UnknownAuthority);
    assert_eq!(fault(&setup, &legacy), unknown);
}

#[test]
fn a_payload_is_signed_as_it_is() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let root = sigstore.trusted_root();
    let mut legacy = sigstore.sign(SimplePayload::new(&digest()), &key).legacy();
    legacy.payload.push(b'\n');
    assert_eq!(verify(&root, &legacy, &[&key]), Some(OtherKey));
}

#[test]
fn a_payload_is_a_claim_of_this_digest() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let root = sigstore.trusted_root();
    let fault =
        |payload: SimplePayload| verify(&root, &sigstore.sign(payload, &key).legacy(), &[&key]);
    let right = SimplePayload::new(&digest());
    let mut copied = right.clone();
    copied.reference = "elsewhere.example.com/copy".to_owned();
    copied.optional = serde_json::json!({"creator": "somebody"});
    assert_eq!(fault(copied), None);

    let other = Digest::sha256(b"another");
    let of_other = Some(OtherDigest(Some(other.to_string())));
    assert_eq!(fault(SimplePayload::new(&other)), of_other);
    let no_claim = malformed("the payload is not a claim of cosign");
    let mut atomic = right.clone();
    atomic.claim = "atomic container signature".to_owned();
    assert_eq!(fault(atomic), no_claim);
    let mut upper = right;
    upper.digest = upper.digest.to_uppercase();
    assert_eq!(fault(upper), no_claim);
    let statement = sigstore.sign(&b"{}"[..], &key).legacy();
    assert_eq!(verify(&root, &statement, &[&key]), no_claim);
}

#[test]
fn annotations_are_read_strictly() {
    let setup = Setup::public();
    let legacy = keyless(&setup).legacy();
    let promise = legacy.annotations[BUNDLE].clone();
    let certificate = legacy.annotations[CERTIFICATE].clone();
    let twice = promise.replacen("\"logIndex\":", "\"logIndex\":1,\"logIndex\":", 1);
    for (name, text, what) in [
        (SIGNATURE, "", "an annotation is missing"),
        (SIGNATURE, "-_-_", "the signature is not base64"),
        (CERTIFICATE, "garbage", "the certificate"),
        (CERTIFICATE, &certificate.repeat(2), "the certificate"),
        (BUNDLE, "{}", "the log entry"),
        (BUNDLE, &twice, "the log entry"),
    ] {
        let legacy = legacy.clone().annotated(name, text);
        assert_eq!(fault(&setup, &legacy), malformed(what), "{name}: {text}");
    }
    // cosign writes an empty annotation where it has no certificate.
    let legacy = legacy.annotated(CERTIFICATE, "");
    assert_eq!(fault(&setup, &legacy), Some(NotByCertificate));
}

#[test]
fn a_legacy_payload_in_a_bundle_is_nothing() {
    let setup = Setup::public();
    let bundle = keyless(&setup).json();
    let fault = fault_under(&setup.sigstore.trusted_root(), bundle);
    assert!(matches!(fault, Some(OtherDigest(_))), "{fault:?}");
}
