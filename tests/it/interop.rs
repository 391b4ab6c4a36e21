//! What `roots` makes of an image, and what umoci makes of the same image, is the same tree.
//!
//! The images are built by umoci, GNU tar and this workshop; most come from a real registry, to which skopeo pushed
//! them. `make interop` installs these peers and debootstraps the Debian that one of the images starts from.

use crate::support::{Image, Index, Layer, Layout, Sandbox, tree};
use docker_registry::DockerRegistry;
use forms::Forms;
use std::time::SystemTime;

mod alone;
mod archives;
mod attributes;
mod authority;
mod changes;
mod containerd;
mod debian;
mod docker_registry;
mod explained;
mod forms;
mod looks;
mod mirrors;
mod names;
mod nspawn;
mod nspawn_use;
mod packages;
mod passwords;
mod peer;
mod random;
mod ranges;
mod saved;
mod service;
mod shifted;
mod signatures;
mod sparse;
mod subids;
mod tinyproxy;
mod tls;
mod usrmerge;
mod writers;

/// An ordinary user.
const NOBODY: u32 = 65534;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_debian_in_every_form() {
    let sandbox = Sandbox::new("interop_debian");
    debian::write(&sandbox.path("layout"), &sandbox);
    let theirs = peer::unpack(&sandbox.path("layout"), "image", &sandbox.path("theirs"));
    Forms::of(&sandbox, "layout").each(|ours| explained::assert_same(&ours, &theirs));
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_changes_in_every_form() {
    let sandbox = Sandbox::new("interop_changes");
    let theirs = umocis_changes(&sandbox);
    Forms::of(&sandbox, "layout").each(|ours| {
        let mut theirs = theirs.clone();
        explained::times_of_directories(&mut theirs, &changes::TIMES);
        explained::empty_attributes(&mut theirs, &ours);
        explained::assert_same(&ours, &theirs);
    });
}

#[test]
#[ignore = "needs the peers: make interop"]
#[expect(clippy::print_stdout, reason = "why nothing was compared, for the log")]
fn interop_ordinary_user() {
    let sandbox = Sandbox::new("interop_user");
    let mut theirs = umocis_changes(&sandbox);
    let home = sandbox.mkdir("user");
    std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody =
        format!("exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups \"$0\" \"$@\"");
    let can_start = ["--reuid=65534", "test", "-x", env!("CARGO_BIN_EXE_roots")];
    if peer::try_run("setpriv", &can_start).is_err() {
        println!("skipped: uid {NOBODY} cannot reach this checkout");
        return;
    }
    let layout = format!("oci:{}:image", sandbox.path("layout").display());
    let pull = sandbox.roots(["pull", "--cache=no", &layout, "dest"]);
    pull.cwd(&home).prelude(&as_nobody).run().succeeds();

    let ours = tree::list(home.join("dest"));
    explained::times_of_directories(&mut theirs, &changes::TIMES);
    explained::empty_attributes(&mut theirs, &ours);
    explained::what_a_user_may_have(&mut theirs, NOBODY);
    explained::assert_same(&ours, &theirs);
}

/// Whatever umoci unpacks, `roots` pulls, and the trees are the same. Most seeds make images that make sense.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_random_layers() {
    let mut compared = 0;
    for seed in 0..250 {
        let sandbox = Sandbox::new("interop_random");
        let (layout, start) = (sandbox.path("layout"), SystemTime::now());
        let image = random::image(seed).build();
        Layout::new().image("image", &image).write(&layout);
        let theirs = peer::try_unpack(&layout, "image", &sandbox.path("theirs"));
        let pull = sandbox
            .roots(["pull", "--cache=no", "./layout", "dest"])
            .run();
        let Ok(mut theirs) = theirs else {
            continue;
        };
        pull.succeeds();
        let ours = tree::list(sandbox.path("dest"));
        explained::directories_made_since(&mut theirs, start, &ours);
        assert_eq!(
            tree::diff(&ours, &theirs),
            [""; 0],
            "roots / umoci, seed {seed}"
        );
        compared += 1;
    }
    assert!(compared > 150, "{compared} images were compared");
}

/// The tree that umoci makes of the layers in changes.rs, which stay in `layout`.
fn umocis_changes(sandbox: &Sandbox) -> tree::Tree {
    let layout = Layout::new().image("image", &changes::image().build());
    layout.write(sandbox.path("layout"));
    peer::unpack(&sandbox.path("layout"), "image", &sandbox.path("theirs"))
}

/// Indexes in which the host's platform is not the first; one has an attestation, as buildx makes them.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_index() {
    let sandbox = Sandbox::new("interop_index");
    let registry = DockerRegistry::start(&sandbox);
    let wrong = Layer::new().file("wrong", 0o644, "platform");
    let other = Image::new().layer(wrong).platform("linux", "s390x", None);
    let (other, image) = (other.build(), changes::image().build());
    let index = || Index::new().image(&other).image(&image);
    Layout::new()
        .index("oci", &index().attestation(&image).build())
        .index("v2s2", &index().build())
        .write(sandbox.path("layout"));

    for format in ["oci", "v2s2"] {
        let name = registry.name("multi/platform", format);
        let peer = format!("docker://{name}");
        let source = format!("oci:{}:{format}", sandbox.path("layout").display());
        peer::copy(&source, &peer, &["--all", "--format", format]);
        let roots = |arguments: &[&str]| sandbox.roots(arguments).run().succeeds();
        roots(&["digest", "--index", &name]).prints(&peer::digest(&peer));

        // Without --all, skopeo copies what it chooses for this machine.
        let chosen = format!("dir:{}", sandbox.path(format).display());
        peer::copy(&peer, &chosen, &[]);
        let digest = peer::digest(&chosen);
        roots(&["digest", &name]).prints(&digest);
        roots(&["pull", &name, &format!("dest-{format}")]).prints(&digest);
    }
    let trees = ["dest-oci", "dest-v2s2"].map(|dest| tree::list(sandbox.path(dest)));
    explained::assert_same(&trees[0], &trees[1]);
    assert!(sandbox.has("dest-oci/etc/across") && !sandbox.has("dest-oci/wrong"));
}
