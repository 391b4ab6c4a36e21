//! `--uid-shift`: umoci calls it a map of ids. And GNU tar's `--no-same-owner`, for `--strip-owner`.

use super::alone::Alone;
use super::{explained, peer};
use crate::support::{Sandbox, tree};

const TREE: &str = r#"
mkdir a && chown 5:50 a && chmod 2775 a && echo x >a/x && chown 1000:2000 a/x && ln a/x twin
cp /bin/true setuid && chown 7:8 setuid && chmod 6755 setuid
ln -s a/x link && chown -h 3:4 link
mkfifo fifo && chown 9:9 fifo && mknod null c 1 3 && chown 0:65534 null
mkdir -p a/b/c && touch a/b/c/d && chmod 0 a/b/c/d
"#;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_shifted_and_stripped() {
    let sandbox = Sandbox::new("interop_shifted");
    peer::script(&sandbox.mkdir("tree"), TREE);
    let tars = Alone::written(&sandbox, "tree", "by-tar", &["--format=pax"]);
    let layout = sandbox.path("by-tar.layout");
    let image = format!("{}:image", layout.display());
    let bundle = sandbox.path("bundle");
    let (uids, gids) = ("--uid-map=0:327680:65536", "--gid-map=0:327680:65536");
    let bundle_name = bundle.to_str().unwrap();
    peer::umoci(&["unpack", uids, gids, "--image", &image, bundle_name]);
    let pulled = |option: &str, dest: &str| {
        let image = format!("oci:{image}");
        let pull = ["pull", "--cache=no", option, &image, dest];
        sandbox.roots(pull).run().succeeds();
        tree::list(sandbox.path(dest))
    };
    let theirs = tree::list(bundle.join("rootfs"));
    assert_eq!(theirs[&b"a/x"[..]].uid, 327_680 + 1000);
    explained::assert_same(&pulled("--uid-shift=327680", "shifted"), &theirs);

    let folder = sandbox.mkdir("stripped-by-tar");
    let options = "--no-same-owner --preserve-permissions";
    let layer = tars.layer();
    peer::script(&folder, &format!("tar {options} -xf {}", layer.display()));
    let mut theirs = tree::list(folder);
    // tar leaves them, and they are then those of whoever runs it.
    assert_eq!(theirs[&b"setuid"[..]].mode, 0o6755);
    for node in theirs.values_mut() {
        node.mode &= 0o1777;
    }
    explained::assert_same_as("tar", &pulled("--strip-owner", "stripped"), &theirs);
}
