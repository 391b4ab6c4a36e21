//! Bundles: a signature and what proves it, in one JSON. sigstore's protobuf-specs, `sigstore_bundle.proto`, v0.1 to v0.3.

pub(crate) mod envelope;
mod json;
pub(crate) mod legacy;

use crate::error::SignatureFault;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::bundle::envelope::IN_TOTO;
use crate::sigstore::bundle::json::{BundleJson, EnvelopeJson, FIELDS, MessageJson};
use crate::sigstore::encoding::json::{Json, MalformedJson};
use crate::sigstore::encoding::json_reader::documents;
use crate::sigstore::log::entry::LogEntry;

/// The largest bundle that is read, in bytes of JSON. Those of SBOMs are the largest.
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
        let json = Json::parse(text, FIELDS).map_err(not_json)?;
        let rules = rules(json.text("mediaType").map_err(not_json)?)?;
        let bundle = BundleJson::read(&json, rules.is_promise_enough).map_err(not_json)?;
        let (content, signature) = match (bundle.envelope, bundle.message) {
            (Some(envelope), None) => of_envelope(envelope)?,
            (None, Some(message)) => of_message(message)?,
            _ => return Err(malformed("not one envelope or message signature")),
        };
        Ok(Self {
            material: match (bundle.certificate, bundle.chain, bundle.has_public_key) {
                (Some(leaf), None, false) => certificate(&leaf)?,
                (None, Some(chain), false) if rules.allows_chain => of_chain(&chain)?,
                (None, None, true) => Material::Key,
                _ => return Err(malformed("not one certificate or key")),
            },
            content,
            signature,
            entries: bundle.entries,
            timestamps: bundle.timestamps,
        })
    }
}

/// The JSON of each bundle in a file: one, or JSON lines as `gh attestation download` writes them.
pub fn bundles(text: &[u8]) -> Result<Vec<&[u8]>, SignatureFault> {
    let bundles = documents(text, MAX_BUNDLES).map_err(not_json)?;
    match bundles.len() {
        0 => Err(not_json(MalformedJson)),
        1..=MAX_BUNDLES => Ok(bundles),
        _ => Err(malformed("more than 64 bundles")),
    }
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
fn of_chain(chain: &[Vec<u8>]) -> Result<Material, SignatureFault> {
    let leaf = chain.first().ok_or(malformed("no certificate"))?;
    for other in chain {
        let other = Certificate::from_der(other);
        if other.ok_or(malformed("a certificate"))?.is_self_issued() {
            return Err(malformed("a root certificate in the chain"));
        }
    }
    certificate(leaf)
}

fn of_envelope(envelope: EnvelopeJson<'_>) -> Result<(Content, Vec<u8>), SignatureFault> {
    if envelope.payload_type != IN_TOTO {
        return Err(malformed("the payload is not an in-toto statement"));
    }
    let [signature] = <[_; 1]>::try_from(envelope.signatures)
        .map_err(|_| malformed("not one signature in the envelope"))?;
    Ok((Content::Envelope(envelope.payload), signature))
}

fn of_message(message: MessageJson<'_>) -> Result<(Content, Vec<u8>), SignatureFault> {
    if message.algorithm != "SHA2_256" || message.digest.len() != 32 {
        return Err(malformed("a message digest other than SHA-256"));
    }
    Ok((Content::Message(message.digest), message.signature))
}

fn malformed(what: &'static str) -> SignatureFault {
    SignatureFault::Malformed(what)
}

fn not_json(_: MalformedJson) -> SignatureFault {
    malformed("not the JSON of a sigstore bundle")
}
