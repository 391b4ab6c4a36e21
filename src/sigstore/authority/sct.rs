//! Signed certificate timestamps: RFC 6962, sections 3.2 and 3.3. One of them proves that the certificate was shown to a log
//! that others watch.

use crate::der::{Der, OCTET_STRING};
use crate::sigstore::authority::certificate::{Certificate, SCT_LIST};
use crate::sigstore::hash::sha256;
use crate::sigstore::trust::trusted_root::TrustedLog;

/// `sha256` and `ecdsa` of RFC 5246, section 7.4.1.4.1.
const SHA256_ECDSA: [u8; 2] = [4, 3];

/// More than any certificate has.
const MAX_SCTS: usize = 16;

/// Whether one SCT of the certificate is by one of the logs. `issuer` is the SubjectPublicKeyInfo of the authority that the
/// verified path went over, since several authorities may have one name.
pub(crate) fn is_logged(leaf: &Certificate, issuer: &[u8], logs: &[TrustedLog]) -> bool {
    let Some(list) = list_of(leaf) else {
        return false;
    };
    let precertificate = leaf.precertificate();
    let issuer = sha256(issuer);
    list.iter().take(MAX_SCTS).any(|sct| {
        let Some(message) = sct.message(&issuer, &precertificate) else {
            return false;
        };
        let time = sct.milliseconds / 1000;
        logs.iter()
            .filter(|log| log.id == sct.log && log.in_use.contains(time))
            .filter_map(|log| log.key.as_ref())
            .any(|key| key.has_signed(&message, sct.signature))
    })
}

struct Sct<'a> {
    log: &'a [u8],
    milliseconds: i64,
    extensions: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Sct<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[0])?;
        let (log, rest) = rest.split_at_checked(32)?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (extensions, rest) = vector(rest)?;
        let rest = rest.strip_prefix(&SHA256_ECDSA)?;
        let (signature, rest) = vector(rest)?;
        rest.is_empty().then_some(())?;
        Some(Self {
            log,
            milliseconds: i64::try_from(u64::from_be_bytes(*time)).ok()?,
            extensions,
            signature,
        })
    }

    /// What the log has signed. The extensions are part of it.
    fn message(&self, issuer: &[u8], precertificate: &[u8]) -> Option<Vec<u8>> {
        let length = u32::try_from(precertificate.len()).ok()?.to_be_bytes();
        let [0, length @ ..] = length else {
            return None;
        };
        let extensions = u16::try_from(self.extensions.len()).ok()?;
        Some(
            [
                // v1, certificate_timestamp
                &[0, 0][..],
                &self.milliseconds.to_be_bytes(),
                // precert_entry
                &[0, 1],
                issuer,
                &length,
                precertificate,
                &extensions.to_be_bytes(),
                self.extensions,
            ]
            .concat(),
        )
    }
}

fn list_of(leaf: &Certificate) -> Option<Vec<Sct<'_>>> {
    let (value, _) = leaf.extension(SCT_LIST)?;
    let (mut list, rest) = vector(Der::only(value, OCTET_STRING)?)?;
    rest.is_empty().then_some(())?;
    let mut scts = Vec::new();
    while !list.is_empty() {
        let (sct, rest) = vector(list)?;
        list = rest;
        // Of another version or algorithm: it does not count.
        scts.extend(Sct::read(sct));
    }
    Some(scts)
}

/// What a length of two bytes announces, and the rest.
fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::encode;
    use crate::sigstore::encoding::time::Interval;
    use crate::sigstore::tests::{END, START, issue, key, leaf_params, log_of, root_authority};
    use rcgen::{CustomExtension, KeyPair, PublicKeyData, SigningKey};
    use std::slice::from_ref;

    fn with_length(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length, bytes].concat()
    }

    /// An SCT by the key, over this precertificate at the start of the year.
    fn sct(log: &KeyPair, issuer: &[u8], precertificate: &[u8], extensions: &[u8]) -> Vec<u8> {
        let mut sct = Sct {
            log: &log_of(log).id,
            milliseconds: START * 1000,
            extensions,
            signature: &[],
        };
        let message = sct.message(&sha256(issuer), precertificate).unwrap();
        let signature = log.sign(&message).unwrap();
        sct.signature = &signature;
        [
            &[0][..],
            sct.log,
            &sct.milliseconds.to_be_bytes(),
            &with_length(sct.extensions),
            &SHA256_ECDSA,
            &with_length(sct.signature),
        ]
        .concat()
    }

    #[test]
    fn a_known_log_must_have_seen_the_certificate() {
        let (root, log, leaf) = (root_authority(), key(), key());
        let issuer = root.key().subject_public_key_info();
        let precertificate = issue(&leaf_params(), &leaf, &root).precertificate();
        let counts = |list: &[u8], issuer: &[u8], log: &TrustedLog| {
            let mut params = leaf_params();
            let value = encode(OCTET_STRING, list);
            let arcs = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
            params.custom_extensions = vec![CustomExtension::from_oid_content(&arcs, value)];
            let leaf = issue(&params, &leaf, &root);
            is_logged(&leaf, issuer, from_ref(log))
        };
        let known = log_of(&log);
        for extensions in [&b""[..], b"signed, too"] {
            let sct = sct(&log, &issuer, &precertificate, extensions);
            let one = with_length(&sct);
            assert!(counts(&with_length(&one), &issuer, &known));
            let other = with_length(&[1, 2, 3]);
            assert!(counts(
                &with_length(&[other, one.clone()].concat()),
                &issuer,
                &known
            ));
            assert!(!counts(&with_length(&one), b"another issuer", &known));
            assert!(!counts(&with_length(&one), &issuer, &log_of(&key())));
            // Lengths that lie.
            assert!(!counts(&one, &issuer, &known));
            assert!(!counts(
                &[with_length(&one), vec![0]].concat(),
                &issuer,
                &known
            ));
            assert!(!counts(&with_length(&sct), &issuer, &known));
            assert!(!counts(&with_length(&[]), &issuer, &known));
            let ended = Interval {
                start: 0,
                end: Some(START - 1),
            };
            let ended = TrustedLog {
                in_use: ended,
                ..known.clone()
            };
            assert!(!counts(&with_length(&one), &issuer, &ended));
            let of_version_2 = with_length(&with_length(&[&[1], &sct[1..]].concat()));
            assert!(!counts(&of_version_2, &issuer, &known));
        }
        let of_other = sct(&log, &issuer, b"another certificate", b"");
        assert!(!counts(
            &with_length(&with_length(&of_other)),
            &issuer,
            &known
        ));
        let plain = issue(&leaf_params(), &leaf, &root);
        assert!(plain.validity().contains(END) && !is_logged(&plain, &issuer, &[known]));
    }
}
