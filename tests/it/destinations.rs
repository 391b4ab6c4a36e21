//! DEST: swaps, races, crashes, records, `--update`, `--keep-old`, services, and `verify`.

mod crashes;
mod destination;
pub(crate) mod disk;
mod dry_run;
mod force;
mod forged;
mod in_use;
mod interruptions;
mod neighbours;
pub(crate) mod nspawn;
mod pull;
mod races;
pub(crate) mod record;
mod room;
mod service;
mod story;
mod swap;
mod update;
mod verify;
