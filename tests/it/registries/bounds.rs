//! Images that ask for more than there is: memory stays small, and what is deep or wide takes linear time.

use crate::support::{Compression, Layer, Sandbox, Trial, sha256};
use std::os::unix::fs::MetadataExt as _;

/// All address space that a pull may have, in KiB: a few times what any image needs.
const SMALL: &str = "ulimit -v 65536";

/// A layer with one file of zeros, compressed.
fn bomb(size: usize, compression: Compression) -> (Vec<u8>, String) {
    let tar = Layer::new().file("zeros", 0o644, vec![0; size]).tar();
    (compression.compress(&tar, false), sha256(&tar))
}

#[test]
fn a_bomb_takes_no_memory() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let (blob, diff_id) = bomb(96 << 20, compression);
        let trial = Trial::new("bomb").blob(blob, &diff_id).prelude(SMALL);
        assert_eq!(trial.pull().node("zeros").size, 96 << 20);
    }
}

#[test]
fn zeros_behind_the_end_are_read_and_take_no_memory() {
    let mut tar = Layer::new().file("f", 0o644, "x").tar();
    tar.resize(tar.len() + (64 << 20), 0);
    let blob = Compression::Gzip.compress(&tar, false);
    let trial = Trial::new("tail").blob(blob, &sha256(&tar)).prelude(SMALL);
    trial.pull().is("f 0644 1 f\n");
}

#[test]
fn a_bomb_of_many_members_is_one_stream() {
    let tar = Layer::new().file("f", 0o644, vec![b'x'; 40_000]).tar();
    let blob = Compression::GzipMembers(20_000).compress(&tar, false);
    let trial = Trial::new("members")
        .blob(blob, &sha256(&tar))
        .prelude(SMALL);
    trial.pull().is("f 0644 40000 f\n");
}

#[test]
fn what_a_header_claims_is_not_allocated() {
    for kind in [b'x', b'g', b'L', b'K'] {
        let claimed = Layer::new().entry(kind, "claims").raw_header(|header| {
            header[124..136].copy_from_slice(b"\x80\0\0\0\0\0\x01\0\0\0\0\0");
        });
        let trial = Trial::new("claim").tar(claimed.unended()).prelude(SMALL);
        trial
            .pull()
            .refused("its extended header is longer than 1 MiB");
    }
    let file = Layer::new().entry(b'0', "claims").raw_header(|header| {
        header[124..136].copy_from_slice(b"\x80\0\0\0\0\0\x01\0\0\0\0\0");
    });
    let trial = Trial::new("claim").tar(file.unended()).prelude(SMALL);
    trial.pull().refused("unexpected end of archive");
}

#[test]
fn twenty_thousand_extended_headers_are_one_after_the_other() {
    let many = (0..20_000).fold(Layer::new(), |layer, _| {
        layer.global_pax("comment", "again and again")
    });
    let trial = Trial::new("globals")
        .layer(many.file("f", 0o644, ""))
        .prelude(SMALL);
    trial.pull().is("f 0644 0 f\n");
}

#[test]
fn the_size_of_a_tree_has_a_limit_if_one_is_set() {
    let layer = || {
        Layer::new()
            .file("a", 0o644, vec![b'x'; 3000])
            .file("b", 0o644, vec![b'y'; 3000])
    };
    Trial::new("fits")
        .layer(layer())
        .arg("--max-size=8K")
        .pull()
        .succeeds();
    let over = Trial::new("over")
        .layer(layer())
        .arg("--max-size=5000")
        .pull();
    over.fails(6, "b: the tree exceeds the limit of 5000 B");
    // What a later layer removes again has been there, and holes count.
    let removed = Trial::new("removed").layers([
        layer(),
        Layer::new().whiteout("a").file("c", 0o644, vec![0; 3000]),
    ]);
    removed
        .arg("--max-size=9K")
        .pull()
        .fails(6, "c: the tree exceeds");
    let many = (0..100).fold(Layer::new(), |layer, n| {
        layer.file(format!("{n}"), 0o644, "")
    });
    Trial::new("many")
        .layer(many)
        .arg("--max-size=20K")
        .pull()
        .fails(6, "exceeds the limit");
    let wrong = Trial::new("wrong")
        .layer(layer())
        .arg("--max-size=lots")
        .pull();
    wrong.fails(2, "--max-size: not a size like 500M or 2G");
}

#[test]
fn a_tree_deeper_than_any_path_is_made_hidden_and_removed() {
    let deep = |name: &str| format!("{}{name}", "d/".repeat(2500));
    let layers = [
        Layer::new()
            .file(deep("bottom"), 0o644, "x")
            .file("top", 0o644, ""),
        Layer::new()
            .file(deep("beside"), 0o644, "y")
            .whiteout(deep("bottom")),
        Layer::new().whiteout("d"),
    ];
    Trial::new("deep")
        .layers(layers.clone())
        .prelude("ulimit -n 256")
        .pull()
        .is("f 0644 0 top\n");

    let sandbox = Sandbox::new("deep_force");
    let dest = sandbox.path("dest");
    let kept = Trial::new("deep").layers(layers.into_iter().take(2));
    kept.prelude("ulimit -n 256")
        .pull_into(&sandbox, &dest)
        .succeeds();
    let small = Trial::new("small").layer(Layer::new().file("f", 0o644, ""));
    let small = small.arg("--force").prelude("ulimit -n 256");
    small.pull_into(&sandbox, &dest).is("f 0644 0 f\n");
    assert!(!sandbox.has(".dest.roots"));
}

#[test]
fn a_name_deeper_than_is_followed_is_refused() {
    let name = "d/".repeat(4097);
    Trial::new("too deep")
        .layer(Layer::new().dir(name, 0o755))
        .pull()
        .refused("4096 directories deep");
}

#[test]
fn long_chains_of_links_end_and_loops_are_refused() {
    let chain = |length: usize| {
        let links = (0..length).fold(Layer::new(), |layer, n| {
            layer.symlink(format!("l{n}"), format!("l{}", n + 1))
        });
        links
            .dir(format!("l{length}"), 0o755)
            .file("l0/f", 0o644, "x")
    };
    let outcome = Trial::new("chain").layer(chain(200)).pull();
    assert_eq!(outcome.node("l200/f").size, 1);
    Trial::new("chain")
        .layer(chain(256))
        .pull()
        .refused("more than 255 symlinks");
    // Each link doubles the way: 2^30 steps, if they were all taken.
    let fan = (0..30).fold(
        Layer::new().dir("d", 0o755).symlink("l0", "d/.."),
        |layer, n| layer.symlink(format!("l{}", n + 1), format!("l{n}/l{n}")),
    );
    let fan = fan.file("l30/f", 0o644, "");
    Trial::new("fan")
        .layer(fan)
        .pull()
        .refused("more than 255 symlinks");
}

#[test]
fn thousands_of_markers_cost_no_more_than_one() {
    let base = (0..2000).fold(Layer::new(), |layer, n| {
        layer.file(format!("d/old{n}"), 0o644, "")
    });
    let upper = (0..2000).fold(Layer::new(), |layer, n| {
        layer.file(format!("d/new{n}"), 0o644, "")
    });
    let upper = (0..5000).fold(upper, |layer, _| layer.opaque("d"));
    let outcome = Trial::new("markers").layers([base, upper]).pull();
    assert_eq!(outcome.tree().len(), 2 + 2000);
}

#[test]
fn a_sparse_terabyte_stays_sparse() {
    let file = Layer::new()
        .file("huge", 0o644, "x")
        .pax("GNU.sparse.size", "1099511627776")
        .pax("GNU.sparse.map", "1099511627775,1");
    let outcome = Trial::new("sparse").layer(file).pull();
    outcome.succeeds();
    let found = outcome.dest.join("huge").symlink_metadata().unwrap();
    assert_eq!(found.len(), 1 << 40);
    assert!(found.blocks() < 1024, "{} blocks", found.blocks());
}

#[test]
fn five_hundred_layers_are_applied() {
    let layers = (0..500).map(|n| Layer::new().file("count", 0o644, n.to_string()));
    let outcome = Trial::new("layers").layers(layers).pull();
    assert_eq!(outcome.read("count"), b"499");
}
