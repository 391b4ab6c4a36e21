//! Names that climb.

use super::{Kind, Yard};
use crate::support::tar::{BLOCK, header};
use crate::support::{Layer, Trial};

/// Each would come to something that is there, or next to it.
const CLIMBING: [&str; 15] = [
    "..",
    "./..",
    "a/..",
    "../x",
    "/../x",
    "//..//x",
    "./../canary",
    "../canary",
    "../../canary",
    "../canaries/secret",
    "../dest-evil/canary",
    "a/../../canary",
    "a/../x",
    "../rootfs/x",
    "../../../../outside/canary",
];

fn anchor() -> Layer {
    Layer::new().dir("a", 0o755).file("anchor", 0o644, "anchor")
}

fn why(kind: Kind, path: &str) -> &'static str {
    // These ask for `..` itself to be hidden, and do not climb.
    if kind == Kind::Whiteout && (path == ".." || path == "a/.." || path == "./..") {
        "invalid whiteout name"
    } else {
        "its name climbs with `..`"
    }
}

#[test]
fn a_name_that_climbs_is_refused_whatever_the_entry_is() {
    let yard = Yard::new("a_name_that_climbs");
    let thirty = "../".repeat(30) + "tmp/canary";
    for path in CLIMBING.into_iter().chain([thirty.as_str()]) {
        for kind in Kind::ALL {
            let layer = kind.entry(anchor(), &kind.name(path));
            let name = format!("{kind:?} {path}");
            yard.refuses(&name, [anchor(), layer], why(kind, path));
        }
    }
}

#[test]
fn a_name_that_climbs_is_refused_wherever_it_is_written() {
    let yard = Yard::new("a_name_written");
    let path = "../canary";
    for kind in Kind::ALL {
        let real = kind.name(path);
        let in_pax = kind
            .entry(anchor(), &kind.name("innocent"))
            .pax("path", &real);
        let in_sparse = kind
            .entry(anchor(), &kind.name("innocent"))
            .pax("GNU.sparse.name", &real)
            .pax("GNU.sparse.size", "4")
            .pax("GNU.sparse.map", "0,4");
        let mut long = header(b'L', b"././@LongLink", real.len() + 1).to_vec();
        long.extend(real.as_bytes());
        long.resize(2 * BLOCK, 0);
        let in_long_name = kind.entry(anchor().raw(long), &kind.name("innocent"));
        let in_prefix = kind.entry(anchor(), "x").raw_header(move |block| {
            let (prefix, name) = real.trim_end_matches('/').rsplit_once('/').unwrap();
            block[..name.len()].copy_from_slice(name.as_bytes());
            block[345..345 + prefix.len()].copy_from_slice(prefix.as_bytes());
        });
        for (what, layer) in [
            ("pax", in_pax),
            ("long name", in_long_name),
            ("prefix", in_prefix),
        ] {
            yard.refuses(&format!("{kind:?} {what}"), [layer], why(kind, path));
        }
        let is_file = matches!(kind, Kind::File | Kind::OldFile | Kind::ContiguousFile);
        let sparse = match kind {
            _ if is_file => why(kind, path),
            // These are files too, but the map does not fit their contents.
            _ => "its sparse map does not fit it",
        };
        yard.refuses(&format!("{kind:?} sparse"), [in_sparse], sparse);
    }
}

#[test]
fn an_absolute_name_lands_inside() {
    let yard = Yard::new("an_absolute_name");
    let outside = yard.canary.dir().join("secret").display().to_string();
    for kind in Kind::ALL {
        for slashes in ["", "/", "./"] {
            let path = format!("{slashes}{outside}");
            let lower = Layer::new().file("anchor", 0o644, "anchor");
            let layer = kind.entry(Layer::new(), &kind.name(&path));
            let trial = Trial::new(format!("{kind:?} {path}"));
            let outcome = yard.attempt(trial.layers([lower, layer]));
            let found = outcome.tree();
            let found = found.get(&outside.as_bytes()[1..]);
            assert_eq!(found.map(|node| node.kind), kind.made(), "{}", outcome.name);
        }
    }
}

#[test]
fn names_with_dots_that_do_not_climb_are_names() {
    let yard = Yard::new("names_with_dots");
    let names = [
        "...", "..a", "a..", ". ", ".. ", "..\\x", "%2e%2e", "~", "-rf",
    ];
    let layer = names
        .iter()
        .fold(Layer::new(), |layer, name| layer.file(name, 0o644, ""));
    let outcome = yard.attempt(Trial::new("dots").layer(layer));
    let mut expected: Vec<_> = names.map(str::as_bytes).to_vec();
    expected.sort_unstable();
    let found = outcome.tree();
    assert_eq!(found.keys().skip(1).collect::<Vec<_>>(), expected);
}
