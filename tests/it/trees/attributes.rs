//! Extended attributes of what is not opened to set them: fifos, devices, symlinks.

use crate::support::sandbox::is_root;
use crate::support::tree::{self, Node};
use crate::support::{Ability, Image, Layer, Layout, Sandbox};
use rustix::fs::{XattrFlags, setxattr};

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// u::rw-, u:1000:rw-, g::r--, m::rw-, o::r-- as Linux keeps it: version, then tag, permissions and id of each entry.
const ACL: &[u8] = b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x06\0\xe8\x03\0\0\
    \x04\0\x04\0\xff\xff\xff\xff\x10\0\x06\0\xff\xff\xff\xff\x20\0\x04\0\xff\xff\xff\xff";

/// Whether there are ACLs where the tests run.
fn has_acls(sandbox: &Sandbox) -> bool {
    let probe = sandbox.mkdir("probe");
    setxattr(&probe, DEFAULT, ACL, XattrFlags::empty()).is_ok()
}

fn pulled(sandbox: &Sandbox, layer: Layer, says: &str) -> tree::Tree {
    let image = Image::new().layer(layer).build();
    let layout = Layout::new().image("image", &image);
    layout.write(sandbox.path("layout"));
    let run = sandbox.roots(["pull", "--cache=no", "oci:layout:image", "dest"]);
    run.run().succeeds().says(says);
    tree::list(sandbox.path("dest"))
}

fn names(node: &Node) -> Vec<&str> {
    node.xattrs.keys().map(String::as_str).collect()
}

#[test]
fn what_is_not_opened_has_attributes_too() {
    let sandbox = Sandbox::new("attributes_unopened");
    if !has_acls(&sandbox) {
        return;
    }
    let layer = Layer::new()
        .file("outside", 0o644, "")
        .fifo("fifo", 0o664)
        .xattr(ACCESS, ACL)
        .symlink("link", "outside")
        .xattr("trusted.link", "1")
        .char_device("null", 0o664, 1, 3)
        .xattr(ACCESS, ACL)
        .fifo("user", 0o644)
        .xattr("user.never", "on a fifo");
    // The kernel has user attributes for files and directories only: that one is counted.
    let tree = pulled(&sandbox, layer, "extended attribute");
    assert_eq!(tree[&b"fifo"[..]].xattrs[ACCESS], ACL);
    assert_eq!(tree[&b"fifo"[..]].mode, 0o664);
    assert_eq!(names(&tree[&b"user"[..]]), [""; 0]);
    assert_eq!(names(&tree[&b"outside"[..]]), [""; 0]);
    if is_root() {
        assert_eq!(names(&tree[&b"link"[..]]), ["trusted.link"]);
        assert_eq!(tree[&b"null"[..]].xattrs[ACCESS], ACL);
    }
}

#[test]
fn nothing_keeps_an_acl_of_its_directory() {
    let sandbox = Sandbox::new("attributes_inherited");
    if !has_acls(&sandbox) {
        return;
    }
    let layer = Layer::new()
        .dir("dir", 0o755)
        .xattr(DEFAULT, ACL)
        .file("dir/file", 0o640, "")
        .dir("dir/dir", 0o750)
        .fifo("dir/fifo", 0o622)
        .symlink("dir/link", "file")
        .char_device("dir/null", 0o600, 1, 3);
    let tree = pulled(&sandbox, layer, "");
    for (path, node) in &tree {
        let wanted: &[&str] = if path == b"dir" { &[DEFAULT] } else { &[] };
        assert_eq!(names(node), wanted, "{}", tree::show(path));
    }
    let modes = [("file", 0o640), ("dir", 0o750), ("fifo", 0o622)];
    for (name, mode) in modes {
        assert_eq!(tree[format!("dir/{name}").as_bytes()].mode, mode, "{name}");
    }
}

/// The disk was blamed with exit code 6, and the attribute was not named.
#[test]
fn an_attribute_that_linux_never_takes_is_named() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let long = format!("user.{}", "x".repeat(251));
    for name in ["user.", &long] {
        let sandbox = Sandbox::new("attributes_invalid");
        let layer = Layer::new().file("a", 0o644, "").xattr(name, "1");
        let image = Image::new().layer(layer).build();
        let layout = Layout::new().image("image", &image);
        layout.write(sandbox.path("layout"));
        let pull = ["pull", "--cache=no", "oci:layout:image", "dest"];
        let run = sandbox.roots(pull).run().fails(5);
        run.says(&format!(
            "a: malformed layer: its extended attribute {name} is not valid (layer "
        ));
        assert!(!sandbox.has("dest"));
    }
}
