//! What users of docker, podman, skopeo, crane, umoci, curl and a browser type, and the hint that they get. What a hint
//! proposes is typed in turn.

use crate::support::{Ability, HELLO, Layout, Registry, Sandbox, hello, marked, tree};

/// The hint of a run that cannot be understood.
fn hint(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let run = sandbox.roots(arguments).run().fails(2);
    let (_, hint) = run.stderr.split_once("hint: ").unwrap();
    hint.trim_end().to_owned()
}

#[test]
fn options_of_other_tools_are_called_by_their_names_here() {
    let sandbox = Sandbox::new("options_of_other_tools");
    let registry = Registry::start();
    registry.require_basic("joe", "right");
    let image = &registry.push("a/b", "1", &hello());
    for (command, theirs, ours) in [
        ("pull", "--insecure-skip-tls-verify", "--insecure"),
        ("pull", "--no-check-certificate", "--insecure"),
        ("pull", "-k", "--insecure"),
        ("digest", "--src-creds=joe:right", "--auth"),
        ("pull", "--creds=joe:right", "--auth"),
        ("pull", "--override-arch=arm64", "--arch"),
        ("digest", "--override-os=linux", "--os"),
        ("pull", "--cache-dir=x", "--cache"),
        ("pull", "--cache_path=x", "--cache"),
        ("inspect", "--debug", "--verbose"),
        ("digest", "-D", "--verbose"),
        ("pull", "--log-level=debug", "--verbose"),
        ("pull", "--http", "--plain-http"),
        ("pull", "--retry=3", "--retries"),
        ("save", "--retry-times=3", "--retries"),
        ("pull", "--cacert=ca.pem", "--ca-file"),
        ("pull", "--connect-timeout=3", "--timeout"),
        ("save", "-a", "--all-platforms"),
        ("save", "--multi-arch=all", "--all-platforms"),
        ("save", "-O=x", "--output"),
        ("purge", "-a", "--all"),
        ("purge", "--filter=until=24h", "--older-than"),
        ("pull", "--no-same-owner", "--strip-owner"),
    ] {
        let said = hint(&sandbox, &[command, theirs, image]);
        assert_eq!(said, format!("did you mean {ours}?"), "{command} {theirs}");
        assert!(!said.contains("right"), "{theirs}");
        // What is proposed is an option of this command.
        let page = sandbox.roots(["help", command]).run().succeeds().stdout;
        assert!(page.contains(ours), "{command} {ours}");
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn options_without_a_counterpart_get_the_advice_of_a_colleague() {
    let sandbox = Sandbox::new("options_without_a_counterpart");
    let either = "to accept any certificate, write --insecure; for plain http, --plain-http";
    for (command, option, advice) in [
        ("pull", "--tls-verify=false", either),
        ("digest", "--src-tls-verify=False", either),
        ("inspect", "--tls-verify=0", either),
        // That is how it is.
        (
            "pull",
            "--tls-verify",
            "certificates are verified unless --insecure is given: leave it out",
        ),
        (
            "pull",
            "--tls-verify=true",
            "certificates are verified unless --insecure is given: leave it out",
        ),
        (
            "pull",
            "--authfile=x",
            "the variable REGISTRY_AUTH_FILE names a file of credentials",
        ),
        (
            "pull",
            "--src-cert-dir=x",
            "certificates for one registry are read from /etc/containers/certs.d/HOST; an authority alone is given with --ca-file FILE",
        ),
        (
            "pull",
            "--password-stdin",
            "--auth - reads user:password from standard input",
        ),
        (
            "save",
            "--username=x",
            "credentials are given as --auth user:password; --auth - asks for them",
        ),
        (
            "pull",
            "--dest-creds=x",
            "DEST is on this machine, so there is nothing to set for it: leave it out",
        ),
        (
            "pull",
            "--progress=plain",
            "progress is shown on a terminal only: leave it out",
        ),
        (
            "save",
            "--arch=arm64",
            "`roots save` takes whole platforms: --platform linux/ARCH",
        ),
        ("inspect", "--config", "did you mean --raw config?"),
        // Of cosign and gh.
        (
            "verify",
            "--certificate-identity=joe@example.com",
            "who must have signed the image: --signer NAME --issuer URL",
        ),
        (
            "pull",
            "--certificate-identity-regexp=^https://github.com/o/r",
            "names are compared as a whole: --built-by OWNER/REPO, or --signer NAME --issuer URL",
        ),
        (
            "verify",
            "--repo=o/r",
            "which repository must have built the image: --built-by OWNER/REPO, or OWNER/ for all of them",
        ),
        (
            "pull",
            "--policy=policy.json",
            "roots reads no policy.json: demand signatures with --signed-by, --built-by or --signer",
        ),
        // The cache is no registry.
        ("purge", "--creds=x", "see `roots help purge`"),
    ] {
        assert_eq!(hint(&sandbox, &[command, option, "x"]), advice, "{option}");
    }
    // It has no value there: IMAGE is not taken for one.
    let run = sandbox.roots(["inspect", "--raw", "docker://debian"]).run();
    run.fails(2)
        .says("roots: --raw: not one of manifest, config, index, attestation, attestation=N\n");
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn commands_of_other_tools_are_explained() {
    let sandbox = Sandbox::new("commands_of_other_tools");
    for (command, word) in [
        ("login", "`docker login`"),
        ("logout", "`docker logout`"),
        ("list-tags", "did you mean `roots tags`?"),
        ("ls", "`roots tags NAME`"),
        ("list", "`roots inspect DEST`"),
        ("images", "`roots inspect DEST`"),
        ("export", "`roots pull IMAGE DEST`"),
        ("copy", "`roots save IMAGE -o FILE`"),
        ("load", "`roots pull ./FILE DEST`"),
        ("push", "`skopeo copy oci-archive:FILE docker://IMAGE`"),
        ("rmi", "`roots purge`"),
        ("run", "`systemd-nspawn -D DEST`"),
        ("manifest", "`roots inspect --raw manifest IMAGE`"),
        ("Image", "`roots pull`"),
    ] {
        for arguments in [&[command][..], &[command, "debian"], &["help", command]] {
            let said = hint(&sandbox, arguments);
            assert!(said.contains(word), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn transports_of_other_tools_are_not_asked_for_at_docker_hub() {
    let sandbox = Sandbox::new("transports_of_other_tools");
    for (image, said) in [
        (
            "docker-daemon:debian:12",
            "pipe it: docker save debian:12 | roots pull - DEST",
        ),
        (
            "docker-daemon:$(x)",
            "pipe it: docker save NAME | roots pull - DEST",
        ),
        (
            "containers-storage:debian",
            "pipe it: podman save debian | roots pull - DEST",
        ),
        (
            "containers-storage:[overlay@/var/lib/c]debian",
            "pipe it: podman save debian | roots pull - DEST",
        ),
        ("dir:x", "convert it first: skopeo copy dir:x oci:FOLDER"),
        (
            "dir:/srv/x",
            "convert it first: skopeo copy dir:/srv/x oci:FOLDER",
        ),
        (
            "sif:x.sif",
            "convert it first: skopeo copy sif:x.sif oci:FOLDER",
        ),
    ] {
        for command in [
            &["pull", image, "dest"][..],
            &["digest", image],
            &["inspect", image],
        ] {
            assert_eq!(hint(&sandbox, command), said, "{command:?}");
        }
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn an_address_of_a_browser_is_answered_with_a_name_that_is_taken() {
    let sandbox = Sandbox::new("an_address_of_a_browser");
    for (address, name) in [
        ("https://hub.docker.com/_/debian", "debian"),
        ("hub.docker.com/_/debian", "debian"),
        (
            "https://hub.docker.com/r/grafana/grafana/tags?page=2",
            "grafana/grafana",
        ),
        (
            "https://quay.io/repository/prometheus/node-exporter",
            "quay.io/prometheus/node-exporter",
        ),
        ("https://github.com/A/b/pkgs/container/c", "ghcr.io/a/c"),
        ("https://ghcr.io/Owner/name", "ghcr.io/owner/name"),
        (
            "https://ghcr.io/v2/owner/name/manifests/1",
            "ghcr.io/owner/name:1",
        ),
    ] {
        for command in [
            &["pull", address, "dest"][..],
            &["pull", address],
            &["digest", address],
        ] {
            let said = hint(&sandbox, command);
            assert_eq!(
                said,
                format!("write the name of the image: {name}"),
                "{command:?}"
            );
        }
        // The name is one: what is said of it is that it is not in the cache.
        let run = sandbox.roots(["pull", "--offline", name, "dest"]).run();
        run.fails(3);
    }
    // In place of a command, too.
    let said = hint(&sandbox, &["hub.docker.com/_/debian"]);
    assert_eq!(said, "did you mean `roots pull debian DEST`?");
    let said = hint(&sandbox, &["pull", "https://hub.docker.com/search"]);
    assert!(said.starts_with("an image is written like "), "{said}");
}

#[test]
fn an_http_address_is_pulled_as_its_hint_says() {
    let sandbox = Sandbox::new("an_http_address");
    let registry = Registry::start();
    let image = registry.push("a/b", "1", &hello());
    let said = hint(&sandbox, &["pull", &format!("http://{image}"), "dest"]);
    assert_eq!(
        said,
        format!("leave out the scheme and add --plain-http: {image}")
    );
    let pull = ["pull", "--plain-http", &image, "dest"];
    sandbox.roots(pull).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn swapped_operands_are_told_from_a_misspelt_path() {
    let sandbox = Sandbox::new("swapped_operands");
    let registry = Registry::start();
    let image = registry.push("a/b", "1", &hello());
    sandbox.mkdir("there");
    let swapped = |dest: &str, image: &str| {
        format!("hint: the operands are swapped: write roots pull {image} {dest}\n")
    };
    for options in [&[][..], &["--dry-run"]] {
        for dest in ["./tree", "./there", "../tree"] {
            let run = sandbox.roots(["pull", dest, &image]).args(options).run();
            run.fails(3).says(&swapped(dest, &image));
        }
        // A name that may be a folder as well.
        let run = sandbox.roots(["pull", "./tree", "debian"]).args(options);
        run.run().fails(3).says(
            "hint: check the path; if the operands are swapped, write roots pull debian ./tree\n",
        );
        // A folder that there is, and a path, are no image.
        for dest in ["there", "./debian:12", "/tmp/debian:12"] {
            let run = sandbox.roots(["pull", "./tree", dest]).args(options);
            run.run().fails(3).says("hint: check the path; the name");
        }
    }
    assert_eq!(registry.lines(), [""; 0]);
    sandbox.roots(["pull", &image, "./tree"]).run().succeeds();
    let run = sandbox.roots(["verify", &image, "tree"]).run().fails(3);
    run.says(&format!(
        "hint: the operands are swapped: write roots verify ./tree {image}\n"
    ));
    sandbox.roots(["verify", "./tree", &image]).run().succeeds();
    // A layout is no tree: to swap the two would ask Docker Hub for an image of the name.
    Layout::new()
        .image("1", &hello())
        .write(sandbox.path("layout"));
    for image in ["oci:layout", "./layout"] {
        let run = sandbox.roots(["verify", "nosuch", image]).run().fails(3);
        run.never_says("swapped");
    }
    std::fs::remove_dir_all(sandbox.path("layout")).unwrap();
    assert_eq!(sandbox.names(""), ["cache", "there", "tree"]);
}

#[test]
fn an_archive_without_its_option_is_given_it() {
    let sandbox = Sandbox::new("an_archive_without_its_option");
    Layout::new()
        .image("1", &hello())
        .write(sandbox.path("layout"));
    for file in ["out.tar", "oci-archive:out.tar", "docker-archive:out.tar"] {
        let said = hint(&sandbox, &["save", "oci:layout:1", file]);
        assert_eq!(
            said,
            "name the file with -o: roots save oci:layout:1 -o out.tar"
        );
    }
    let save = ["save", "oci:layout:1", "-o", "out.tar"];
    sandbox.roots(save).run().succeeds();
    let said = hint(&sandbox, &["save", "out.tar"]);
    assert_eq!(said, "see `roots help save`");
}

/// A platform without an operating system may stand in an index, but not behind `--platform`.
#[test]
fn a_platform_that_no_option_takes_is_not_proposed() {
    let sandbox = Sandbox::new("a_platform_that_no_option_takes");
    for (os, architecture, proposed) in [
        ("", "mips", None),
        ("plan9", "", None),
        ("plan 9", "mips", None),
        ("plan9", "mips", Some("plan9/mips")),
    ] {
        let layout = Layout::new().image("1", &marked("x", os, architecture, None));
        let folder = sandbox.path(format!("{os}-{architecture}"));
        layout.write(&folder);
        let image = format!("oci:{}", folder.display());
        let pull = ["pull", "--platform=linux/amd64", &image, "dest"];
        let run = sandbox.roots(pull).run().fails(3);
        let hint = run.stderr.split_once("hint: ").map(|(_, hint)| hint.trim());
        let proposed = proposed.map(|name| format!("choose one of them: --platform {name}"));
        assert_eq!(
            hint,
            proposed.as_deref(),
            "{os}/{architecture}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_file_that_is_called_like_no_image_is_taken_for_the_file() {
    let sandbox = Sandbox::new("a_file_that_is_called");
    for path in ["My Images.tar", "Image", "out_/image", "a:b:c"] {
        sandbox.write(path, "");
        let said = hint(&sandbox, &["pull", path, "dest"]);
        assert_eq!(
            said,
            format!("for the file or folder of this name, write ./{path}")
        );
        sandbox
            .roots(["pull", &format!("./{path}"), "dest"])
            .run()
            .fails(3);
    }
    // Also where nobody is asked.
    sandbox.write("images.tar", "");
    let run = sandbox
        .roots(["pull", "--offline", "images.tar", "dest"])
        .run();
    run.fails(3)
        .says("hint: for the file or folder of this name, write ./images.tar\n");
}

#[test]
fn a_folder_that_is_called_like_an_image_says_how_to_mean_that() {
    let sandbox = Sandbox::new("a_folder_that_is_called");
    sandbox.mkdir("redis");
    let run = sandbox.roots(["inspect", "redis"]).run().fails(3);
    run.says("hint: for the image of this name, write docker.io/library/redis:latest\n");
    let run = sandbox.roots(["inspect", "./redis"]).run().fails(3);
    run.says("hint: to compare it with an image all the same: roots verify ./redis IMAGE\n");
    // A layout is an image itself.
    Layout::new()
        .image("1", &hello())
        .write(sandbox.path("layout"));
    let run = sandbox.roots(["inspect", "layout"]).run().fails(3);
    run.says("write ./layout\n");
    sandbox.roots(["inspect", "./layout"]).run().succeeds();
    if Ability::Terminal.is_missing() || Ability::Attributes.is_missing() {
        return;
    }
    let registry = Registry::start();
    let image = registry.push("a/b", "1", &hello());
    sandbox.roots(["pull", &image, "tree"]).run().succeeds();
    // A person may have meant the other; a log has no use for it.
    let note = "tree: the folder here; the image is docker.io/library/tree:latest";
    let run = sandbox.roots(["inspect", "tree"]).terminal(200).run();
    run.succeeds().says(note);
    let run = sandbox.roots(["inspect", "tree"]).run().succeeds();
    assert_eq!(run.stderr, "");
    let run = sandbox.roots(["inspect", "./tree"]).terminal(200).run();
    assert!(!run.succeeds().stderr.contains(note));
}
