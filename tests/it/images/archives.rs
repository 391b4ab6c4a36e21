//! Images out of tars: in a file or through a pipe, compressed or not, in whatever order their parts stand.

use crate::support::image::Built;
use crate::support::layout::docker_archive;
use crate::support::{
    Compression, HELLO, Image, Layer, Layout, Random, Sandbox, hello, hello_layer, tree,
};
use serde_json::json;
use std::collections::HashSet;

mod broken;
mod docker;
mod docker_layers;
mod incomplete;
mod pipes;

const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

/// An image whose second layer is too large to be kept in memory.
fn large() -> Built {
    let big = Random::new(3).bytes(2 << 20);
    let image = Image::new().layer(hello_layer());
    let layer = Layer::new().file("big", 0o644, big);
    image.layer(layer).compressed(Compression::None).build()
}

const LARGE: &str = "f 0644 2097152 big\nf 0644 6 hello\n";

/// The archive of a layout in the order of `roots save`: index, documents, layers as they are wanted.
fn in_order(layout: &Layout, images: &[&Built]) -> Vec<u8> {
    let files = layout.files();
    let path = |digest: &str| format!("blobs/{}", digest.replace(':', "/"));
    let mut names = vec!["oci-layout".to_owned(), "index.json".to_owned()];
    for image in images {
        names.push(path(&image.manifest.digest));
        names.push(path(&image.config.digest));
    }
    let layers = images.iter().flat_map(|image| &image.layers);
    names.extend(layers.map(|layer| path(&layer.digest)));
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let add = |tar: Layer, name: &String| tar.file(name, 0o644, &files[name]);
    names.iter().fold(Layer::new(), add).tar()
}

/// The tar of hello as `docker save` wrote it.
fn of_docker() -> Vec<u8> {
    docker_archive("hello:1", &hello(), &[&hello_layer()])
}

#[test]
fn an_archive_is_read_wherever_it_is() {
    let image = hello();
    let layout = Layout::new().image("1", &image);
    for compression in COMPRESSIONS {
        for (form, bytes) in [
            ("oci-archive", layout.archive()),
            ("oci-archive", in_order(&layout, &[&image])),
            ("docker-archive", of_docker()),
        ] {
            let bytes = compression.compress(&bytes, true);
            let sandbox = Sandbox::new("an_archive_is_read");
            let file = sandbox.write("image.tar", &bytes);
            for name in [
                "./image.tar".to_owned(),
                format!("{form}:image.tar"),
                format!("{form}:{}", file.display()),
                "-".to_owned(),
                format!("{form}:-"),
                format!("{form}:/dev/stdin"),
            ] {
                for cache in ["cache", "no"] {
                    let pull = ["pull", "--force", "--cache", cache, &name, "dest"];
                    let run = sandbox.roots(pull).stdin(bytes.clone()).run();
                    run.succeeds().says("(archive)");
                    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{name}");
                }
                assert_eq!(sandbox.cached(), [""; 0], "it is here already");
            }
        }
    }
}

#[test]
fn a_digest_is_that_of_the_registry() {
    let sandbox = Sandbox::new("a_digest_is_that");
    let image = hello();
    let layout = Layout::new().image("1", &image);
    sandbox.write("image.tar", layout.archive());
    let digest = format!("{}\n", image.manifest.digest);
    for command in [&["digest"][..], &["digest", "--index"]] {
        let run = sandbox.roots(command).arg("./image.tar").run().succeeds();
        assert_eq!(run.stdout, digest);
        let run = sandbox.roots(command).arg("-").stdin(layout.archive());
        assert_eq!(run.run().succeeds().stdout, digest);
    }
}

#[test]
fn a_tree_is_known_by_its_archive() {
    let sandbox = Sandbox::new("a_tree_is_known");
    let archive = Layout::new().image("1", &hello()).archive();
    sandbox.write("image.tar", &archive);
    let update = ["pull", "--update", "--exit-code", "./image.tar", "dest"];
    sandbox.roots(update).run().succeeds();
    let run = sandbox.roots(update).run().says("unchanged");
    assert_eq!(run.code, Some(10));
    let through = ["pull", "--update", "--exit-code", "-", "dest"];
    let run = sandbox.roots(through).stdin(archive).run();
    assert_eq!(run.says("unchanged").code, Some(10));
    let other = Layout::new().image("1", &large()).archive();
    sandbox.write("image.tar", other);
    sandbox.roots(update).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), LARGE);
    let run = sandbox.roots(["inspect", "dest"]).run().succeeds();
    let reference = format!("\"oci-archive:{}\"", sandbox.path("image.tar").display());
    assert!(run.stdout.contains(&reference), "{}", run.stdout);
}

#[test]
fn of_several_images_one_is_named() {
    let (one, two) = (hello(), large());
    let named = |name: &str, image: &Built| {
        let mut entry = image.descriptor();
        entry["annotations"] = json!({
            "org.opencontainers.image.ref.name": name,
            "io.containerd.image.name": format!("docker.io/library/app:{name}"),
        });
        entry
    };
    let layout = Layout::new().image("", &one).image("", &two);
    let entries = json!({"schemaVersion": 2, "manifests": [named("1", &one), named("2", &two)]});
    let mut files = layout.files();
    files.insert("index.json".into(), entries.to_string().into_bytes());
    let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
    let archive = files.iter().fold(Layer::new(), add).tar();
    let sandbox = Sandbox::new("of_several_images");
    sandbox.write("a:b.tar", &archive);
    for (name, sketch) in [
        ("./a:b.tar:1", HELLO),
        ("./a:b.tar:2", LARGE),
        ("oci-archive:a:b.tar:docker.io/library/app:1", HELLO),
        ("oci-archive:a:b.tar:app:2", LARGE),
        ("oci-archive:-:1", HELLO),
        ("oci-archive:-:app:2", LARGE),
    ] {
        let pull = sandbox.roots(["pull", "--force", name, "dest"]);
        pull.stdin(archive.clone()).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), sketch, "{name}");
    }
    std::fs::remove_dir_all(sandbox.path("dest")).unwrap();
    let all = "docker.io/library/app:1, 1, docker.io/library/app:2, 2\n";
    let run = sandbox.roots(["pull", "./a:b.tar", "dest"]).run().fails(3);
    let run = run.says(&format!("roots: ./a:b.tar: several images: {all}"));
    // What is hinted at works as it stands there.
    let run = run.says("hint: name one: oci-archive:./a:b.tar:docker.io/library/app:1\n");
    let (_, hinted) = run.stderr.trim_end().rsplit_once(' ').unwrap();
    sandbox.roots(["digest", hinted]).run().succeeds();
    let pull = sandbox.roots(["pull", "-", "dest"]).stdin(archive.clone());
    pull.run()
        .fails(3)
        .says("hint: name one: oci-archive:-:docker.io/library/app:1\n");
    let pull = sandbox.roots(["pull", "oci-archive:a:b.tar:app", "dest"]);
    let run = pull.run().fails(3);
    run.says(&format!("a:b.tar: no image `app`; available: {all}"));
}

#[test]
fn an_archive_is_not_replaced_by_what_is_in_it() {
    let sandbox = Sandbox::new("an_archive_is_not_replaced");
    let archive = Layout::new().image("1", &hello()).archive();
    sandbox.write("parent/dest/image.tar", &archive);
    let image = "oci-archive:parent/dest/image.tar";
    let pull = sandbox.roots(["pull", "--force", image, "parent/dest"]);
    pull.run()
        .fails(6)
        .says("it holds the image that is pulled");
    assert_eq!(sandbox.read("parent/dest/image.tar"), archive);
}

#[test]
fn standard_input_gives_one_thing() {
    let sandbox = Sandbox::new("standard_input_gives");
    for arguments in [
        &["pull", "--auth", "-", "-", "dest"][..],
        &["digest", "-", "oci-archive:-:1"],
        &["inspect", "-", "--auth=-"],
    ] {
        let run = sandbox.roots(arguments).run().fails(2);
        let hint = format!("see `roots help {}`", arguments[0]);
        assert_eq!(
            run.stderr,
            format!("roots: -: standard input can be used only once\nhint: {hint}\n")
        );
    }
}
