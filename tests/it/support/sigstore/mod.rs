//! An instance of sigstore of one's own, and everything that people sign with it.
//!
//! ```text
//! Sigstore ── authority    certificates, and the log that has seen them
//!          ── rekor        logs of signatures: record, merkle, checkpoint
//!          ── timestamp    RFC 3161
//!          ── trusted_root what verifiers must know of it
//! Signing  ── signer, key  who signs
//!          ── content      what
//!          ── bundle, legacy   how it is written down
//!             certificate, der, time
//! ```
//!
//! ```ignore
//! let sigstore = Sigstore::new();
//! let signer = Signer::workflow("o/r");
//! let bundle = sigstore.sign(Statement::signature(&digest), &signer).json();
//! let legacy = sigstore.sign(SimplePayload::new(&digest), &Key::p256()).legacy();
//! let unlogged = sigstore.sign(Statement::provenance(&digest), &signer).in_no_log().json();
//! ```

pub mod authority;
mod bundle;
pub mod certificate;
mod checkpoint;
mod content;
pub mod der;
pub mod key;
pub mod legacy;
mod merkle;
mod record;
mod rekor;
mod signer;
mod signing;
pub mod time;
mod timestamp;
pub mod trusted_root;

pub use authority::{CertificateAuthority, CtLog, Sct};
pub use bundle::Version;
pub use checkpoint::Checkpoint;
pub use content::{COSIGN_SIGNATURE, Content, PROVENANCE, SimplePayload, Statement, subject};
pub use key::Key;
pub use legacy::LegacySignature;
pub use record::Kind;
pub use rekor::{Promise, RekorLog};
pub use signer::{COMMIT, GITHUB_ISSUER, Maker, Name, Signer};
pub use signing::{Recorded, Signing};
pub use timestamp::{Timestamp, TimestampAuthority};
pub use trusted_root::Root;

use time::Period;

/// 2024: when the logs and the authorities were in use. All of it is long over.
pub const IN_USE: Period = (1_704_067_200, 1_735_689_599);

/// 2023 to 2025: when the certificates of the authorities are valid.
pub const CERTIFIED: Period = (1_672_531_200, 1_767_225_599);

/// When people sign: 1 July 2024, at noon.
pub const SIGNED_AT: i64 = 1_719_835_200;

pub struct Sigstore {
    pub authority: CertificateAuthority,
    pub ct_log: CtLog,
    pub rekor1: RekorLog,
    pub rekor2: RekorLog,
    pub timestamp_authority: TimestampAuthority,
    /// Whether it has logs.
    pub is_public: bool,
}

impl Default for Sigstore {
    fn default() -> Self {
        Self::new()
    }
}

impl Sigstore {
    /// Like the public one. What is signed is in the log of Rekor v1, which signs the time.
    pub fn new() -> Self {
        Self::with_authority(CertificateAuthority::new(CERTIFIED, CERTIFIED))
    }

    /// Like GitHub's own: without logs. What is signed has a timestamp.
    pub fn github() -> Self {
        Self {
            is_public: false,
            ..Self::new()
        }
    }

    pub fn with_authority(authority: CertificateAuthority) -> Self {
        Self {
            authority,
            ct_log: CtLog {
                key: Key::p256(),
                in_use: IN_USE,
            },
            rekor1: RekorLog::v1(IN_USE),
            rekor2: RekorLog::v2(IN_USE),
            timestamp_authority: TimestampAuthority::new(CERTIFIED),
            is_public: true,
        }
    }

    /// What `--trusted-root` reads.
    pub fn trusted_root(&self) -> String {
        self.root().json()
    }

    /// The same, to be altered.
    pub fn root(&self) -> Root {
        Root::of(self)
    }

    /// Signs with a certificate for a [`Signer`], or with a [`Key`]. Signatures with keys are in no log unless a test asks for it.
    pub fn sign(&self, content: impl Into<Content>, maker: impl Into<Maker>) -> Signing<'_> {
        Signing::new(self, content.into(), maker.into())
    }
}
