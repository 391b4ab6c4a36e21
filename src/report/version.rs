//! What `roots version --json` prints about the binary.

use crate::escape::json_line;
use crate::sigstore::TrustedRoot;
use serde::Serialize;

/// The version of webpki-roots, whose authorities are Mozilla's as of its release. A test compares it with Cargo.lock.
const AUTHORITIES: &str = "1.0.10";

/// The binary, and what is embedded in it.
#[derive(Serialize)]
pub(crate) struct VersionReport {
    version: &'static str,
    /// As Rust and the files of a release call it, such as `x86_64-unknown-linux-musl`.
    target: &'static str,
    /// What scripts may want to know before they count on it.
    features: [&'static str; 4],
    authorities: Authorities,
    trusted_roots: TrustedRoots,
}

/// The authorities for TLS.
#[derive(Serialize)]
struct Authorities {
    source: &'static str,
    version: &'static str,
}

/// The authorities for signatures.
#[derive(Serialize)]
struct TrustedRoots {
    /// When their newest key came into use.
    date: Option<String>,
}

impl VersionReport {
    pub(crate) fn of_binary() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            target: env!("ROOTS_TARGET"),
            features: ["gzip", "zstd", "tls", "sigstore"],
            authorities: Authorities {
                source: "webpki-roots",
                version: AUTHORITIES,
            },
            trusted_roots: TrustedRoots {
                date: TrustedRoot::embedded_date(),
            },
        }
    }

    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
