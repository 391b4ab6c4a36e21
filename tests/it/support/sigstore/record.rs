//! What a log records of a signature: the types of <https://github.com/sigstore/rekor>, `pkg/types`.

use super::der::pem;
use super::key::{Key, base64, hex, sha256};
use serde_json::{Value, json};

/// The type of an entry. Message signatures need [`Kind::HashedRekord`]; envelopes may have any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `hashedrekord`: 0.0.1, or 0.0.2 in Rekor v2.
    HashedRekord,
    /// `dsse` 0.0.1.
    Dsse,
    /// `intoto` 0.0.2.
    InToto,
    /// `rekord` 0.0.1, which roots does not know.
    Rekord,
}

/// A signature, as a log sees it.
#[derive(Clone)]
pub struct Record {
    pub message: Vec<u8>,
    /// Of an envelope.
    pub payload: Option<Vec<u8>>,
    pub signature: Vec<u8>,
    pub material: RecordedMaterial,
}

#[derive(Clone)]
pub enum RecordedMaterial {
    Certificate(Vec<u8>),
    Key(Key),
}

impl RecordedMaterial {
    fn pem(&self) -> String {
        match self {
            Self::Certificate(der) => pem("CERTIFICATE", der),
            Self::Key(key) => key.pem(),
        }
    }
}

impl Record {
    /// Kind, version and body.
    pub fn body(&self, kind: Kind, is_rekor2: bool, details: &str) -> (&str, &str, Value) {
        let verifier = base64(self.material.pem());
        let signature = base64(&self.signature);
        let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex(&sha256(bytes))});
        let payload = self.payload.as_deref().unwrap_or_default();
        let (name, version, spec) = match kind {
            Kind::HashedRekord if is_rekor2 => {
                let mut verifier = match &self.material {
                    RecordedMaterial::Certificate(der) => {
                        json!({"x509Certificate": {"rawBytes": base64(der)}})
                    }
                    RecordedMaterial::Key(key) => {
                        json!({"publicKey": {"rawBytes": base64(key.info())}})
                    }
                };
                verifier["keyDetails"] = details.into();
                let data =
                    json!({"algorithm": "SHA2_256", "digest": base64(sha256(&self.message))});
                let signature = json!({"content": signature, "verifier": verifier});
                let spec = json!({"hashedRekordV002": {"data": data, "signature": signature}});
                ("hashedrekord", "0.0.2", spec)
            }
            Kind::HashedRekord | Kind::Rekord => {
                let signature = json!({"content": signature, "publicKey": {"content": verifier}});
                let spec = json!({"data": {"hash": hash(&self.message)}, "signature": signature});
                let name = if kind == Kind::Rekord {
                    "rekord"
                } else {
                    "hashedrekord"
                };
                (name, "0.0.1", spec)
            }
            Kind::Dsse => {
                let spec = json!({
                    "envelopeHash": hash(&self.message),
                    "payloadHash": hash(payload),
                    "signatures": [{"signature": signature, "verifier": verifier}],
                });
                ("dsse", "0.0.1", spec)
            }
            Kind::InToto => {
                let signatures = json!([{"publicKey": verifier, "sig": base64(signature)}]);
                let envelope = json!({"payloadType": "application/vnd.in-toto+json", "signatures": signatures});
                let content = json!({"envelope": envelope, "hash": hash(&self.message), "payloadHash": hash(payload)});
                ("intoto", "0.0.2", json!({"content": content}))
            }
        };
        let body = json!({"apiVersion": version, "kind": name, "spec": spec});
        (name, version, body)
    }
}
