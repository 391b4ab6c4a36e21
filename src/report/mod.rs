//! What commands print: JSON objects, and tables for people.

mod attestation;
mod digest;
mod dry_run;
mod image;
mod pull;
mod purge;
mod save;
mod table;
mod verify;
mod version;

pub(crate) use attestation::{AttestationReport, AttestationStatus, attestation_lines};
pub(crate) use digest::DigestReport;
pub(crate) use dry_run::{BlobReport, CacheReport, DryRunReport};
pub(crate) use image::{ImageReport, PlatformReport};
pub(crate) use pull::PullReport;
pub(crate) use purge::{DroppedReport, PurgeReport};
pub(crate) use save::{SaveReport, SavedImage};
pub(crate) use table::{Table, columns};
pub(crate) use verify::{AspectReport, AspectValue, PathReport, VerifyReport};
pub(crate) use version::VersionReport;
