//! Bytes as signatures and what they need: nothing panics, and a genuine bundle with some bytes changed proves nothing else. An input
//! is read as it is, and as a change: a byte for the field of the bundle, a byte for the way, two for the place, then the bytes.
#![no_main]

mod peak;
mod signer;

use libfuzzer_sys::fuzz_target;
use roots::oci::Digest;
use roots::sigstore::{
    Bundle, Certificate, PublicKey, SignedDocument, TrustedRoot, Verified, Workflow, bundles,
};
use serde_json::Value;
use std::cell::OnceCell;

/// The fields of a bundle, and whether it may hold with another value. Of a checkpoint and a timestamp, some is not signed, and another
/// proof of the time remains.
const FIELDS: [(&str, bool); 8] = [
    ("/verificationMaterial/certificate/rawBytes", false),
    (
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
        false,
    ),
    (
        "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
        false,
    ),
    (
        "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
        false,
    ),
    (CHECKPOINT, true),
    (
        "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
        true,
    ),
    ("/dsseEnvelope/payload", false),
    ("/dsseEnvelope/signatures/0/sig", false),
];

/// Text, where the others are base64.
const CHECKPOINT: &str = "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope";

struct Genuine {
    image: Digest,
    json: Value,
    roots: Vec<TrustedRoot>,
    verified: Verified,
}

thread_local! {
    static GENUINE: OnceCell<Genuine> = const { OnceCell::new() };
}

fuzz_target!(|data: &[u8]| {
    GENUINE.with(|genuine| {
        let genuine = genuine.get_or_init(Genuine::new);
        peak::bounded(|| {
            read(data);
            genuine.verify(data);
        });
    });
});

/// Everything that a user or a registry can hand over.
fn read(data: &[u8]) {
    let _ = Bundle::parse(data);
    let _ = TrustedRoot::parse_all(data);
    if let Ok(bundles) = bundles(data) {
        assert!(bundles.len() <= 64);
    }
    if let Some(certificate) = Certificate::from_der(data) {
        let _ = certificate.is_authority();
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = PublicKey::from_pem(text);
        let _ = Workflow::parse(text);
        let _ = Bundle::from_legacy(data, |_| Some(text));
    }
}

impl Genuine {
    fn new() -> Self {
        let image = Digest::sha256(b"the image");
        let (json, root) = signer::sign(&image);
        let roots = TrustedRoot::parse_all(root.to_string().as_bytes()).expect("a root");
        let bundle = Bundle::parse(json.to_string().as_bytes()).expect("a bundle");
        let verified = bundle.verify_anybody(&[of(&image)], &roots);
        let verified = verified.expect("a bundle that holds");
        assert_eq!(verified.time, Some(signer::LOGGED));
        let (mut stamped, mut clock) = (json.clone(), root);
        stamped["verificationMaterial"]["tlogEntries"] = Value::Null;
        clock["tlogs"] = Value::Null;
        let clock = TrustedRoot::parse_all(clock.to_string().as_bytes()).expect("a root");
        let stamped = Bundle::parse(stamped.to_string().as_bytes()).expect("a bundle");
        let stamped = stamped
            .verify_anybody(&[of(&image)], &clock)
            .expect("a time");
        assert_eq!(stamped.time, Some(signer::STAMPED));
        Self {
            image,
            json,
            roots,
            verified,
        }
    }

    /// The bundle with a change.
    fn verify(&self, data: &[u8]) {
        let [field, way, high, low, rest @ ..] = data else {
            return;
        };
        let at = usize::from(*high) << 8 | usize::from(*low);
        let change = |bytes: Vec<u8>| changed(bytes, way % 2 == 0, at, rest);
        let field = FIELDS.get(usize::from(*field) % (FIELDS.len() + 1));
        let whole = self.json.to_string().into_bytes();
        let (bundle, may_hold) = match field {
            None => (change(whole.clone()), true),
            Some((name, may_hold)) => {
                let mut json = self.json.clone();
                let value = json.pointer_mut(name).expect("a field");
                let text = value.as_str().expect("a text");
                let text = if *name == CHECKPOINT {
                    let bytes = change(text.as_bytes().to_vec());
                    String::from_utf8_lossy(&bytes).into_owned()
                } else {
                    signer::encode(&change(signer::decode(text)))
                };
                *value = text.into();
                (json.to_string().into_bytes(), *may_hold)
            }
        };
        let parsed = Bundle::parse(&bundle);
        let verified = parsed.and_then(|b| b.verify_anybody(&[of(&self.image)], &self.roots));
        if let Ok(verified) = verified {
            assert!(may_hold || bundle == whole, "{field:?}");
            assert_eq!(verified.digest, self.verified.digest);
            assert_eq!(verified.signer, self.verified.signer);
            assert_eq!(verified.predicate_type, self.verified.predicate_type);
            let times = [signer::LOGGED, signer::STAMPED];
            assert!(verified.time.is_some_and(|time| times.contains(&time)));
        }
    }
}

fn of(image: &Digest) -> SignedDocument<'_> {
    SignedDocument {
        digest: image,
        bytes: None,
    }
}

/// Some bytes flipped, or others in place of all from there on.
fn changed(mut bytes: Vec<u8>, is_flip: bool, at: usize, change: &[u8]) -> Vec<u8> {
    let at = at.min(bytes.len());
    if is_flip {
        let flipped = bytes[at..].iter_mut().zip(change);
        flipped.for_each(|(byte, change)| *byte ^= change);
    } else {
        bytes.truncate(at);
        bytes.extend_from_slice(change);
    }
    bytes
}
