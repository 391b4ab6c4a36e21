//! The JSON of a bundle, field by field: sigstore's protobuf-specs, `sigstore_bundle.proto`, `sigstore_rekor.proto` and
//! `sigstore_common.proto`. Fields that are not here mean nothing to a verifier.

use crate::sigstore::encoding::json::{Json, MalformedJson, bytes_of_each};
use crate::sigstore::log::entry::{LogEntry, LogProof};
use crate::sigstore::log::merkle::InclusionProof;
use crate::sigstore::trust::trusted_root::certificates;

pub(crate) const FIELDS: &str = "mediaType verificationMaterial certificate x509CertificateChain certificates rawBytes publicKey \
    tlogEntries logIndex logId keyId kindVersion kind version integratedTime inclusionPromise signedEntryTimestamp \
    inclusionProof rootHash treeSize hashes checkpoint envelope canonicalizedBody timestampVerificationData \
    rfc3161Timestamps signedTimestamp dsseEnvelope payload payloadType signatures sig messageSignature messageDigest \
    algorithm digest signature";

/// The siblings in a path: a tree has fewer than 2^64 leaves.
const MAX_HASHES: usize = 64;

pub(crate) struct BundleJson<'a> {
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) chain: Option<Vec<Vec<u8>>>,
    pub(crate) has_public_key: bool,
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) timestamps: Vec<Vec<u8>>,
    pub(crate) envelope: Option<EnvelopeJson<'a>>,
    pub(crate) message: Option<MessageJson<'a>>,
}

pub(crate) struct EnvelopeJson<'a> {
    pub(crate) payload: Vec<u8>,
    pub(crate) payload_type: &'a str,
    /// Their `keyid` is a hint, and means nothing.
    pub(crate) signatures: Vec<Vec<u8>>,
}

pub(crate) struct MessageJson<'a> {
    pub(crate) algorithm: &'a str,
    pub(crate) digest: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> BundleJson<'a> {
    pub(crate) fn read(
        bundle: &'a Json<'_>,
        is_promise_enough: bool,
    ) -> Result<Self, MalformedJson> {
        let material = bundle.field("verificationMaterial")?;
        let chain = material.optional("x509CertificateChain")?;
        let public_key = material.optional("publicKey")?;
        // An object, whose hint is whatever the signer wrote.
        public_key.map(|key| key.get("hint")).transpose()?;
        let timestamps = material.optional("timestampVerificationData")?;
        let mut entries = Vec::new();
        for entry in material.list_or_empty("tlogEntries", 32)? {
            entries.push(log_entry(entry, is_promise_enough)?);
        }
        Ok(Self {
            certificate: material.optional_bytes("certificate", "rawBytes")?,
            chain: chain.map(certificates).transpose()?,
            has_public_key: public_key.is_some(),
            entries,
            timestamps: match timestamps {
                Some(list) => {
                    let list = list.list_or_empty("rfc3161Timestamps", 32)?;
                    bytes_of_each(list, "signedTimestamp")?
                }
                None => Vec::new(),
            },
            envelope: bundle.optional("dsseEnvelope")?.map(envelope).transpose()?,
            message: bundle
                .optional("messageSignature")?
                .map(message)
                .transpose()?,
        })
    }
}

fn envelope<'a>(envelope: &'a Json<'_>) -> Result<EnvelopeJson<'a>, MalformedJson> {
    Ok(EnvelopeJson {
        payload: envelope.bytes("payload")?,
        payload_type: envelope.text("payloadType")?,
        signatures: bytes_of_each(envelope.list("signatures", 32)?, "sig")?,
    })
}

fn message<'a>(message: &'a Json<'_>) -> Result<MessageJson<'a>, MalformedJson> {
    let digest = message.field("messageDigest")?;
    Ok(MessageJson {
        algorithm: digest.text("algorithm")?,
        digest: digest.bytes("digest")?,
        signature: message.bytes("signature")?,
    })
}

fn log_entry(entry: &Json<'_>, is_promise_enough: bool) -> Result<LogEntry, MalformedJson> {
    let kind = entry.field("kindVersion")?;
    let proof = entry.optional("inclusionProof")?;
    Ok(LogEntry {
        log: entry.field("logId")?.bytes("keyId")?,
        index: entry.int64_or_zero("logIndex")?,
        kind: Some((
            kind.text("kind")?.to_owned(),
            kind.text("version")?.to_owned(),
        )),
        integrated_time: entry.int64_or_zero("integratedTime")?,
        promise: entry.optional_bytes("inclusionPromise", "signedEntryTimestamp")?,
        proof: proof.map(log_proof).transpose()?,
        is_promise_enough,
        body: entry.bytes("canonicalizedBody")?,
    })
}

fn log_proof(proof: &Json<'_>) -> Result<LogProof, MalformedJson> {
    let mut hashes = Vec::new();
    for hash in proof.list_or_empty("hashes", MAX_HASHES)? {
        hashes.push(hash.as_bytes()?);
    }
    let checkpoint = proof.optional("checkpoint")?;
    let checkpoint = checkpoint.map(|checkpoint| checkpoint.text("envelope"));
    Ok(LogProof {
        inclusion: InclusionProof {
            index: proof.int64_or_zero("logIndex")?.unsigned_abs(),
            size: proof.int64("treeSize")?.unsigned_abs(),
            root: proof.bytes("rootHash")?,
            hashes,
        },
        checkpoint: checkpoint.transpose()?.map(str::to_owned),
    })
}
