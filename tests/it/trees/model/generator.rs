//! Random layers that have much to do with one another: three names, and paths out of the tree that is there.

use super::image::{Entry, Metadata, Sequence, What};
use super::spec::{self, Outcome};
use super::tree::{Kind, Tree, join, parent};
use crate::support::Random;

const NAMES: [&str; 3] = ["a", "b", "c"];
const MAX_DEPTH: usize = 4;
const MAX_ENTRIES: usize = 12;

const MODES: [u32; 10] = [
    0o755, 0o644, 0o700, 0o600, 0, 0o4755, 0o2775, 0o1777, 0o555, 0o7777,
];
const TIMES: [(i64, i64); 6] = [
    (0, 0),
    (1, 0),
    (1_600_000_000, 0),
    (1_700_000_000, 123_456_789),
    (-5, 0),
    (-2, 500_000_000),
];
const XATTRS: [(&str, &[u8]); 4] = [
    ("user.a", b"1"),
    ("user.a", b"\n=\0"),
    ("user.b", b""),
    ("user.c", b"2"),
];

/// Kinds of entries, by how often they come.
const KINDS: [(usize, Make); 10] = [
    (22, Make::Directory),
    (22, Make::File),
    (14, Make::Symlink),
    (12, Make::HardLink),
    (4, Make::Fifo),
    (14, Make::Whiteout),
    (7, Make::Opaque),
    (3, Make::Root),
    (1, Make::Bookkeeping),
    (1, Make::Malformed),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Make {
    Directory,
    File,
    Symlink,
    HardLink,
    Fifo,
    Whiteout,
    Opaque,
    Root,
    Bookkeeping,
    Malformed,
}

/// Two to four layers.
pub(super) fn sequence(random: &mut Random) -> Sequence {
    // A few sequences stay as they fell; from the others goes what the spec does not speak of or refuses, because
    // nothing is compared after that.
    let (keeps_open, keeps_refused) = (random.percent(2), random.percent(10));
    let mut tree = Tree::new();
    let mut sequence = Vec::new();
    for _ in 0..2 + random.below(3) {
        let mut layer = layer(random, &tree, sequence.is_empty());
        loop {
            let mut above = tree.clone();
            match spec::apply(&mut above, &layer) {
                Outcome::Open(number) if !keeps_open => drop(layer.remove(number)),
                Outcome::Refused(number, _) if !keeps_refused => drop(layer.remove(number)),
                _ => {
                    tree = above;
                    break;
                }
            }
        }
        sequence.push(layer);
    }
    sequence
}

/// Entries, most of them at or in places of `below`. What they hide stands anywhere among what they make.
fn layer(random: &mut Random, below: &Tree, is_lowest: bool) -> Vec<Entry> {
    let mut seen: Vec<String> = below.places.keys().cloned().collect();
    let mut layer = Vec::new();
    for _ in 0..=random.below(MAX_ENTRIES) {
        let make = random.weighted(&KINDS);
        // The lowest layer has nothing to hide, but must stand it.
        let hides = matches!(make, Make::Whiteout | Make::Opaque);
        if hides && is_lowest && random.percent(80) {
            continue;
        }
        let path = path(random, &seen);
        if make != Make::Root && !hides {
            seen.push(path.clone());
        }
        let mut entry = entry(random, make, path, &seen, below);
        entry.prefix = random.weighted(&[(8, ""), (1, "./"), (1, "/")]);
        layer.push(entry);
    }
    layer
}

fn entry(random: &mut Random, make: Make, path: String, seen: &[String], below: &Tree) -> Entry {
    let contents = |random: &mut Random| "x".repeat(random.pick(&[0, 1, 5, 511, 512, 513]));
    let (path, what) = match make {
        Make::Directory => (path, What::Directory),
        Make::File => (path, What::File(contents(random))),
        Make::Symlink => (path, What::Symlink(target(random, seen))),
        Make::HardLink => (path, What::HardLink(random.pick(seen))),
        Make::Fifo => (path, What::Fifo),
        Make::Whiteout => (path, What::Whiteout),
        Make::Opaque => {
            let directories = below.places.iter();
            let directories: Vec<_> = directories
                .filter(|(_, thing)| thing.kind == Kind::Directory)
                .map(|(place, _)| place)
                .collect();
            let known = random.pick(&directories).clone();
            let path = if random.percent(70) { known } else { path };
            (path, What::Opaque)
        }
        Make::Root => (String::new(), What::Directory),
        Make::Bookkeeping => (path, What::Bookkeeping),
        Make::Malformed => random.pick(&[
            (path.clone(), What::Symlink(String::new())),
            (path.clone(), What::HardLink(String::new())),
            (path.clone(), What::HardLink("../a".to_owned())),
            (String::new(), What::Symlink("a".to_owned())),
        ]),
    };
    let mut entry = Entry::new(&path, what);
    entry.metadata = metadata(random);
    entry
}

/// A path that is there, one in a directory that is there, or any.
fn path(random: &mut Random, seen: &[String]) -> String {
    let known = random.pick(seen);
    let path = match random.below(10) {
        0..4 => known,
        4..7 => join(&known, name(random)),
        _ => {
            let depth = 1 + random.below(MAX_DEPTH);
            let names: Vec<_> = (0..depth).map(|_| name(random)).collect();
            names.join("/")
        }
    };
    let too_deep = path.split('/').count() > MAX_DEPTH;
    match (path.as_str(), too_deep) {
        ("", _) => name(random).to_owned(),
        (_, true) => parent(&path).to_owned(),
        _ => path,
    }
}

fn name(random: &mut Random) -> &'static str {
    random.pick(&NAMES)
}

/// What a symlink says: another place, from here or from the root, far up, itself, or nowhere.
fn target(random: &mut Random, seen: &[String]) -> String {
    let (name, other) = (name(random), name(random));
    match random.below(12) {
        0..3 => format!("/{}", random.pick(seen)),
        3..5 => name.to_owned(),
        5 => format!("../{name}"),
        6 => format!("{name}/{other}"),
        7 => format!("../../../../{}", random.pick(seen)),
        8 => format!("{name}/../{}", random.pick(&NAMES)),
        9 => (random.pick(&[".", "..", "/", "../..", "./."])).to_owned(),
        10 => format!("/{name}//./{other}/"),
        _ => "nowhere".to_owned(),
    }
}

fn metadata(random: &mut Random) -> Metadata {
    let mut xattrs: Vec<(&'static str, &'static [u8])> = Vec::new();
    while random.percent(20) {
        let (name, value) = random.pick(&XATTRS);
        if xattrs.iter().all(|(other, _)| *other != name) {
            xattrs.push((name, value));
        }
    }
    Metadata {
        mode: random.pick(&MODES),
        owner: random.pick(&[(0, 0), (0, 0), (1000, 100)]),
        mtime: random.pick(&TIMES),
        xattrs,
    }
}
