//! What commands print: JSON objects, and tables for people.

mod digest;
mod dry_run;
mod image;
mod pull;
mod purge;
mod save;
mod table;
mod verify;

pub use digest::DigestReport;
pub use dry_run::{BlobReport, CacheReport, DryRunReport};
pub use image::{ImageReport, PlatformReport};
pub use pull::PullReport;
pub use purge::{DroppedReport, PurgeReport};
pub use save::{SaveReport, SavedImage};
pub use table::{Table, columns};
pub use verify::{AspectReport, AspectValue, PathReport, VerifyReport};
