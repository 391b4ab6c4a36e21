//! The certificate authority (as Fulcio), and the certificate transparency log that it shows its certificates to.

use super::certificate::{Extension, Issuer, Template};
use super::der::octets;
use super::key::{Key, sha256};
use super::time::{DAY, Period};

const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";

/// Where the SCTs stand: between other extensions, so that a verifier cannot just cut off the end.
const SCT_POSITION: usize = 2;

/// A root, and an authority below it that signs for people. Both have P-384 keys.
pub struct CertificateAuthority {
    pub root: Issuer,
    pub intermediate: Issuer,
    pub valid: Period,
}

/// With a P-256 key.
pub struct CtLog {
    pub key: Key,
    pub in_use: Period,
}

/// The signed certificate timestamps of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sct {
    Right,
    /// Its own extensions are not empty, and are part of what is signed.
    WithExtensions,
    /// One of an unknown log stands before the right one.
    BehindAnother,
    Missing,
    /// By a log that is not in the trusted root.
    OtherLog,
    /// Its log is named, but another key has signed.
    Forged,
    /// Signed for another certificate.
    OtherCertificate,
    /// Signed for the same certificate of another authority.
    OtherIssuer,
    /// From before the log was in use.
    TooEarly,
}

impl CertificateAuthority {
    pub fn new(root_valid: Period, intermediate_valid: Period) -> Self {
        let key = Key::p384();
        let root = Template::authority("a root", &key, root_valid).into_issuer(key, None);
        let key = Key::p384();
        let intermediate = Template::authority("an intermediate", &key, intermediate_valid)
            .into_issuer(key, Some(&root));
        Self {
            root,
            intermediate,
            valid: intermediate_valid,
        }
    }

    /// As trusted roots have it.
    pub fn chain(&self) -> [&[u8]; 2] {
        [&self.intermediate.certificate, &self.root.certificate]
    }

    /// Signs, after `log` has seen the certificate.
    pub fn certify(&self, leaf: &Template, sct: Sct, log: &CtLog) -> Vec<u8> {
        let mut leaf = leaf.clone();
        if sct != Sct::Missing {
            let list = log.list(sct, &leaf, self);
            let list = Extension::new(SCT_LIST, octets(&vector(&list)));
            let position = SCT_POSITION.min(leaf.extensions.len());
            leaf.extensions.insert(position, list);
        }
        leaf.signed_by(&self.intermediate)
    }

    /// An authority below this one, which no trusted root names.
    pub fn below(&self) -> Self {
        let key = Key::p384();
        let template = Template::authority("one below", &key, self.valid);
        Self {
            root: self.root.clone(),
            intermediate: template.into_issuer(key, Some(&self.intermediate)),
            valid: self.valid,
        }
    }
}

impl CtLog {
    fn list(&self, sct: Sct, leaf: &Template, authority: &CertificateAuthority) -> Vec<u8> {
        let other = Key::p256();
        let issuer = &authority.intermediate;
        let signed = match sct {
            Sct::OtherCertificate => {
                let mut leaf = leaf.clone();
                leaf.valid.1 += 1;
                leaf.to_be_signed(issuer)
            }
            _ => leaf.to_be_signed(issuer),
        };
        let issuer = match sct {
            Sct::OtherIssuer => &authority.root,
            _ => issuer,
        };
        let time = match sct {
            Sct::TooEarly => self.in_use.0 - DAY,
            _ => leaf.valid.0,
        };
        let extensions: &[u8] = match sct {
            Sct::WithExtensions => b"more",
            _ => b"",
        };
        let issuer = sha256(&issuer.key.info());
        let by = |named: &Key, signing: &Key| {
            let message = message(time, &issuer, &signed, extensions);
            entry(named, time, extensions, &signing.sign(&message))
        };
        match sct {
            Sct::OtherLog => by(&other, &other),
            Sct::Forged => by(&self.key, &other),
            Sct::BehindAnother => [by(&other, &other), by(&self.key, &self.key)].concat(),
            _ => by(&self.key, &self.key),
        }
    }
}

fn milliseconds(time: i64) -> [u8; 8] {
    (time * 1000 + 123).to_be_bytes()
}

/// What a log signs: RFC 6962, section 3.2.
fn message(time: i64, issuer: &[u8], certificate: &[u8], extensions: &[u8]) -> Vec<u8> {
    let length = u32::try_from(certificate.len()).unwrap().to_be_bytes();
    [
        &[0, 0][..],
        &milliseconds(time),
        &[0, 1],
        issuer,
        &length[1..],
        certificate,
        &vector(extensions),
    ]
    .concat()
}

/// An SCT in a list: RFC 6962, section 3.3.
fn entry(log: &Key, time: i64, extensions: &[u8], signature: &[u8]) -> Vec<u8> {
    let sct = [
        &[0][..],
        &log.id(),
        &milliseconds(time),
        &vector(extensions),
        &[4, 3],
        &vector(signature),
    ];
    vector(&sct.concat())
}

/// Two bytes of length, then the bytes.
fn vector(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}
