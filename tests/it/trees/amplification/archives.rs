//! Archives that are nothing but headers.

use super::{PULL, Taken};
use crate::support::{Compression, HELLO, Layer, Layout, Sandbox, hello, tree};

/// A name of so many bytes.
fn long_name(number: usize, length: usize) -> Vec<u8> {
    let start = format!("{number}/");
    let mut name = start.into_bytes();
    while name.len() < length {
        name.extend_from_slice(&[b'x'; 200]);
        name.push(b'/');
    }
    name.truncate(length);
    name
}

/// Pulls an archive, as it is and compressed, from a file and through a pipe.
fn pull_each_way(archive: &[u8], then: impl Fn(&Sandbox, &Taken)) {
    for compression in [Compression::None, Compression::Gzip] {
        let bytes = compression.compress(archive, true);
        for name in ["./image.tar", "-"] {
            let sandbox = Sandbox::new("amplification");
            sandbox.write("image.tar", &bytes);
            let command = sandbox.roots(["pull", "--cache=no", name, "dest"]);
            let Some(taken) = Taken::by(&sandbox, command.stdin(bytes.clone())) else {
                return;
            };
            taken.within(PULL);
            then(&sandbox, &taken);
        }
    }
}

fn is_refused(_: &Sandbox, taken: &Taken) {
    let run = taken.run.clone();
    run.fails(5).says("malformed archive: too many members");
}

#[test]
fn long_names_of_members_are_not_kept() {
    // Longer than any that an image has, and no reason to refuse it.
    let image = Layout::new().image("1", &hello()).archive();
    let few = (0..12).fold(Layer::new(), |layer, number| {
        layer.file(long_name(number, 600_000), 0o644, "")
    });
    let few = few.unended();
    pull_each_way(&[few, image].concat(), |sandbox, taken| {
        taken.run.clone().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    });
}

#[test]
fn names_of_members_take_no_gigabytes() {
    let many = (0..150).fold(Layer::new(), |layer, number| {
        layer.file(long_name(number, 600_000), 0o644, "")
    });
    pull_each_way(&many.tar(), is_refused);
    // Short ones count together, and so do those that links lead to.
    let many = (0..6000).fold(Layer::new(), |layer, number| {
        let target = String::from_utf8(long_name(number, 1000)).unwrap();
        layer.hardlink(format!("{number}"), target)
    });
    pull_each_way(&many.tar(), is_refused);
}

#[test]
fn members_that_hold_nothing_are_counted() {
    let many = (0..40_000).fold(Layer::new(), |layer, _| layer.dir("d", 0o755));
    pull_each_way(&many.tar(), is_refused);
}
