//! Media types: image-spec media-types.md, and Docker's names for the same documents.

/// The `Accept` header for manifests: the four modern types. Schema 1 is left out, so that an old
/// registry returns a recognisable error. GHCR returns 404 if the type of a tag is not listed here.
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// The type of an index.
pub const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// The type of a manifest.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The kind of a document or blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// An OCI index or a Docker manifest list.
    Index,
    /// An OCI or Docker manifest.
    Manifest,
    /// A Docker manifest of schema 1, which has been obsolete for years.
    Schema1,
    /// The config of an image.
    Config,
    /// A layer: a tar with any compression, which is detected from its first bytes.
    Layer,
    /// An encrypted layer.
    Encrypted,
    /// Anything else.
    Other,
}

impl MediaKind {
    /// Parses a media type. Parameters (`; charset=utf-8`) are ignored: distribution-spec, "Pulling
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

/// Whether this is one of Docker's document types.
pub(super) fn is_docker(media_type: &str) -> bool {
    bare(media_type).starts_with("application/vnd.docker.")
}

/// Whether the config of a Docker manifest may have this generic type: around 2016, registries
/// stored these in place of the right one (distribution/distribution#1621), and moby accepts them
/// as images.
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

/// Non-distributable and foreign layers are treated like others: registries hold them.
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
