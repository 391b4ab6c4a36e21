//! Sparse files in four encodings: with their holes on disk, or refused.

use super::pull;
use crate::support::{Sandbox, Trial};
use std::os::unix::fs::MetadataExt as _;
use writers::{Map, WRITERS, contents, expanded};

mod refusals;
mod writers;

#[test]
fn holes_are_holes_on_disk() {
    const M: u64 = 1 << 20;
    let many: Map = (0..100).map(|at| (at * 100_000, 7 + at)).collect();
    for (name, map, size) in [
        ("a hole", vec![(0, 4096), (8 * M, 4096)], 8 * M + 4096),
        ("at the start", vec![(8 * M, 5)], 8 * M + 5),
        ("at the end", vec![(0, 5)], 8 * M),
        ("marked end", vec![(0, 5), (8 * M, 0)], 8 * M),
        ("nothing else", vec![], 8 * M),
        ("one empty island", vec![(0, 0)], 8 * M),
        (
            "five islands",
            (0..5).map(|at| (at * M, 1000)).collect(),
            5 * M,
        ),
        ("many islands", many, 10 * M),
        (
            "touching",
            vec![(M, 10), (M + 10, 10), (M + 20, 0), (M + 20, 5)],
            8 * M,
        ),
    ] {
        for (how, write) in WRITERS {
            // An empty value takes a record back.
            if map.is_empty() && how == "pax 0.1" {
                continue;
            }
            let outcome = pull(
                &format!("{how}: {name}"),
                write(&map, size, &contents(&map)),
            );
            assert_eq!(outcome.node("f").mode, 0o644);
            assert!(
                outcome.read("f") == expanded(&map, size),
                "{}",
                outcome.name
            );
            assert_eq!(outcome.tree().len(), 3);
            let blocks = outcome.dest.join("f").metadata().unwrap().blocks();
            assert!(blocks * 512 < 2 * M, "{}: {blocks} blocks", outcome.name);
        }
    }
}

#[test]
fn a_terabyte_of_hole_takes_no_room() {
    for (how, write) in WRITERS {
        let map = vec![(0, 3), ((1 << 40) - 3, 3)];
        let layer = write(&map, 1 << 40, b"abcdef").file("zz", 0o644, "");
        let sandbox = Sandbox::new("terabyte");
        let dest = sandbox.path("dest");
        let outcome = Trial::new(how).layer(layer).pull_into(&sandbox, &dest);
        outcome.succeeds();
        let found = dest.join("f").metadata().unwrap();
        assert_eq!(found.size(), 1 << 40);
        assert!(found.blocks() < 100, "{how}: {} blocks", found.blocks());
    }
}
