//! Media types: image-spec media-types.md, and Docker's names for the same documents.

/// What one `Accept` header asks a registry for: the four modern types, and no schema 1, so that an
/// old registry answers with an error that can be named. GHCR answers 404 when the type of a tag is
/// missing here.
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// What a document or blob is, as far as a root folder is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// An OCI index or a Docker manifest list.
    Index,
    /// An OCI or Docker manifest.
    Manifest,
    /// A Docker manifest of schema 1, which nothing has pushed for years.
    Schema1,
    /// The config of an image.
    Config,
    /// A layer: a tar, compressed in any way; the compression is read off its first bytes.
    Layer,
    /// A layer that can only be read with a key.
    Encrypted,
    /// Anything else.
    Other,
}

impl MediaKind {
    /// Reads a media type. Parameters (`; charset=utf-8`) do not count: distribution-spec, "Pulling
    /// manifests". Type names are case-insensitive (RFC 6838, section 4.2).
    pub fn of(media_type: &str) -> Self {
        let bare = bare(media_type);
        match bare.as_str() {
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Self::Index,
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json" => Self::Manifest,
            "application/vnd.docker.distribution.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v1+prettyjws" => Self::Schema1,
            "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json" => Self::Config,
            _ if bare.ends_with("+encrypted") => Self::Encrypted,
            _ if is_layer(&bare) => Self::Layer,
            _ => Self::Other,
        }
    }
}

/// Whether a document of this type is Docker's.
pub(super) fn is_docker(media_type: &str) -> bool {
    bare(media_type).starts_with("application/vnd.docker.")
}

/// Whether the config of a Docker manifest may be of this type: registries of the years around 2016 stored
/// these in place of the right one (distribution/distribution#1621), and moby takes them for images.
pub(super) fn is_untyped_config(media_type: &str) -> bool {
    let untyped = [
        "application/octet-stream",
        "application/json",
        "text/html",
        "",
    ];
    untyped.contains(&bare(media_type).as_str())
}

/// A media type without its parameters, in lower case.
pub(super) fn bare(media_type: &str) -> String {
    let bare = media_type.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

/// Non-distributable and foreign layers are layers like any other: registries hold them.
fn is_layer(bare: &str) -> bool {
    [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ]
    .iter()
    .filter_map(|family| bare.strip_prefix(family))
    .any(|compression| matches!(compression, "" | "+gzip" | ".gzip" | "+zstd" | ".zstd"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_spelling() {
        for (media_type, kind) in [
            (
                "application/vnd.oci.image.index.v1+json; charset=utf-8",
                MediaKind::Index,
            ),
            (
                "Application/vnd.OCI.image.manifest.v1+json",
                MediaKind::Manifest,
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.zstd",
                MediaKind::Layer,
            ),
            (
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                MediaKind::Layer,
            ),
            (
                "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
                MediaKind::Layer,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
                MediaKind::Encrypted,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+bzip2",
                MediaKind::Other,
            ),
            ("application/vnd.in-toto+json", MediaKind::Other),
            (
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                MediaKind::Schema1,
            ),
            ("text/plain", MediaKind::Other),
            ("", MediaKind::Other),
        ] {
            assert_eq!(MediaKind::of(media_type), kind, "{media_type}");
        }
        for media_type in ACCEPT.split(", ") {
            assert!(
                matches!(
                    MediaKind::of(media_type),
                    MediaKind::Index | MediaKind::Manifest
                ),
                "{media_type}"
            );
        }
    }
}
