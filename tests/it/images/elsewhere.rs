//! A tree that was pulled from a layout or an archive knows where that is, whatever the working directory is.

use crate::support::{Layout, Sandbox, hello};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;

/// A layout and an archive in `images`, and a folder to be in.
fn scene() -> Sandbox {
    let sandbox = Sandbox::new("elsewhere");
    let layout = Layout::new().image("1", &hello());
    sandbox.mkdir("images/deep");
    layout.write(sandbox.path("images/layout"));
    sandbox.write("images/app:1.tar", layout.archive());
    sandbox.mkdir("other/folder");
    sandbox
}

fn reference(sandbox: &Sandbox, dest: &str) -> String {
    let run = sandbox.roots(["inspect", dest]).run().succeeds();
    let record: Value = serde_json::from_str(&run.stdout).unwrap();
    record["reference"].as_str().unwrap().to_owned()
}

#[test]
fn a_tree_of_a_local_image_is_verified_from_another_working_directory() {
    let sandbox = scene();
    symlink("../images/deep", sandbox.path("other/link")).unwrap();
    symlink("app:1.tar", sandbox.path("images/current.tar")).unwrap();
    let dest = sandbox.path("dest").display().to_string();
    for (folder, image, place) in [
        ("", "oci:images/layout", "oci:images/layout"),
        ("images", "./layout/:1", "oci:images/layout:1"),
        ("other/folder", "../../images/layout", "oci:images/layout"),
        ("images", "./app:1.tar:1", "oci-archive:images/app:1.tar:1"),
        (
            "other",
            "oci-archive:link/../app:1.tar",
            "oci-archive:images/app:1.tar",
        ),
        // The name that somebody gives to the archive of the day stays.
        ("images", "./current.tar", "oci-archive:images/current.tar"),
        (
            "images",
            "/proc/self/cwd/app:1.tar",
            "oci-archive:/proc/self/cwd/app:1.tar",
        ),
    ] {
        let pull = sandbox.roots(["pull", "--force", image, &dest]);
        pull.cwd(sandbox.path(folder)).run().succeeds();
        let (form, path) = place.split_once(':').unwrap();
        let path = sandbox.path(path).display().to_string();
        assert_eq!(reference(&sandbox, "dest"), format!("{form}:{path}"));
        if place.contains("/proc/") {
            continue;
        }
        for folder in ["other/folder", "images", ""] {
            let verify = sandbox.roots(["verify", &dest]).cwd(sandbox.path(folder));
            verify.run().succeeds().prints("");
            let update = [
                "pull",
                "--update",
                "--exit-code",
                &format!("{form}:{path}"),
                &dest,
            ];
            let run = sandbox.roots(update).cwd(sandbox.path(folder)).run();
            assert_eq!(run.code, Some(10), "{}", run.stderr);
        }
    }
    // The same for the plan and for the cache.
    let plan = [
        "pull",
        "--dry-run",
        "--json",
        "--force",
        "oci:layout",
        &dest,
    ];
    let run = sandbox.roots(plan).cwd(sandbox.path("images")).run();
    let plan: Value = serde_json::from_str(&run.succeeds().stdout).unwrap();
    let layout = sandbox.path("images/layout").display().to_string();
    assert_eq!(plan["reference"], format!("oci:{layout}"));
    for link in sandbox.names("cache/links") {
        let link = sandbox.read(format!("cache/links/{link}"));
        let link: Value = serde_json::from_slice(&link).unwrap();
        let image = link["image"].as_str().unwrap();
        assert!(image.contains(":/"), "{image}");
        assert_eq!(link["image"], link["record"]["record"]["reference"]);
    }
}

#[test]
fn a_working_directory_that_is_gone_does_not_stop_a_verify() {
    let sandbox = scene();
    let dest = sandbox.path("dest").display().to_string();
    let script = "rmdir \"$PWD\" && exec \"$0\" \"$@\"";
    let pull = ["pull", "../../images/layout", &dest];
    let pull = sandbox.roots(pull).cwd(sandbox.path("other/folder"));
    pull.run().succeeds();
    // What is above it is remembered without it.
    let verify = sandbox.roots(["verify", &dest]).prelude(script);
    verify.cwd(sandbox.path("other/folder")).run().succeeds();
    let moved = sandbox.path("moved");
    fs::rename(sandbox.path("images"), &moved).unwrap();
    let run = sandbox.roots(["verify", &dest]).run().fails(3);
    run.says("images/layout: no such folder");
}

#[test]
fn what_was_piped_is_nowhere_to_be_found_again() {
    let sandbox = scene();
    let archive = Layout::new().image("1", &hello()).archive();
    for image in ["-", "oci-archive:-:1"] {
        let pull = sandbox.roots(["pull", "--force", image, "dest"]);
        pull.stdin(archive.clone()).run().succeeds();
        let name = image.strip_prefix("oci-archive:-").unwrap_or_default();
        assert_eq!(reference(&sandbox, "dest"), format!("oci-archive:-{name}"));
        let run = sandbox.roots(["verify", "dest"]).run().fails(3);
        run.says("its image came from standard input, which cannot be read again");
    }
    // A file of that name is a file.
    sandbox.write("-", archive);
    let pull = sandbox.roots(["pull", "--force", "./-", "dest"]).run();
    pull.succeeds();
    let file = sandbox.path("-").display().to_string();
    assert_eq!(reference(&sandbox, "dest"), format!("oci-archive:{file}"));
    let verify = sandbox.roots(["verify", "../dest"]);
    verify.cwd(sandbox.path("other")).run().succeeds();
}
