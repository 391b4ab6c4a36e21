//! What a log signs of its tree: <https://c2sp.org/tlog-checkpoint>.

use super::key::{Key, base64, sha256};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Checkpoint {
    Right,
    /// Signatures of witnesses stand before and behind that of the log.
    Witnessed,
    /// Host and port in the name of the log.
    WithPort,
    Missing,
    OtherRoot,
    OtherSize,
    /// By another log, under its own hint.
    OtherLog,
    /// With another key, under the hint of the log.
    Forged,
    /// The name of another log, for which the same key has signed.
    OtherName,
}

impl Checkpoint {
    /// `name` is the host of the log, `tree` what its origin has behind it.
    pub fn envelope(
        self,
        key: &Key,
        name: &str,
        tree: &str,
        size: usize,
        root: &[u8],
    ) -> Option<String> {
        let name = &match self {
            Self::WithPort => format!("{name}:443"),
            Self::OtherName => format!("other.{name}"),
            _ => name.to_owned(),
        };
        let size = match self {
            Self::OtherSize => size + 1,
            _ => size,
        };
        let root = match self {
            Self::OtherRoot => sha256(root),
            _ => root.to_vec(),
        };
        let text = format!("{name}{tree}\n{size}\n{}\n", base64(root));
        let other = Key::ed25519();
        let by = |name: &str, named: &Key, signing: &Key| {
            let signature = signing.sign(text.as_bytes());
            let line = base64([hint(named, name), signature].concat());
            format!("\u{2014} {name} {line}\n")
        };
        let lines = match self {
            Self::Missing => return None,
            Self::OtherLog => by(name, &other, &other),
            Self::Forged => by(name, key, &other),
            Self::Witnessed => {
                let witness = by("witness.example.com", &other, &other);
                [witness.clone(), by(name, key, key), witness].concat()
            }
            _ => by(name, key, key),
        };
        Some(format!("{text}\n{lines}"))
    }
}

/// The first bytes of the key's id, as signed notes have it.
fn hint(key: &Key, name: &str) -> Vec<u8> {
    note_id(key, name)[..4].to_vec()
}

/// <https://c2sp.org/signed-note>: keys of Ed25519 are named together with the name of the log.
pub fn note_id(key: &Key, name: &str) -> Vec<u8> {
    if key.details() == "PKIX_ED25519" {
        sha256(&[name.as_bytes(), b"\n\x01", key.public()].concat())
    } else {
        key.id()
    }
}
