//! File capabilities, POSIX ACLs, and attributes of every namespace.

use super::alone::Alone;
use super::peer::{self, umoci};
use crate::support::Sandbox;

/// What is in the layer, made with the tools that administrators have.
const TREE: &str = r#"
mkdir bin && for name in one many owned setuid readonly none ns plain; do cp /bin/true bin/$name; done
setcap cap_net_raw+ep bin/one
setcap cap_net_bind_service,cap_net_admin,cap_sys_admin+eip bin/many
chown 1000:2000 bin/owned && setcap cap_chown+p bin/owned
chown 7:8 bin/setuid && chmod 6755 bin/setuid && setcap cap_setuid+ep bin/setuid
chmod 0444 bin/readonly && setcap cap_kill=ei bin/readonly
chmod 0000 bin/none && setcap cap_fowner+ep bin/none
setcap -n 100000 cap_net_raw+ep bin/ns

mkdir acl acl/access acl/default acl/both acl/setgid
for name in user mask named readonly; do echo $name >acl/$name; done
setfacl -m u:1000:rwx acl/user
setfacl -m u:1000:rwx,g:2000:rwx,m::r-- acl/mask
setfacl -m u:4000000000:r--,g:0:---,o::--- acl/named
chown 12:34 acl/readonly && chmod 0440 acl/readonly && setfacl -m u:99:r-- acl/readonly
setfacl -m u:1000:r-x acl/access
setfacl -d -m u:1000:rwx,g:2000:r-x acl/default
setfacl -m g:3000:-wx -m d:u:1:---,d:o::rwx acl/both && chmod 1770 acl/both
chown 0:50 acl/setgid && chmod 2775 acl/setgid && setfacl -d -m g:50:rwx acl/setgid
for dir in default both setgid; do
    (cd acl/$dir && echo in >inherits && echo in >freed && setfacl -b freed && mkdir sub sub/sub freed.d &&
        setfacl -b freed.d && echo in >sub/sub/file && ln sub/sub/file twin && ln -s twin link && chmod 600 sub/sub/file)
done
mkfifo acl/default/fifo.freed && setfacl -b acl/default/fifo.freed && chmod 622 acl/default/fifo.freed
mknod acl/default/null.freed c 1 3 && setfacl -b acl/default/null.freed

mkdir attr && cd attr && touch user trusted both readonly
setfattr -n user.text -v 'a value' user
setfattr -n user.newline -v 0x0a0a3d0a user
setfattr -n user.$(printf '%0200d' 1) -v long user
setfattr -n user.large -v 0x$(printf '%06000d' 9) user
setfattr -n trusted.roots -v 0xff00fe trusted
setfattr -n user.one -v 1 -n trusted.two -v 2 both 2>/dev/null || setfattr -n user.one -v 1 both
chmod 0400 readonly && setfattr -n user.kept -v yes readonly
mkdir dir && setfattr -n user.on.dir -v d dir && setfattr -n trusted.on.dir -v d dir && chmod 0555 dir
ln user twin && ln -s user link
touch -d '2001-02-03 04:05:06 UTC' user trusted both readonly dir
"#;

/// What has attributes and cannot be opened for them.
const UNOPENED: &str = r#"
mkfifo fifo && setfacl -m u:1000:rw- fifo
mknod null c 1 3 && setfacl -m g:7:rw- null
mknod disk b 7 0 && setfattr -n trusted.disk -v 1 disk
ln -s fifo link && setfattr -h -n trusted.link -v 1 link
"#;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_attributes() {
    let sandbox = Sandbox::new("interop_attributes");
    compare(&sandbox, TREE);
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_attributes_of_what_is_not_opened() {
    let sandbox = Sandbox::new("interop_unopened");
    compare(&sandbox, UNOPENED);
}

/// Has umoci and GNU tar write the tree that a script makes.
fn compare(sandbox: &Sandbox, script: &str) {
    peer::script(&sandbox.mkdir("tree"), script);
    let attributes = ["--format=pax", "--xattrs", "--xattrs-include=*"];
    let tars = Alone::written(sandbox, "tree", "by-tar", &attributes);
    tars.unpack().assert_same("attributes, written by tar");

    let (layout, bundle) = (sandbox.path("layout"), sandbox.path("bundle"));
    let (layout, bundle) = (layout.to_str().unwrap(), bundle.to_str().unwrap());
    let image = format!("{layout}:image");
    umoci(&["init", "--layout", layout]);
    umoci(&["new", "--image", &image]);
    umoci(&["unpack", "--image", &image, bundle]);
    peer::script(&sandbox.path("bundle/rootfs"), script);
    umoci(&["repack", "--image", &image, bundle]);
    let manifest = peer::manifest(&format!("oci:{image}"));
    let digest = manifest["layers"][0]["digest"].as_str().unwrap();
    let blob = format!("layout/blobs/{}", digest.replace(':', "/"));
    peer::script(&sandbox.path(""), &format!("zcat {blob} >by-umoci.tar"));
    let umocis = Alone::of(sandbox, "by-umoci");
    umocis.unpack().assert_same("attributes, written by umoci");
}
