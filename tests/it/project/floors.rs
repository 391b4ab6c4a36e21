//! The architecture, held by a test: imports point down, each third-party crate is named in one room, nothing in
//! `src/` panics on purpose or has a second thread, and no file holds more than fits a head.

use code::{Code, words};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

mod code;
mod made_up;

/// The rooms by floors, from the top. A room imports from lower floors only, so siblings do not know of each other.
const FLOORS: [&[&str]; 14] = [
    &["main"],
    &["cli"],
    &["commands"],
    &["source"],
    &[
        "registry",
        "layer",
        "cache",
        "extract",
        "destination",
        "archive",
        "compare",
    ],
    &["tree"],
    &["changeset"],
    &["tarball", "compression", "report"],
    &["progress", "sigstore"],
    &["error"],
    &["record", "lockfile", "systemd"],
    &["tree_options"],
    &["oci", "sys"],
    &["escape", "calendar", "der"],
];

/// Where JSON is read or written.
const JSON_ROOMS: &[&str] = &[
    "escape.rs",
    "oci/",
    "record.rs",
    "report/",
    "tree_options.rs",
    "registry/",
    "cache/",
    "source/",
    "progress/event.rs",
    "sigstore/",
];

/// Where each third-party crate may be named: a file, or a room with a slash at its end.
const ROOMS: [(&str, &[&str]); 23] = [
    (
        "ureq",
        &[
            "registry/http/response.rs",
            "registry/transport/",
            "registry/tls/",
        ],
    ),
    ("rustls", &["registry/tls/", "registry/transport/"]),
    ("webpki_roots", &["registry/tls/roots.rs"]),
    ("httpdate", &["registry/http/retry.rs"]),
    (
        "base64",
        &[
            "registry/auth/",
            "tarball/pax.rs",
            "sigstore/encoding/json.rs",
        ],
    ),
    ("serde", JSON_ROOMS),
    ("serde_json", JSON_ROOMS),
    // rustls and webpki have modules of this name, too.
    (
        "ring",
        &[
            "sigstore/hash.rs",
            "sigstore/key.rs",
            "sigstore/authority/path.rs",
            "registry/tls/roots.rs",
        ],
    ),
    ("webpki", &["sigstore/authority/path.rs"]),
    ("pki_types", &["sigstore/authority/path.rs"]),
    ("ecdsa", &["registry/tls/ecdsa.rs"]),
    ("p256", &["registry/tls/ecdsa.rs"]),
    ("p384", &["registry/tls/ecdsa.rs"]),
    ("p521", &["registry/tls/ecdsa.rs"]),
    ("sha2", &["oci/digest.rs", "registry/tls/ecdsa.rs"]),
    ("flate2", &["compression.rs"]),
    ("zstd", &["compression.rs"]),
    ("tar", &["tarball/header.rs", "tarball/writer.rs"]),
    ("rustix", &["sys/"]),
    ("signal_hook", &["sys/signals.rs"]),
    ("toml_parser", &["registry/config/toml.rs"]),
    ("lexopt", &["cli/"]),
    ("roots", &["main.rs"]),
];

/// What a file may not say outside of its tests, and why.
const FORBIDDEN: [(&str, &str); 16] = [
    ("unwrap", "panics"),
    ("expect", "panics"),
    ("panic", "panics"),
    ("todo", "panics"),
    ("unimplemented", "panics"),
    ("unreachable", "panics"),
    ("thread", "one thread is enough"),
    ("thread_local", "one thread is enough"),
    ("mpsc", "one thread is enough"),
    ("Mutex", "one thread is enough"),
    ("RwLock", "one thread is enough"),
    ("Condvar", "one thread is enough"),
    ("AtomicBool", "no globals"),
    ("LazyLock", "no globals"),
    ("OnceLock", "no globals"),
    ("static", "no globals"),
];

/// Where signal handlers, and what runs before main, set their flags: they know nothing but what is there for the whole
/// process.
const GLOBALS: [&str; 2] = ["sys/signals.rs", "sys/stdio.rs"];

/// Fields that connections have, which ureq wants to be fit for threads: what only grows, and sockets that are read ahead while
/// others are waited for.
const SHARED: [(&str, &str); 2] = [
    ("progress/secrets.rs", "OnceLock"),
    ("registry/transport/sockets.rs", "Mutex"),
];

/// How long a file may be before its tests.
const MAX_LINES: usize = 300;

/// Everything that is wrong with the file at `path`, relative to `src/`.
fn faults(path: &str, text: &str) -> Vec<String> {
    let Some(code) = Code::of(text) else {
        return vec!["`#[cfg(test)]` before anything but a `mod tests` at the end".to_owned()];
    };
    let mut faults = Vec::new();
    let room = room(path);
    if room != "lib" && floor(room).is_none() {
        faults.push(format!("`{room}` is on no floor"));
    }
    for import in code.imports(path) {
        let allowed =
            matches!((floor(room), floor(&import)), (Some(here), Some(there)) if here < there);
        if import != room && floor(&import).is_some() && !allowed {
            faults.push(format!("imports `{import}`, which is not below `{room}`"));
        }
    }
    for (name, rooms) in ROOMS {
        let at_home = rooms
            .iter()
            .any(|home| path == *home || home.ends_with('/') && path.starts_with(home));
        if !at_home && code.names_crate(name) {
            faults.push(format!("names the crate `{name}`"));
        }
    }
    for word in words(&code.before_tests) {
        let is_said = |(name, why): &&(&str, &str)| {
            let is_global = GLOBALS.contains(&path) && *why == "no globals";
            *name == word && !is_global && !SHARED.contains(&(path, *name))
        };
        for (_, why) in FORBIDDEN.iter().filter(is_said) {
            faults.push(format!("says `{word}`: {why}"));
        }
    }
    if code.lines > MAX_LINES {
        faults.push(format!(
            "has {} lines before its tests, of {MAX_LINES}",
            code.lines
        ));
    }
    faults
}

/// `registry` for `registry/blob.rs`, `progress` for `progress.rs`.
fn room(path: &str) -> &str {
    path.split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs")
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| {
            if path.is_dir() {
                source_files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

#[test]
fn src_keeps_the_rules() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    let files = source_files(&src);
    for file in &files {
        let path = file.strip_prefix(&src).unwrap().to_str().unwrap();
        // A file of tests only, next to what it tests.
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        let found = faults(path, &fs::read_to_string(file).unwrap());
        broken.extend(found.into_iter().map(|fault| format!("src/{path} {fault}")));
    }
    assert!(files.len() > 30, "only {} files", files.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// One name means one thing: a reader who has met a type knows it wherever it is named again.
#[test]
fn no_type_name_is_used_twice() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in source_files(&src) {
        let code = Code::of(&fs::read_to_string(&file).unwrap()).unwrap();
        for name in code.types() {
            homes.entry(name).or_default().push(file.clone());
        }
    }
    // What traits of others want to be called so.
    homes.retain(|name, homes| homes.len() > 1 && !["Out", "Value"].contains(&name.as_str()));
    assert!(homes.is_empty(), "{homes:#?}");
}

#[test]
fn every_dependency_has_a_room() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let lines = section
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    let names = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"));
    let mut dependencies: Vec<_> = names.chain(["roots".to_owned()]).collect();
    dependencies.sort_unstable();
    let mut rooms = ROOMS.map(|(name, _)| name);
    rooms.sort_unstable();
    assert_eq!(dependencies, rooms);
}
