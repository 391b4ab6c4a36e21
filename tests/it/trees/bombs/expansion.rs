//! What unpacks to far more than it is: zeros, entries, pieces of files, steps to them.

use super::{bomb, cannot_count, pull, repeated, spend, verify};
use crate::support::{Layer, Sandbox, Trial};

const BOMB: &str = "a decompression bomb";

/// An image with 20 GB of zeros behind the end of its archive.
fn zeros(sandbox: &Sandbox) -> String {
    let head = Layer::new().file("f", 0o644, "x").tar();
    bomb(sandbox, repeated(&head, &vec![0; 16 << 20], 1280))
}

/// An archive was inflated to its end, however far that is, and once more for each layer in another order.
#[test]
fn archives_are_no_bombs_either() {
    if cannot_count() {
        return;
    }
    let member = Layer::new()
        .file("zeros", 0o644, vec![0; 16 << 20])
        .unended();
    let archive = repeated(&[], &member, 1280);
    let sandbox = Sandbox::new("archives");
    sandbox.write("image.tar.zst", &archive);
    let (run, spent) = spend(&sandbox, sandbox.roots(["digest", "./image.tar.zst"]));
    run.fails(5).says("a decompression bomb: it unpacks to");
    spent.is_within(16, 10);
}

#[test]
fn attributes_count_for_the_size_of_a_tree() {
    let file = |layer: Layer, n: usize| layer.file(format!("{n}"), 0o644, "");
    let own = (0..20).fold(Layer::new(), |layer, n| {
        file(layer, n).xattr("user.overlay.x", vec![b'x'; 60_000])
    });
    let global = Layer::new().global_pax("SCHILY.xattr.user.overlay.x", vec![b'x'; 60_000]);
    let global = (0..20).fold(global, file);
    for (name, layer) in [("own", own), ("global", global)] {
        let trial = |size: &str| Trial::new(name).layer(layer.clone()).arg(size).pull();
        trial("--max-size=1M").fails(6, "exceeds the limit of 1048576 B");
        trial("--max-size=2M").succeeds();
    }
}

#[test]
fn what_is_unpacked_is_bounded_by_the_size_of_the_tree() {
    if cannot_count() {
        return;
    }
    let sandbox = Sandbox::new("unpacked");
    let image = zeros(&sandbox);
    let command = sandbox.roots(["pull", "--cache=no", "--max-size=1M", &image, "dest"]);
    let (run, spent) = spend(&sandbox, command);
    run.fails(6)
        .says("unpacks to far more than the 1048576 B allowed");
    spent.is_within(16, 10);
    sandbox.assert_nothing_left();
    // Headers that say nothing are no part of the tree either.
    let comment = Layer::new().global_pax("comment", vec![b'x'; 1_000_000]);
    let blob = repeated(b"", &comment.unended(), 1000);
    let image = bomb(&sandbox, blob);
    let command = sandbox.roots(["pull", "--cache=no", "--max-size=1M", &image, "dest"]);
    let (run, spent) = spend(&sandbox, command);
    run.fails(6)
        .says("unpacks to far more than the 1048576 B allowed");
    spent.is_within(16, 10);
}

#[test]
fn twenty_gigabytes_of_zeros_are_not_unpacked_to_their_end() {
    if cannot_count() {
        return;
    }
    let sandbox = Sandbox::new("zeros");
    let image = zeros(&sandbox);
    for (run, spent) in [pull(&sandbox, &image), verify(&sandbox, &image)] {
        run.fails(5).says(BOMB);
        spent.is_within(16, 20);
    }
}

#[test]
fn millions_of_entries_in_kilobytes_are_not_made() {
    if cannot_count() {
        return;
    }
    let sandbox = Sandbox::new("entries");
    let many = (0..4096).fold(Layer::new(), |layer, _| layer.file("f", 0o644, ""));
    let image = bomb(&sandbox, repeated(b"", &many.unended(), 1000));
    let (run, spent) = verify(&sandbox, &image);
    run.fails(5).says(BOMB);
    spent.is_within(100, 30);
}

#[test]
fn thousands_of_sparse_files_in_kilobytes_are_not_made() {
    if cannot_count() {
        return;
    }
    let sandbox = Sandbox::new("pieces");
    // Pieces without a byte: each is looked for, and but the last is not written.
    let mut map = format!("100000\n{}0\n1\n", "0\n0\n".repeat(99_999)).into_bytes();
    map.resize(map.len().next_multiple_of(512), 0);
    map.push(b'x');
    let file = Layer::new()
        .file("f", 0o644, map)
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.realsize", "100000");
    let image = bomb(&sandbox, repeated(b"", &file.unended(), 1000));
    let (run, spent) = pull(&sandbox, &image);
    run.fails(5).says(BOMB);
    spent.is_within(24, 20);
}

#[test]
fn names_that_lie_deep_by_turns_are_not_all_gone_to() {
    if cannot_count() {
        return;
    }
    let sandbox = Sandbox::new("deep");
    let deep = |top: &str| format!("{top}/{}f", "d/".repeat(1000));
    let both = Layer::new()
        .file(deep("a"), 0o644, "")
        .file(deep("b"), 0o644, "");
    let image = bomb(&sandbox, repeated(b"", &both.unended(), 5000));
    let (run, spent) = verify(&sandbox, &image);
    run.fails(5).says(BOMB);
    spent.is_within(16, 30);
}

#[test]
fn members_and_frames_of_nothing_cost_next_to_nothing() {
    if cannot_count() {
        return;
    }
    let tar = Layer::new().file("f", 0o644, "x").tar();
    for (empty, count) in [
        (crate::support::image::raw_gzip(b""), 45_000),
        (crate::support::image::raw_zstd(b""), 70_000),
        (b"\x50\x2a\x4d\x18\0\0\0\0".to_vec(), 120_000),
    ] {
        let sandbox = Sandbox::new("members");
        let whole = match empty[0] {
            0x1f => crate::support::image::raw_gzip(&tar),
            _ => crate::support::image::raw_zstd(&tar),
        };
        let image = bomb(&sandbox, [empty.repeat(count), whole].concat());
        let (run, spent) = pull(&sandbox, &image);
        // Of something else, but to the end.
        run.fails(5).says("digest mismatch: the uncompressed layer");
        spent.is_within(16, 10);
    }
}
