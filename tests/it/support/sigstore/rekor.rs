//! Transparency logs: Rekor v1, which signs the time of each entry, and v2, which knows no time.

use super::checkpoint::{Checkpoint, note_id};
use super::key::{Key, base64, hex};
use super::merkle;
use super::record::{Kind, Record};
use super::time::Period;
use serde_json::{Value, json};

/// Entries in older trees of the log: so that the index among all trees is not that of the proof.
const OLDER: usize = 1000;

pub struct RekorLog {
    pub key: Key,
    pub host: &'static str,
    pub in_use: Period,
    pub is_rekor2: bool,
}

/// How the log proves an entry.
#[derive(Clone)]
pub struct Proofs {
    pub kind: Kind,
    pub promise: Promise,
    pub has_inclusion: bool,
    pub checkpoint: Checkpoint,
    /// How many entries are before and behind it.
    pub neighbours: (usize, usize),
}

/// The signed entry timestamp.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    Right,
    Missing,
    /// With another key.
    Forged,
    /// Of another time.
    OtherTime,
}

/// What the log answers.
pub struct LogEntry {
    pub log: Vec<u8>,
    pub index: usize,
    pub time: i64,
    pub promise: Option<Vec<u8>>,
    pub body: String,
    /// A `TransparencyLogEntry` of a bundle.
    pub json: Value,
}

impl RekorLog {
    pub fn v1(in_use: Period) -> Self {
        Self {
            key: Key::p256(),
            host: "rekor.example.com",
            in_use,
            is_rekor2: false,
        }
    }

    pub fn v2(in_use: Period) -> Self {
        Self {
            key: Key::ed25519(),
            host: "log2024-1.rekor.example.com",
            in_use,
            is_rekor2: true,
        }
    }

    pub fn id(&self) -> Vec<u8> {
        note_id(&self.key, self.host)
    }

    /// Records a signature. `details` is the name that sigstore has for the kind of the signer's key.
    pub fn record(&self, record: &Record, details: &str, time: i64, proofs: &Proofs) -> LogEntry {
        let (kind, version, body) = record.body(proofs.kind, self.is_rekor2, details);
        let (before, behind) = proofs.neighbours;
        let index = before + if self.is_rekor2 { 0 } else { OLDER };
        let body = body.to_string();
        let mut json = json!({
            "logId": {"keyId": base64(self.id())},
            "kindVersion": {"kind": kind, "version": version},
            "canonicalizedBody": base64(&body),
        });
        // Zero is the default, and is left out.
        if index > 0 {
            json["logIndex"] = index.to_string().into();
        }
        let promise = self.promise(proofs.promise, &body, time, index);
        if !self.is_rekor2 {
            json["integratedTime"] = time.to_string().into();
        }
        if let Some(promise) = &promise {
            json["inclusionPromise"] = json!({"signedEntryTimestamp": base64(promise)});
        }
        if proofs.has_inclusion {
            json["inclusionProof"] = self.inclusion(&body, (before, behind), proofs.checkpoint);
        }
        LogEntry {
            log: self.id(),
            index,
            time,
            promise,
            body,
            json,
        }
    }

    fn promise(&self, promise: Promise, body: &str, time: i64, index: usize) -> Option<Vec<u8>> {
        if self.is_rekor2 || promise == Promise::Missing {
            return None;
        }
        let time = time + i64::from(promise == Promise::OtherTime);
        let body = base64(body);
        let id = hex(&self.id());
        let signed = format!(
            r#"{{"body":"{body}","integratedTime":{time},"logID":"{id}","logIndex":{index}}}"#
        );
        let forger = (promise == Promise::Forged).then(Key::p256);
        Some(forger.as_ref().unwrap_or(&self.key).sign(signed.as_bytes()))
    }

    fn inclusion(
        &self,
        body: &str,
        (before, behind): (usize, usize),
        checkpoint: Checkpoint,
    ) -> Value {
        let other = |number: usize| merkle::leaf(&number.to_be_bytes());
        let mut leaves: Vec<_> = (0..before + 1 + behind).map(other).collect();
        leaves[before] = merkle::leaf(body.as_bytes());
        let (root, size) = (merkle::root(&leaves), leaves.len());
        let mut proof = json!({"rootHash": base64(&root), "treeSize": size.to_string()});
        if before > 0 {
            proof["logIndex"] = before.to_string().into();
        }
        let hashes: Vec<_> = merkle::path(&leaves, before).iter().map(base64).collect();
        if !hashes.is_empty() {
            proof["hashes"] = hashes.into();
        }
        let tree = if self.is_rekor2 {
            ""
        } else {
            " - 1193050959916656506"
        };
        let envelope = checkpoint.envelope(&self.key, self.host, tree, size, &root);
        if let Some(envelope) = envelope {
            proof["checkpoint"] = json!({"envelope": envelope});
        }
        proof
    }
}
