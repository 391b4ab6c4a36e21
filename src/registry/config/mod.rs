//! How to reach a registry: command-line options and `registries.conf`.

pub(super) mod mirror;
pub(super) mod options;
pub(super) mod registries_conf;
mod registry_entry;
mod toml;
mod toml_table;
pub(super) mod upstream;
