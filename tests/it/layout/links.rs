//! Layouts that share one store of blobs by links, as skopeo and umoci read them.

use crate::support::{HELLO, Layout, Sandbox, hello, tree};
use std::fs;
use std::os::unix::fs::symlink;

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

/// A loop, a file, a fifo that nobody writes to: an error, and no waiting.
#[test]
fn a_link_to_what_is_no_folder_is_an_error() {
    for target in ["blobs", "../file", "/dev/null", "../fifo"] {
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
        run.says("roots: ./layout: cannot read: ");
        sandbox.assert_nothing_left();
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

/// The blobs would be removed with the tree that is replaced.
#[test]
fn a_tree_that_holds_the_blobs_is_not_replaced() {
    for (link, target) in [("blobs", "../dest/store"), ("blobs/sha256", "../../dest/x")] {
        let sandbox = Sandbox::new("a_tree_that_holds_the_blobs");
        moved(&sandbox, link, target);
        let before = tree::list(sandbox.path("dest"));
        let pull = sandbox.roots(["pull", "--force", "./layout", "dest"]);
        pull.run()
            .fails(6)
            .says("it holds the image that is pulled");
        let after = tree::list(sandbox.path("dest"));
        assert_eq!(tree::diff(&before, &after), [""; 0]);
    }
}
