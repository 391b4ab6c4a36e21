//! Signatures of cosign before version 3: cosign's `specs/SIGNATURE_SPEC.md`.

use super::bundle::Signed;
use super::der::pem;
use super::key::{base64, hex};
use super::record::RecordedMaterial;
use super::rekor::LogEntry;
use super::signing::Signing;
use serde_json::json;
use std::collections::BTreeMap;

pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
pub const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
pub const CHAIN: &str = "dev.sigstore.cosign/chain";
pub const BUNDLE: &str = "dev.sigstore.cosign/bundle";
pub const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// A layer of `sha256-HEX.sig`, and the annotations of its descriptor.
#[derive(Clone, Debug)]
pub struct LegacySignature {
    pub payload: Vec<u8>,
    pub annotations: BTreeMap<String, String>,
}

impl LegacySignature {
    /// Alters an annotation.
    pub fn annotated(mut self, name: &str, text: &str) -> Self {
        self.annotations.insert(name.to_owned(), text.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.annotations.remove(name);
        self
    }
}

impl Signing<'_> {
    /// What is signed must be bytes: those of a [`super::SimplePayload`].
    pub fn legacy(&self) -> LegacySignature {
        let signed = self.signed();
        let chain = self.authority.chain().map(|der| pem("CERTIFICATE", der));
        signed.legacy(&chain.concat())
    }
}

impl Signed {
    fn legacy(&self, chain: &str) -> LegacySignature {
        let mut legacy = LegacySignature {
            payload: self.content.message(),
            annotations: BTreeMap::new(),
        };
        legacy = legacy.annotated(SIGNATURE, &base64(&self.signature));
        if let RecordedMaterial::Certificate(der) = &self.material {
            legacy = legacy.annotated(CERTIFICATE, &pem("CERTIFICATE", der));
            legacy = legacy.annotated(CHAIN, chain);
        }
        if let Some(entry) = &self.entry {
            legacy = legacy.annotated(BUNDLE, &bundle(entry));
        }
        if let Some(timestamp) = &self.timestamp {
            let text = json!({"SignedRFC3161Timestamp": base64(timestamp)});
            legacy = legacy.annotated(TIMESTAMP, &text.to_string());
        }
        legacy
    }
}

fn bundle(entry: &LogEntry) -> String {
    let promise = entry.promise.as_deref().unwrap_or_default();
    let bundle = json!({
        "SignedEntryTimestamp": base64(promise),
        "Payload": {
            "body": base64(&entry.body),
            "integratedTime": entry.time,
            "logIndex": entry.index,
            "logID": hex(&entry.log),
        },
    });
    bundle.to_string()
}
