//! Whom an instance of sigstore trusts: `trusted_root.json`, sigstore's protobuf-specs, `sigstore_trustroot.proto`.

use crate::error::SignatureFault;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::authority::path::AuthorityChain;
use crate::sigstore::encoding::json::{Base64, Limited};
use crate::sigstore::encoding::time::{Interval, of_root};
use crate::sigstore::key::PublicKey;
use serde::Deserialize;

/// In bytes. The largest in use has 40 KiB.
const MAX_SIZE: usize = 4 << 20;

/// Of each list, and of the roots in a file.
const MAX: usize = 64;

const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// One instance. Signatures hold under a whole one: parts of two are never mixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedRoot {
    /// Transparency logs. If there are any, a signature must be in one.
    pub(crate) logs: Vec<TrustedLog>,
    /// Certificate transparency logs. If there are any, a certificate must be in one.
    pub(crate) ct_logs: Vec<TrustedLog>,
    pub(crate) certificate_authorities: Vec<AuthorityChain>,
    pub(crate) timestamp_authorities: Vec<AuthorityChain>,
}

/// A log of signatures or of certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustedLog {
    pub(crate) id: Vec<u8>,
    /// None if it is of a kind that cannot be checked: then nothing is proven by this log.
    pub(crate) key: Option<PublicKey>,
    /// `host[:port]`.
    pub(crate) host: String,
    pub(crate) in_use: Interval,
}

impl TrustedRoot {
    /// Reads a file: one root, or JSON lines as `gh attestation trusted-root` prints them.
    pub fn parse_all(text: &[u8]) -> Result<Vec<Self>, SignatureFault> {
        if text.len() > MAX_SIZE {
            return Err(malformed("the trusted root is too large"));
        }
        let mut roots = Vec::new();
        for root in serde_json::Deserializer::from_slice(text).into_iter::<RootJson>() {
            let root = root.map_err(|_| malformed("not the JSON of a trusted root"))?;
            if roots.len() == MAX {
                return Err(malformed("too many trusted roots"));
            }
            roots.push(Self::read(root)?);
        }
        if roots.is_empty() {
            return Err(malformed("the trusted root is empty"));
        }
        Ok(roots)
    }

    fn read(root: RootJson) -> Result<Self, SignatureFault> {
        if !MEDIA_TYPES.contains(&root.media_type.as_str()) {
            return Err(malformed("a trusted root of an unknown version"));
        }
        Ok(Self {
            logs: all(root.tlogs, log)?,
            ct_logs: all(root.ctlogs, log)?,
            certificate_authorities: all(root.certificate_authorities, authority)?,
            timestamp_authorities: all(root.timestamp_authorities, authority)?,
        })
    }
}

fn all<T, U>(
    list: Limited<T, MAX>,
    read: fn(T) -> Result<U, SignatureFault>,
) -> Result<Vec<U>, SignatureFault> {
    list.0.into_iter().map(read).collect()
}

fn log(log: LogJson) -> Result<TrustedLog, SignatureFault> {
    let without_scheme = log.base_url.split_once("://").map(|(_, rest)| rest);
    let host = without_scheme.and_then(|rest| rest.split('/').next());
    Ok(TrustedLog {
        id: log.log_id.key_id.0,
        key: PublicKey::from_der(&log.public_key.raw_bytes.0),
        host: host.unwrap_or_default().to_owned(),
        in_use: interval(log.public_key.valid_for)?,
    })
}

fn authority(authority: AuthorityJson) -> Result<AuthorityChain, SignatureFault> {
    let in_use = interval(authority.valid_for)?;
    let certificates = authority.cert_chain.certificates.0.into_iter();
    let certificates: Option<Vec<_>> = certificates
        .map(|certificate| Certificate::from_der(&certificate.raw_bytes.0))
        .collect();
    certificates
        .and_then(|certificates| AuthorityChain::new(certificates, in_use))
        .ok_or_else(|| malformed("a certificate in the trusted root that is not of an authority"))
}

/// A missing start does not mean that it was always valid.
fn interval(json: Option<IntervalJson>) -> Result<Interval, SignatureFault> {
    let json = json.unwrap_or_default();
    let start = json.start.as_deref().and_then(of_root);
    let end = json.end.as_deref().map(of_root);
    match (start, end) {
        (Some(start), None) => Ok(Interval { start, end: None }),
        (Some(start), Some(Some(end))) => Ok(Interval {
            start,
            end: Some(end),
        }),
        _ => Err(malformed(
            "the trusted root does not say since when a key is valid",
        )),
    }
}

fn malformed(what: &'static str) -> SignatureFault {
    SignatureFault::Malformed(what)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RootJson {
    media_type: String,
    #[serde(default)]
    tlogs: Limited<LogJson, MAX>,
    #[serde(default)]
    ctlogs: Limited<LogJson, MAX>,
    #[serde(default)]
    certificate_authorities: Limited<AuthorityJson, MAX>,
    #[serde(default)]
    timestamp_authorities: Limited<AuthorityJson, MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogJson {
    #[serde(default)]
    base_url: String,
    public_key: LogKeyJson,
    log_id: LogIdJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogKeyJson {
    raw_bytes: Base64,
    valid_for: Option<IntervalJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogIdJson {
    pub(crate) key_id: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorityJson {
    cert_chain: ChainJson,
    valid_for: Option<IntervalJson>,
}

#[derive(Deserialize)]
pub(crate) struct ChainJson {
    #[serde(default)]
    pub(crate) certificates: Limited<CertificateJson, 16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateJson {
    pub(crate) raw_bytes: Base64,
}

#[derive(Default, Deserialize)]
struct IntervalJson {
    start: Option<String>,
    end: Option<String>,
}
