//! A timestamp server: RFC 3161, in a SignedData of RFC 5652.

use super::certificate::{DIGITAL_SIGNATURE, Extension, Issuer, TIME_STAMPING, Template};
use super::der::{context, element, null, number, object, octets, sequence, set};
use super::key::{Key, sha256};
use super::time::{Period, generalized};
use ring::digest::{SHA384, digest};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.47";
const SHA2_256: &str = "2.16.840.1.101.3.4.2.1";
const SHA2_384: &str = "2.16.840.1.101.3.4.2.2";
const POLICY: &str = "1.3.6.1.4.1.57264.2";

/// With P-384 keys.
pub struct TimestampAuthority {
    root: Issuer,
    signer: Issuer,
    serial: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    Right,
    /// Right, without the certificate of the server.
    WithoutCertificate,
    /// Of another signature.
    OtherSignature,
    /// The signed attributes are of another content.
    OtherContent,
    /// With another key.
    Forged,
    /// The server has refused.
    Rejected,
    /// The attributes name another certificate.
    OtherCertificate,
    /// The bytes end too early.
    Cut,
}

impl TimestampAuthority {
    pub fn new(valid: Period) -> Self {
        Self::with_purpose(valid, TIME_STAMPING)
    }

    /// One whose certificate is for something else.
    pub fn with_purpose(valid: Period, purpose: &str) -> Self {
        let key = Key::p384();
        let root = Template::authority("a timestamp root", &key, valid).into_issuer(key, None);
        let key = Key::p384();
        let template = Template {
            subject: Some("a timestamp server".to_owned()),
            key_info: key.info(),
            valid,
            extensions: vec![
                Extension::key_usage(DIGITAL_SIGNATURE),
                Extension::only_purpose(purpose),
            ],
        };
        Self {
            serial: template.serial(),
            signer: template.into_issuer(key, Some(&root)),
            root,
        }
    }

    /// As trusted roots have it.
    pub fn chain(&self) -> [&[u8]; 2] {
        [&self.signer.certificate, &self.root.certificate]
    }

    /// A TimeStampResp for `signature`.
    pub fn stamp(&self, timestamp: Timestamp, signature: &[u8], time: i64) -> Vec<u8> {
        if timestamp == Timestamp::Rejected {
            return sequence(&[sequence(&[number(2)])]);
        }
        let imprint = match timestamp {
            Timestamp::OtherSignature => sha256(b"another signature"),
            _ => sha256(signature),
        };
        let info = sequence(&[
            number(1),
            object(POLICY),
            sequence(&[sequence(&[object(SHA2_256), null()]), octets(&imprint)]),
            number(7),
            element(0x18, generalized(time).as_bytes()),
        ]);
        let granted = sequence(&[number(0)]);
        let token = sequence(&[
            object(SIGNED_DATA),
            context(0, &self.signed_data(timestamp, &info)),
        ]);
        let mut response = sequence(&[granted, token]);
        if timestamp == Timestamp::Cut {
            response.pop();
        }
        response
    }

    fn signed_data(&self, timestamp: Timestamp, info: &[u8]) -> Vec<u8> {
        let hash = || sequence(&[object(SHA2_384)]);
        let content = sequence(&[object(TST_INFO), context(0, &octets(info))]);
        let certificates = match timestamp {
            Timestamp::WithoutCertificate => Vec::new(),
            _ => context(0, &self.signer.certificate),
        };
        let attributes = self.attributes(timestamp, info);
        let forger = (timestamp == Timestamp::Forged).then(Key::p384);
        let key = forger.as_ref().unwrap_or(&self.signer.key);
        // Signed as a SET, and sent as [0].
        let signature = key.sign(&attributes);
        let sent = [&[0xa0], &attributes[1..]].concat();
        let signer = sequence(&[
            number(1),
            sequence(&[self.root.name.clone(), self.serial.clone()]),
            hash(),
            sent,
            key.algorithm(),
            octets(&signature),
        ]);
        sequence(&[
            number(3),
            set(&[hash()]),
            content,
            certificates,
            set(&[signer]),
        ])
    }

    fn attributes(&self, timestamp: Timestamp, info: &[u8]) -> Vec<u8> {
        let content = match timestamp {
            Timestamp::OtherContent => b"another content",
            _ => info,
        };
        let named = match timestamp {
            Timestamp::OtherCertificate => &self.root,
            _ => &self.signer,
        };
        let certificate = sequence(&[octets(&sha256(&named.certificate))]);
        let attribute = |id, value| sequence(&[object(id), set(&[value])]);
        set(&[
            attribute(CONTENT_TYPE, object(TST_INFO)),
            attribute(MESSAGE_DIGEST, octets(digest(&SHA384, content).as_ref())),
            attribute(SIGNING_CERTIFICATE, sequence(&[sequence(&[certificate])])),
        ])
    }
}
