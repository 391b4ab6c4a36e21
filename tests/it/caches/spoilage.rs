//! Entries of the cache that are not what their names say: fetched again in the same run, and mended.

use crate::caches::cache::{entry, published};
use crate::support::{Blob, HELLO, hello, sha256, tree};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_spoilt_blob_is_healed_in_the_same_run() {
    let image = hello();
    for blob in [&image.config, &image.layers[0]] {
        for at in [0, 20, blob.bytes.len() - 1] {
            let (sandbox, registry, name) = published();
            sandbox.roots(["pull", &name, "one"]).run().succeeds();
            let mut bytes = blob.bytes.clone();
            bytes[at] ^= 0x10;
            sandbox.write(entry(blob), bytes);
            registry.forget_requests();
            let run = sandbox.roots(["pull", &name, "two"]).run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("two")), HELLO);
            assert_eq!(registry.requests_for("/blobs/").len(), 1);
            assert_eq!(registry.requests_for(&blob.digest).len(), 1);
            assert_eq!(sandbox.cached().len(), 2);
            assert_eq!(sandbox.names(""), ["cache", "one", "two"]);
            if blob == &image.layers[0] {
                run.says(&format!(
                    "roots: warning: {}: the cached blob is corrupt and is not used\n",
                    blob.digest
                ));
            }
        }
    }
}

#[test]
fn what_is_no_whole_blob_is_fetched_again() {
    type Spoil = fn(&std::path::Path, &Blob);
    let spoils: [Spoil; 5] = [
        |path, _| fs::write(path, "").unwrap(),
        |path, blob| fs::write(path, &blob.bytes[1..]).unwrap(),
        |path, blob| fs::write(path, [&blob.bytes[..], b"x"].concat()).unwrap(),
        |path, blob| {
            let other = path.with_extension("other");
            fs::write(&other, &blob.bytes).unwrap();
            fs::remove_file(path).unwrap();
            symlink(&other, path).unwrap();
        },
        |path, _| {
            fs::remove_file(path).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
        },
    ];
    let image = hello();
    for spoil in spoils {
        let (sandbox, registry, name) = published();
        sandbox.roots(["pull", &name, "one"]).run().succeeds();
        for blob in [&image.config, &image.layers[0]] {
            spoil(&sandbox.path(entry(blob)), blob);
        }
        registry.forget_requests();
        sandbox.roots(["pull", &name, "two"]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("two")), HELLO);
        assert_eq!(registry.requests_for("/blobs/").len(), 2);
        assert_eq!(
            registry.requests_for("/manifests/").len(),
            1,
            "seen before the first attempt"
        );
        for blob in [&image.config, &image.layers[0]] {
            assert!(
                sandbox
                    .path(entry(blob))
                    .symlink_metadata()
                    .unwrap()
                    .is_file()
            );
            assert_eq!(sha256(sandbox.read(entry(blob))), blob.digest);
        }
    }
}

#[test]
fn a_folder_in_place_of_a_blob_does_not_stop_a_pull() {
    let (sandbox, _registry, name) = published();
    let image = hello();
    sandbox.roots(["pull", &name, "first"]).run().succeeds();
    fs::remove_file(sandbox.path(entry(&image.layers[0]))).unwrap();
    sandbox.mkdir(format!("{}/x", entry(&image.layers[0])));
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    run.says(&format!(
        "roots: warning: {} is not kept in the cache: ",
        image.layers[0].digest
    ));
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}
