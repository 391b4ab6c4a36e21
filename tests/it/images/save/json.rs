//! `save --json`: one object for the archive.

use super::{json_of, members, second};
use crate::support::{Index, Layout, Registry, Run, Sandbox, hello, marked};
use serde_json::{Value, json};

fn object(run: &Run) -> Value {
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    for line in run.stderr.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_object_has_what_the_archive_has() {
    let (sandbox, registry) = (Sandbox::new("save_json"), Registry::start());
    let far = marked("far", "linux", "s390x", None);
    let index = Index::new().image(&hello()).image(&far).build();
    let names = [
        registry.push_index("a/b", "1", &index),
        registry.push("c", "2", &second()),
    ];
    let layout = Layout::new().image("mine", &hello());
    layout.write(sandbox.path("layout"));
    for (options, digest) in [
        (&[][..], &hello().manifest.digest),
        (&["--all-platforms"], &index.index.digest),
    ] {
        let save = [
            "save",
            "--json",
            &names[0],
            &names[1],
            "oci:layout",
            "-o",
            "./x.tar",
        ];
        let run = sandbox.roots(save).args(options).run().succeeds();
        let said = object(&run);
        assert_eq!(said["destination"], "./x.tar");
        assert!(said["seconds"].is_number());
        let images = said["images"].as_array().unwrap();
        let references: Vec<_> = images.iter().map(|image| &image["reference"]).collect();
        let layout = sandbox.path("layout").display().to_string();
        let layout = format!("oci:{layout}");
        assert_eq!(
            references,
            [&json!(names[0]), &json!(names[1]), &json!(layout)]
        );
        assert_eq!(images[0]["digest"], json!(digest));
        assert_eq!(images[0]["manifest"], json!(hello().manifest.digest));
        assert_eq!(images[0]["name"], json!(names[0]));
        assert_eq!(images[2]["name"], json!("mine"));
        assert_eq!(images[1]["digest"], json!(second().manifest.digest));
        assert!(
            images[1]["platform"]
                .as_str()
                .unwrap()
                .starts_with("linux/")
        );
        let members = members(&sandbox.read("x.tar"));
        let listed = json_of(&members, "index.json");
        for (image, entry) in images.iter().zip(listed["manifests"].as_array().unwrap()) {
            assert_eq!(image["digest"], entry["digest"]);
        }
        let blobs = members
            .iter()
            .filter(|(name, _)| name.starts_with("blobs/"));
        let blobs: Vec<_> = blobs.filter(|(name, _)| !name.ends_with('/')).collect();
        assert_eq!(said["blobs"], json!(blobs.len()));
        let bytes: usize = blobs.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(said["bytes"], json!(bytes));
    }
}

#[test]
fn an_archive_on_standard_output_leaves_no_room_for_an_object() {
    let (sandbox, registry) = (Sandbox::new("save_json_stdout"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    for save in [
        ["save", "--json", &name, "-o-"],
        ["save", &name, "--json", "--output=-"],
    ] {
        let run = sandbox.roots(save).run();
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{}", run.stderr);
        let error: Value = serde_json::from_str(&run.stderr).unwrap();
        let message = "--json: cannot be combined with -o -, which prints nothing but the archive";
        assert_eq!(error["message"], message);
    }
    assert_eq!(registry.lines(), [""; 0]);
    // A device is a file like others.
    let save = ["save", "--json", &name, "-o", "/dev/null"];
    let said = object(&sandbox.roots(save).run().succeeds());
    assert_eq!(said["destination"], "/dev/null");
    let save = [
        "save",
        "--json",
        &name,
        &registry.image("no:1"),
        "-o",
        "x.tar",
    ];
    let run = sandbox.roots(save).run();
    assert_eq!((run.code, &*run.stdout), (Some(3), ""), "{}", run.stderr);
    assert!(!sandbox.has("x.tar"));
}
