//! Entries of transparency logs, and what they prove: Rekor v1 and v2, <https://docs.sigstore.dev/logging/overview/>.

use crate::error::SignatureFault;
use crate::sigstore::encoding::json::to_base64;
use crate::sigstore::hash::hex;
use crate::sigstore::log::body::{self, Generation, Recorded};
use crate::sigstore::log::checkpoint;
use crate::sigstore::log::merkle::{InclusionProof, leaf_hash};
use crate::sigstore::trust::trusted_root::TrustedLog;

/// An entry, as the bundle has it.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) log: Vec<u8>,
    /// Among all trees of the log.
    pub(crate) index: i64,
    /// Legacy signatures do not repeat it.
    pub(crate) kind: Option<(String, String)>,
    /// Nobody vouches for it but the promise.
    pub(crate) integrated_time: i64,
    /// The signed entry timestamp.
    pub(crate) promise: Option<Vec<u8>>,
    pub(crate) proof: Option<LogProof>,
    /// Whether it may have a promise in place of a proof.
    pub(crate) is_promise_enough: bool,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct LogProof {
    pub(crate) inclusion: InclusionProof,
    pub(crate) checkpoint: Option<String>,
}

/// An entry that holds.
#[derive(Clone, Copy)]
pub(crate) struct ProvenEntry<'a> {
    /// When it was recorded, if the log has signed that.
    pub(crate) time: Option<i64>,
    pub(crate) log: &'a TrustedLog,
}

impl LogEntry {
    /// Checks everything that the entry says, under the log that it names. None if no such log is known.
    pub(crate) fn verify<'a>(
        &self,
        logs: &'a [TrustedLog],
        recorded: &Recorded<'_>,
    ) -> Result<Option<ProvenEntry<'a>>, SignatureFault> {
        // A log that was out of use for some time is listed twice.
        let mut result = Ok(None);
        for log in logs.iter().filter(|log| log.id == self.log) {
            result = self.verify_in(log, recorded).map(Some);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn verify_in<'a>(
        &self,
        log: &'a TrustedLog,
        recorded: &Recorded<'_>,
    ) -> Result<ProvenEntry<'a>, SignatureFault> {
        let kind = self.kind.as_ref();
        let kind = kind.map(|(kind, version)| (kind.as_str(), version.as_str()));
        let generation = body::check(&self.body, kind, recorded)?;
        let time = match (generation, &self.promise) {
            (Generation::Rekor1, Some(promise)) => Some(self.promised_time(log, promise)?),
            _ => None,
        };
        let is_enough = self.is_promise_enough && time.is_some();
        match &self.proof {
            Some(proof) => self.check_proof(log, proof, is_enough)?,
            None if is_enough => {}
            None => {
                return Err(SignatureFault::Invalid(
                    "the log entry has no inclusion proof",
                ));
            }
        }
        Ok(ProvenEntry { time, log })
    }

    /// The log has promised, in canonical JSON, to record the entry, and told the time.
    fn promised_time(&self, log: &TrustedLog, promise: &[u8]) -> Result<i64, SignatureFault> {
        let Self {
            index,
            integrated_time,
            ..
        } = self;
        let body = to_base64(&self.body);
        let id = hex(&self.log);
        let message = format!(
            r#"{{"body":"{body}","integratedTime":{integrated_time},"logID":"{id}","logIndex":{index}}}"#
        );
        let key = log.key.as_ref();
        if !key.is_some_and(|key| key.has_signed(message.as_bytes(), promise)) {
            return Err(SignatureFault::Invalid("the log has not signed its entry"));
        }
        if !log.in_use.contains(*integrated_time) {
            return Err(SignatureFault::Invalid(
                "the log was not in use at that time",
            ));
        }
        Ok(*integrated_time)
    }

    /// A proof without a checkpoint leads to a root that nobody has signed: it is checked, and does not count.
    fn check_proof(
        &self,
        log: &TrustedLog,
        proof: &LogProof,
        is_promise_enough: bool,
    ) -> Result<(), SignatureFault> {
        let LogProof {
            inclusion,
            checkpoint,
        } = proof;
        if !inclusion.contains(&leaf_hash(&self.body)) {
            return Err(SignatureFault::Invalid(
                "the inclusion proof of the log entry",
            ));
        }
        let is_signed = checkpoint.as_ref().map(|checkpoint| {
            checkpoint::is_signed_by(log, checkpoint, inclusion.size, &inclusion.root)
        });
        match is_signed {
            Some(true) => Ok(()),
            None if is_promise_enough => Ok(()),
            Some(false) => Err(SignatureFault::Invalid("the checkpoint of the log")),
            None => Err(SignatureFault::Invalid("the log entry has no checkpoint")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::encoding::time::Interval;
    use crate::sigstore::hash::sha256;
    use crate::sigstore::tests::{BYTES, START, hashed_rekord, key, log_of};
    use rcgen::{KeyPair, SigningKey};

    /// An entry with a promise, and with a proof from a tree of this one leaf.
    fn entry(log: &KeyPair) -> LogEntry {
        let id = log_of(log).id;
        let body = hashed_rekord(&BYTES).into_bytes();
        let promised = format!(
            r#"{{"body":"{}","integratedTime":{START},"logID":"{}","logIndex":7}}"#,
            to_base64(&body),
            hex(&id)
        );
        let root = leaf_hash(&body);
        let text = format!("log.example - 1\n1\n{}\n", to_base64(&root));
        let signature = log.sign(text.as_bytes()).unwrap();
        let line = to_base64(&[&id[..4], &signature].concat());
        LogEntry {
            log: id,
            index: 7,
            kind: None,
            integrated_time: START,
            promise: Some(log.sign(promised.as_bytes()).unwrap()),
            proof: Some(LogProof {
                inclusion: InclusionProof {
                    index: 0,
                    size: 1,
                    root,
                    hashes: Vec::new(),
                },
                checkpoint: Some(format!("{text}\n\u{2014} log.example {line}\n")),
            }),
            is_promise_enough: false,
            body,
        }
    }

    #[test]
    fn an_entry_is_promised_or_proven() {
        let key = key();
        let logs = [log_of(&key)];
        let verify = |alter: fn(&mut LogEntry)| {
            let mut entry = entry(&key);
            alter(&mut entry);
            let proven = entry.verify(&logs, &BYTES);
            proven.map(|proven| proven.unwrap().time)
        };
        assert_eq!(verify(|_| {}), Ok(Some(START)));
        assert_eq!(verify(|entry| entry.promise = None), Ok(None));
        let without_proof = |is_enough| {
            let mut entry = entry(&key);
            (entry.proof, entry.is_promise_enough) = (None, is_enough);
            entry.verify(&logs, &BYTES).is_ok()
        };
        assert!(without_proof(true) && !without_proof(false));
        let bad: [fn(&mut LogEntry); 6] = [
            |entry| entry.integrated_time += 1,
            |entry| entry.index += 1,
            |entry| entry.promise = Some(Vec::new()),
            |entry| entry.body.push(b' '),
            |entry| entry.proof.as_mut().unwrap().checkpoint = None,
            |entry| entry.proof.as_mut().unwrap().inclusion.root = sha256(b"another"),
        ];
        for (number, alter) in bad.into_iter().enumerate() {
            assert!(verify(alter).is_err(), "{number}");
        }
    }

    #[test]
    fn a_log_is_known_by_its_key_and_for_its_years() {
        let (key, other) = (key(), key());
        let entry = entry(&key);
        let log = log_of(&key);
        assert!(matches!(entry.verify(&[], &BYTES), Ok(None)));
        let ended = Interval {
            start: 0,
            end: Some(START - 1),
        };
        let ended = [TrustedLog {
            in_use: ended,
            ..log.clone()
        }];
        assert!(entry.verify(&ended, &BYTES).is_err());
        let of_another_key = [TrustedLog {
            key: log_of(&other).key,
            ..log
        }];
        assert!(entry.verify(&of_another_key, &BYTES).is_err());
    }
}
