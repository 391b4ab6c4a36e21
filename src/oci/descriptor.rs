//! Descriptors: image-spec descriptor.md; what a document says of a blob that it names.

use super::bounds::{name_or_empty, pairs, text_or_empty};
use super::digest::Text;
use super::{Digest, InvalidDigest, InvalidManifest, MediaKind, Platform};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A descriptor. Unknown fields are ignored; a negative, huge or non-numeric size is an error.
///
/// `urls` are not read: CVE-2020-15157 sent credentials to them, and registries hold the blobs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
pub struct Descriptor<D = Digest> {
    /// The media type as written; empty if missing, as in Go.
    #[serde(default, deserialize_with = "name_or_empty")]
    pub media_type: String,
    /// The digest of the blob.
    pub digest: D,
    /// The size of the blob in bytes.
    pub size: u64,
    /// The platform, in the entries of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformEntry>,
    /// What an artifact is, in a list of referrers and in a layout.
    #[serde(
        default,
        deserialize_with = "artifact_type",
        skip_serializing_if = "Option::is_none"
    )]
    pub artifact_type: Option<String>,
    /// Annotations; only those that mark attestations and name references are used.
    #[serde(
        default,
        deserialize_with = "pairs",
        skip_serializing_if = "Option::is_none"
    )]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A descriptor without platform and annotations: an image has thousands of them, each possibly
/// with megabytes of these.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
pub(super) struct Plain<D = Digest> {
    #[serde(default, deserialize_with = "name_or_empty")]
    media_type: String,
    digest: D,
    size: u64,
}

/// A name, or None if it is missing or `null`.
fn artifact_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = name_or_empty(deserializer)?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

impl<D> From<Plain<D>> for Descriptor<D> {
    fn from(plain: Plain<D>) -> Self {
        Self::new(plain.media_type, plain.digest, plain.size)
    }
}

/// An entry of an index. It may have a digest of an unknown algorithm, which is no reason to refuse
/// the other entries (image-spec descriptor.md, "Digests").
pub type IndexEntry = Descriptor<EntryDigest>;

/// The digest in an entry of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryDigest {
    /// A digest that can be verified.
    Known(Digest),
    /// A digest of another algorithm, as written: `blake3:…`.
    Unknown(String),
}

impl EntryDigest {
    /// The longest digest of an unknown algorithm that is kept, in bytes; sha512 has 135.
    const MAX: usize = 512;

    fn parse(text: &str) -> Result<Self, InvalidDigest> {
        match Digest::parse(text) {
            Err(InvalidDigest::Algorithm(_)) if Self::is_well_formed(text) => {
                Ok(Self::Unknown(text.to_owned()))
            }
            digest => digest.map(Self::Known),
        }
    }

    /// Whether `text` is `algorithm:encoded` by the grammar of descriptor.md.
    fn is_well_formed(text: &str) -> bool {
        let Some((algorithm, encoded)) = text.split_once(':') else {
            return false;
        };
        let component = |part: &str| {
            let is_lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !part.is_empty() && part.bytes().all(is_lower)
        };
        let is_encoded = |b: u8| b.is_ascii_alphanumeric() || b"=_-".contains(&b);
        text.len() <= Self::MAX
            && algorithm.split(['+', '.', '_', '-']).all(component)
            && !encoded.is_empty()
            && encoded.bytes().all(is_encoded)
    }
}

impl fmt::Display for EntryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(digest) => write!(f, "{digest}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for EntryDigest {
    fn deserialize<T: Deserializer<'de>>(deserializer: T) -> Result<Self, T::Error> {
        deserializer.deserialize_str(Text(Self::parse))
    }
}

/// A platform as an index spells it; missing fields are empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[serde(expecting = "an object")]
pub struct PlatformEntry {
    /// `linux`, or `unknown` for attestations.
    #[serde(deserialize_with = "text_or_empty")]
    pub os: String,
    /// A GOARCH.
    #[serde(deserialize_with = "text_or_empty")]
    pub architecture: String,
    /// `v7`, `v8`, `v3`, or empty.
    #[serde(
        deserialize_with = "text_or_empty",
        skip_serializing_if = "String::is_empty"
    )]
    pub variant: String,
}

impl IndexEntry {
    /// The descriptor, if its digest can be verified.
    pub fn known(self) -> Result<Descriptor, InvalidManifest> {
        match self.digest {
            EntryDigest::Known(digest) => Ok(Descriptor {
                media_type: self.media_type,
                digest,
                size: self.size,
                platform: self.platform,
                artifact_type: self.artifact_type,
                annotations: self.annotations,
            }),
            EntryDigest::Unknown(text) => Err(InvalidManifest::UnknownDigest(text)),
        }
    }
}

impl<D> Descriptor<D> {
    /// A descriptor without platform and annotations.
    pub fn new(media_type: impl Into<String>, digest: D, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: None,
        }
    }

    /// The kind that the media type denotes.
    pub fn kind(&self) -> MediaKind {
        MediaKind::of(&self.media_type)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// The platform, normalised; None if the descriptor omits it.
    pub fn platform(&self) -> Option<Platform> {
        let entry = self.platform.as_ref()?;
        let open = entry.os.is_empty() && entry.architecture.is_empty();
        (!open).then(|| Platform::normalised(&entry.os, &entry.architecture, &entry.variant))
    }

    /// Whether this is one of buildx's attestations, which look like images of `unknown/unknown`.
    pub fn is_attestation(&self) -> bool {
        let unknown = self.platform.as_ref().is_some_and(|p| p.os == "unknown");
        unknown || self.annotation("vnd.docker.reference.type").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_unknown_algorithms_keep_to_the_grammar() {
        let read = |text: &str| serde_json::from_value::<EntryDigest>(text.into());
        for text in [
            "blake3:6f",
            "sha384:AZaz09=_-",
            "sha256+b64u:LCa0a2j",
            "multihash+base58:Qm",
            "sha512-256.x_y:0",
        ] {
            assert_eq!(read(text).unwrap(), EntryDigest::Unknown(text.to_owned()));
        }
        for text in [
            "",
            "blake3",
            "blake3:",
            ":6f",
            "Blake3:6f",
            "blake3:../x",
            "blake3:6f/",
            "a++b:6f",
            "blake3:\u{1b}[0m",
            "sha256:6f",
            &format!("blake3:{}", "0".repeat(512)),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn null_is_a_field_that_is_not_there() {
        let json = r#"{"mediaType":null,"digest":"blake3:6f","size":1,"annotations":{"a":null,"b":"c"},
            "platform":{"os":"linux","architecture":null,"variant":null}}"#;
        let entry: IndexEntry = serde_json::from_str(json).unwrap();
        assert_eq!(
            (entry.media_type.as_str(), entry.kind()),
            ("", MediaKind::Other)
        );
        assert_eq!(
            (entry.annotation("a"), entry.annotation("b")),
            (None, Some("c"))
        );
        assert_eq!(entry.platform().unwrap().to_string(), "linux/");
        let json = r#"{"digest":"blake3:6f","size":1,"annotations":null,"platform":null}"#;
        let entry: IndexEntry = serde_json::from_str(json).unwrap();
        assert!(entry.platform().is_none() && entry.annotations.is_none());
    }
}
