//! Checkpoints: a log signs the size and the root of its tree. <https://c2sp.org/tlog-checkpoint> and
//! <https://c2sp.org/signed-note>.
//!
//! ```text
//! rekor.sigstore.dev - 1193050959916656506     origin
//! 702343842                                    size of the tree
//! BASE64                                       root of the tree
//!
//! — rekor.sigstore.dev BASE64                  4 bytes of hint, signature over all lines before the blank one
//! ```

use crate::sigstore::encoding::json::{decimal, from_base64};
use crate::sigstore::hash::sha256;
use crate::sigstore::key::{KeyKind, PublicKey};
use crate::sigstore::trust::trusted_root::TrustedLog;

/// More than any log has, witnesses included.
const MAX_SIGNATURES: usize = 64;

/// The signature type of Ed25519 in a signed note.
const ED25519: u8 = 1;

/// Whether `log` has signed that its tree has this size and root.
pub(crate) fn is_signed_by(log: &TrustedLog, envelope: &str, size: u64, root: &[u8]) -> bool {
    let Some(key) = &log.key else {
        return false;
    };
    // A signature has no blank line, but the text may have some.
    let Some((text, signatures)) = envelope.rsplit_once("\n\n") else {
        return false;
    };
    let mut lines = text.lines();
    let origin = lines.next().unwrap_or_default();
    let signed_size = lines.next().and_then(decimal);
    let signed_root = lines.next().and_then(from_base64);
    if origin.is_empty()
        || signed_size.and_then(|size| u64::try_from(size).ok()) != Some(size)
        || signed_root.as_deref() != Some(root)
    {
        return false;
    }
    let signed = [text, "\n"].concat();
    // Witnesses sign as well, before or behind the log.
    signatures
        .lines()
        .take(MAX_SIGNATURES)
        .filter_map(signature)
        .any(|(name, hint, signature)| {
            is_named(log, key, name, origin)
                && hint == key_hint(key, name)
                && key.has_signed(signed.as_bytes(), &signature)
        })
}

/// Name, hint and signature of a line.
fn signature(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, text) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = from_base64(text)?;
    let (hint, signature) = bytes.split_first_chunk::<4>()?;
    Some((name, *hint, signature.to_vec()))
}

/// Logs of Rekor v2, which have Ed25519 keys, sign under the name of their host, and for themselves as the origin. Those of
/// v1 add a tree to it, and some a port: for these, the hint and the key have to do.
fn is_named(log: &TrustedLog, key: &PublicKey, name: &str, origin: &str) -> bool {
    let without_port = log.host.split(':').next();
    key.kind() != KeyKind::Ed25519
        || name == origin && (name == log.host || Some(name) == without_port)
}

fn key_hint(key: &PublicKey, name: &str) -> [u8; 4] {
    let id = match key.kind() {
        KeyKind::Ed25519 => sha256(&[name.as_bytes(), b"\n", &[ED25519], key.bits()].concat()),
        KeyKind::P256 | KeyKind::P384 | KeyKind::Rsa => key.id(),
    };
    id.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{BIT_STRING, OBJECT, SEQUENCE, encode};
    use crate::sigstore::encoding::json::to_base64;
    use crate::sigstore::encoding::time::Interval;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    const HOST: &str = "log.example";
    const ROOT: [u8; 32] = [7; 32];

    /// A log of Rekor v2, and what signs for it.
    fn log() -> (TrustedLog, Ed25519KeyPair) {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let algorithm = encode(SEQUENCE, &encode(OBJECT, &[0x2b, 0x65, 0x70]));
        let bits = [&[0][..], pair.public_key().as_ref()].concat();
        let der = encode(SEQUENCE, &[algorithm, encode(BIT_STRING, &bits)].concat());
        let log = TrustedLog {
            id: Vec::new(),
            key: PublicKey::from_der(&der),
            host: HOST.to_owned(),
            in_use: Interval {
                start: 0,
                end: None,
            },
        };
        (log, pair)
    }

    fn line(log: &TrustedLog, pair: &Ed25519KeyPair, name: &str, text: &str) -> String {
        let hint = key_hint(log.key.as_ref().unwrap(), name);
        let signature = pair.sign(text.as_bytes());
        let bytes = [&hint, signature.as_ref()].concat();
        format!("\u{2014} {name} {}\n", to_base64(&bytes))
    }

    fn text(origin: &str, size: &str, root: &[u8]) -> String {
        format!("{origin}\n{size}\n{}\n", to_base64(root))
    }

    #[test]
    fn a_log_signs_size_and_root_under_its_own_name() {
        let (witness, other_pair) = log();
        let (log, pair) = log();
        let signed = |text: &str, name: &str| {
            let ours = line(&log, &pair, name, text);
            let others = line(&witness, &other_pair, "witness.example", text);
            let holds = |note: &str| is_signed_by(&log, note, 9, &ROOT);
            let before = holds(&format!("{text}\n{others}{ours}"));
            assert_eq!(before, holds(&format!("{text}\n{ours}{others}")));
            assert!(!holds(&format!("{text}\n{others}")));
            assert!(!holds(text));
            before
        };
        assert!(signed(&text(HOST, "9", &ROOT), HOST));
        assert!(signed(&format!("{}more\n", text(HOST, "9", &ROOT)), HOST));
        assert!(!signed(&text(HOST, "9", &ROOT), "other.example"));
        assert!(!signed(&text("other.example", "9", &ROOT), HOST));
        assert!(!signed(&text("other.example", "9", &ROOT), "other.example"));
        assert!(!signed(&text(HOST, "8", &ROOT), HOST));
        assert!(!signed(&text(HOST, "09", &ROOT), HOST));
        assert!(!signed(&text(HOST, "9", &[8; 32]), HOST));
        assert!(!signed(&text("", "9", &ROOT), HOST));
        assert!(!signed(&format!("9\n{}\n", to_base64(&ROOT)), HOST));
    }
}
