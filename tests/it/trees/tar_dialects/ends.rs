//! Where an archive ends, and where it is cut.

use crate::support::tar::BLOCK;
use crate::support::{Layer, Trial};

const TREE: &str = "d 0755 d/\nf 0644 600 d/f\nl s -> f\n";

/// Between the contents of the file and the next block.
const PADDING: std::ops::Range<usize> = 2 * BLOCK + 600..4 * BLOCK;

fn layer() -> Layer {
    Layer::new()
        .dir("d", 0o755)
        .file("d/f", 0o644, [b'f'; 600])
        .symlink("s", "f")
        .pax("comment", "c")
}

#[test]
fn what_stands_behind_the_end_is_not_part_of_it() {
    let tar = layer().unended();
    let more = Layer::new().file("more", 0o644, "more").tar();
    let zeros = |count: usize| vec![0; count * BLOCK];
    for (name, end) in [
        ("none", vec![]),
        ("one block", zeros(1)),
        ("two blocks", zeros(2)),
        ("a record", zeros(20)),
        ("a megabyte", zeros(2000)),
        ("half a block behind", [zeros(2), vec![0; 100]].concat()),
        ("junk", [zeros(2), b"junk".repeat(1000)].concat()),
        ("an archive", [zeros(2), more.clone()].concat()),
        ("an archive behind padding", [zeros(20), more].concat()),
    ] {
        let tar = [tar.clone(), end].concat();
        Trial::new(name).tar(tar).pull().is(TREE);
    }
}

#[test]
fn a_lone_block_of_zeros_is_no_end() {
    let more = Layer::new().file("more", 0o644, "more").tar();
    let tar = [layer().unended(), vec![0; BLOCK], more].concat();
    let outcome = Trial::new("lone").tar(tar).pull();
    outcome.refused("a lone block of zeros in mid-archive");
}

#[test]
fn an_archive_may_be_empty() {
    for blocks in [0, 1, 2, 20] {
        let trial = Trial::new(format!("{blocks} blocks"));
        trial.tar(vec![0; blocks * BLOCK]).pull().is("");
    }
    let empty = vec![0; 2 * BLOCK];
    let trial = Trial::new("above").layer(layer()).tar(empty).tar([]);
    trial.pull().is(TREE);
}

#[test]
fn an_archive_that_is_cut_is_refused() {
    let tar = layer().unended();
    let why = "unexpected end of archive";
    // The blocks: d, d/f and two of contents, the pax header and its records, s.
    assert_eq!(tar.len(), 7 * BLOCK);
    for cut in (1..tar.len()).filter(|cut| cut % BLOCK != 0 && cut % 37 == 0) {
        let outcome = Trial::new(format!("{cut} bytes")).tar(&tar[..cut]).pull();
        // Nothing is missing where only the end of the last block is.
        if PADDING.contains(&cut) {
            outcome.is("d 0755 d/\nf 0644 600 d/f\n");
        } else if cut > 5 * BLOCK && cut < 6 * BLOCK {
            // The records may be whole, but nothing follows them.
            outcome.refused("end of ");
        } else {
            outcome.refused(why);
        }
    }
    for blocks in [2, 3] {
        let outcome = Trial::new(format!("{blocks} blocks"))
            .tar(&tar[..blocks * BLOCK])
            .pull();
        outcome.refused(why);
    }
    let outcome = Trial::new("pax").tar(&tar[..5 * BLOCK]).pull();
    outcome.refused(why);
    for blocks in [1, 4] {
        let outcome = Trial::new("between").tar(&tar[..blocks * BLOCK]).pull();
        outcome.succeeds();
    }
}

#[test]
fn extended_headers_at_the_end_are_refused() {
    let why = "an extended header at the end of the archive";
    let record = crate::support::tar::pax_record(b"path", b"evil");
    for (kind, contents) in [
        (b'x', record),
        (b'L', b"evil\0".to_vec()),
        (b'K', b"evil\0".to_vec()),
    ] {
        let dangling = [layer().unended(), super::extended(kind, &contents)].concat();
        let more = Layer::new().file("more", 0o644, "more").tar();
        for end in [
            vec![],
            vec![0; BLOCK],
            vec![0; 2 * BLOCK],
            [vec![0; 2 * BLOCK], more].concat(),
        ] {
            let trial = Trial::new(format!("{} and {}", char::from(kind), end.len()));
            let outcome = trial.tar([dangling.clone(), end].concat()).pull();
            outcome.refused(why);
        }
    }
}
