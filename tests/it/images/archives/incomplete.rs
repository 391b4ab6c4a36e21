//! What `docker save` writes of images without a name, and of images of which it has one platform only.

use crate::support::image::{Built, oci};
use crate::support::layout::docker_archive;
use crate::support::{
    Compression, HELLO, Index, Layer, Layout, Sandbox, hello, hello_layer, marked, tree,
};
use serde_json::json;
use std::collections::BTreeMap;

const PLATFORMS: [&str; 3] = ["amd64", "arm64", "s390x"];

fn tar(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
    files.iter().fold(Layer::new(), add).tar()
}

fn images() -> [Built; 3] {
    PLATFORMS.map(|platform| marked(platform, "linux", platform, None))
}

/// The files of an index for three platforms of which those of `lost` are gone.
fn without(lost: &[String]) -> BTreeMap<String, Vec<u8>> {
    let images = images();
    let index = images.iter().fold(Index::new(), Index::image);
    let index = index.attestation(&images[0]).build();
    let mut files = Layout::new().index("app:1", &index).files();
    files.retain(|path, _| !lost.iter().any(|hex| path.ends_with(hex)));
    files
}

/// Everything of an image, its manifest and config, its config and layers, and these alone.
fn parts(image: &Built) -> [Vec<String>; 5] {
    let (manifest, config) = (image.manifest.hex(), image.config.hex());
    let layers: Vec<_> = image
        .layers
        .iter()
        .map(|layer| layer.hex().to_owned())
        .collect();
    let documents = vec![manifest.to_owned(), config.to_owned()];
    let all = [documents.clone(), layers.clone()].concat();
    let config = vec![config.to_owned()];
    let blobs = [config.clone(), layers.clone()].concat();
    [all, documents, blobs, config, layers]
}

#[test]
fn an_archive_of_one_platform_says_which_it_has() {
    let [_, arm, s390x] = images();
    for (lost_arm, lost_s390x) in parts(&arm).iter().zip(parts(&s390x)).take(3) {
        let files = without(&[lost_arm.clone(), lost_s390x].concat());
        let bytes = tar(&files);
        let packed = Compression::Gzip.compress(&bytes, true);
        let sandbox = Sandbox::new("an_archive_of_one_platform");
        sandbox.write("image.tar", &bytes);
        sandbox.write("image.tar.gz", &packed);
        for (path, bytes) in &files {
            sandbox.write(format!("layout/{path}"), bytes);
        }
        let places = [
            ("./image.tar", "./image.tar"),
            ("./image.tar.gz", "./image.tar.gz"),
            ("oci-archive:image.tar:app:1", "image.tar"),
            ("./layout", "./layout"),
            ("-", "standard input"),
        ];
        for (image, shown) in places {
            let roots = |command: &[&str]| {
                let command = sandbox.roots(command).stdin(bytes.clone());
                command.run()
            };
            let pull = ["pull", "--force", "--platform=linux/amd64", image, "dest"];
            roots(&pull).succeeds();
            assert_eq!(sandbox.names("dest"), ["amd64"]);
            std::fs::remove_dir_all(sandbox.path("dest")).unwrap();
            let said = format!(
                "roots: {shown}: it has only linux/amd64 of the platforms in its index\nhint: \
                 `docker save` writes only what was pulled: name one with --platform linux/amd64\n"
            );
            for command in [
                &["pull", "--platform=linux/arm64", image, "dest"][..],
                &["pull", "--platform=linux/s390x", image, "dest"],
                &["save", "--platform=linux/arm64", image, "-o", "x.tar"],
                &["save", "--all-platforms", image, "-o", "x.tar"],
            ] {
                let run = roots(command).fails(3);
                assert!(run.stderr.ends_with(&said), "{command:?}: {}", run.stderr);
                assert!(!sandbox.has("dest") && !sandbox.has("x.tar"));
            }
            // One that is not in the index, either.
            let run = roots(&["digest", "--platform=linux/riscv64", image]);
            run.fails(3).says("no image for linux/riscv64; available: ");
        }
    }
}

#[test]
fn an_archive_of_another_platform_is_inspected() {
    let (os, host, _) = crate::support::image::host_platform();
    let other = if host == "arm64" { "amd64" } else { "arm64" };
    let images = [host, other].map(|platform| marked(platform, os, platform, None));
    let index = images.iter().fold(Index::new(), Index::image).build();
    let mut files = Layout::new().index("", &index).files();
    let own = &parts(&images[0])[0];
    files.retain(|path, _| !own.iter().any(|hex| path.ends_with(hex)));
    let sandbox = Sandbox::new("an_archive_of_another_platform");
    sandbox.write("image.tar", tar(&files));
    let run = sandbox.roots(["inspect", "--json", "./image.tar"]).run();
    let run = run
        .succeeds()
        .says(&format!("it has only linux/{other} of"));
    assert!(run.stdout.contains(&images[0].manifest.digest));
}

/// If nothing is whole, or everything is there but what stands beside the images, then a part was lost.
#[test]
fn what_was_lost_is_said_to_be_lost() {
    let images = images();
    let all: Vec<_> = images
        .iter()
        .flat_map(|image| parts(image)[4].clone())
        .collect();
    let sandbox = Sandbox::new("what_was_lost");
    sandbox.write("image.tar", tar(&without(&all)));
    let pull = ["pull", "--platform=linux/arm64", "./image.tar", "dest"];
    let run = sandbox.roots(pull).run().fails(5);
    run.says(" is missing\nhint: copy it again: part of it is missing\n");
    let whole = without(&[]);
    let attestation = whole.iter().find(|(path, bytes)| {
        path.starts_with("blobs/") && bytes.windows(9).any(|window| window == b"_type\":\"h")
    });
    let (path, _) = attestation.unwrap();
    let hex = path.rsplit('/').next().unwrap().to_owned();
    sandbox.write("image.tar", tar(&without(&[hex])));
    let save = ["save", "--all-platforms", "./image.tar", "-o", "x.tar"];
    let run = sandbox.roots(save).run().fails(5);
    let hint = "hint: every image is there: save it without --all-platforms\n";
    run.says(": attestation blob sha256:")
        .says(&format!(" is missing\n{hint}"));
    let save = [
        "save",
        "--platform=linux/amd64",
        "./image.tar",
        "-o",
        "x.tar",
    ];
    sandbox.roots(save).run().succeeds();
}

/// The manifest is there and a part of the rest: no `docker save` writes it so. To name another platform
/// would put a foreign tree in place.
#[test]
fn a_lost_part_of_an_image_is_not_taken_for_another_platform() {
    let images = images();
    for (number, platform) in PLATFORMS.into_iter().enumerate() {
        for lost in &parts(&images[number])[3..] {
            let files = without(lost);
            let sandbox = Sandbox::new("a_lost_part_of_an_image");
            sandbox.write("image.tar", tar(&files));
            for (path, bytes) in &files {
                sandbox.write(format!("layout/{path}"), bytes);
            }
            let platform = format!("--platform=linux/{platform}");
            for image in ["./image.tar", "./layout"] {
                for command in [
                    &["pull", &platform, image, "dest"][..],
                    &["save", &platform, image, "-o", "x.tar"],
                    &["save", "--all-platforms", image, "-o", "x.tar"],
                ] {
                    let run = sandbox.roots(command).run().fails(5);
                    run.says(&format!(
                        "roots: {image}: blob sha256:{} is missing\n\
                         hint: copy it again: part of it is missing\n",
                        lost[0]
                    ));
                    assert!(!sandbox.has("dest") && !sandbox.has("x.tar"));
                }
            }
        }
    }
}

/// The manifest of the attestation itself, as where only the images were copied.
#[test]
fn a_missing_attestation_is_not_a_lost_image() {
    let image = marked("amd64", "linux", "amd64", None);
    let index = Index::new().image(&image).attestation(&image).build();
    let attestation = index.index.value()["manifests"][1]["digest"].clone();
    let hex = attestation.as_str().unwrap().replace("sha256:", "");
    let mut files = Layout::new().index("app:1", &index).files();
    files.retain(|path, _| !path.ends_with(&hex));
    let sandbox = Sandbox::new("a_missing_attestation");
    sandbox.write("image.tar", tar(&files));
    let save = ["save", "--all-platforms", "./image.tar", "-o", "x.tar"];
    let run = sandbox.roots(save).run().fails(5);
    run.says(&format!(
        "roots: ./image.tar: attestation blob sha256:{hex} is missing\n\
         hint: every image is there: save it without --all-platforms\n"
    ));
}

#[test]
fn an_image_without_a_name_is_found_in_dockers_list() {
    for index in [
        json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": null}),
        json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": []}),
        json!({"schemaVersion": 2, "manifests": null}),
        json!({"schemaVersion": 2}),
        json!({}),
        json!({"schemaVersion": 2, "manifests": null, "layers": null, "config": null}),
    ] {
        let image = hello();
        let config = format!("blobs/sha256/{}", image.config.hex());
        let diff_id = &image.config.value()["rootfs"]["diff_ids"][0];
        let layer = format!("blobs/{}", diff_id.as_str().unwrap().replace(':', "/"));
        let list = json!([{"Config": config, "RepoTags": null, "Layers": [layer]}]);
        let first = |tar: Layer| tar.file("index.json", 0o644, index.to_string());
        let second = |tar: Layer| tar.file("manifest.json", 0o644, list.to_string());
        let blobs = Layer::new().file(&config, 0o644, &image.config.bytes);
        let blobs = blobs.file(&layer, 0o644, hello_layer().tar());
        let layout =
            |tar: Layer| tar.file("oci-layout", 0o644, r#"{"imageLayoutVersion":"1.0.0"}"#);
        for tar in [
            layout(second(first(blobs.clone()))),
            layout(first(second(blobs))),
        ] {
            let bytes = tar.tar();
            let sandbox = Sandbox::new("an_image_without_a_name");
            sandbox.write("image.tar", &bytes);
            sandbox.write("image.tar.gz", Compression::Gzip.compress(&bytes, true));
            for image in ["./image.tar", "./image.tar.gz", "-"] {
                let pull = sandbox.roots(["pull", "--force", image, "dest"]);
                pull.stdin(bytes.clone()).run().succeeds();
                assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
            }
            // Whoever says that it is OCI's means the index.
            let run = sandbox.roots(["digest", "oci-archive:image.tar"]).run();
            run.fails(3).says(
                "roots: image.tar: its index.json lists no image\nhint: `docker save` lists it \
                 in manifest.json: docker-archive:image.tar\n",
            );
            let docker = ["digest", "docker-archive:image.tar"];
            sandbox.roots(docker).run().succeeds();
            for file in ["oci-layout", "index.json", "manifest.json"] {
                let contents = match file {
                    "oci-layout" => r#"{"imageLayoutVersion":"1.0.0"}"#.to_owned(),
                    "index.json" => index.to_string(),
                    _ => list.to_string(),
                };
                sandbox.write(format!("layout/{file}"), contents);
            }
            let run = sandbox.roots(["pull", "./layout", "other"]).run().fails(3);
            run.says(
                "roots: ./layout: its index.json lists no image\nhint: `docker save` lists it \
                 in manifest.json: tar -C ./layout -c . | roots pull - DEST\n",
            );
        }
    }
    // Without docker's list there is nothing.
    let sandbox = Sandbox::new("an_image_without_a_name");
    let empty = r#"{"schemaVersion":2,"manifests":null}"#;
    let tar = Layer::new().file("index.json", 0o644, empty).tar();
    sandbox.write("image.tar", tar);
    let run = sandbox.roots(["digest", "./image.tar"]).run();
    run.fails(3).says("; available: none\n");
    // The list of one image with a name is read as ever.
    sandbox.write(
        "old.tar",
        docker_archive("a:1", &hello(), &[&hello_layer()]),
    );
    sandbox.roots(["digest", "./old.tar:a:1"]).run().succeeds();
}
