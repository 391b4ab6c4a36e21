//! Bundles: a signature and what proves it, in one JSON. sigstore's protobuf-specs, `sigstore_bundle.proto`, v0.1 to v0.3.

pub(crate) mod envelope;
mod json;
pub(crate) mod legacy;

use crate::error::SignatureFault;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::bundle::envelope::IN_TOTO;
use crate::sigstore::bundle::json::{BundleJson, EntryJson, EnvelopeJson, MessageJson, ProofJson};
use crate::sigstore::encoding::json::Int64;
use crate::sigstore::log::entry::{LogEntry, LogProof};
use crate::sigstore::log::merkle::InclusionProof;
use crate::sigstore::trust::trusted_root::ChainJson;
use serde::de::IgnoredAny;

/// In bytes, of JSON. Bundles of SBOMs are the largest.
const MAX_SIZE: usize = 1 << 20;

/// Bundles in a file.
const MAX_BUNDLES: usize = 64;

/// A signature that can be read. Nothing in it is to be believed.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub(crate) material: Material,
    pub(crate) content: Content,
    pub(crate) signature: Vec<u8>,
    pub(crate) entries: Vec<LogEntry>,
    /// Responses of timestamp servers.
    pub(crate) timestamps: Vec<Vec<u8>>,
}

/// What the signature is to be verified with.
#[derive(Clone, Debug)]
pub(crate) enum Material {
    Certificate(Box<Certificate>),
    /// A key that the verifier must have. The hint of the bundle, which of them, means nothing.
    Key,
}

/// What was signed.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The payload of an envelope, an in-toto statement.
    Envelope(Vec<u8>),
    /// The bytes with this SHA-256.
    Message(Vec<u8>),
    /// The payload of a legacy signature.
    Simple(Vec<u8>),
}

/// What a version demands: sigstore's client specification, "Bundle".
struct Rules {
    /// Certificates are in a list.
    allows_chain: bool,
    is_promise_enough: bool,
}

impl Bundle {
    /// Reads one bundle.
    pub fn parse(text: &[u8]) -> Result<Self, SignatureFault> {
        if text.len() > MAX_SIZE {
            return Err(malformed("the bundle is too large"));
        }
        let bundle = serde_json::from_slice(text).map_err(|_| not_json())?;
        Self::read(bundle)
    }

    fn read(bundle: BundleJson) -> Result<Self, SignatureFault> {
        let rules = rules(&bundle.media_type)?;
        let material = bundle.verification_material;
        let entries = material.tlog_entries.0.into_iter();
        let entries: Result<_, _> = entries.map(|entry| log_entry(entry, &rules)).collect();
        let timestamps = material.timestamp_verification_data.unwrap_or_default();
        let timestamps = timestamps.rfc3161_timestamps.0.into_iter();
        let (content, signature) = match (bundle.dsse_envelope, bundle.message_signature) {
            (Some(envelope), None) => of_envelope(envelope)?,
            (None, Some(message)) => of_message(message)?,
            _ => return Err(malformed("not one envelope or message signature")),
        };
        Ok(Self {
            material: match (
                material.certificate,
                material.x509_certificate_chain,
                material.public_key,
            ) {
                (Some(leaf), None, None) => certificate(&leaf.raw_bytes.0)?,
                (None, Some(chain), None) if rules.allows_chain => of_chain(&chain)?,
                (None, None, Some(_)) => Material::Key,
                _ => return Err(malformed("not one certificate or key")),
            },
            content,
            signature,
            entries: entries?,
            timestamps: timestamps.map(|stamp| stamp.signed_timestamp.0).collect(),
        })
    }
}

/// The JSON of each bundle in a file: one, or JSON lines as `gh attestation download` writes them.
pub fn bundles(text: &[u8]) -> Result<Vec<&[u8]>, SignatureFault> {
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let (mut bundles, mut start) = (Vec::new(), 0);
    while let Some(bundle) = stream.next() {
        bundle.map_err(|_| not_json())?;
        if bundles.len() == MAX_BUNDLES {
            return Err(malformed("more than 64 bundles"));
        }
        let end = stream.byte_offset();
        let json = text.get(start..end).unwrap_or_default();
        bundles.push(json.trim_ascii());
        start = end;
    }
    if bundles.is_empty() {
        return Err(not_json());
    }
    Ok(bundles)
}

fn rules(media_type: &str) -> Result<Rules, SignatureFault> {
    let (allows_chain, is_promise_enough) = match media_type {
        "application/vnd.dev.sigstore.bundle+json;version=0.1" => (true, true),
        "application/vnd.dev.sigstore.bundle+json;version=0.2" => (true, false),
        "application/vnd.dev.sigstore.bundle+json;version=0.3"
        | "application/vnd.dev.sigstore.bundle.v0.3+json" => (false, false),
        _ => return Err(malformed("a bundle of an unknown version")),
    };
    Ok(Rules {
        allows_chain,
        is_promise_enough,
    })
}

fn certificate(der: &[u8]) -> Result<Material, SignatureFault> {
    let certificate = Certificate::from_der(der).ok_or(malformed("a certificate"))?;
    Ok(Material::Certificate(Box::new(certificate)))
}

/// The leaf is first. What else is there is not used, and a root must not be: the trusted root has those.
fn of_chain(chain: &ChainJson) -> Result<Material, SignatureFault> {
    let certificates = &chain.certificates.0;
    let leaf = certificates.first().ok_or(malformed("no certificate"))?;
    for other in certificates {
        let other = Certificate::from_der(&other.raw_bytes.0);
        if other.ok_or(malformed("a certificate"))?.is_self_issued() {
            return Err(malformed("a root certificate in the chain"));
        }
    }
    certificate(&leaf.raw_bytes.0)
}

fn of_envelope(envelope: EnvelopeJson) -> Result<(Content, Vec<u8>), SignatureFault> {
    if envelope.payload_type != IN_TOTO {
        return Err(malformed("the payload is not an in-toto statement"));
    }
    let [signature] = <[_; 1]>::try_from(envelope.signatures.0)
        .map_err(|_| malformed("not one signature in the envelope"))?;
    Ok((Content::Envelope(envelope.payload.0), signature.sig.0))
}

fn of_message(message: MessageJson) -> Result<(Content, Vec<u8>), SignatureFault> {
    let hash = message.message_digest;
    if hash.algorithm != "SHA2_256" || hash.digest.0.len() != 32 {
        return Err(malformed("a message digest other than SHA-256"));
    }
    Ok((Content::Message(hash.digest.0), message.signature.0))
}

fn log_entry(entry: EntryJson, rules: &Rules) -> Result<LogEntry, SignatureFault> {
    Ok(LogEntry {
        log: entry.log_id.key_id.0,
        index: entry.log_index.0,
        kind: Some((entry.kind_version.kind, entry.kind_version.version)),
        integrated_time: entry.integrated_time.0,
        promise: entry
            .inclusion_promise
            .map(|promise| promise.signed_entry_timestamp.0),
        proof: entry.inclusion_proof.map(log_proof).transpose()?,
        is_promise_enough: rules.is_promise_enough,
        body: entry.canonicalized_body.0,
    })
}

fn log_proof(proof: ProofJson) -> Result<LogProof, SignatureFault> {
    let number = |number: Int64| u64::try_from(number.0).map_err(|_| not_json());
    Ok(LogProof {
        inclusion: InclusionProof {
            index: number(proof.log_index)?,
            size: number(proof.tree_size)?,
            root: proof.root_hash.0,
            hashes: proof.hashes.0.into_iter().map(|hash| hash.0).collect(),
        },
        checkpoint: proof.checkpoint.map(|checkpoint| checkpoint.envelope),
    })
}

fn malformed(what: &'static str) -> SignatureFault {
    SignatureFault::Malformed(what)
}

fn not_json() -> SignatureFault {
    malformed("not the JSON of a sigstore bundle")
}
