//! Whom an instance of sigstore trusts: `trusted_root.json`, sigstore's protobuf-specs, `sigstore_trustroot.proto`.

use crate::error::SignatureFault;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::authority::path::AuthorityChain;
use crate::sigstore::encoding::json::{Json, MalformedJson, bytes_of_each};
use crate::sigstore::encoding::json_reader::documents;
use crate::sigstore::encoding::time::{Interval, of_root};
use crate::sigstore::key::PublicKey;

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

const FIELDS: &str = "mediaType tlogs ctlogs baseUrl logId keyId publicKey rawBytes validFor start end \
    certificateAuthorities timestampAuthorities certChain certificates";

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
        let documents = documents(text, MAX).map_err(not_json)?;
        match documents.len() {
            0 => Err(malformed("the trusted root is empty")),
            1..=MAX => documents.into_iter().map(Self::read).collect(),
            _ => Err(malformed("too many trusted roots")),
        }
    }

    fn read(text: &[u8]) -> Result<Self, SignatureFault> {
        let root = Json::parse(text, FIELDS).map_err(not_json)?;
        if !MEDIA_TYPES.contains(&root.text("mediaType").map_err(not_json)?) {
            return Err(malformed("a trusted root of an unknown version"));
        }
        Ok(Self {
            logs: all(&root, "tlogs", log)?,
            ct_logs: all(&root, "ctlogs", log)?,
            certificate_authorities: all(&root, "certificateAuthorities", authority)?,
            timestamp_authorities: all(&root, "timestampAuthorities", authority)?,
        })
    }
}

struct LogJson<'a> {
    base_url: &'a str,
    id: Vec<u8>,
    key: Vec<u8>,
    valid_for: IntervalJson<'a>,
}

#[derive(Default)]
struct IntervalJson<'a> {
    start: Option<&'a str>,
    end: Option<&'a str>,
}

impl<'a> LogJson<'a> {
    fn read(log: &'a Json<'_>) -> Result<Self, MalformedJson> {
        let key = log.field("publicKey")?;
        let base_url = log.get("baseUrl")?;
        Ok(Self {
            base_url: base_url.map_or(Ok(""), Json::as_text)?,
            id: log.field("logId")?.bytes("keyId")?,
            key: key.bytes("rawBytes")?,
            valid_for: IntervalJson::read(key)?,
        })
    }
}

impl<'a> IntervalJson<'a> {
    fn read(object: &'a Json<'_>) -> Result<Self, MalformedJson> {
        let Some(interval) = object.optional("validFor")? else {
            return Ok(Self::default());
        };
        Ok(Self {
            start: interval.optional_text("start")?,
            end: interval.optional_text("end")?,
        })
    }

    /// A missing start does not mean that it was always valid.
    fn interval(&self) -> Result<Interval, SignatureFault> {
        let start = self.start.and_then(of_root);
        let end = self.end.map(of_root);
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
}

/// The DER of the certificates in a chain. Bundles have the same.
pub(crate) fn certificates(chain: &Json<'_>) -> Result<Vec<Vec<u8>>, MalformedJson> {
    bytes_of_each(chain.list_or_empty("certificates", 16)?, "rawBytes")
}

fn all<T>(
    root: &Json<'_>,
    name: &str,
    read: fn(&Json<'_>) -> Result<T, SignatureFault>,
) -> Result<Vec<T>, SignatureFault> {
    let list = root.list_or_empty(name, MAX).map_err(not_json)?;
    list.iter().map(read).collect()
}

fn log(log: &Json<'_>) -> Result<TrustedLog, SignatureFault> {
    let log = LogJson::read(log).map_err(not_json)?;
    let without_scheme = log.base_url.split_once("://").map(|(_, rest)| rest);
    let host = without_scheme.and_then(|rest| rest.split('/').next());
    Ok(TrustedLog {
        key: PublicKey::from_der(&log.key),
        host: host.unwrap_or_default().to_owned(),
        in_use: log.valid_for.interval()?,
        id: log.id,
    })
}

fn authority(authority: &Json<'_>) -> Result<AuthorityChain, SignatureFault> {
    let in_use = IntervalJson::read(authority).map_err(not_json)?;
    let chain = authority.field("certChain").and_then(certificates);
    let chain = chain.map_err(not_json)?;
    let in_use = in_use.interval()?;
    let chain: Option<Vec<_>> = chain.iter().map(|der| Certificate::from_der(der)).collect();
    chain
        .and_then(|chain| AuthorityChain::new(chain, in_use))
        .ok_or_else(|| malformed("a certificate in the trusted root that is not of an authority"))
}

fn malformed(what: &'static str) -> SignatureFault {
    SignatureFault::Malformed(what)
}

fn not_json(_: MalformedJson) -> SignatureFault {
    malformed("not the JSON of a trusted root")
}
