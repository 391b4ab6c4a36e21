//! The command line: options, messages, exit codes, progress, signals, help and completions.

mod commands;
mod completions;
mod environments;
mod errors;
mod exit_codes;
mod line_lengths;
pub(crate) mod manual;
mod other_tools;
mod printing;
mod progress;
mod signals;
mod standard_streams;
mod usage;
