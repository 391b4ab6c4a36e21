//! What Rekor has recorded: its types `hashedrekord`, `dsse` and `intoto`, <https://github.com/sigstore/rekor>, `pkg/types`, and
//! <https://github.com/sigstore/rekor-tiles>, `api/proto/rekor/v2`. An entry counts only if it is of the same signature, made
//! with the same key or certificate over the same bytes: two ECDSA signatures of the same bytes differ, and an entry of one proves
//! nothing about the other.

use crate::error::SignatureFault;
use crate::sigstore::encoding::json::{Json, MalformedJson, bytes_of_each, from_base64};
use crate::sigstore::encoding::pem;
use crate::sigstore::hash::{HashAlgorithm, hex};

/// The fields of all kinds of entries.
const FIELDS: &str = "kind apiVersion spec data hash algorithm value signature content publicKey hashedRekordV002 digest verifier \
    x509Certificate rawBytes payloadHash signatures envelope sig";

/// In an entry. One with more than one signature matches nothing.
const MAX_SIGNATURES: usize = 16;

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
    let json = Json::parse(body, FIELDS).map_err(not_json)?;
    let (found, spec) = head(&json).map_err(not_json)?;
    if kind.is_some_and(|kind| kind != found) {
        return Err(SignatureFault::Invalid("the log entry is of another kind"));
    }
    let (matches, generation) = match found {
        ("hashedrekord", "0.0.1") => (is_hashed_rekord_1(spec, recorded), Generation::Rekor1),
        ("hashedrekord", "0.0.2") => (is_hashed_rekord_2(spec, recorded), Generation::Rekor2),
        ("dsse", "0.0.1") => (is_dsse_1(spec, recorded), Generation::Rekor1),
        ("intoto", "0.0.2") => (is_in_toto_2(spec, recorded), Generation::Rekor1),
        _ => return Err(SignatureFault::Malformed("a log entry of an unknown kind")),
    };
    let matches = matches.map_err(not_json)?;
    matches.then_some(generation).ok_or(of_other)
}

fn not_json(_: MalformedJson) -> SignatureFault {
    SignatureFault::Malformed("not the JSON of a log entry")
}

type Head<'a> = ((&'a str, &'a str), &'a Json<'a>);

/// The kind with its version, and the rest.
fn head<'a>(body: &'a Json<'_>) -> Result<Head<'a>, MalformedJson> {
    let kind = (body.text("kind")?, body.text("apiVersion")?);
    Ok((kind, body.field("spec")?))
}

/// Line ends differ from one writer of PEM to another, so DER is compared.
fn is_pem_of(text: &[u8], material: &[u8]) -> bool {
    let block = str::from_utf8(text).ok().and_then(pem::decode);
    block.is_some_and(|(label, der)| {
        ["CERTIFICATE", "PUBLIC KEY"].contains(&label) && der == material
    })
}

/// Whether an object is the hash of the bytes, if there are any.
fn is_hash_of(hash: &Json<'_>, bytes: Option<&[u8]>) -> Result<bool, MalformedJson> {
    let (algorithm, value) = (hash.text("algorithm")?, hash.text("value")?);
    let hash = HashAlgorithm::of_name(algorithm).zip(bytes);
    Ok(hash.is_some_and(|(algorithm, bytes)| hex(&algorithm.hash(bytes)) == value))
}

// The number at the end of a name is the generation of Rekor.

fn is_hashed_rekord_1(spec: &Json<'_>, recorded: &Recorded<'_>) -> Result<bool, MalformedJson> {
    let signature = spec.field("signature")?;
    let content = signature.bytes("content")?;
    let key = signature.field("publicKey")?.bytes("content")?;
    let hash = spec.field("data")?.field("hash")?;
    let is_of_message = is_hash_of(hash, Some(recorded.message))?;
    // Envelopes have types of their own there; sigstore's other clients refuse this one for them, too.
    Ok(recorded.payload.is_none()
        && is_of_message
        && content == recorded.signature
        && is_pem_of(&key, recorded.material))
}

fn is_hashed_rekord_2(spec: &Json<'_>, recorded: &Recorded<'_>) -> Result<bool, MalformedJson> {
    let entry = spec.field("hashedRekordV002")?;
    let (data, signature) = (entry.field("data")?, entry.field("signature")?);
    let algorithm = HashAlgorithm::of_name(data.text("algorithm")?);
    let digest = data.bytes("digest")?;
    let content = signature.bytes("content")?;
    let verifier = signature.field("verifier")?;
    let certificate = verifier.optional_bytes("x509Certificate", "rawBytes")?;
    let key = verifier.optional_bytes("publicKey", "rawBytes")?;
    let ((Some(material), None) | (None, Some(material))) = (certificate, key) else {
        return Ok(false);
    };
    Ok(
        algorithm.is_some_and(|algorithm| algorithm.hash(recorded.message) == digest)
            && content == recorded.signature
            && material == recorded.material,
    )
}

fn is_dsse_1(spec: &Json<'_>, recorded: &Recorded<'_>) -> Result<bool, MalformedJson> {
    let is_of_payload = is_hash_of(spec.field("payloadHash")?, recorded.payload)?;
    let list = spec.list("signatures", MAX_SIGNATURES)?;
    let signatures = bytes_of_each(list, "signature")?;
    let keys = bytes_of_each(list, "verifier")?;
    let ([signature], [key]) = (&signatures[..], &keys[..]) else {
        return Ok(false);
    };
    Ok(is_of_payload && signature == recorded.signature && is_pem_of(key, recorded.material))
}

fn is_in_toto_2(spec: &Json<'_>, recorded: &Recorded<'_>) -> Result<bool, MalformedJson> {
    let content = spec.field("content")?;
    let is_of_payload = is_hash_of(content.field("payloadHash")?, recorded.payload)?;
    let list = content.field("envelope")?;
    let list = list.list("signatures", MAX_SIGNATURES)?;
    let signatures = bytes_of_each(list, "sig")?;
    let keys = bytes_of_each(list, "publicKey")?;
    let ([signature], [key]) = (&signatures[..], &keys[..]) else {
        return Ok(false);
    };
    // Encoded twice: <https://github.com/sigstore/rekor/pull/973>.
    let inner = str::from_utf8(signature).ok().and_then(from_base64);
    Ok(is_of_payload
        && inner.as_deref() == Some(recorded.signature)
        && is_pem_of(key, recorded.material))
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
