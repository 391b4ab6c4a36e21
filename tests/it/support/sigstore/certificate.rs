//! X.509 certificates, field by field: RFC 5280, section 4.1.

use super::der::{bits, context, element, number, object, octets, sequence, set, utf8, yes};
use super::key::{Key, sha256};
use super::time::{Period, utc};

pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// Bits of a key usage.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
pub const CERTIFICATE_SIGN: u8 = 0x04;

/// What an authority will sign.
#[derive(Clone)]
pub struct Template {
    /// The common name. None leaves the subject empty.
    pub subject: Option<String>,
    pub key_info: Vec<u8>,
    pub valid: Period,
    pub extensions: Vec<Extension>,
}

#[derive(Clone)]
pub struct Extension {
    pub id: Vec<u8>,
    pub is_critical: bool,
    pub value: Vec<u8>,
}

/// An authority that signs certificates.
#[derive(Clone)]
pub struct Issuer {
    pub key: Key,
    /// The Name.
    pub name: Vec<u8>,
    pub certificate: Vec<u8>,
}

impl Extension {
    /// `value` is DER.
    pub fn new(id: &str, value: Vec<u8>) -> Self {
        Self {
            id: object(id),
            is_critical: false,
            value,
        }
    }

    pub fn critical(id: &str, value: Vec<u8>) -> Self {
        Self {
            is_critical: true,
            ..Self::new(id, value)
        }
    }

    pub fn basic_constraints(is_authority: bool) -> Self {
        let fields = if is_authority { vec![yes()] } else { vec![] };
        Self::critical("2.5.29.19", sequence(&fields))
    }

    pub fn key_usage(usage: u8) -> Self {
        let unused = u8::try_from(usage.trailing_zeros()).unwrap();
        Self::critical("2.5.29.15", element(0x03, &[unused, usage]))
    }

    pub fn purpose(id: &str) -> Self {
        Self::new("2.5.29.37", sequence(&[object(id)]))
    }

    /// RFC 3161 wants the purpose of a timestamp server to be critical.
    pub fn only_purpose(id: &str) -> Self {
        Self {
            is_critical: true,
            ..Self::purpose(id)
        }
    }

    fn der(&self) -> Vec<u8> {
        let critical = if self.is_critical { yes() } else { vec![] };
        sequence(&[self.id.clone(), critical, octets(&self.value)])
    }
}

impl Template {
    /// An authority.
    pub fn authority(name: &str, key: &Key, valid: Period) -> Self {
        Self {
            subject: Some(name.to_owned()),
            key_info: key.info(),
            valid,
            extensions: vec![
                Extension::basic_constraints(true),
                Extension::key_usage(CERTIFICATE_SIGN),
            ],
        }
    }

    /// A root, or one that is signed by `issuer`.
    pub fn into_issuer(self, key: Key, issuer: Option<&Issuer>) -> Issuer {
        let mut own = Issuer {
            key,
            name: self.name(),
            certificate: Vec::new(),
        };
        own.certificate = self.signed_by(issuer.unwrap_or(&own));
        own
    }

    pub fn signed_by(&self, issuer: &Issuer) -> Vec<u8> {
        let signed = self.to_be_signed(issuer);
        let signature = bits(&issuer.key.sign(&signed));
        sequence(&[signed, issuer.key.algorithm(), signature])
    }

    /// The TBSCertificate.
    pub fn to_be_signed(&self, issuer: &Issuer) -> Vec<u8> {
        let (start, end) = self.valid;
        let time = |time| element(0x17, utc(time).as_bytes());
        let authority_key = sequence(&[element(0x80, &key_id(&issuer.key.info()))]);
        let mut extensions = vec![
            Extension::new("2.5.29.14", octets(&key_id(&self.key_info))),
            Extension::new("2.5.29.35", authority_key),
        ];
        extensions.extend_from_slice(&self.extensions);
        let extensions: Vec<_> = extensions.iter().map(Extension::der).collect();
        sequence(&[
            context(0, &number(2)),
            self.serial(),
            issuer.key.algorithm(),
            issuer.name.clone(),
            sequence(&[time(start), time(end)]),
            self.name(),
            self.key_info.clone(),
            context(3, &sequence(&extensions)),
        ])
    }

    /// The INTEGER, which differs from key to key.
    pub fn serial(&self) -> Vec<u8> {
        element(0x02, &[&[1], &sha256(&self.key_info)[..15]].concat())
    }

    fn name(&self) -> Vec<u8> {
        let common_name = |name: &String| set(&[sequence(&[object("2.5.4.3"), utf8(name)])]);
        sequence(&self.subject.iter().map(common_name).collect::<Vec<_>>())
    }
}

/// RFC 7093, section 2.
fn key_id(info: &[u8]) -> Vec<u8> {
    sha256(info)[..20].to_vec()
}
