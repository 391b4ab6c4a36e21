//! What Rekor has recorded: its types `hashedrekord`, `dsse` and `intoto`. An entry counts only if it is of the same signature, made
//! with the same key or certificate over the same bytes: two ECDSA signatures of the same bytes differ, and an entry of one proves
//! nothing about the other.

use crate::error::SignatureFault;
use crate::sigstore::encoding::json::from_base64;
use crate::sigstore::encoding::pem;
use crate::sigstore::hash::{HashAlgorithm, hex};
use crate::sigstore::log::body_json::{
    BodyJson, Dsse1, HashedRekord1, HashedRekord2, HeadJson, HexHash, InToto2, InTotoContent,
    VerifierJson,
};
use serde::de::DeserializeOwned;

/// What must have been recorded.
#[derive(Clone, Copy)]
pub(crate) struct Recorded<'a> {
    /// The certificate or the key, in DER.
    pub(crate) material: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// The bytes that were signed: of an envelope, their encoding.
    pub(crate) message: &'a [u8],
    /// The payload of an envelope.
    pub(crate) payload: Option<&'a [u8]>,
}

/// The generation of the log that writes this type of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// It signs the time of each entry.
    Rekor1,
    /// It knows no time.
    Rekor2,
}

/// Checks the body of an entry. `kind` is what the bundle says that it is.
pub(crate) fn check(
    body: &[u8],
    kind: Option<(&str, &str)>,
    recorded: &Recorded<'_>,
) -> Result<Generation, SignatureFault> {
    let of_other = SignatureFault::Invalid("the log entry belongs to another signature");
    let head: HeadJson = parse(body)?;
    let found = (head.kind.as_str(), head.api_version.as_str());
    if kind.is_some_and(|kind| kind != found) {
        return Err(SignatureFault::Invalid("the log entry is of another kind"));
    }
    let (matches, generation) = match found {
        ("hashedrekord", "0.0.1") => {
            let entry: BodyJson<HashedRekord1> = parse(body)?;
            (entry.spec.matches(recorded), Generation::Rekor1)
        }
        ("hashedrekord", "0.0.2") => {
            let entry: BodyJson<HashedRekord2> = parse(body)?;
            (entry.spec.matches(recorded), Generation::Rekor2)
        }
        ("dsse", "0.0.1") => {
            let entry: BodyJson<Dsse1> = parse(body)?;
            (entry.spec.matches(recorded), Generation::Rekor1)
        }
        ("intoto", "0.0.2") => {
            let entry: BodyJson<InToto2> = parse(body)?;
            (entry.spec.content.matches(recorded), Generation::Rekor1)
        }
        _ => return Err(SignatureFault::Malformed("a log entry of an unknown kind")),
    };
    matches.then_some(generation).ok_or(of_other)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SignatureFault> {
    serde_json::from_slice(body)
        .map_err(|_| SignatureFault::Malformed("not the JSON of a log entry"))
}

/// Line ends differ from one writer of PEM to another, so DER is compared.
fn is_pem_of(text: &[u8], material: &[u8]) -> bool {
    let block = str::from_utf8(text).ok().and_then(pem::decode);
    block.is_some_and(|(label, der)| {
        ["CERTIFICATE", "PUBLIC KEY"].contains(&label) && der == material
    })
}

impl HexHash {
    fn is_of(&self, bytes: &[u8]) -> bool {
        let algorithm = HashAlgorithm::of_name(&self.algorithm);
        algorithm.is_some_and(|algorithm| hex(&algorithm.hash(bytes)) == self.value)
    }
}

impl HashedRekord1 {
    fn matches(&self, recorded: &Recorded<'_>) -> bool {
        // Envelopes have types of their own there; sigstore's other clients refuse this one for them, too.
        recorded.payload.is_none()
            && self.data.hash.is_of(recorded.message)
            && self.signature.content.0 == recorded.signature
            && is_pem_of(&self.signature.public_key.content.0, recorded.material)
    }
}

impl HashedRekord2 {
    fn matches(&self, recorded: &Recorded<'_>) -> bool {
        let entry = &self.hashed_rekord_v002;
        let algorithm = HashAlgorithm::of_name(&entry.data.algorithm);
        let material = match &entry.signature.verifier {
            VerifierJson {
                x509_certificate: Some(material),
                public_key: None,
            }
            | VerifierJson {
                x509_certificate: None,
                public_key: Some(material),
            } => &material.raw_bytes.0,
            _ => return false,
        };
        algorithm.is_some_and(|algorithm| algorithm.hash(recorded.message) == entry.data.digest.0)
            && entry.signature.content.0 == recorded.signature
            && material == recorded.material
    }
}

impl Dsse1 {
    fn matches(&self, recorded: &Recorded<'_>) -> bool {
        let [signature] = &self.signatures.0[..] else {
            return false;
        };
        recorded
            .payload
            .is_some_and(|payload| self.payload_hash.is_of(payload))
            && signature.signature.0 == recorded.signature
            && is_pem_of(&signature.verifier.0, recorded.material)
    }
}

impl InTotoContent {
    fn matches(&self, recorded: &Recorded<'_>) -> bool {
        let [signature] = &self.envelope.signatures.0[..] else {
            return false;
        };
        // Encoded twice: <https://github.com/sigstore/rekor/pull/973>.
        let inner = str::from_utf8(&signature.sig.0).ok().and_then(from_base64);
        recorded
            .payload
            .is_some_and(|payload| self.payload_hash.is_of(payload))
            && inner.as_deref() == Some(recorded.signature)
            && is_pem_of(&signature.public_key.0, recorded.material)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::encoding::json::to_base64;
    use crate::sigstore::hash::sha256;
    use crate::sigstore::tests::{BYTES, RECORDED, hashed_rekord, pem_of};

    fn body(kind: &str, version: &str, spec: &str) -> String {
        let spec = spec
            .replace("MESSAGE", &to_base64(&sha256(RECORDED.message)))
            .replace("PAYLOAD", &hex(&sha256(b"payload")))
            .replace(
                "SIGNATURE_TWICE",
                &to_base64(to_base64(RECORDED.signature).as_bytes()),
            )
            .replace("SIGNATURE", &to_base64(RECORDED.signature))
            .replace(
                "PEM",
                &to_base64(pem_of("CERTIFICATE", RECORDED.material).as_bytes()),
            )
            .replace("DER", &to_base64(RECORDED.material));
        format!(r#"{{"apiVersion": "{version}", "kind": "{kind}", "spec": {spec}}}"#)
    }

    /// One of each kind.
    fn bodies() -> [(String, Generation); 4] {
        let hashed_2 = r#"{"hashedRekordV002": {"data": {"algorithm": "SHA2_256", "digest": "MESSAGE"},
            "signature": {"content": "SIGNATURE", "verifier": {"x509Certificate": {"rawBytes": "DER"}}}}}"#;
        let dsse = r#"{"payloadHash": {"algorithm": "sha256", "value": "PAYLOAD"},
            "signatures": [{"signature": "SIGNATURE", "verifier": "PEM"}]}"#;
        let in_toto = r#"{"content": {"payloadHash": {"algorithm": "sha256", "value": "PAYLOAD"},
            "envelope": {"signatures": [{"sig": "SIGNATURE_TWICE", "publicKey": "PEM"}]}}}"#;
        [
            (hashed_rekord(&RECORDED), Generation::Rekor1),
            (body("hashedrekord", "0.0.2", hashed_2), Generation::Rekor2),
            (body("dsse", "0.0.1", dsse), Generation::Rekor1),
            (body("intoto", "0.0.2", in_toto), Generation::Rekor1),
        ]
    }

    #[test]
    fn an_entry_is_of_one_signature_by_one_key() {
        for (body, generation) in bodies() {
            let check = |recorded: &Recorded<'_>| check(body.as_bytes(), None, recorded);
            let is_of_bytes = body.contains("\"hash\"");
            let recorded = if is_of_bytes { BYTES } else { RECORDED };
            assert_eq!(check(&recorded), Ok(generation), "{body}");
            for other in [
                Recorded {
                    material: b"other",
                    ..recorded
                },
                Recorded {
                    signature: b"other",
                    ..recorded
                },
                Recorded {
                    message: b"other",
                    payload: Some(b"other"),
                    ..recorded
                },
                Recorded {
                    message: b"other",
                    payload: None,
                    ..recorded
                },
            ] {
                assert!(check(&other).is_err(), "{body}");
            }
        }
    }

    #[test]
    fn an_entry_is_of_the_kind_that_it_says() {
        let kind = |kind| check(hashed_rekord(&BYTES).as_bytes(), Some(kind), &BYTES);
        assert!(kind(("hashedrekord", "0.0.1")).is_ok());
        assert!(kind(("hashedrekord", "0.0.2")).is_err());
        assert!(kind(("dsse", "0.0.1")).is_err());
        let unknown = check(body("alpine", "0.0.1", "{}").as_bytes(), None, &RECORDED);
        assert!(matches!(unknown, Err(SignatureFault::Malformed(_))));
        let [_, (hashed_2, _), (dsse, _), _] = bodies();
        // Two verifiers, two signatures.
        let key = r#""verifier": {"publicKey": {"rawBytes": ""}, "#;
        let two = hashed_2.replace(r#""verifier": {"#, key);
        assert!(check(two.as_bytes(), None, &RECORDED).is_err());
        let (before, signature) = dsse.split_once('[').unwrap();
        let signature = signature.split_once(']').unwrap().0;
        let two = format!("{before}[{signature}, {signature}]}}}}");
        assert!(check(two.as_bytes(), None, &RECORDED).is_err());
    }
}
