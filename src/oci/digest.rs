//! Digests: `algorithm:hex`, image-spec descriptor.md, "Digests".

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;

/// The two registered algorithms of the image-spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// `sha256`, 64 hex digits: used by practically every image.
    Sha256,
    /// `sha512`, 128 hex digits: legal but rare.
    Sha512,
}

impl Algorithm {
    /// The name before the colon, which is also the directory name in layouts and the cache.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A digest that is safe in a URL or file name: the algorithm is known, and the hex digits are
/// lower case and of the right number. CVE-2024-3727 began with one that was not checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidDigest {
    /// No colon, or an algorithm other than the two registered ones.
    Algorithm(String),
    /// The wrong number of digits for the algorithm, or digits that are not lower-case hex.
    Hex(Algorithm),
}

impl Digest {
    /// Parses `sha256:…` or `sha512:…`.
    pub fn parse(text: &str) -> Result<Self, InvalidDigest> {
        let (name, hex) = text.split_once(':').unwrap_or((text, ""));
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(InvalidDigest::Algorithm(name.to_owned())),
        };
        let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() != algorithm.hex_digits() || !hex.bytes().all(lower_hex) {
            return Err(InvalidDigest::Hex(algorithm));
        }
        Ok(Self {
            algorithm,
            hex: hex.to_owned(),
        })
    }

    /// The SHA-256 digest of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    /// The digest of `bytes` under `algorithm`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The part before the colon.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The part after the colon: lower-case hex, safe as a file name.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::parse))
    }
}

/// Deserialises a digest with this function, without an intermediate `String`: a document may have
/// tens of thousands.
pub(super) struct Text<T>(pub(super) fn(&str) -> Result<T, InvalidDigest>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// Computes a digest incrementally.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// A hasher without input so far.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// Hashes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The first 32 bytes of the digest.
    pub fn into_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match self {
            Self::Sha256(hasher) => bytes.copy_from_slice(&hasher.finalize()),
            Self::Sha512(hasher) => bytes.copy_from_slice(&hasher.finalize()[..32]),
        }
        bytes
    }

    /// The digest of all bytes hashed.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => digest(Algorithm::Sha256, &hasher.finalize()),
            Self::Sha512(hasher) => digest(Algorithm::Sha512, &hasher.finalize()),
        }
    }
}

fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    let hex = bytes
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte)])
        .collect();
    Digest { algorithm, hex }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_parses_its_own_output() {
        let empty = Digest::sha256(b"");
        assert_eq!(
            empty.to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Digest::parse(&empty.to_string()), Ok(empty));
        let long = Digest::of(Algorithm::Sha512, b"x");
        assert_eq!(Digest::parse(&long.to_string()), Ok(long));
    }

    #[test]
    fn refuses_what_could_leave_a_path_or_url() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for bad in [
            "",
            "sha256",
            "sha256:",
            "sha256:0xdeadbeef",
            "sha256:../../etc/passwd",
            &format!("md5:{}", &hex[..32]),
            &format!("sha256:{}", hex.to_uppercase()),
            &format!("sha256:{hex}0"),
            &format!("sha256:{}/", &hex[..63]),
            &format!("sha512:{hex}"),
            &format!(" sha256:{hex}"),
            &format!("SHA256:{hex}"),
        ] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }
}
