//! Layouts that share one store of blobs by links, as skopeo and umoci read them.

use crate::support::sandbox::is_root;
use crate::support::{HELLO, Layout, Sandbox, hello, tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// A layout of hello in which `name` is a link to where it was moved: `target`, as the link says it.
fn moved(sandbox: &Sandbox, name: &str, target: &str) {
    let layout = sandbox.path("layout");
    Layout::new().image("", &hello()).write(&layout);
    let link = layout.join(name);
    let real = link.parent().unwrap().join(target);
    fs::create_dir_all(real.parent().unwrap()).unwrap();
    fs::rename(&link, &real).unwrap();
    symlink(target, &link).unwrap();
}

#[test]
fn blobs_may_lie_where_a_link_leads() {
    let name = Sandbox::new("blobs_may_lie_absolute");
    let absolute = name.path("store").display().to_string();
    for (link, target) in [
        ("blobs", "../store"),
        ("blobs", &absolute),
        ("blobs/sha256", "../../store/sha256"),
        ("blobs/sha256", "sha256.real"),
        ("index.json", "../store/index.json"),
        ("oci-layout", "../store/oci-layout"),
    ] {
        let sandbox = Sandbox::new("blobs_may_lie");
        moved(&sandbox, link, target);
        for command in [&["pull", "./layout", "dest"][..], &["verify", "dest"]] {
            sandbox.roots(command).run().succeeds();
        }
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{link}");
        let save = ["save", "./layout", "-o", "saved.tar"];
        sandbox.roots(save).run().succeeds();
        let dry = ["pull", "--dry-run", "./layout", "other"];
        sandbox.roots(dry).run().succeeds();
        let _ = fs::remove_dir_all(name.path("store"));
    }
}

/// The first link leads to a link, as where the store itself was moved.
#[test]
fn links_may_lead_to_links() {
    let sandbox = Sandbox::new("links_may_lead_to_links");
    moved(&sandbox, "blobs", "../store");
    fs::rename(sandbox.path("store"), sandbox.path("moved")).unwrap();
    symlink("moved", sandbox.path("store")).unwrap();
    sandbox.roots(["pull", "./layout", "dest"]).run().succeeds();
}

#[test]
fn a_link_to_what_is_missing_is_named() {
    for (link, target) in [("blobs", "../store"), ("blobs/sha256", "/nowhere/at/all")] {
        let sandbox = Sandbox::new("a_link_to_what_is_missing");
        let layout = sandbox.path("layout");
        Layout::new().image("", &hello()).write(&layout);
        fs::rename(layout.join(link), sandbox.path("away")).unwrap();
        symlink(target, layout.join(link)).unwrap();
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
        let said = format!("roots: ./layout: {link} is a link to {target}, which is missing\n");
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
        sandbox.assert_nothing_left();
    }
    let sandbox = Sandbox::new("a_link_to_what_is_missing");
    moved(&sandbox, "blobs", "../store");
    let layer = format!("layout/blobs/sha256/{}", hello().layers[0].hex());
    fs::remove_file(sandbox.path(&layer)).unwrap();
    symlink("../gone", sandbox.path(&layer)).unwrap();
    let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
    run.says(" is a link to ../gone, which is missing\n");
}

/// A loop, a file, a fifo that nobody writes to: an error that names the link, and no waiting.
#[test]
fn a_link_to_what_is_no_folder_is_an_error() {
    for (target, why) in [
        ("blobs", "and there are too many links"),
        ("../file", "which is not a folder"),
        ("/dev/null", "which is not a folder"),
        ("../fifo", "which is not a folder"),
        ("../file/x", "which is not a folder"),
    ] {
        let sandbox = Sandbox::new("a_link_to_what_is_no_folder");
        let layout = sandbox.path("layout");
        Layout::new().image("", &hello()).write(&layout);
        sandbox.write("file", "");
        let fifo = std::process::Command::new("mkfifo")
            .arg(sandbox.path("fifo"))
            .status();
        assert!(fifo.unwrap().success());
        fs::remove_dir_all(layout.join("blobs")).unwrap();
        symlink(target, layout.join("blobs")).unwrap();
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(6);
        run.says(&format!(
            "roots: ./layout: blobs is a link to {target}, {why}\n"
        ));
        sandbox.assert_nothing_left();
    }
}

/// `blobs` that is no link, and each file of the layout in the place of which there is something else.
#[test]
fn what_is_no_regular_file_is_named() {
    let layer = format!("blobs/sha256/{}", hello().layers[0].hex());
    let config = format!("blobs/sha256/{}", hello().config.hex());
    for (name, made, said) in [
        ("blobs", "file", "blobs is not a folder"),
        ("blobs/sha256", "file", "blobs/sha256 is not a folder"),
        (&layer, "fifo", "LAYER is not a regular file"),
        (&layer, "folder", "LAYER is not a regular file"),
        (&layer, "socket", "LAYER is not a regular file"),
        (
            &layer,
            "/dev/zero",
            "LAYER is a link to /dev/zero, which is not a regular file",
        ),
        (
            &layer,
            "../..",
            "LAYER is a link to ../.., which is not a regular file",
        ),
        (
            &config,
            "/dev/stdin/x",
            "CONFIG is a link to /dev/stdin/x, which is not a regular file",
        ),
        ("index.json", "fifo", "index.json is not a regular file"),
        (
            "index.json",
            "blobs",
            "index.json is a link to blobs, which is not a regular file",
        ),
        (
            "oci-layout",
            "oci-layout",
            "oci-layout is a link to oci-layout, and there are too many links",
        ),
    ] {
        let sandbox = Sandbox::new("what_is_no_regular_file");
        let layout = sandbox.path("layout");
        Layout::new().image("", &hello()).write(&layout);
        let path = layout.join(name);
        fs::rename(&path, sandbox.path("away")).unwrap();
        match made {
            "file" => drop(sandbox.write(format!("layout/{name}"), "")),
            "folder" => fs::create_dir(&path).unwrap(),
            "fifo" => {
                let fifo = std::process::Command::new("mkfifo").arg(&path).status();
                assert!(fifo.unwrap().success());
            }
            "socket" => drop(bind(&sandbox, &path)),
            target => symlink(target, &path).unwrap(),
        }
        let said = said.replace("LAYER", &layer).replace("CONFIG", &config);
        for command in [
            &["pull", "./layout", "dest"][..],
            &["pull", "--dry-run", "./layout", "dest"],
            &["save", "./layout", "-o", "x.tar"],
        ] {
            let run = sandbox.roots(command).run().fails(6);
            assert_eq!(run.stderr, format!("roots: ./layout: {said}\n"));
            assert!(!sandbox.has("dest") && !sandbox.has("x.tar"));
        }
    }
}

/// Its name is short: that of a socket may have 107 bytes.
fn bind(sandbox: &Sandbox, path: &Path) -> UnixListener {
    let short = std::env::temp_dir().join(format!("roots-socket-{}", std::process::id()));
    let _ = fs::remove_file(&short);
    let bound = UnixListener::bind(&short).unwrap();
    let moved = fs::rename(&short, path);
    moved.unwrap_or_else(|e| panic!("{}: {e}", sandbox.path("").display()));
    bound
}

/// Root may read everything.
#[test]
fn what_may_not_be_read_is_named() {
    if !is_root() {
        let sandbox = Sandbox::new("what_may_not_be_read");
        moved(&sandbox, "blobs", "../store");
        let shut = fs::Permissions::from_mode(0o000);
        fs::set_permissions(sandbox.path("store"), shut).unwrap();
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(6);
        run.says("roots: ./layout/blobs: cannot read: permission denied\n");
        let open = fs::Permissions::from_mode(0o700);
        fs::set_permissions(sandbox.path("store"), open).unwrap();
    }
}

#[test]
fn a_list_that_is_a_link_to_nothing_is_named() {
    for name in ["index.json", "oci-layout"] {
        let sandbox = Sandbox::new("a_list_that_is_a_link");
        let layout = sandbox.path("layout");
        Layout::new().image("", &hello()).write(&layout);
        fs::remove_file(layout.join(name)).unwrap();
        symlink("../gone", layout.join(name)).unwrap();
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
        run.says(&format!(
            "roots: ./layout: {name} is a link to ../gone, which is missing\n"
        ));
    }
}

#[test]
fn blobs_of_another_image_are_refused_wherever_they_lie() {
    let sandbox = Sandbox::new("blobs_of_another_image");
    moved(&sandbox, "blobs", "../store");
    let layer = format!("store/sha256/{}", hello().layers[0].hex());
    sandbox.write(&layer, "another");
    let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
    run.says("wrong size: ");
    sandbox.assert_nothing_left();
}
