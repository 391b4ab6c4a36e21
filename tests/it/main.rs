//! The real binary against a loopback registry that can lie, stall, cut, redirect and demand tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "servers in tests have threads")]

mod access;
mod amplification;
mod archives;
mod attributes;
mod bench;
mod blobs;
mod bombs;
mod bounds;
mod breakouts;
mod cache;
mod changesets;
mod commands;
mod completions;
mod configs;
mod costs;
mod crashes;
mod credential_helpers;
mod credentials;
mod destination;
mod digest;
mod disk;
mod documents;
mod dry_run;
mod environments;
mod errors;
mod exit_codes;
mod fixtures;
mod floors;
mod force;
mod forged;
mod hostile_caches;
mod in_use;
mod indexes;
mod inspect;
mod interop;
mod interruptions;
mod layers;
mod layout;
mod layout_faults;
mod leaks;
mod line_lengths;
mod locks;
mod logins;
mod manifests;
mod manual;
mod mirrors;
mod misses;
mod model;
mod neighbours;
mod nspawn;
mod offline;
mod other_tools;
mod owners;
mod packaging;
mod pieces;
mod platforms;
mod printing;
mod progress;
mod proxies;
mod pull;
mod purge;
mod races;
mod readme;
mod record;
mod redirects;
mod references;
mod refusals;
mod room;
mod rootless;
mod save;
mod seeds;
mod selections;
mod shared_caches;
mod signals;
mod spoilage;
mod standard_streams;
mod story;
mod support;
mod swap;
mod tags;
mod tar_dialects;
mod tls;
mod tokens;
mod update;
mod usage;
mod verify;
mod walkthroughs;
mod warnings;
mod wires;
