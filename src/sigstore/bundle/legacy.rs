//! Signatures of cosign before version 3: a payload in a layer, and the rest in the layer's annotations. cosign's
//! `specs/SIGNATURE_SPEC.md`.

use crate::error::SignatureFault;
use crate::oci::Digest;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::bundle::{Bundle, Content, Material};
use crate::sigstore::encoding::json::{Json, MalformedJson, from_base64};
use crate::sigstore::encoding::pem;
use crate::sigstore::log::entry::LogEntry;

/// In bytes. Payloads have some hundred.
const MAX_SIZE: usize = 1 << 20;

/// The media type of a layer that is a payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// The annotation of that layer which has the signature.
pub const LEGACY_SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// The fields of payloads, and of the JSON in annotations.
const FIELDS: &str = "critical identity docker-reference image docker-manifest-digest type \
    SignedEntryTimestamp Payload body integratedTime logIndex logID SignedRFC3161Timestamp";

/// The one type of claim in a payload.
const CLAIM: &str = "cosign container image signature";

impl Bundle {
    /// Reads a payload and the annotations of its layer. The chain among these is not looked at: authorities are those of the
    /// trusted root.
    pub fn from_legacy<'a>(
        payload: &[u8],
        annotation: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, SignatureFault> {
        if payload.len() > MAX_SIZE {
            return Err(malformed("the payload is too large"));
        }
        let given = |name| annotation(name).filter(|text| !text.is_empty());
        let signature = given(LEGACY_SIGNATURE).ok_or(malformed("an annotation is missing"))?;
        let signature = from_base64(signature.trim_ascii());
        let material = match given(CERTIFICATE) {
            None => Material::Key,
            Some(text) => {
                let der = pem::decode(text).filter(|(label, _)| *label == "CERTIFICATE");
                let certificate = der.and_then(|(_, der)| Certificate::from_der(&der));
                let certificate = certificate.ok_or(malformed("the certificate"))?;
                Material::Certificate(Box::new(certificate))
            }
        };
        let entry = given(BUNDLE).map(log_entry).transpose()?;
        let timestamp = given(TIMESTAMP).map(timestamp).transpose();
        let timestamp = timestamp.map_err(|_| malformed("the timestamp"))?;
        Ok(Self {
            material,
            content: Content::Simple(payload.to_vec()),
            signature: signature.ok_or(malformed("the signature is not base64"))?,
            entries: entry.into_iter().collect(),
            timestamps: timestamp.into_iter().collect(),
        })
    }
}

/// The digest in a payload whose signature holds. The repository in it proves nothing: it is that of the first push.
pub(crate) fn signed_digest(payload: &[u8]) -> Result<Digest, SignatureFault> {
    let not_a_claim = || malformed("the payload is not a claim of cosign");
    let (claim, digest) = claim(payload).map_err(|_| not_a_claim())?;
    if claim != CLAIM {
        return Err(not_a_claim());
    }
    Digest::parse(&digest).map_err(|_| not_a_claim())
}

/// The type of a payload, and the digest in it.
fn claim(payload: &[u8]) -> Result<(String, String), MalformedJson> {
    let payload = Json::parse(payload, FIELDS)?;
    payload.has_only("critical optional")?;
    let critical = payload.field("critical")?;
    critical.has_only("identity image type")?;
    let identity = critical.field("identity")?;
    identity.has_only("docker-reference")?;
    identity.text("docker-reference")?;
    let image = critical.field("image")?;
    image.has_only("docker-manifest-digest")?;
    let digest = image.text("docker-manifest-digest")?;
    Ok((critical.text("type")?.to_owned(), digest.to_owned()))
}

fn log_entry(text: &str) -> Result<LogEntry, SignatureFault> {
    let entry = read_log_entry(text).map_err(|_| malformed("the log entry"))?;
    entry.ok_or(malformed("the name of the log"))
}

/// None if the name of the log is not hex.
fn read_log_entry(text: &str) -> Result<Option<LogEntry>, MalformedJson> {
    let bundle = Json::parse(text.as_bytes(), FIELDS)?;
    let payload = bundle.field("Payload")?;
    let entry = LogEntry {
        log: Vec::new(),
        index: payload.int64("logIndex")?,
        kind: None,
        integrated_time: payload.int64("integratedTime")?,
        promise: Some(bundle.bytes("SignedEntryTimestamp")?),
        proof: None,
        is_promise_enough: true,
        body: payload.bytes("body")?,
    };
    let log = from_hex(payload.text("logID")?);
    Ok(log.map(|log| LogEntry { log, ..entry }))
}

fn timestamp(text: &str) -> Result<Vec<u8>, MalformedJson> {
    Json::parse(text.as_bytes(), FIELDS)?.bytes("SignedRFC3161Timestamp")
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == 64 && text.bytes().all(is_lower_hex)).then_some(())?;
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

fn malformed(what: &'static str) -> SignatureFault {
    SignatureFault::Malformed(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(digest: &str, claim: &str, more: &str) -> String {
        format!(
            r#"{{"critical": {{"identity": {{"docker-reference": "r"}}, "image": {{"docker-manifest-digest": "{digest}"}}, "type": "{claim}"{more}}}, "optional": null}}"#
        )
    }

    #[test]
    fn a_payload_is_read_strictly() {
        let digest = Digest::sha256(b"x");
        let text = digest.to_string();
        let signed = |payload: String| signed_digest(payload.as_bytes()).ok();
        assert_eq!(signed(payload(&text, CLAIM, "")), Some(digest.clone()));
        for bad in [
            payload(&text, "atomic container signature", ""),
            payload(&text, CLAIM, r#", "more": 1"#),
            payload(
                &text,
                CLAIM,
                r#", "type": "cosign container image signature""#,
            ),
            payload(&text.to_uppercase(), CLAIM, ""),
            payload(&text, CLAIM, "").replace("docker-manifest", "Docker-manifest"),
            payload(&text, CLAIM, "").replace("optional", "critical"),
            "{}".to_owned(),
        ] {
            assert_eq!(signed(bad.clone()), None, "{bad}");
        }
    }
}
