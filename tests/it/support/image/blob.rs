//! Bytes with a digest and a media type.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Content-addressed bytes and what a descriptor says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub media_type: String,
    pub digest: String,
    pub bytes: Vec<u8>,
}

impl Blob {
    /// A blob with its right digest.
    pub fn new(media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self {
            media_type: media_type.to_owned(),
            digest: sha256(&bytes),
            bytes,
        }
    }

    /// A JSON document, keys in alphabetical order.
    pub fn json(media_type: &str, value: &Value) -> Self {
        Self::new(media_type, value.to_string())
    }

    /// Its descriptor: media type, digest, size.
    pub fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len()})
    }

    /// The document inside.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("a JSON blob")
    }

    /// The digest without its algorithm.
    pub fn hex(&self) -> &str {
        self.digest.split_once(':').map_or("", |(_, hex)| hex)
    }
}

/// The digest string of some bytes, `sha256:...`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref())
        .iter()
        .fold("sha256:".to_owned(), |mut digest, byte| {
            write!(digest, "{byte:02x}").expect("a String takes it");
            digest
        })
}
