//! Extended attributes: values are bytes, in two spellings.

use super::{pull, reads};
use crate::support::{Ability, Image, Layer, Layout, Sandbox, tree};

#[test]
fn values_are_bytes() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let values: [&[u8]; 9] = [
        b"plain",
        b"",
        b"a\0b\0",
        b"line\nline\n",
        b"\n",
        b"a=b=c",
        b"9 path=x\n",
        b"\xff\xfe\x00\x01",
        &[7; 2000],
    ];
    for value in values {
        let shown = value.escape_ascii().to_string();
        let layer = Layer::new()
            .file("f", 0o444, "hello")
            .xattr("user.a", value)
            .dir("d", 0o555)
            .xattr("user.a", value);
        let found = pull(&shown, layer).tree();
        for name in ["f", "d"] {
            let xattrs = &found[name.as_bytes()].xattrs;
            assert_eq!(
                xattrs.get("user.a").map(Vec::as_slice),
                Some(value),
                "{shown}"
            );
            assert_eq!(xattrs.len(), 1);
        }
    }
}

#[test]
fn libarchive_writes_them_in_base64() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let layer = Layer::new()
        .file("f", 0o644, "")
        .pax("LIBARCHIVE.xattr.user.a", "aGVsbG8=")
        .pax("LIBARCHIVE.xattr.user.b%3dc%25", "aGVsbG8")
        .pax("LIBARCHIVE.xattr.user.empty", "")
        .pax("LIBARCHIVE.creationtime", "1.5")
        .file("both", 0o644, "")
        .pax("SCHILY.xattr.user.a", "hello")
        .pax("LIBARCHIVE.xattr.user.a", "aGVsbG8=");
    let found = pull("base64", layer).tree();
    let xattrs: Vec<_> = found[&b"f"[..]].xattrs.iter().collect();
    let hello = b"hello".to_vec();
    let [a, b, empty] = ["user.a", "user.b=c%", "user.empty"].map(str::to_owned);
    assert_eq!(xattrs, [(&a, &hello), (&b, &hello), (&empty, &vec![])]);
    assert_eq!(found[&b"both"[..]].xattrs.len(), 1);
}

#[test]
fn what_cannot_be_set_is_counted_and_what_is_the_hosts_is_not() {
    let layer = Layer::new()
        .symlink("s", "x")
        .xattr("user.a", "not on symlinks")
        .fifo("p", 0o644)
        .xattr("user.a", "nor on fifos")
        .file("f", 0o644, "")
        .xattr("nonsense.a", "of no kind that there is");
    let outcome = reads("counted", layer, "f 0644 0 f\np 0644 p\nl s -> x\n");
    let _ = outcome.run.clone().says("3 extended attributes\n");

    let layer = Layer::new()
        .file("f", 0o644, "")
        .xattr("security.selinux", "system_u:object_r:usr_t:s0")
        .xattr("user.roots.image", "{}")
        .xattr("system.nfs4_acl", "x")
        .symlink("s", "f")
        .xattr("security.selinux", "system_u:object_r:usr_t:s0");
    let outcome = reads("the host's", layer, "f 0644 0 f\nl s -> f\n");
    let _ = outcome.run.clone().never_says("extended attributes");
    assert!(outcome.node("f").xattrs.is_empty());
}

#[test]
fn attributes_of_overlayfs_were_left_out_silently() {
    let lower = Layer::new()
        .dir("d", 0o755)
        .xattr("trusted.overlay.opaque", "y")
        .xattr("user.overlay.opaque", "y")
        .file("f", 0o644, "")
        .xattr("trusted.overlay.metacopy", "")
        .xattr("trusted.overlay.redirect", "/etc/shadow")
        .xattr("user.overlay.origin", "x")
        .fifo("p", 0o644)
        .xattr("user.overlay.upper", "x")
        .hardlink("h", "f")
        .xattr("user.overlay.nlink", "U+1");
    let sandbox = Sandbox::new("overlay_marks");
    let layers = [
        lower.clone(),
        Layer::new()
            .file("g", 0o644, "")
            .xattr("user.overlay.a", "x"),
    ];
    let image = layers.into_iter().fold(Image::new(), Image::layer).build();
    let layout = Layout::new().image("", &image);
    layout.write(sandbox.path("layout"));
    let roots = |arguments: &[&str]| sandbox.roots(arguments).run().succeeds();
    let pulled = roots(&["pull", "./layout", "dest"]);
    let _ = pulled.says(" 7 extended attributes\n");
    let found = tree::list(sandbox.path("dest"));
    assert!(found.values().all(|node| node.xattrs.is_empty()));
    let verified = roots(&["verify", "dest"]);
    assert_eq!(verified.stdout, "");
    let _ = verified
        .says("dest: left out 7 extended attributes of overlayfs\n")
        .says("dest: as in ");
    // What has gone from the tree is not counted.
    let verify = ["verify", "--partial", "--exclude=/f", "--exclude=/h"];
    let verified = sandbox.roots(verify).args(["dest", "./layout"]).run();
    assert_eq!(
        (&*verified.stdout, verified.code),
        ("added /f\nadded /h\n", Some(5))
    );
    let _ = verified.says("dest: left out 4 extended attributes of overlayfs\n");

    // Names that only begin alike are the image's own.
    if !Ability::Attributes.is_missing() {
        let alike = Layer::new()
            .file("f", 0o644, "")
            .xattr("user.overlay", "1")
            .xattr("user.overlays.a", "2");
        let outcome = reads("alike", alike, "f 0644 0 f\n");
        assert_eq!(outcome.node("f").xattrs.len(), 2);
        let _ = outcome.run.clone().never_says("extended attribute");
    }
    // From a global header they come to every entry.
    let global = Layer::new()
        .global_pax("SCHILY.xattr.user.overlay.x", "y")
        .file("f", 0o644, "");
    let outcome = reads("global", global, "f 0644 0 f\n");
    let _ = outcome.run.clone().says(" 2 extended attributes\n");
}
