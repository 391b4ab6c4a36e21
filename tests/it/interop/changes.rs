//! Layers that change one another in every way the image-spec has a word for (layer.md).

use crate::support::tar::MTIME;
use crate::support::{Image, Layer};

/// The seconds that the layers have for directories that no layer lists, and for those that these are made in.
pub(super) const TIMES: [(&str, i64); 5] = [
    ("", 1_500_000_000),
    ("same", 0),
    ("usr/lib", MTIME),
    ("usr/lib/later", 0),
    ("usr/lib/later/deep", 0),
];

/// The image of all of them.
pub(super) fn image() -> Image {
    Image::new().layer(lower()).layer(middle()).layer(upper())
}

/// What there is to be changed.
fn lower() -> Layer {
    Layer::new()
        .dir(".", 0o755)
        .mtime(1_500_000_000)
        .dir("etc", 0o755)
        .file("etc/removed", 0o644, "removed")
        .file("etc/rewritten", 0o644, "before")
        .file("etc/0000", 0, "no access")
        .dir("usr", 0o755)
        .dir("usr/bin", 0o755)
        .file("usr/bin/su", 0o6755, "#!/bin/sh\n")
        .hardlink("usr/bin/sudo", "usr/bin/su")
        .dir("usr/lib", 0o555)
        .file("usr/lib/libc.so.6.1", 0o755, "\x7fELF")
        .symlink("usr/lib/libc.so.6", "libc.so.6.1")
        .symlink("bin", "usr/bin")
        .symlink("lib", "/usr/lib")
        .dir("tmp", 0o1777)
        .dir("var", 0o755)
        .dir("var/opaque", 0o755)
        .dir("var/opaque/old", 0o700)
        .file("var/opaque/old/file", 0o600, "old")
        .dir("var/tree", 0o700)
        .file("var/tree/file", 0o600, "old")
        .dir("var/mail", 0o2775)
        .owner(8, 8)
        .file("var/mail/nobody", 0o660, "")
        .owner(65534, 8)
        .dir("dev", 0o755)
        .char_device("dev/null", 0o666, 1, 3)
        .block_device("dev/sda", 0o660, 8, 0)
        .owner(0, 6)
        .fifo("dev/pipe", 0o620)
        .hardlink("dev/pipe2", "dev/pipe")
        .dir("kinds", 0o755)
        .file("kinds/file-dir", 0o644, "file")
        .file("kinds/file-link", 0o644, "file")
        .dir("kinds/dir-file", 0o755)
        .file("kinds/dir-file/in", 0o644, "in")
        .dir("kinds/dir-link", 0o755)
        .file("kinds/dir-link/in", 0o644, "in")
        .symlink("kinds/link-file", "../etc/rewritten")
        .symlink("kinds/link-dir", "../etc")
        .symlink("kinds/link-link", "dangling")
        .fifo("kinds/fifo-file", 0o600)
        .dir("names", 0o755)
        .file([&b"names/"[..], &[b'n'; 255]].concat(), 0o644, "long")
        .file(b"names/\xff\xfe latin-1 \xe4", 0o644, "bytes")
        .file("names/new\nline", 0o644, "line")
        .file("names/.wharf", 0o644, "no whiteout")
        .symlink("names/far", [b'x'; 1000])
        .dir("times", 0o755)
        .file("times/fraction", 0o644, "")
        .pax("mtime", "1234567890.123456789")
        .file("times/before-1970", 0o644, "")
        .mtime(-86_400)
        .file("times/after-2038", 0o644, "")
        .mtime(5_000_000_000)
        .dir("owners", 0o755)
        .file("owners/large", 0o644, "")
        .owner(4_294_967_290, 2_097_152)
        .symlink("owners/link", "large")
        .owner(1000, 1000)
        .dir("xattrs", 0o755)
        .xattr("user.before", "goes away")
        .file("xattrs/file", 0o444, "")
        .xattr("user.binary", b"\0\xff=\n")
        .xattr("user.empty", "")
        .file("xattrs/capable", 0o755, "")
        .xattr(
            "security.capability",
            b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        )
}

/// Whiteouts, opaque directories, other kinds, hard links into the layer below.
fn middle() -> Layer {
    Layer::new()
        .dir("etc", 0o711)
        .owner(1, 2)
        .whiteout("etc/removed")
        .file("etc/rewritten", 0o600, "after")
        .owner(3, 4)
        .hardlink("etc/across", "usr/bin/su")
        .hardlink("etc/link-itself", "lib")
        .file("lib/through-a-link", 0o644, "usr/lib")
        .file("bin/new", 0o755, "usr/bin")
        .file("usr/bin/sudo", 0o755, "no twin any more")
        .whiteout("bin/missing")
        .dir("var/opaque", 0o750)
        .opaque("var/opaque")
        .file("var/opaque/new", 0o644, "new")
        .whiteout("var/tree")
        .whiteout("dev/pipe")
        .dir("kinds/file-dir", 0o700)
        .file("kinds/file-dir/in", 0o644, "in")
        .symlink("kinds/file-link", "../etc")
        .file("kinds/dir-file", 0o644, "file")
        .symlink("kinds/dir-link", "..")
        .file("kinds/link-file", 0o644, "file")
        .dir("kinds/link-dir", 0o750)
        .file("kinds/link-dir/in", 0o644, "not in etc")
        .symlink("kinds/link-link", "kinds")
        .file("kinds/fifo-file", 0o644, "file")
        .dir("xattrs", 0o755)
        .xattr("user.after", "replaces all")
}

/// Changes of changes: what was removed comes back, a marker comes last, parents are not listed.
fn upper() -> Layer {
    Layer::new()
        .file("etc/removed", 0o644, "again")
        .dir("var/tree", 0o755)
        .file("var/tree/other", 0o644, "new")
        .file("var/opaque/newer", 0o644, "stays")
        .opaque("var/opaque")
        .file("same/layer", 0o644, "a whiteout acts on lower layers only")
        .whiteout("same/layer")
        .whiteout("kinds/link-link")
        .whiteout("usr/bin/su")
        .file("lib/later/deep/file", 0o644, "parents that no layer lists")
}
