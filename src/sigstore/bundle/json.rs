//! The JSON of a bundle, field by field: sigstore's protobuf-specs, `sigstore_bundle.proto`, `sigstore_rekor.proto` and
//! `sigstore_common.proto`. Fields that are not here mean nothing to a verifier.

use crate::sigstore::encoding::json::{Base64, Int64, Limited};
use crate::sigstore::trust::trusted_root::{CertificateJson, ChainJson, LogIdJson};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BundleJson {
    pub(crate) media_type: String,
    pub(crate) verification_material: MaterialJson,
    pub(crate) dsse_envelope: Option<EnvelopeJson>,
    pub(crate) message_signature: Option<MessageJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MaterialJson {
    pub(crate) certificate: Option<CertificateJson>,
    pub(crate) x509_certificate_chain: Option<ChainJson>,
    pub(crate) public_key: Option<KeyJson>,
    #[serde(default)]
    pub(crate) tlog_entries: Limited<EntryJson, 32>,
    pub(crate) timestamp_verification_data: Option<TimestampsJson>,
}

/// Its hint is whatever the signer wrote.
#[derive(Deserialize)]
pub(crate) struct KeyJson {}

#[derive(Default, Deserialize)]
pub(crate) struct TimestampsJson {
    #[serde(default, rename = "rfc3161Timestamps")]
    pub(crate) rfc3161_timestamps: Limited<TimestampJson, 32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimestampJson {
    pub(crate) signed_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryJson {
    #[serde(default)]
    pub(crate) log_index: Int64,
    pub(crate) log_id: LogIdJson,
    pub(crate) kind_version: KindJson,
    #[serde(default)]
    pub(crate) integrated_time: Int64,
    pub(crate) inclusion_promise: Option<PromiseJson>,
    pub(crate) inclusion_proof: Option<ProofJson>,
    pub(crate) canonicalized_body: Base64,
}

#[derive(Deserialize)]
pub(crate) struct KindJson {
    pub(crate) kind: String,
    pub(crate) version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PromiseJson {
    pub(crate) signed_entry_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProofJson {
    #[serde(default)]
    pub(crate) log_index: Int64,
    pub(crate) root_hash: Base64,
    pub(crate) tree_size: Int64,
    /// Of the path: a tree has fewer than 2^64 leaves.
    #[serde(default)]
    pub(crate) hashes: Limited<Base64, 64>,
    pub(crate) checkpoint: Option<CheckpointJson>,
}

#[derive(Deserialize)]
pub(crate) struct CheckpointJson {
    pub(crate) envelope: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvelopeJson {
    pub(crate) payload: Base64,
    pub(crate) payload_type: String,
    pub(crate) signatures: Limited<EnvelopeSignatureJson, 32>,
}

/// Its `keyid` is a hint, and means nothing.
#[derive(Deserialize)]
pub(crate) struct EnvelopeSignatureJson {
    pub(crate) sig: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageJson {
    pub(crate) message_digest: MessageDigestJson,
    pub(crate) signature: Base64,
}

#[derive(Deserialize)]
pub(crate) struct MessageDigestJson {
    pub(crate) algorithm: String,
    pub(crate) digest: Base64,
}
