//! The options themselves: their values, their files, their variables, and which go together.

use super::{Scene, offline};
use crate::support::sigstore::{Key, Statement};

#[test]
fn options_that_make_no_sense_are_refused_before_any_request() {
    let scene = Scene::new();
    for (options, text) in [
        (
            &["--built-by", "o"][..],
            "--built-by: not a repository at GitHub",
        ),
        (
            &["--built-by", "o/r/x"],
            "--built-by: not a repository at GitHub",
        ),
        (
            &["--built-by", "https://github.com/o/r"],
            "--built-by: not a repository",
        ),
        (&["--built-by", ""], "--built-by: its value is missing"),
        (
            &["--built-by", "../x"],
            "--built-by: not a repository at GitHub",
        ),
        (
            &["--built-by", "o/r", "--workflow", "build.yml"],
            "--workflow: not a workflow",
        ),
        (
            &["--workflow", ".github/workflows/a.yml"],
            "--workflow: only together with --built-by",
        ),
        (&["--signer", "a"], "--signer: only together with --issuer"),
        (&["--issuer", "a"], "--issuer: only together with --signer"),
        (
            &["--signer", "", "--issuer", "a"],
            "--signer: its value is missing",
        ),
        (
            &["--signer", "a", "--issuer", "b", "--built-by", "o/r"],
            "--signer: cannot be combined with --built-by",
        ),
        (
            &["--bundle", "x"],
            "--bundle: only together with --signed-by, --built-by or --signer",
        ),
        (
            &["--trusted-root", "x"],
            "--trusted-root: only together with",
        ),
    ] {
        let command = scene
            .sandbox
            .roots(["pull", &scene.name, "dest"])
            .args(options);
        command.run().fails(2).says(text);
    }
    assert_eq!(scene.registry.lines(), [""; 0]);
}

#[test]
fn files_that_are_no_keys_roots_or_bundles_are_refused_before_any_request() {
    let scene = Scene::new();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    scene.sandbox.write(
        "private.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    scene.sandbox.write("empty", "");
    scene.sandbox.write("text", "hello");
    scene.sandbox.write("noroot.json", "{\"mediaType\": \"x\"}");
    let start = scene.sigstore.root().without_start("tlogs").json();
    scene.sandbox.write("nostart.json", start);
    for (options, text) in [
        (
            &["--signed-by", "missing.pub"][..],
            "missing.pub: cannot read: no such file",
        ),
        (&["--signed-by", "text"], "text: not a public key in PEM"),
        (&["--signed-by", "empty"], "empty: not a public key in PEM"),
        (
            &["--signed-by", "private.pem"],
            "private.pem: a private key, where the public key is needed",
        ),
        (
            &["--signed-by", "key.pub", "--trusted-root", "missing"],
            "missing: cannot read",
        ),
        (
            &["--signed-by", "key.pub", "--trusted-root", "text"],
            "text: malformed: ",
        ),
        (
            &["--signed-by", "key.pub", "--trusted-root", "noroot.json"],
            "noroot.json: malformed: ",
        ),
        (
            &["--signed-by", "key.pub", "--trusted-root", "nostart.json"],
            "since when a key is valid",
        ),
        (
            &["--signed-by", "key.pub", "--bundle", "missing"],
            "missing: cannot read",
        ),
        (
            &["--signed-by", "key.pub", "--bundle", "text"],
            "text: malformed: ",
        ),
        (
            &["--signed-by", "key.pub", "--bundle", "empty"],
            "empty: malformed: ",
        ),
    ] {
        let command = scene
            .sandbox
            .roots(["pull", &scene.name, "dest"])
            .args(options);
        command.run().fails(2).says(text);
    }
    assert_eq!(scene.registry.lines(), [""; 0]);
}

#[test]
fn variables_demand_the_same() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let run = |variables: &[(&str, &str)]| {
        let command = scene
            .sandbox
            .roots(["pull", &scene.name, "dest", "--force"]);
        let set = |command: crate::support::sandbox::Command, (name, value): &(&str, &str)| {
            command.env(name, value)
        };
        offline(variables.iter().fold(command, set)).run()
    };
    let root = ("ROOTS_TRUSTED_ROOT", "root.json");
    run(&[root, ("ROOTS_BUILT_BY", "o/r")]).succeeds();
    run(&[root, ("ROOTS_BUILT_BY", "o/x")]).fails(5);
    let workflow = ("ROOTS_WORKFLOW", ".github/workflows/x.yml");
    run(&[root, ("ROOTS_BUILT_BY", "o/r"), workflow]).fails(5);
    let run_other = run(&[root, ("ROOTS_SIGNER", "a"), ("ROOTS_ISSUER", "b")]);
    run_other.fails(5).says("signed by https://github.com/o/r/");
    let (key, other) = (Key::p256(), Key::p256());
    scene.sandbox.write("key.pub", key.pem());
    scene.sandbox.write("other.pub", other.pem());
    run(&[("ROOTS_SIGNED_BY", "other.pub:key.pub")]).fails(5);
    let bundle = scene
        .sigstore
        .sign(Statement::signature(&scene.index_digest()), &key)
        .json();
    scene.sandbox.write("bundle.json", bundle);
    let bundle = ("ROOTS_BUNDLE", "bundle.json");
    run(&[("ROOTS_SIGNED_BY", "other.pub:key.pub"), bundle]).succeeds();
    run(&[("ROOTS_SIGNED_BY", "other.pub"), bundle]).fails(5);
}

#[test]
fn bundles_of_a_file_count_and_no_others() {
    let scene = Scene::new();
    let digest = scene.index_digest();
    let bundle = scene.bundle();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    let other = scene
        .sigstore
        .sign(Statement::signature(&digest), &key)
        .json();
    scene.sandbox.write("one.json", &bundle);
    scene
        .sandbox
        .write("lines.jsonl", format!("{other}\n{bundle}\n"));
    scene.sandbox.write("other.json", &other);
    for file in ["one.json", "lines.jsonl"] {
        scene.is_pulled(scene.pull(&["--built-by", "o/r", "--bundle", file, "--force"]));
    }
    assert!(scene.registry.requests_for("/referrers/").is_empty());
    scene.is_pulled(scene.pull(&[
        "--signed-by",
        "key.pub",
        "--bundle",
        "lines.jsonl",
        "--force",
    ]));
    scene.attach(&bundle);
    let run = scene.pull(&["--built-by", "o/r", "--bundle", "other.json", "--force"]);
    run.fails(5)
        .says("signed with a key, not with a certificate");
}

/// All commands that take an image and use or show its contents.
#[test]
fn every_command_refuses_alike() {
    let scene = Scene::new();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    scene.sandbox.mkdir("tree");
    let commands = [
        &["pull", "--dry-run", &scene.name, "dest"][..],
        &["pull", &scene.name, "dest"],
        &["save", &scene.name, "-o", "archive.tar"],
        &["save", "--all-platforms", &scene.name, "-o", "archive.tar"],
        &["digest", &scene.name],
        &["digest", "--index", &scene.name],
        &["digest", "--lock", &scene.name],
        &["digest", "--json", &scene.name],
        &["inspect", &scene.name],
        &["inspect", "--raw", "manifest", &scene.name],
        &["inspect", "--raw", "index", &scene.name],
        &["verify", "tree", &scene.name],
    ];
    let run = |command: &&[&str]| {
        let command = scene
            .sandbox
            .roots(*command)
            .args(["--signed-by", "key.pub"]);
        offline(command).run()
    };
    for command in &commands {
        let run = run(command);
        assert_eq!(run.code, Some(5), "{}", run.stderr);
        run.says("no signature");
    }
    assert!(!scene.sandbox.has("dest") && !scene.sandbox.has("archive.tar"));
    assert!(scene.registry.requests_for("/blobs/").is_empty());
    let digest = scene.index_digest();
    let signature = scene.legacy(&digest, &key);
    scene.tag(&digest, &[signature]);
    for command in &commands {
        let run = run(command);
        let is_compared = command[0] == "verify" && run.code == Some(5);
        let run = run.never_says("no signature");
        assert!(
            run.code == Some(0) || is_compared,
            "{command:?}: {}",
            run.stderr
        );
    }
}

/// `digest --index` prints the digest of the index: the signature of one platform says nothing of it.
#[test]
fn the_index_is_not_vouched_for_by_one_of_its_images() {
    let scene = Scene::new();
    let (key, digest) = (Key::p256(), scene.manifest_digest());
    scene.sandbox.write("key.pub", key.pem());
    let signature = scene.legacy(&digest, &key);
    scene.tag(&digest, &[signature]);
    let run = |command: &[&str]| {
        let command = scene
            .sandbox
            .roots(command)
            .args([&scene.name, "--signed-by=key.pub"]);
        command.run()
    };
    run(&["digest"]).succeeds();
    run(&["digest", "--index"]).fails(5).says("no signature");
    assert_eq!(run(&["digest", "--index", "--json"]).code, Some(5));
    run(&["inspect", "--raw", "index"])
        .fails(5)
        .says("no signature");
    run(&["save", "-o", "all.tar", "--all-platforms"])
        .fails(5)
        .says("no signature");
    run(&["save", "-o", "two.tar", "--platform=linux/s390x"])
        .fails(5)
        .says("no signature");
    run(&["save", "-o", "one.tar"]).succeeds();
}
