//! A signature in the making: right in every part until told otherwise. A part that is altered here is altered before what comes
//! after it is made of it, so that nothing but this part is wrong; what is altered in the finished JSON breaks signatures.

use super::authority::{CertificateAuthority, Sct};
use super::bundle::Signed;
use super::checkpoint::Checkpoint;
use super::content::Content;
use super::key::Key;
use super::record::{Kind, Record, RecordedMaterial};
use super::rekor::{Promise, Proofs, RekorLog};
use super::signer::Maker;
use super::timestamp::{Timestamp, TimestampAuthority};
use super::{SIGNED_AT, Sigstore};

pub struct Signing<'a> {
    sigstore: &'a Sigstore,
    content: Content,
    maker: Maker,
    key: Key,
    at: i64,
    certified_at: Option<i64>,
    pub(super) authority: &'a CertificateAuthority,
    sct: Sct,
    log: Option<&'a RekorLog>,
    proofs: Proofs,
    recorded: Recorded,
    timestamp: Option<Timestamp>,
    timestamp_authority: &'a TimestampAuthority,
    is_forged: bool,
}

/// What the log has recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    This,
    /// Of the same key over the same bytes: ECDSA signs each time in another way.
    OtherSignature,
    /// The payload or the bytes.
    OtherContent,
    /// Another certificate of the same key, or another key.
    OtherMaterial,
}

impl<'a> Signing<'a> {
    pub(super) fn new(sigstore: &'a Sigstore, content: Content, maker: Maker) -> Self {
        let (log, key) = match &maker {
            Maker::Signer(_) if sigstore.is_public => (Some(&sigstore.rekor1), Key::p256()),
            Maker::Signer(_) => (None, Key::p256()),
            Maker::Key(key) => (None, key.clone()),
        };
        let kind = match content {
            Content::Envelope { .. } => Kind::Dsse,
            Content::Bytes(_) => Kind::HashedRekord,
        };
        let is_stamped = matches!(maker, Maker::Signer(_)) && !sigstore.is_public;
        let has_sct = sigstore.is_public;
        Self {
            sigstore,
            content,
            maker,
            key,
            at: SIGNED_AT,
            certified_at: None,
            authority: &sigstore.authority,
            sct: if has_sct { Sct::Right } else { Sct::Missing },
            log,
            proofs: Proofs {
                kind,
                promise: Promise::Right,
                has_inclusion: true,
                checkpoint: Checkpoint::Right,
                neighbours: (5, 4),
            },
            recorded: Recorded::This,
            timestamp: is_stamped.then_some(Timestamp::Right),
            timestamp_authority: &sigstore.timestamp_authority,
            is_forged: false,
        }
    }

    /// When it is signed, logged and stamped; and certified, unless [`Self::certified_at`] says otherwise.
    pub fn at(mut self, time: i64) -> Self {
        self.at = time;
        self
    }

    /// When the validity of the certificate begins.
    pub fn certified_at(mut self, time: i64) -> Self {
        self.certified_at = Some(time);
        self
    }

    pub fn certified_by(mut self, authority: &'a CertificateAuthority) -> Self {
        self.authority = authority;
        self
    }

    /// The key of the certificate, which is P-256 otherwise.
    pub fn certified_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    pub fn sct(mut self, sct: Sct) -> Self {
        self.sct = sct;
        self
    }

    pub fn in_no_log(mut self) -> Self {
        self.log = None;
        self
    }

    pub fn in_rekor1(self) -> Self {
        let log = &self.sigstore.rekor1;
        self.logged_by(log)
    }

    /// With a timestamp, since this log has no time.
    pub fn in_rekor2(self) -> Self {
        let log = &self.sigstore.rekor2;
        let signing = self.logged_by(log).kind(Kind::HashedRekord);
        match signing.timestamp {
            None => signing.timestamp(Timestamp::Right),
            Some(_) => signing,
        }
    }

    pub fn logged_by(mut self, log: &'a RekorLog) -> Self {
        self.log = Some(log);
        self
    }

    /// The type of the entry.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.proofs.kind = kind;
        self
    }

    pub fn promise(mut self, promise: Promise) -> Self {
        self.proofs.promise = promise;
        self
    }

    pub fn without_inclusion(mut self) -> Self {
        self.proofs.has_inclusion = false;
        self
    }

    pub fn checkpoint(mut self, checkpoint: Checkpoint) -> Self {
        self.proofs.checkpoint = checkpoint;
        self
    }

    /// How many entries are in the log before and behind it.
    pub fn neighbours(mut self, before: usize, behind: usize) -> Self {
        self.proofs.neighbours = (before, behind);
        self
    }

    pub fn recorded(mut self, recorded: Recorded) -> Self {
        self.recorded = recorded;
        self
    }

    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    pub fn without_timestamp(mut self) -> Self {
        self.timestamp = None;
        self
    }

    pub fn stamped_by(mut self, authority: &'a TimestampAuthority) -> Self {
        self.timestamp_authority = authority;
        self.timestamp(Timestamp::Right)
    }

    /// The signature is by another key, which certificate, log and timestamp take for the right one.
    pub fn forged(mut self) -> Self {
        self.is_forged = true;
        self
    }

    pub fn signed(&self) -> Signed {
        let message = self.content.message();
        let forger = self.is_forged.then(Key::p256);
        let signature = forger.as_ref().unwrap_or(&self.key).sign(&message);
        let material = self.material();
        let record = Record {
            message,
            payload: self.content.payload().cloned(),
            signature: signature.clone(),
            material: material.clone(),
        };
        let record = self.altered(record);
        let entry = self
            .log
            .map(|log| log.record(&record, self.key.details(), self.at, &self.proofs));
        let stamps = self.timestamp_authority;
        Signed {
            content: self.content.clone(),
            material,
            entry,
            timestamp: self
                .timestamp
                .map(|timestamp| stamps.stamp(timestamp, &signature, self.at)),
            signature,
        }
    }

    fn material(&self) -> RecordedMaterial {
        match &self.maker {
            Maker::Key(key) => RecordedMaterial::Key(key.clone()),
            Maker::Signer(signer) => {
                let template = signer.template(&self.key, self.certified_at.unwrap_or(self.at));
                let log = &self.sigstore.ct_log;
                RecordedMaterial::Certificate(self.authority.certify(&template, self.sct, log))
            }
        }
    }

    fn altered(&self, mut record: Record) -> Record {
        match self.recorded {
            Recorded::This => {}
            Recorded::OtherSignature => record.signature = self.key.sign(&record.message),
            Recorded::OtherContent => {
                record.message.push(b' ');
                record.payload = record.payload.map(|payload| [&payload[..], b" "].concat());
            }
            Recorded::OtherMaterial => {
                record.material = match self.maker {
                    Maker::Key(_) => RecordedMaterial::Key(Key::p256()),
                    Maker::Signer(_) => self.material(),
                }
            }
        }
        record
    }
}
