//! No tree can be made from a document: the sentences of [`InvalidManifest`].

use crate::error::text::escaped;
use crate::oci::InvalidManifest;
use std::fmt::{self, Display, Formatter};

impl Display for InvalidManifest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "malformed: {}", escaped(why)),
            Self::MediaType(media_type) => write!(f, "not an image but `{}`", escaped(media_type)),
            Self::TooLong(limit) => write!(f, "malformed: longer than {limit} bytes"),
            Self::Schema1 => f.write_str("a manifest of schema 1, which is not supported"),
            Self::SchemaVersion(version) => write!(f, "a manifest of unknown schema {version}"),
            Self::TypesDiffer { declared, own } => {
                write!(
                    f,
                    "announced as `{}` but it is `{}`",
                    escaped(declared),
                    escaped(own)
                )
            }
            Self::Ambiguous => f.write_str("malformed: both an index and a manifest"),
            Self::Missing(field) => write!(f, "malformed: no {field}"),
            Self::Artifact(kind) => write!(
                f,
                "not an image but an artifact of type `{}`",
                escaped(kind)
            ),
            Self::UnknownDigest(digest) => write!(
                f,
                "cannot verify `{}`: only sha256 and sha512 are supported",
                escaped(digest)
            ),
            Self::Encrypted(kind) => write!(f, "encrypted layer: `{}`", escaped(kind)),
            Self::LayerType(kind) => write!(f, "unknown type of layer: `{}`", escaped(kind)),
            Self::LayerCount { layers, diff_ids } => {
                write!(
                    f,
                    "malformed: {layers} layers in the manifest but {diff_ids} in the config"
                )
            }
            Self::RootFs(kind) => write!(f, "unknown type of rootfs: `{}`", escaped(kind)),
            Self::Field(name) => write!(f, "malformed: {name} in its config"),
            Self::TooLongInAll(limit) => {
                write!(
                    f,
                    "malformed: with the documents that it leads to longer than {limit} bytes"
                )
            }
            Self::TooDeep => f.write_str("indexes within indexes, too deep to follow"),
            Self::TooMuch => f.write_str("it refers to too many documents"),
        }
    }
}

impl InvalidManifest {
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Schema1 => "pull it with an old docker and push it again to convert it",
            Self::MediaType(kind) if kind.starts_with("text/html") => {
                "a web page was served: check the host, and whether the network requires a login"
            }
            Self::Artifact(kind) if kind.contains("helm") => "a chart is fetched with `helm pull`",
            Self::Artifact(_) => "fetch it with the tool it is for, or with `oras pull`",
            Self::Encrypted(_) => {
                "decrypt it into a folder first: skopeo copy --decryption-key KEY docker://IMAGE oci:PATH"
            }
            _ => return None,
        })
    }
}
