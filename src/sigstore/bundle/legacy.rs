//! Signatures of cosign before version 3: a payload in a layer, and the rest in the layer's annotations. cosign's
//! `specs/SIGNATURE_SPEC.md`.

use crate::error::SignatureFault;
use crate::oci::Digest;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::bundle::{Bundle, Content, Material};
use crate::sigstore::encoding::json::{Base64, Int64, from_base64};
use crate::sigstore::encoding::pem;
use crate::sigstore::log::entry::LogEntry;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// In bytes. Payloads have some hundred.
const MAX_SIZE: usize = 1 << 20;

/// The media type of a layer that is a payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// The annotation of that layer which has the signature.
pub const LEGACY_SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

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
        let timestamp = given(TIMESTAMP).map(timestamp).transpose()?;
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
    let payload: SimpleJson = serde_json::from_slice(payload).map_err(|_| not_a_claim())?;
    if payload.critical.claim != CLAIM {
        return Err(not_a_claim());
    }
    Digest::parse(&payload.critical.image.digest).map_err(|_| not_a_claim())
}

fn log_entry(text: &str) -> Result<LogEntry, SignatureFault> {
    let bundle: LegacyBundleJson =
        serde_json::from_slice(text.as_bytes()).map_err(|_| malformed("the log entry"))?;
    let payload = bundle.payload;
    Ok(LogEntry {
        log: from_hex(&payload.log_id).ok_or(malformed("the name of the log"))?,
        index: payload.log_index.0,
        kind: None,
        integrated_time: payload.integrated_time.0,
        promise: Some(bundle.signed_entry_timestamp.0),
        proof: None,
        is_promise_enough: true,
        body: payload.body.0,
    })
}

fn timestamp(text: &str) -> Result<Vec<u8>, SignatureFault> {
    let timestamp: LegacyTimestampJson =
        serde_json::from_slice(text.as_bytes()).map_err(|_| malformed("the timestamp"))?;
    Ok(timestamp.signed_timestamp.0)
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LegacyBundleJson {
    signed_entry_timestamp: Base64,
    payload: LegacyEntryJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyEntryJson {
    body: Base64,
    integrated_time: Int64,
    log_index: Int64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct LegacyTimestampJson {
    #[serde(rename = "SignedRFC3161Timestamp")]
    signed_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SimpleJson {
    critical: CriticalJson,
    #[serde(default, rename = "optional")]
    _optional: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriticalJson {
    #[serde(rename = "identity")]
    _identity: IdentityJson,
    image: SignedImageJson,
    #[serde(rename = "type")]
    claim: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityJson {
    #[serde(rename = "docker-reference")]
    _reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedImageJson {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
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
