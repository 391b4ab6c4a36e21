//! A whole Debian, and what umoci makes of changes to it.

use super::peer::{self, umoci};
use crate::support::Sandbox;
use std::path::{Path, PathBuf};

/// What is done to the Debian, with everyday tools in its tree.
const CHANGES: &str = r#"
rm -r usr/share/doc var/log/apt
rm etc/issue.net bin/more
rm -r usr/share/common-licenses && ln -s /usr/share/nowhere usr/share/common-licenses
rm etc/motd && mkdir -m 1777 etc/motd && echo in >etc/motd/in
rm -r etc/skel && echo a file now >etc/skel
chmod 2750 srv && chown 33:33 srv
chmod 4711 usr/bin/env
chown -h 4294967290:70000 etc/os-release
cp -p usr/bin/perl usr/bin/a-copy
mkdir -p opt/deep/er && echo 1 >opt/deep/er/file && ln opt/deep/er/file opt/twin && ln opt/twin opt/deep/triplet
mkfifo -m 640 opt/pipe
mknod -m 660 opt/null c 1 3
long=$(printf '%0200d' 0)
echo long >"opt/$long" && ln -s "$long" opt/link && mkdir -p "opt/$long-d/$long" && touch "opt/$long-d/$long/f"
touch "opt/$(printf 'new\nline \303\244 \377')"
touch -d '1999-12-31 23:59:59.987654321 UTC' opt/twin
touch -h -d '2001-02-03 04:05:06 UTC' opt/link
touch -d '2002-02-02 02:02:02 UTC' opt/deep
setfattr -n user.roots -v 'a value' opt/twin
setfattr -n user.binary -v 0x00ff0a3d opt/deep
"#;

/// Writes a layout whose `image` has the layer of `make interop`, and three that umoci makes.
pub(super) fn write(layout: &Path, sandbox: &Sandbox) {
    let image = format!("{}:image", layout.display());
    base(layout);

    let bundle = sandbox.path("changes");
    let bundle = bundle.to_str().unwrap();
    umoci(&["unpack", "--image", &image, bundle]);
    let script = format!("set -eu; cd {bundle}/rootfs; {CHANGES}");
    peer::run("sh", &["-c", &script]);
    umoci(&["repack", "--image", &image, bundle]);

    sandbox.write("locale/de/only", "deutsch\n");
    let locale = sandbox.path("locale");
    let locale = locale.to_str().unwrap();
    umoci(&[
        "insert",
        "--image",
        &image,
        "--opaque",
        locale,
        "/usr/share/locale",
    ]);
    umoci(&[
        "insert",
        "--image",
        &image,
        "--whiteout",
        "/opt/deep/triplet",
    ]);
}

/// Writes a layout whose `image` has nothing but the layer of `make interop`.
pub(super) fn base(layout: &Path) {
    let base = format!("oci:{}:base", debootstrapped().display());
    peer::copy(&base, &format!("oci:{}:image", layout.display()), &[]);
}

/// The layout that `make interop` has debootstrapped.
fn debootstrapped() -> PathBuf {
    kept("debian")
}

/// A package that `make interop` has downloaded.
pub(super) fn package(name: &str) -> PathBuf {
    kept(&format!("{name}.deb"))
}

fn kept(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("interop/");
    let path = path.join(name);
    assert!(path.exists(), "{}: make interop makes it", path.display());
    path
}
