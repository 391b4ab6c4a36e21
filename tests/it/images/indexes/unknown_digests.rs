//! Entries whose digests are of an algorithm that is not known: only to choose one is refused.

use crate::support::image::oci;
use crate::support::{BuiltIndex, HELLO, Index, Layout, Registry, Sandbox, hello, marked, tree};
use serde_json::{Value, json};

/// Digests that follow the grammar of descriptor.md.
const UNKNOWN: [&str; 4] = [
    "blake3:6f",
    "sha384:38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
    "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
];

/// An index in which the image for arm64 has this digest.
fn with_arm(digest: &str) -> BuiltIndex {
    let (digest, arm) = (digest.to_owned(), marked("arm", "linux", "arm64", None));
    let unknown = move |entry: &mut Value| entry["digest"] = digest.into();
    let amd = marked("amd", "linux", "amd64", None);
    Index::new().image_with(&arm, unknown).image(&amd).build()
}

#[test]
fn another_platform_may_have_a_digest_of_an_unknown_algorithm() {
    for digest in UNKNOWN {
        let sandbox = Sandbox::new("another_platform_may_have");
        let registry = Registry::start();
        let name = registry.push_index("a/b", "1", &with_arm(digest));
        let layout = Layout::new().index("", &with_arm(digest));
        layout.write(sandbox.path("layout"));
        sandbox.write("image.tar", layout.archive());
        for image in [&name, "./layout", "./image.tar"] {
            let roots = |command: &[&str]| sandbox.roots(command).arg(image);
            let pull = ["pull", "--force", "--platform=linux/amd64"];
            roots(&pull).arg("dest").run().succeeds();
            assert_eq!(sandbox.names("dest"), ["amd"]);
            let run = roots(&["inspect", "--json", "--platform=linux/amd64"]).run();
            assert!(run.succeeds().stdout.contains(digest), "it is listed");
            let save = ["save", "--platform=linux/amd64", "-o", "saved.tar"];
            roots(&save).run().succeeds();
            let why = format!(": cannot verify `{digest}`: only sha256 and sha512 are supported\n");
            for command in [
                &["digest", "--platform=linux/arm64"][..],
                &["save", "--all-platforms", "-o", "all.tar"],
            ] {
                roots(command).run().fails(5).says(&why);
            }
            assert!(!sandbox.has("all.tar"));
        }
        let asked = registry.requests_for(digest);
        assert_eq!(asked.len(), 0, "nothing can be asked for by such a digest");
    }
}

#[test]
fn an_image_that_can_be_verified_goes_before_one_that_cannot() {
    let sandbox = Sandbox::new("an_image_that_can_be_verified");
    let registry = Registry::start();
    let unknown = |entry: &mut Value| entry["digest"] = "blake3:6f".into();
    let index = Index::new().image_with(&marked("x", "linux", "amd64", None), unknown);
    let index = index.image(&marked("y", "linux", "amd64", None)).build();
    let name = registry.push_index("a/b", "1", &index);
    let pull = ["pull", "--platform=linux/amd64", &name, "dest"];
    sandbox.roots(pull).run().succeeds();
    assert_eq!(sandbox.names("dest"), ["y"]);
}

#[test]
fn indexes_within_that_cannot_be_verified_are_passed_over() {
    let sandbox = Sandbox::new("indexes_within_that_cannot");
    let registry = Registry::start();
    let nested = json!({"mediaType": oci::INDEX, "digest": "blake3:6f", "size": 1});
    let inner = Index::new().image(&hello()).build();
    let index = Index::new().entry(nested).nested(&inner).build();
    let name = registry.push_index("a/b", "1", &index);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    sandbox.roots(["inspect", &name]).run().succeeds();
    // Where nothing else is left, it may hold what is wanted.
    let run = sandbox.roots(["digest", "--platform=linux/s390x", &name]);
    run.run().fails(5).says(": cannot verify `blake3:6f`: ");
}

#[test]
fn of_a_layout_an_entry_that_cannot_be_verified_is_refused_when_it_is_named() {
    let sandbox = Sandbox::new("of_a_layout_an_entry");
    let mut entry = hello().descriptor();
    entry["digest"] = "blake3:6f".into();
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": "new"});
    let layout = Layout::new().image("old", &hello()).entry(entry);
    layout.write(sandbox.path("layout"));
    let pull = sandbox.roots(["pull", "./layout:old", "dest"]);
    pull.run().succeeds();
    let run = sandbox.roots(["digest", "./layout:new"]).run().fails(5);
    assert_eq!(
        run.stderr,
        "roots: oci:./layout:new: cannot verify `blake3:6f`: only sha256 and sha512 are supported\n"
    );
}

#[test]
fn what_is_no_digest_at_all_is_malformed() {
    for digest in [
        "blake3",
        "blake3:../x",
        "BLAKE3:6f",
        "sha256:6f",
        "",
        "a++b:6f",
    ] {
        let sandbox = Sandbox::new("what_is_no_digest_at_all");
        let layout = Layout::new().index("", &with_arm(digest));
        layout.write(sandbox.path("layout"));
        let run = sandbox.roots(["digest", "./layout"]).run();
        run.fails(5).says(": malformed: ");
    }
}
