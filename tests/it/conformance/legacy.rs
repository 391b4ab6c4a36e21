//! Signatures of cosign before version 3, as podman keeps them on disk, with the manifests that they are of.

use super::{by_its_own_name, of_digest, read, root, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, PublicKey, SIMPLE_SIGNING};
use serde_json::Value;
use std::slice::from_ref;

const FOLDER: &str = "containers-image";

/// The signature in a file, of which other media types are none.
fn signature(path: &str) -> Result<Bundle, SignatureFault> {
    let file = read(&format!("{FOLDER}/{path}"));
    let json = file.strip_prefix(b"\0sigstore-json\n").unwrap();
    let json: Value = serde_json::from_slice(json).unwrap();
    if json["mimeType"] != SIMPLE_SIGNING {
        return Err(SignatureFault::Malformed("another media type"));
    }
    let payload = STANDARD.decode(json["payload"].as_str().unwrap()).unwrap();
    Bundle::from_legacy(&payload, |name| json["annotations"].get(name)?.as_str())
}

fn manifest(folder: &str) -> Digest {
    Digest::sha256(&read(&format!("{FOLDER}/{folder}/manifest.json")))
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&text(&format!("{FOLDER}/{name}"))).unwrap()
}

fn verify(folder: &str, file: &str, keys: &[PublicKey]) -> Result<(), SignatureFault> {
    let digest = manifest(folder);
    let roots = root("trusted-roots/public-good.json");
    let bundle = signature(&format!("{folder}/{file}"))?;
    bundle
        .verify_key(&of_digest(&digest), keys, &roots)
        .map(drop)
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_legacy_keys() {
    let digest = "sha256:634a8f35b5f16dcf4aaa0822adc0b1964bb786fca12f6831de8ddc45e5986a00";
    assert_eq!(manifest("dir-img-cosign-valid").to_string(), digest);
    let (first, second) = (key("cosign.pub"), key("cosign2.pub"));
    let valid = "dir-img-cosign-valid";
    assert_eq!(verify(valid, "signature-1", from_ref(&first)), Ok(()));
    assert_eq!(
        verify(valid, "signature-1", &[second.clone(), first.clone()]),
        Ok(())
    );
    let other_key = Err(SignatureFault::OtherKey);
    assert_eq!(verify(valid, "signature-1", from_ref(&second)), other_key);
    assert_eq!(verify(valid, "signature-1", &[]), other_key);
    let logged = "dir-img-cosign-key-rekor-valid";
    assert_eq!(verify(logged, "signature-1", &[second]), Ok(()));
    assert_eq!(verify(logged, "signature-1", from_ref(&first)), other_key);
    let modified = verify(
        "dir-img-cosign-modified-manifest",
        "signature-1",
        from_ref(&first),
    );
    assert_eq!(
        modified,
        Err(SignatureFault::OtherDigest(Some(digest.to_owned())))
    );
    let attached = verify(
        "dir-img-cosign-other-attachment",
        "signature-1",
        from_ref(&first),
    );
    assert_eq!(
        attached,
        Err(SignatureFault::Malformed("another media type"))
    );
    let unknown = signature("unknown-cosign-key.signature").unwrap();
    let unknown = unknown.verify_key(&of_digest(&manifest(valid)), &[first], &[]);
    assert_eq!(unknown.err(), Some(SignatureFault::OtherKey));
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_legacy_certificates() {
    let folder = "dir-img-cosign-fulcio-rekor-valid";
    let digest = manifest(folder);
    assert_eq!(
        digest.to_string(),
        "sha256:0489474da8ea22426ece86ace6c1c0026ab2fd3cdfbbd62b7e94650266c37d9a"
    );
    let roots = root("trusted-roots/public-good.json");
    let bundle = signature(&format!("{folder}/signature-1")).unwrap();
    let verified = by_its_own_name(&bundle, &of_digest(&digest), &roots).unwrap();
    assert_eq!(verified.time, Some(1_674_247_893));
    assert!(verified.signer.identity().contains('@'));
    let by_key = bundle.verify_key(&of_digest(&digest), &[key("cosign.pub")], &roots);
    assert_eq!(by_key.err(), Some(SignatureFault::NotByKey));
    let other = manifest("dir-img-cosign-valid");
    let fault = by_its_own_name(&bundle, &of_digest(&other), &roots).err();
    assert_eq!(
        fault,
        Some(SignatureFault::OtherDigest(Some(digest.to_string())))
    );
    // A chain of somebody's own authority.
    let own = signature("dir-img-cosign-pki-valid/signature-1");
    let own = own.and_then(|own| own.verify_anybody(&of_digest(&other), &roots));
    assert!(own.is_err());
}
