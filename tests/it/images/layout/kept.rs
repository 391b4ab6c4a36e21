//! Trees that may not be replaced, because the image that is pulled is in them.

use crate::support::{Layout, Sandbox, hello, tree};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Moves a file or folder, and leaves a link to it.
fn moved(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(from, to).unwrap();
    symlink(to, from).unwrap();
}

/// A layout of hello, changed by `change`, of which `dest` holds a part.
fn is_kept(change: impl Fn(&Sandbox)) {
    let sandbox = Sandbox::new("it_holds_the_image");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    change(&sandbox);
    let list = || {
        let folders = ["dest", "layout", "real"].map(|name| sandbox.path(name));
        folders
            .iter()
            .filter(|folder| folder.exists())
            .map(tree::list)
            .collect::<Vec<_>>()
    };
    let before = list();
    for command in [
        &["pull", "--force", "oci:layout", "dest"][..],
        &["pull", "--force", "--keep-old=old", "oci:layout", "dest"],
        &["pull", "--force", "--dry-run", "oci:layout", "dest"],
    ] {
        let run = sandbox.roots(command).run().fails(6);
        run.says("dest: it holds the image that is pulled\n");
        assert_eq!(list(), before);
        assert!(!sandbox.has("old"));
    }
}

/// The blobs would be removed with the tree that is replaced.
#[test]
fn a_tree_that_holds_the_blobs_is_not_replaced() {
    for name in ["blobs", "blobs/sha256"] {
        is_kept(|sandbox| {
            let link = sandbox.path("layout").join(name);
            moved(&link, &sandbox.path("dest/store"));
        });
    }
}

/// As ostree and deduplicating tools link them: each file, and not the folder.
#[test]
fn a_tree_that_holds_single_blobs_is_not_replaced() {
    let image = hello();
    for blob in [&image.layers[0], &image.config, &image.manifest] {
        is_kept(|sandbox| {
            let name = format!("layout/blobs/sha256/{}", blob.hex());
            moved(
                &sandbox.path(name),
                &sandbox.path("dest/blobs").join(blob.hex()),
            );
        });
    }
    for name in ["index.json", "oci-layout"] {
        is_kept(|sandbox| {
            let real = sandbox.path("dest").join(name);
            moved(&sandbox.path("layout").join(name), &real);
        });
    }
}

/// The blobs would remain, and nothing would lead to them any more.
#[test]
fn a_tree_that_holds_a_link_to_the_blobs_is_not_replaced() {
    for name in ["blobs", "blobs/sha256", "index.json"] {
        is_kept(|sandbox| {
            let (name, link) = (sandbox.path("layout").join(name), sandbox.path("dest/link"));
            moved(&name, &sandbox.path("real/it"));
            moved(&name, &link);
        });
    }
    is_kept(|sandbox| {
        let (layout, link) = (sandbox.path("layout"), sandbox.path("dest/link"));
        moved(&layout, &sandbox.path("real/it"));
        moved(&layout, &link);
    });
    is_kept(|sandbox| {
        let name = format!("layout/blobs/sha256/{}", hello().layers[0].hex());
        let name = sandbox.path(name);
        moved(&name, &sandbox.path("real/it"));
        moved(&name, &sandbox.path("dest/below/link"));
    });
}

/// What another image has there, this pull does not need.
#[test]
fn a_tree_that_holds_what_is_not_read_is_replaced() {
    let sandbox = Sandbox::new("a_tree_that_holds_what_is_not_read");
    let layout = sandbox.path("layout");
    Layout::new().image("", &hello()).write(&layout);
    let other = format!("blobs/sha256/{}", "0".repeat(64));
    sandbox.write("dest/other", "");
    symlink("../../../dest/other", layout.join(other)).unwrap();
    let pull = ["pull", "--force", "./layout", "dest"];
    sandbox.roots(pull).run().succeeds();
}

#[test]
fn a_tree_that_holds_a_link_to_the_archive_is_not_replaced() {
    let sandbox = Sandbox::new("a_tree_that_holds_a_link_to_the_archive");
    sandbox.write("real.tar", Layout::new().image("", &hello()).archive());
    sandbox.mkdir("dest");
    symlink("../real.tar", sandbox.path("dest/link")).unwrap();
    symlink("dest/link", sandbox.path("image.tar")).unwrap();
    let pull = ["pull", "--force", "./image.tar", "dest"];
    let run = sandbox.roots(pull).run().fails(6);
    run.says("it holds the image that is pulled");
    assert!(sandbox.path("image.tar").is_file());
}
