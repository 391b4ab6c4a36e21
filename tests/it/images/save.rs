//! `roots save`: what is in the archive, in which order, and what becomes of it if something goes wrong.

use crate::support::image::Built;
use crate::support::{
    Compression, HELLO, Image, Index, Layer, Layout, Registry, Sandbox, hello, hello_layer, marked,
    tree,
};
use serde_json::{Value, json};
use std::io::Read as _;

mod copies;
mod faults;
mod files;
mod json;

/// The members of an archive with their contents, in their order.
fn members(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(archive);
    let entries = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (0, 0));
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        let name = entry.path().unwrap().display().to_string();
        (name, contents)
    });
    entries.collect()
}

fn path(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

fn json_of(members: &[(String, Vec<u8>)], name: &str) -> Value {
    let found = members.iter().find(|(member, _)| member == name).unwrap();
    serde_json::from_slice(&found.1).unwrap()
}

/// Two layers, the first of them hello's.
fn second() -> Built {
    let image = Image::new().layer(hello_layer());
    image.layer(Layer::new().dir("second", 0o755)).build()
}

#[test]
fn an_archive_has_what_is_wanted_before_it_is_wanted() {
    let (sandbox, registry) = (Sandbox::new("an_archive_has"), Registry::start());
    let (one, two) = (hello(), second());
    let names = [
        registry.push("a/b", "1", &one),
        registry.push("c", "2", &two),
    ];
    let save = sandbox.roots(["save", &names[0], &names[1], "-o", "x.tar"]);
    let run = save.run().succeeds();
    let [a, b] = [&one.manifest.digest, &two.manifest.digest];
    assert_eq!(run.stdout, format!("{}@{a}\n{}@{b}\n", names[0], names[1]));

    let members = members(&sandbox.read("x.tar"));
    let mut wanted = [
        "oci-layout",
        "index.json",
        "manifest.json",
        "blobs/",
        "blobs/sha256/",
    ]
    .map(str::to_owned)
    .to_vec();
    for image in [&one, &two] {
        wanted.push(path(&image.manifest.digest));
        wanted.push(path(&image.config.digest));
    }
    // The layer that both have is there once.
    wanted.extend(two.layers.iter().map(|layer| path(&layer.digest)));
    let order: Vec<_> = members.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(order, wanted);
    for blob in [&one, &two].iter().flat_map(|image| image.blobs()) {
        let found = members.iter().find(|(name, _)| *name == path(&blob.digest));
        assert_eq!(found.unwrap().1, blob.bytes, "as the registry has them");
    }
    let index = json_of(&members, "index.json");
    for (number, (name, image)) in names.iter().zip([&one, &two]).enumerate() {
        let entry = &index["manifests"][number];
        assert_eq!(entry["digest"], image.manifest.digest);
        let annotations = &entry["annotations"];
        assert_eq!(annotations["org.opencontainers.image.ref.name"], *name);
        assert_eq!(annotations["io.containerd.image.name"], *name);
    }
    let list = json_of(&members, "manifest.json");
    assert_eq!(list[1]["RepoTags"], json!([names[1]]));
    assert_eq!(list[1]["Config"], path(&two.config.digest));
    let layers: Vec<_> = two.layers.iter().map(|layer| path(&layer.digest)).collect();
    assert_eq!(list[1]["Layers"], json!(layers));

    for (name, image) in names.iter().zip([&one, &two]) {
        for form in ["oci-archive", "docker-archive"] {
            let archive = format!("{form}:x.tar:{name}");
            let pull = sandbox.roots(["pull", "--force", "--cache=no", &archive, "dest"]);
            let run = pull.run().succeeds();
            if form == "oci-archive" {
                run.prints(&format!("{}\n", image.manifest.digest));
            }
            assert_eq!(sandbox.has("dest/second"), image.layers.len() == 2);
        }
        let through = format!("oci-archive:-:{name}");
        let pull = sandbox.roots(["pull", "--force", "--cache=no", &through, "dest"]);
        pull.stdin(sandbox.read("x.tar")).run().succeeds();
        assert_eq!(sandbox.has("dest/second"), image.layers.len() == 2);
    }
}

#[test]
fn the_same_images_make_the_same_bytes() {
    let (sandbox, registry) = (Sandbox::new("the_same_images"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    let save = |to: &str, more: &[&str]| {
        let save = sandbox.roots(["save", &name, "-o", to]).args(more);
        save.run().succeeds();
        sandbox.read(to)
    };
    let first = save("x.tar", &["--cache=no"]);
    assert_eq!(sandbox.cached(), [""; 0]);
    assert_eq!(save("y.tar", &[]), first);
    assert_eq!(sandbox.cached().len(), 3, "config and layers");
    registry.forget_requests();
    assert_eq!(save("x.tar", &[]), first);
    assert_eq!(registry.lines().len(), 1, "the rest was here");
    let script = "exec > z.tar";
    let save = sandbox.roots(["save", &name, "-o", "-"]).prelude(script);
    assert_eq!(save.run().succeeds().stdout, "");
    assert_eq!(sandbox.read("z.tar"), first);
    // Out of what was saved, too.
    let again = ["save", "./x.tar", "-o", "again.tar"];
    sandbox.roots(again).run().succeeds();
    assert_eq!(sandbox.read("again.tar"), first);
    let again = sandbox.roots(["save", "-", "-o", "again.tar", "--cache=no"]);
    again.stdin(first.clone()).run().succeeds();
    assert_eq!(sandbox.read("again.tar"), first);
}

#[test]
fn an_index_is_copied_as_it_is() {
    let (sandbox, registry) = (Sandbox::new("an_index_is_copied"), Registry::start());
    let amd = marked("amd", "linux", "amd64", None);
    let arm = marked("arm", "linux", "arm64", None);
    let index = Index::new()
        .image(&amd)
        .image(&arm)
        .attestation(&amd)
        .build();
    let name = registry.push_index("a/b", "1", &index);
    let save = |options: &[&str]| {
        let save = sandbox.roots(["save", &name, "-o", "x.tar"]).args(options);
        let printed = save.run().succeeds().stdout;
        (members(&sandbox.read("x.tar")), printed)
    };
    let pull = |platform: &str| {
        let pull = ["pull", "--force", "--cache=no", "--platform", platform];
        sandbox.roots(pull).args(["./x.tar", "dest"]).run()
    };

    let (one, printed) = save(&["--platform=linux/arm64"]);
    assert_eq!(printed, format!("{name}@{}\n", arm.manifest.digest));
    let entry = &json_of(&one, "index.json")["manifests"][0];
    assert_eq!(entry["digest"], arm.manifest.digest);
    assert_eq!(entry["platform"]["architecture"], "arm64");
    assert_eq!(one.len(), 5 + 3);
    pull("linux/arm64").succeeds();
    pull("linux/amd64").fails(3);

    let (both, printed) = save(&["--platform=linux/arm64", "--platform=linux/amd64"]);
    assert_eq!(printed, format!("{name}@{}\n", index.index.digest));
    let entry = &json_of(&both, "index.json")["manifests"][0];
    assert_eq!(entry["digest"], index.index.digest);
    assert_eq!(both.len(), 5 + 1 + 6, "no attestation");
    let list = json_of(&both, "manifest.json");
    assert_eq!(
        list[0]["Config"],
        path(&arm.config.digest),
        "the first is docker's"
    );
    pull("linux/arm64").succeeds();
    pull("linux/amd64").succeeds();
    pull("linux/s390x").fails(3);

    let (all, _) = save(&["--all-platforms"]);
    let blobs = index.blobs.iter().chain(&index.manifests);
    for blob in blobs.chain([&index.index]) {
        let found = all.iter().find(|(member, _)| *member == path(&blob.digest));
        assert_eq!(found.unwrap().1, blob.bytes);
    }
    pull("linux/amd64").succeeds();
    let digest = sandbox.roots(["digest", "--index", "./x.tar"]).run();
    digest
        .succeeds()
        .prints(&format!("{}\n", index.index.digest));
    let run = sandbox.roots(["save", &name, "-o", "x.tar", "--platform=linux/s390x"]);
    run.run().fails(3).says("no image for linux/s390x");
}

#[test]
fn layouts_are_saved_too() {
    let sandbox = Sandbox::new("layouts_are_saved");
    let layout = Layout::new()
        .image("app:1", &hello())
        .image("app:2", &second());
    layout.write(sandbox.path("layout"));
    sandbox.write(
        "layout.tar.gz",
        layout.compressed_archive(Compression::Gzip),
    );
    let mut archives = Vec::new();
    for image in ["oci:layout:app:1", "./layout.tar.gz:app:1"] {
        let save = sandbox
            .roots(["save", image, "-o", "x.tar"])
            .run()
            .succeeds();
        assert_eq!(save.stdout, format!("app:1@{}\n", hello().manifest.digest));
        archives.push(sandbox.read("x.tar"));
    }
    assert_eq!(archives[0], archives[1]);
    sandbox.roots(["pull", "./x.tar", "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn offline_it_is_saved_out_of_the_cache() {
    let (sandbox, registry) = (Sandbox::new("offline_it_is_saved"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    let save = || sandbox.roots(["save", "--offline", &name, "-o", "x.tar"]);
    save().run().fails(3).says("the cache has no digest");
    assert!(!sandbox.has("x.tar"));
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    registry.forget_requests();
    save().run().succeeds();
    assert_eq!(registry.lines(), [""; 0]);
    let run = sandbox.roots(["save", "--offline", "--cache=no", &name, "-ox"]);
    run.run().fails(2).says("there is no cache to pull from");
}

/// `roots save IMAGE -o - | ssh host roots pull - /srv/app`, without the ssh.
#[test]
fn from_one_machine_to_another_nothing_lies_on_a_disk() {
    let (sandbox, registry) = (Sandbox::new("from_one_machine"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    let script = "set -o pipefail; \"$0\" \"$@\" | \"$0\" pull --cache=no - dest";
    let script = &format!("exec bash -c '{script}' \"$0\" \"$@\"");
    let save = ["save", "--cache=no", &name, "-o", "-"];
    let run = sandbox.roots(save).prelude(script).run().succeeds();
    assert_eq!(run.stdout, format!("{}\n", second().manifest.digest));
    assert_eq!(sandbox.names(""), ["dest"]);
}

/// A pipe holds 64 KiB: whoever writes waits for whoever reads, and the registry for both.
#[test]
fn a_slow_reader_is_waited_for() {
    let (sandbox, registry) = (Sandbox::new("a_slow_reader"), Registry::start());
    let big = crate::support::Random::new(5).bytes(3 << 20);
    let image = Image::new().layer(Layer::new().file("big", 0o644, big));
    let image = image.layer(hello_layer()).build();
    let name = registry.push("a/b", "1", &image);
    let script = "set -o pipefail; \"$0\" \"$@\" | { head -c 200000; sleep 1.5; cat; } | \
        \"$0\" pull --cache=no - dest";
    let script = &format!("exec bash -c '{script}' \"$0\" \"$@\"");
    let save = ["save", "--cache=no", "--timeout=1", &name, "-o", "-"];
    sandbox.roots(save).prelude(script).run().succeeds();
    assert_eq!(
        tree::sketch(sandbox.path("dest")),
        "f 0644 3145728 big\nf 0644 6 hello\n"
    );
}

#[test]
fn what_cannot_be_saved_is_said_before_anything_is_asked() {
    let (sandbox, registry) = (Sandbox::new("what_cannot_be_saved"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    for (arguments, why) in [
        (
            &["save", &name][..],
            "save: -o FILE is missing, or -o - for standard output",
        ),
        (&["save", "-o", "x"], "save: IMAGE is missing"),
        (&["save", &name, "-o"], "--output: its value is missing"),
        (&["save", &name, "-o", ""], "--output: its value is missing"),
        (
            &[
                "save",
                &name,
                "-ox",
                "--all-platforms",
                "--platform=linux/arm64",
            ],
            "--all-platforms: cannot be combined with --platform",
        ),
        (&["save", &name, "-ox", "--platform=x"], "x: not a platform"),
        (
            &["save", "-", "oci-archive:-", "-ox"],
            "-: standard input can be used only once",
        ),
    ] {
        let run = sandbox.roots(arguments).run().fails(2);
        assert!(
            run.stderr.starts_with(&format!("roots: {why}\n")),
            "{}",
            run.stderr
        );
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}
