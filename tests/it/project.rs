//! The project itself: its floors, fixtures, packages, README, and what a pull costs.

mod bench;
mod costs;
pub(crate) mod fixtures;
mod floors;
mod packaging;
pub(crate) mod readme;
mod seeds;
mod trusted_roots;
mod walkthroughs;
