//! sigstore-conformance: a folder for each case.

use super::{GITHUB_ISSUER, exact, read, suite, text};
use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, PublicKey, SignedDocument, TrustedRoot, Verified};
use std::fs;

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

const CASES: usize = 70;

fn verify(case: &str) -> Result<Verified, SignatureFault> {
    let folder = suite().join("conformance").join(case);
    let has = |name: &str| folder.join(name).exists();
    let of_case = |name: &str| format!("conformance/{case}/{name}");
    let or = |name: &str, default: &str| {
        if has(name) {
            text(&of_case(name)).trim().to_owned()
        } else {
            default.to_owned()
        }
    };
    let artifact = if has("artifact") {
        read(&of_case("artifact"))
    } else {
        read("conformance/a.txt")
    };
    let root = if has("trusted_root.json") {
        read(&of_case("trusted_root.json"))
    } else {
        read("trusted-roots/public-good.json")
    };
    let digest = Digest::sha256(&artifact);
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(&artifact),
    }];
    let roots = TrustedRoot::parse_all(&root)?;
    let bundle = Bundle::parse(&read(&of_case("bundle.sigstore.json")))?;
    if has("key.pub") {
        let key = PublicKey::from_pem(&text(&of_case("key.pub")));
        let key = key.map_err(|_| SignatureFault::Malformed("the key"))?;
        return bundle.verify_key(&artifacts, &[key], &roots);
    }
    let signer = exact(&or("identity", IDENTITY), &or("issuer", GITHUB_ISSUER));
    bundle.verify_signer(&artifacts, &signer, &roots)
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_all_cases() {
    let folders = fs::read_dir(suite().join("conformance")).unwrap();
    let mut cases: Vec<_> = folders
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    let mut wrong = Vec::new();
    for case in &cases {
        let result = verify(case);
        if result.is_err() != case.ends_with("_fail") {
            wrong.push(format!("{case}: {:?}", result.err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases.len(), CASES);
}

/// The base64 of this case has line breaks, for which alone it is refused. Without them, the time must be what is wrong.
#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_a_time_after_the_certificate() {
    let folder = "conformance/rekor2-timestamp-with-incorrect-time_fail";
    let bundle = text(&format!("{folder}/bundle.sigstore.json"));
    assert!(bundle.contains("\\n"));
    let artifact = read("conformance/a.txt");
    let digest = Digest::sha256(&artifact);
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(&artifact),
    }];
    let mut json: serde_json::Value = serde_json::from_str(&bundle).unwrap();
    let stamps = &mut json["verificationMaterial"]["timestampVerificationData"];
    let stamp = &mut stamps["rfc3161Timestamps"][0]["signedTimestamp"];
    *stamp = stamp.as_str().unwrap().replace('\n', "").into();
    let bundle = Bundle::parse(json.to_string().as_bytes()).unwrap();
    let roots = read(&format!("{folder}/trusted_root.json"));
    let roots = TrustedRoot::parse_all(&roots).unwrap();
    let fault = bundle.verify_anybody(&artifacts, &roots).unwrap_err();
    let reason = "the certificate was not valid when it was used";
    assert_eq!(fault, SignatureFault::Invalid(reason));
}
