//! Whatever goes wrong, there is no archive, or the old one.

use super::second;
use crate::support::{ALWAYS, Fault, Image, Layer, Layout, Random, Registry, Sandbox};

#[test]
fn what_breaks_leaves_the_old_archive() {
    let image = second();
    let layer = &image.layers[1].digest;
    let archive = Layout::new().image("old", &image).archive();
    for (part, fault, code, why) in [
        ("/manifests/", Fault::status(404), 3, "no such image"),
        ("/manifests/", Fault::status(500), 75, "status 500"),
        (
            &image.config.digest,
            Fault::Corrupt(3),
            5,
            "digest mismatch",
        ),
        (layer, Fault::Corrupt(3), 5, "digest mismatch"),
        (layer, Fault::status(404), 3, "status 404"),
        (
            layer,
            Fault::CutBody(10),
            75,
            "connection closed before the end",
        ),
        (layer, Fault::Append(b"more".to_vec()), 5, "wrong size"),
        (
            layer,
            Fault::All(vec![Fault::NoContentLength, Fault::CutBody(10)]),
            5,
            "wrong size",
        ),
    ] {
        for old in [false, true] {
            let (sandbox, registry) = (Sandbox::new("what_breaks"), Registry::start());
            let name = registry.push("a/b", "1", &image);
            if old {
                sandbox.write("x.tar", &archive);
            }
            registry.fault(part, ALWAYS, fault.clone());
            let save = || {
                let save = sandbox.roots(["save", &name, "-o", "x.tar"]);
                save.env("ROOTS_RETRIES", "0")
            };
            save().run().fails(code).says(why);
            let left = if old {
                &["cache", "x.tar"][..]
            } else {
                &["cache"]
            };
            let names = sandbox.names("");
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            assert!(
                names == left || (part == "/manifests/" && names == left[1..]),
                "{names:?}"
            );
            if old {
                assert_eq!(sandbox.read("x.tar"), archive);
            }
            registry.recover();
            save().run().succeeds();
            sandbox.roots(["pull", "./x.tar", "dest"]).run().succeeds();
        }
    }
}

#[test]
fn standard_output_ends_where_the_fault_was() {
    let (sandbox, registry) = (Sandbox::new("standard_output_ends"), Registry::start());
    let image = second();
    let name = registry.push("a/b", "1", &image);
    registry.fault(&image.layers[1].digest, ALWAYS, Fault::Corrupt(3));
    let script = "exec > x.tar";
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "-"]);
    save.prelude(script).run().fails(5).says("digest mismatch");
    let cut = sandbox.read("x.tar");
    assert!(!cut.ends_with(&[0; 1024]), "no end of the archive");
    // Whoever reads it at the other end finds out, too.
    let script = "\"$0\" \"$@\" 2>/dev/null | \"$0\" pull --cache=no - dest; exit $?";
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "-"]);
    let run = save.prelude(script).run();
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(!sandbox.has("dest"));
}

/// More than the 64 KiB that a pipe holds: the end cannot have been written before the reader went.
#[test]
fn nobody_to_read_it_is_a_failure() {
    let (sandbox, registry) = (Sandbox::new("nobody_to_read"), Registry::start());
    let big = Random::new(3).bytes(1 << 20);
    let image = Image::new().layer(Layer::new().file("big", 0o644, big));
    let name = registry.push("a/b", "1", &image.build());
    let script = "\"$0\" \"$@\" | head -c 10 > /dev/null; exit ${PIPESTATUS[0]}";
    let script = format!("exec bash -c '{script}' \"$0\" \"$@\"");
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "-"]);
    let run = save.prelude(&script).run().fails(1);
    let said = "roots: standard output: cannot write: broken pipe\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
}

/// What the cache has is verified like anything else, and fetched again.
#[test]
fn what_the_cache_has_spoilt_is_fetched_again() {
    let (sandbox, registry) = (Sandbox::new("the_cache_has_spoilt"), Registry::start());
    let image = second();
    let name = registry.push("a/b", "1", &image);
    let save = || sandbox.roots(["save", &name, "-o", "x.tar"]);
    save().run().succeeds();
    let good = sandbox.read("x.tar");
    let cached = format!("cache/blobs/sha256/{}", image.layers[1].hex());
    let mut bytes = sandbox.read(&cached);
    bytes[20] ^= 1;
    let path = sandbox.path(&cached);
    std::fs::remove_file(&path).unwrap();
    sandbox.write(&cached, &bytes);
    save().run().succeeds().says("corrupt and is not used");
    assert_eq!(sandbox.read("x.tar"), good);
    std::fs::remove_file(&path).unwrap();
    sandbox.write(&cached, &bytes);
    let script = "exec > y.tar";
    let save = sandbox.roots(["save", &name, "-o", "-"]).prelude(script);
    save.run().fails(75).says("corrupt and is not used");
}

#[test]
fn a_full_disk_is_said() {
    let (sandbox, registry) = (Sandbox::new("a_full_disk"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "-"]);
    let run = save.prelude("exec > /dev/full").run();
    run.fails(6)
        .says("standard output: cannot write: no space left on device");
}
