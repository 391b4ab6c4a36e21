//! What is not a reference is refused before anything is asked, made or written.

use crate::support::{HELLO, Registry, Sandbox, hello, sha256, tree};

#[test]
fn bad_references_are_refused_before_any_request() {
    let sandbox = Sandbox::new("bad_references");
    let registry = Registry::start();
    registry.push("a/b", "1", &hello());
    let hex = "0".repeat(64);
    let name = "not the name of a repository";
    let host = "the part before the first slash is not a host name";
    let sha256 = "a sha256 digest has 64 lower-case hex digits";
    let here = |rest: &str| registry.image(rest);
    let cases = [
        (String::new(), "the name of the image is empty".to_owned()),
        ("docker://".into(), "the name of the image is empty".into()),
        ("@".into(), "`` is neither sha256 nor sha512".into()),
        (":tag".into(), name.into()),
        (
            hex.clone(),
            "64 hex digits look like the id of an image, which no registry knows".into(),
        ),
        (here("a/../b"), name.into()),
        (here("a/%2e%2e/b"), name.into()),
        (here("a//b"), name.into()),
        (here("a/b/"), name.into()),
        (here("a/b?x=y"), name.into()),
        (here("a/b#x"), name.into()),
        (here("a\\b"), name.into()),
        (here("a b"), name.into()),
        (here("a__b/c_.d"), name.into()),
        (here("-a"), name.into()),
        (
            here(&"a".repeat(256)),
            "the repository is longer than 255 bytes".into(),
        ),
        (here("A/b"), "repositories are written in lower case".into()),
        (here("a/b:../x"), "`../x` is not a tag".into()),
        (here("a/b:"), "`` is not a tag".into()),
        (here("a/b:.x"), "`.x` is not a tag".into()),
        (here("a/b:1\t"), "`1\\t` is not a tag".into()),
        (here("a/b:\u{1b}[31m"), "`\\u{1b}[31m` is not a tag".into()),
        (
            here(&format!("a/b:{}", "t".repeat(129))),
            format!("`{}` is not a tag", "t".repeat(129)),
        ),
        (here("a/b@sha256:0xdeadbeef"), sha256.into()),
        (
            here(&format!("a/b@sha256:{}", "A".repeat(64))),
            sha256.into(),
        ),
        (here("a/b@sha256:../../x"), sha256.into()),
        (
            here(&format!("a/b@sha512:{hex}")),
            "a sha512 digest has 128 lower-case hex digits".into(),
        ),
        (
            here("a/b@md5:00"),
            "`md5` is neither sha256 nor sha512".into(),
        ),
        (
            here(&format!("a/b@sha256:{hex}@sha256:{hex}")),
            sha256.into(),
        ),
        ("host.com:0/a".into(), host.into()),
        ("host.com:99999/a".into(), host.into()),
        ("host..com/a".into(), host.into()),
        ("[::1/a".into(), host.into()),
        ("[fe80::1%eth0]/a".into(), host.into()),
        ("[::ffff:127.0.0.1]/a".into(), host.into()),
    ];
    for (image, why) in cases {
        for command in [vec!["pull", &image, "dest"], vec!["digest", &image]] {
            let run = sandbox.roots(command).run().fails(2);
            let shown = image.replace('\t', "\\t").replace('\u{1b}', "\\u{1b}");
            let shown = if shown.is_empty() { "IMAGE" } else { &shown };
            let said = format!("roots: {shown}: {why}\n");
            let hint = run.stderr.strip_prefix(&said);
            let hint = hint.unwrap_or_else(|| panic!("{said} in {}", run.stderr));
            assert!(
                hint.starts_with("hint: ") && hint.lines().count() == 1,
                "{hint}"
            );
        }
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn a_scheme_in_front_is_refused_with_the_name_to_type() {
    let sandbox = Sandbox::new("a_scheme_in_front");
    for (scheme, what) in [
        ("https", ""),
        ("http", " and add --plain-http"),
        ("docker-daemon", ""),
    ] {
        let image = format!("{scheme}://ghcr.io/a/b:1");
        let run = sandbox.roots(["pull", &image, "dest"]).run().fails(2);
        let refusal = format!("roots: {image}: an image name cannot begin with {scheme}://\n");
        assert_eq!(
            run.stderr,
            format!("{refusal}hint: leave out the scheme{what}: ghcr.io/a/b:1\n")
        );
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn every_way_to_write_a_reference_reaches_its_manifest() {
    let sandbox = Sandbox::new("every_way_to_write");
    let registry = Registry::start();
    let image = hello();
    let digest = &image.manifest.digest;
    registry.push("a", "latest", &image);
    registry.push("a/b__c/d---e/f.g_h", "V_1.0-x", &image);
    let deep = "a/b__c/d---e/f.g_h";
    for (name, asked) in [
        ("a".to_owned(), "a/manifests/latest".to_owned()),
        ("a:latest".into(), "a/manifests/latest".into()),
        (
            format!("{deep}:V_1.0-x"),
            format!("{deep}/manifests/V_1.0-x"),
        ),
        (format!("a@{digest}"), format!("a/manifests/{digest}")),
        (
            format!("a:no-such-tag@{digest}"),
            format!("a/manifests/{digest}"),
        ),
    ] {
        for prefix in ["", "docker://"] {
            registry.forget_requests();
            let image = format!("{prefix}{}", registry.image(&name));
            let run = sandbox.roots(["pull", "--force", &image, "out/dest"]).run();
            run.succeeds().prints(&format!("{digest}\n"));
            assert_eq!(registry.lines()[0], format!("GET /v2/{asked}"));
            assert_eq!(tree::sketch(sandbox.path("out/dest")), HELLO);
        }
    }
}

#[test]
fn localhost_is_a_registry_and_no_user_of_docker_hub() {
    let sandbox = Sandbox::new("localhost_is_a_registry");
    let registry = Registry::start();
    let image = hello();
    registry.push("a", "1", &image);
    let port = registry.host().rsplit(':').next().unwrap().to_owned();
    for host in ["localhost", "LocalHost"] {
        let name = format!("{host}:{port}/a:1");
        let run = sandbox.roots(["digest", &name]).run();
        run.succeeds()
            .prints(&format!("{}\n", image.manifest.digest));
    }
    assert_eq!(registry.requests()[0].host, format!("localhost:{port}"));
}

#[test]
fn what_a_digest_names_is_held_to_it() {
    let sandbox = Sandbox::new("what_a_digest_names");
    let registry = Registry::start();
    let image = hello();
    let wanted = sha256("something else");
    registry.push("a", "1", &image);
    registry.put_manifest(
        "a",
        &wanted,
        &image.manifest.media_type,
        &image.manifest.bytes,
    );
    let name = registry.image(&format!("a:1@{wanted}"));
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(5);
    let got = &image.manifest.digest;
    run.says(&format!(
        "roots: {wanted}: digest mismatch: the manifest received is {got}\n"
    ));
    assert_eq!(registry.requests().len(), 1);
    sandbox.assert_nothing_left();
}
