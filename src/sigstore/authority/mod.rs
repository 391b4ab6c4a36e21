//! Authorities: what they certify, of whom, and when.

pub(crate) mod certificate;
pub(crate) mod claims;
pub(crate) mod path;
pub(crate) mod sct;
pub(crate) mod timestamp;
