//! How a registry is reached: the options of the command line, and `registries.conf`.

pub(super) mod mirror;
pub(super) mod options;
pub(super) mod registries_conf;
mod registry_entry;
mod toml;
mod toml_table;
pub(super) mod upstream;
