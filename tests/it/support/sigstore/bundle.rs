//! Bundles: sigstore's protobuf-specs, `sigstore_bundle.proto`.

use super::content::Content;
use super::key::{base64, sha256};
use super::record::RecordedMaterial;
use super::rekor::LogEntry;
use super::signing::Signing;
use serde_json::{Value, json};

/// All that a bundle and a legacy signature consist of.
pub struct Signed {
    pub content: Content,
    pub signature: Vec<u8>,
    pub material: RecordedMaterial,
    pub entry: Option<LogEntry>,
    pub timestamp: Option<Vec<u8>>,
}

/// The version of a bundle, which determines how it holds a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V01,
    V02,
    /// As the media type of the older ones is written.
    V03WithParameter,
    V03,
}

impl Version {
    fn media_type(self) -> &'static str {
        match self {
            Self::V01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Self::V02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Self::V03WithParameter => "application/vnd.dev.sigstore.bundle+json;version=0.3",
            Self::V03 => "application/vnd.dev.sigstore.bundle.v0.3+json",
        }
    }
}

impl Signing<'_> {
    /// A bundle of version 0.3.
    pub fn json(&self) -> String {
        self.value().to_string()
    }

    /// The same, to be altered.
    pub fn value(&self) -> Value {
        self.version(Version::V03)
    }

    pub fn version(&self, version: Version) -> Value {
        self.signed().bundle(version)
    }
}

impl Signed {
    pub fn bundle(&self, version: Version) -> Value {
        let mut material = match &self.material {
            RecordedMaterial::Key(key) => {
                json!({"publicKey": {"hint": base64(sha256(&key.info()))}})
            }
            RecordedMaterial::Certificate(der) => {
                let leaf = json!({"rawBytes": base64(der)});
                match version {
                    Version::V01 | Version::V02 => {
                        json!({"x509CertificateChain": {"certificates": [leaf]}})
                    }
                    Version::V03WithParameter | Version::V03 => json!({"certificate": leaf}),
                }
            }
        };
        if let Some(entry) = &self.entry {
            material["tlogEntries"] = json!([entry.json]);
        }
        if let Some(timestamp) = &self.timestamp {
            material["timestampVerificationData"] =
                json!({"rfc3161Timestamps": [{"signedTimestamp": base64(timestamp)}]});
        }
        let mut bundle = json!({
            "mediaType": version.media_type(),
            "verificationMaterial": material,
        });
        let signature = base64(&self.signature);
        match &self.content {
            Content::Envelope {
                payload,
                payload_type,
            } => {
                bundle["dsseEnvelope"] = json!({
                    "payload": base64(payload),
                    "payloadType": payload_type,
                    "signatures": [{"sig": signature}],
                });
            }
            Content::Bytes(bytes) => {
                let digest = json!({"algorithm": "SHA2_256", "digest": base64(sha256(bytes))});
                bundle["messageSignature"] =
                    json!({"messageDigest": digest, "signature": signature});
            }
        }
        bundle
    }
}
