//! Extended attributes: many, long, shared by all entries, repeated by each.

use super::{bomb, cannot_count, image, pull, repeated, verify};
use crate::support::{Layer, Sandbox, Trial};

const TOO_MANY: &str = "more extended attributes than Linux takes";

/// One pax header of this many attributes, which begin with `name`, each `length` bytes long.
fn header(kind: u8, name: &str, count: usize, length: usize) -> Vec<u8> {
    let record = |n: usize| {
        let key = format!("SCHILY.xattr.{name}{n:04}");
        crate::support::tar::pax_record(key.as_bytes(), &vec![b'v'; length])
    };
    let records: Vec<u8> = (0..count).flat_map(record).collect();
    Layer::new().entry(kind, "pax").contents(records).unended()
}

fn files(count: usize) -> Vec<u8> {
    (0..count)
        .fold(Layer::new(), |layer, n| {
            layer.file(format!("{n}"), 0o644, "")
        })
        .tar()
}

#[test]
fn global_headers_that_pile_up_are_refused_together() {
    if cannot_count() {
        return;
    }
    let headers = |count: usize| -> Vec<u8> {
        (0..count)
            .flat_map(|n| header(b'g', &format!("user.{n}."), 1, 60_000))
            .collect()
    };
    let sandbox = Sandbox::new("globals");
    let name = image(&sandbox, [[headers(600), files(1)].concat()]);
    for (run, spent) in [pull(&sandbox, &name), verify(&sandbox, &name)] {
        run.fails(5).says(TOO_MANY);
        spent.is_within(16, 10);
    }
    // Of the same name, each takes the place of the one before.
    let same = (0..40).flat_map(|_| header(b'g', "user.overlay.", 1, 60_000));
    let tar: Vec<u8> = same.chain(files(1)).collect();
    Trial::new("same").tar(tar).pull().is("f 0644 0 0\n");
}

#[test]
fn a_large_global_header_is_there_once_for_all_entries() {
    if cannot_count() {
        return;
    }
    // Marks of an overlay are read, and set on no file system: what it costs is ours alone.
    for (header, count) in [
        (header(b'g', "user.overlay.", 15, 64_000), 3000),
        (header(b'g', "user.overlay.", 3500, 10), 250),
    ] {
        let sandbox = Sandbox::new("global");
        let name = image(&sandbox, [[header, files(count)].concat()]);
        let (run, spent) = pull(&sandbox, &name);
        run.succeeds();
        spent.is_within(16, 10);
        let (run, spent) = verify(&sandbox, &name);
        run.succeeds().prints("");
        spent.is_within(32, 10);
    }
}

#[test]
fn attributes_beyond_those_of_linux_are_refused() {
    let names = |count| [header(b'x', "user.", count, 0), files(1)].concat();
    // Ten bytes each with the NUL.
    Trial::new("names")
        .tar(names(7000))
        .pull()
        .refused(TOO_MANY);
    let value = Layer::new().file("f", 0o644, "");
    let value = value.xattr("user.big", vec![b'x'; 65_537]);
    Trial::new("value").layer(value).pull().refused(TOO_MANY);
    let other = Layer::new().file("f", 0o644, "");
    let other = other.pax("LIBARCHIVE.xattr.user.big", "AAAA".repeat(22_000));
    Trial::new("other").layer(other).pull().refused(TOO_MANY);
    // Half of them global, half of them own.
    let both = [
        header(b'g', "user.a", 3000, 0),
        header(b'x', "user.b", 3000, 0),
        files(1),
    ];
    Trial::new("both")
        .tar(both.concat())
        .pull()
        .refused(TOO_MANY);
    // As many as there can be, which no file system has to set.
    let most = header(b'x', "user.overlay.", 3600, 10);
    let most = [most, files(1)].concat();
    Trial::new("most").tar(most).pull().is("f 0644 0 0\n");
}

#[test]
fn attributes_of_each_entry_do_not_add_up_in_verify() {
    if cannot_count() {
        return;
    }
    let file = Layer::new().file("f", 0o644, "").unended();
    // Large ones of its own, and small ones beside those of a global header that changes before each entry.
    let own = [header(b'x', "user.a", 15, 64_000), file.clone()].concat();
    let change = [header(b'g', "user.b", 1, 10), file].concat();
    for (head, piece) in [
        (Vec::new(), own),
        (header(b'g', "user.a", 15, 64_000), change),
    ] {
        let sandbox = Sandbox::new("kept");
        let name = bomb(&sandbox, repeated(&head, &piece, 1000));
        let (run, spent) = verify(&sandbox, &name);
        run.fails(5).says("more than 16 MiB of extended attributes");
        spent.is_within(48, 10);
    }
}
