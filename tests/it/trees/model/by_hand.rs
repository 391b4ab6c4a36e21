//! Sequences that chance finds rarely, each with its verdict.

use super::image::{Entry, Sequence, What};
use super::trial::{Bench, Verdict};

fn directory(path: &str) -> Entry {
    Entry::new(path, What::Directory)
}

fn file(path: &str) -> Entry {
    Entry::new(path, What::File("here".to_owned()))
}

fn symlink(path: &str, target: &str) -> Entry {
    Entry::new(path, What::Symlink(target.to_owned()))
}

fn hard_link(path: &str, target: &str) -> Entry {
    Entry::new(path, What::HardLink(target.to_owned()))
}

fn whiteout(path: &str) -> Entry {
    Entry::new(path, What::Whiteout)
}

fn opaque(path: &str) -> Entry {
    Entry::new(path, What::Opaque)
}

/// A chain of so many links, the last of which is the root, and a file through all of them.
fn chain(links: usize) -> Sequence {
    let mut layer = vec![symlink("l0", ".")];
    layer.extend((1..links).map(|n| symlink(&format!("l{n}"), &format!("l{}", n - 1))));
    layer.push(file(&format!("l{}/x", links - 1)));
    vec![layer]
}

#[test]
fn sequences_by_hand() {
    let bench = Bench::new("by-hand");
    let described = || {
        let mut entry = directory("a");
        entry.metadata.mode = 0o2700;
        entry.metadata.xattrs = vec![("user.a", b"1")];
        entry
    };
    for (name, sequence, verdict) in [
        ("255 links", chain(255), Verdict::Same),
        ("256 links", chain(256), Verdict::Refused),
        (
            "a loop as parent",
            vec![vec![symlink("a", "b"), symlink("b", "a"), file("a/x")]],
            Verdict::Refused,
        ),
        (
            "a file of the layer below gives way to an implied directory",
            vec![
                vec![file("a"), file("b")],
                vec![file("a/b/c"), file("a/d"), whiteout("b")],
            ],
            Verdict::Same,
        ),
        (
            "a file of two layers below gives way to one, and that to a file",
            vec![
                vec![file("a")],
                vec![file("b")],
                vec![
                    directory("a/b"),
                    file("a/b/c"),
                    file("a"),
                    hard_link("c", "b"),
                ],
            ],
            Verdict::Same,
        ),
        (
            "a file of the same layer does not",
            vec![vec![file("b")], vec![file("a"), file("a/b")]],
            Verdict::Refused,
        ),
        (
            "an implied directory in the place of a hidden one is a new one",
            vec![
                vec![described(), file("a/b")],
                vec![file("a/c"), whiteout("a")],
            ],
            Verdict::Same,
        ),
        (
            "also below an opaque one",
            vec![
                vec![described(), file("a/b/c/d")],
                vec![file("a/b/c/e"), opaque("a")],
            ],
            Verdict::Same,
        ),
        (
            "a listed one that stays has what is listed",
            vec![
                vec![described(), file("a/b")],
                vec![directory("a"), file("a/c"), whiteout("a")],
            ],
            Verdict::Same,
        ),
        (
            "a file through a link to what an opaque marker hides",
            vec![
                vec![file("a/b/c"), symlink("s", "a/b")],
                vec![file("s/x"), opaque("a")],
            ],
            Verdict::Same,
        ),
        (
            "a whiteout through a link",
            vec![
                vec![file("a/b"), file("a/c"), symlink("s", "/../a")],
                vec![file("s/x"), whiteout("s/b"), whiteout("s/x")],
            ],
            Verdict::Same,
        ),
        (
            "a hard link over the directory that its target is in",
            vec![vec![file("a/b")], vec![hard_link("a", "a/b")]],
            Verdict::Refused,
        ),
        (
            "a hard link to itself, and to its twin",
            vec![
                vec![file("a"), hard_link("b", "a"), hard_link("b", "b")],
                vec![hard_link("a", "b"), hard_link("c", "/./a")],
            ],
            Verdict::Same,
        ),
        (
            "a whiteout where the layer turns the way",
            vec![
                vec![file("a/x"), file("b/x")],
                vec![symlink("a", "b"), whiteout("a/x")],
            ],
            Verdict::Open,
        ),
        (
            "an entry below a link that the layer hides",
            vec![
                vec![directory("a"), symlink("b", "a")],
                vec![file("b/x"), whiteout("b")],
            ],
            Verdict::Open,
        ),
        (
            "a hard link to what the layer hides",
            vec![vec![file("a")], vec![hard_link("b", "a"), whiteout("a")]],
            Verdict::Open,
        ),
    ] {
        let found = bench.try_out(&sequence);
        assert_eq!(found, Ok(verdict), "{name}");
    }
}

#[test]
fn a_link_replaced_through_itself_leads_elsewhere_at_once() {
    let replaced = vec![
        symlink("c", "/"),
        directory("b"),
        symlink("c/c", "b"),
        file("c/x"),
    ];
    let verdict = Bench::new("replaced").try_out(&vec![replaced]);
    assert_eq!(verdict, Ok(Verdict::Same));
}

#[test]
fn a_directory_made_in_passing_is_the_layers_own() {
    let below = vec![directory("a"), symlink("s", "a/b/../c")];
    let bench = Bench::new("passing");
    for hide in [whiteout("a/b"), opaque("a"), whiteout("a"), opaque("")] {
        // `a/b` is made because the way to `a/c` leads through it.
        let above = vec![symlink("s", "a/b/../c"), file("s/x"), hide];
        let verdict = bench.try_out(&vec![below.clone(), above]);
        assert_eq!(verdict, Ok(Verdict::Same));
    }
}
