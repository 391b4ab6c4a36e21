//! Extended attributes: values are bytes, in two spellings.

use super::{pull, reads};
use crate::support::{Ability, Layer};

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
        .xattr("trusted.overlay.opaque", "y")
        .xattr("user.overlay.opaque", "y")
        .xattr("system.nfs4_acl", "x")
        .symlink("s", "f")
        .xattr("security.selinux", "system_u:object_r:usr_t:s0");
    let outcome = reads("the host's", layer, "f 0644 0 f\nl s -> f\n");
    let _ = outcome.run.clone().never_says("extended attributes");
    assert!(outcome.node("f").xattrs.is_empty());
}
