//! The names of things: image-spec media-types.md, and those of Docker.

/// Media types of OCI.
pub mod oci {
    pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
    pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
}

/// Media types of Docker.
pub mod docker {
    pub const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    pub const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    pub const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    pub const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
}
