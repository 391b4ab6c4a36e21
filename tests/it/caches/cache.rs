//! The cache: what is in it is not fetched again, what is not right in it is fetched again, and it never stops a pull
//! that could do without.

use crate::destinations::disk::mounting;
use crate::support::sandbox::is_root;
use crate::support::{Blob, HELLO, Image, Registry, Sandbox, hello, hello_layer, tree};
use std::os::unix::fs::PermissionsExt as _;

pub(crate) fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("cache"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    (sandbox, registry, name)
}

pub(crate) fn entry(blob: &Blob) -> String {
    format!("cache/blobs/sha256/{}", blob.hex())
}

#[test]
fn a_second_pull_downloads_no_blob() {
    let (sandbox, registry, name) = published();
    sandbox
        .roots(["pull", &name, "one"])
        .prelude("umask 077")
        .run()
        .succeeds()
        .says("(registry)");
    let image = hello();
    let mut blobs = [image.config.digest.clone(), image.layers[0].digest.clone()];
    blobs.sort();
    assert_eq!(sandbox.cached(), blobs);
    let mode = sandbox
        .path(entry(&image.config))
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644, "for all users of one cache");
    registry.forget_requests();
    let run = sandbox.roots(["pull", &name, "two"]).run().succeeds();
    run.says(&format!("layer 1/1 {} ", image.layers[0].digest))
        .says("(cached)");
    assert_eq!(registry.lines(), ["GET /v2/a/b/manifests/1"]);
    assert_eq!(tree::sketch(sandbox.path("two")), HELLO);
}

#[test]
fn another_image_with_the_same_layer_downloads_the_rest() {
    let (sandbox, registry, name) = published();
    sandbox.roots(["pull", &name, "one"]).run().succeeds();
    registry.forget_requests();
    let more = Image::new()
        .layer(hello_layer())
        .layer(hello_layer().dir("d", 0o755))
        .build();
    let name = registry.push("other/repository", "1", &more);
    sandbox.roots(["pull", &name, "two"]).run().succeeds();
    let fetched = registry.requests_for("/blobs/").len();
    assert_eq!(fetched, 2, "config and upper layer");
    assert_eq!(sandbox.cached().len(), 4);
}

#[test]
fn without_a_cache_nothing_is_written_but_the_tree() {
    let (sandbox, registry, name) = published();
    for (option, variable) in [
        (Some("--cache=no"), "cache"),
        (Some("--cache=NO"), "cache"),
        (None, "no"),
    ] {
        registry.forget_requests();
        let command = sandbox
            .roots(["pull", "--force", &name, "in/dest"])
            .env("ROOTS_CACHE", variable);
        let command = command
            .args(option)
            .no_env("HOME")
            .env("TMPDIR", "/proc/none");
        command.run().succeeds();
        assert_eq!(registry.requests_for("/blobs/").len(), 2);
        assert_eq!(
            (sandbox.names(""), sandbox.names("in")),
            (vec!["in".into()], vec!["dest".into()])
        );
    }
}

#[test]
fn an_option_beats_the_variable_and_both_beat_the_usual_place() {
    let (sandbox, _registry, name) = published();
    sandbox
        .roots(["pull", "--cache", "typed", &name, "one"])
        .run()
        .succeeds();
    assert_eq!(sandbox.names(""), ["one", "typed"]);
    sandbox
        .roots(["pull", "--cache=", &name, "two"])
        .run()
        .succeeds();
    assert_eq!(sandbox.names(""), ["cache", "one", "two", "typed"]);
}

#[test]
fn the_usual_place_is_the_users_own() {
    if is_root() {
        let Some(prelude) = mounting("mount -t tmpfs none /var/cache", "ls /var/cache/roots >&2")
        else {
            return;
        };
        let (sandbox, _registry, name) = published();
        let run = sandbox
            .roots(["pull", &name, "dest"])
            .no_cache_env()
            .prelude(&prelude)
            .run();
        run.succeeds().says("blobs\nleases\nlinks\nlock\n");
        assert_eq!(sandbox.names(""), ["dest"]);
        return;
    }
    let (sandbox, _registry, name) = published();
    sandbox.mkdir("home");
    let pull = |dest: &str| sandbox.roots(["pull", &name, dest]).no_cache_env();
    pull("one").run().succeeds();
    assert_eq!(
        sandbox.names("home/.cache/roots"),
        [
            "CACHEDIR.TAG",
            "blobs",
            "leases",
            "links",
            "lock",
            "resolved"
        ]
    );
    pull("two")
        .env("XDG_CACHE_HOME", sandbox.path("xdg"))
        .run()
        .succeeds();
    assert_eq!(
        sandbox.names("xdg/roots"),
        [
            "CACHEDIR.TAG",
            "blobs",
            "leases",
            "links",
            "lock",
            "resolved"
        ]
    );
    // A relative one is to be ignored, says the XDG specification; and no home is no cache.
    pull("three")
        .env("XDG_CACHE_HOME", "relative")
        .run()
        .succeeds();
    pull("four").no_env("HOME").run().succeeds();
    pull("five").env("HOME", "relative").run().succeeds();
    assert_eq!(
        sandbox.names(""),
        ["five", "four", "home", "one", "three", "two", "xdg"]
    );
}

#[test]
fn a_usual_place_that_is_out_of_reach_is_a_warning() {
    let (sandbox, _registry, name) = published();
    let mut command = sandbox
        .roots(["pull", &name, "dest"])
        .no_cache_env()
        .env("HOME", "/dev/null");
    if is_root() {
        let Some(prelude) = mounting("mount -t tmpfs -o ro none /var/cache", "true") else {
            return;
        };
        command = command.prelude(&prelude);
    }
    let run = command.run().succeeds();
    run.says("roots: warning: no cache: /")
        .says(": cannot open the cache: ");
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn a_place_that_was_asked_for_has_to_work() {
    let (sandbox, registry, name) = published();
    sandbox.write("file", "mine");
    let hint = "hint: name another folder with --cache, or do without: --cache no\n";
    for (cache, why) in [
        ("file", "not a directory"),
        ("file/x", "not a directory"),
        ("/proc/none", "no such file or directory"),
    ] {
        for by_variable in [false, true] {
            let command = sandbox.roots(["pull", &name, "dest"]);
            let command = if by_variable {
                command.env("ROOTS_CACHE", cache)
            } else {
                command.args(["--cache", cache])
            };
            let run = command.run().fails(6);
            assert_eq!(
                run.stderr.to_lowercase(),
                format!("roots: {cache}: cannot open the cache: {why}\n{hint}")
            );
        }
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), ["file"]);
    assert_eq!(sandbox.read("file"), b"mine");
}

#[test]
fn pulls_at_the_same_time_share_one_cache() {
    let (sandbox, _registry, name) = published();
    let pulls: Vec<_> = (0..12)
        .map(|n| sandbox.roots(["pull", &name, &format!("dest-{n}")]).spawn())
        .collect();
    for pull in pulls {
        pull.wait().succeeds();
    }
    for n in 0..12 {
        assert_eq!(tree::sketch(sandbox.path(format!("dest-{n}"))), HELLO);
    }
    assert_eq!(sandbox.cached().len(), 2);
    assert_eq!(sandbox.names("cache/links").len(), 12);
}
