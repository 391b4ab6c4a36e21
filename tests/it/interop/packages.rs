//! What people install: a package whose files are hard links, and fifty thousand small files.

use super::alone::Alone;
use super::docker_registry::DockerRegistry;
use super::peer::{self, umoci};
use super::{debian, explained};
use crate::support::tree::{self, Tree};
use crate::support::{Image, Layer, Layout, Sandbox};

/// git as its authors install it: Debian has symlinks where `make install` makes hard links.
const LINKED: &str = r#"
cd usr/lib/git-core
for link in $(find . -type l); do
    target=$(readlink -f "$link") && ln -f "$target" "$link"
done
ln git ../../bin/again && cp -al ../../share/git-core ../../share/twins
"#;

/// Changes to it, which umoci makes a layer of.
const CHANGES: &str = r#"
cd usr/lib/git-core
rm git-add git-am
chmod 700 git-daemon
rm git-fetch && echo alone >git-fetch
ln git-log git-twin
rm -r ../../share/twins/contrib
"#;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_hard_links() {
    let sandbox = Sandbox::new("interop_hard_links");
    let package = debian::package("git");
    let package = package.to_str().unwrap();
    let root = sandbox.mkdir("tree");
    peer::run("dpkg-deb", &["-x", package, root.to_str().unwrap()]);
    peer::script(&root, LINKED);
    let alone = Alone::written(&sandbox, "tree", "git", &["--format=gnu"]);
    let trees = alone.unpack();
    let twins = trees.ours.values().filter(|node| node.twin.is_some());
    assert!(twins.count() > 100, "not a hard-linked tree");
    trees.assert_same("git");

    // And a layer on top, through a registry.
    let layout = sandbox.path("git.layout");
    let image = format!("{}:image", layout.display());
    let bundle = sandbox.path("bundle");
    umoci(&["unpack", "--image", &image, bundle.to_str().unwrap()]);
    peer::script(&bundle.join("rootfs"), CHANGES);
    umoci(&["repack", "--image", &image, bundle.to_str().unwrap()]);
    let ours = through_registry(&sandbox, &format!("oci:{image}"));
    let theirs = peer::unpack(&layout, "image", &sandbox.path("theirs"));
    explained::assert_same(&ours, &theirs);
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_small_files() {
    let sandbox = Sandbox::new("interop_small_files");
    sandbox.write("modules.tar", modules(500).tar());
    let mut trees = Alone::of(&sandbox, "modules").unpack();
    // The links of .bin and the packages of a scope do not follow one another.
    let mut returned = vec!["app/node_modules/.bin".to_owned()];
    returned.extend((0..10).map(|scope| format!("app/node_modules/@scope-{scope}")));
    explained::times_of_directories_returned_to(&mut trees.tars, &trees.ours, &returned);
    trees.assert_same("node_modules");

    // An update as npm does one: packages go, packages come.
    let update = (0..50).step_by(7).fold(Layer::new(), |layer, number| {
        let package = package(number);
        layer
            .whiteout(format!("app/node_modules/{package}"))
            .whiteout(format!("app/node_modules/.bin/{number}"))
    });
    let update = (1..50).step_by(11).fold(update, |layer, number| {
        let package = format!("app/node_modules/{}", package(number));
        layer.dir(&package, 0o755).opaque(&package).file(
            format!("{package}/index.js"),
            0o644,
            "rewritten",
        )
    });
    let image = Image::new().layer(modules(50)).layer(update).build();
    Layout::new()
        .image("image", &image)
        .write(sandbox.path("layout"));
    let layout = sandbox.path("layout");
    let ours = through_registry(&sandbox, &format!("oci:{}:image", layout.display()));
    let theirs = peer::unpack(&layout, "image", &sandbox.path("theirs"));
    explained::assert_same(&ours, &theirs);
}

/// Packages of a hundred files.
fn modules(packages: i64) -> Layer {
    let top = Layer::new()
        .dir(".", 0o755)
        .dir("app", 0o755)
        .dir("app/node_modules", 0o755)
        .dir("app/node_modules/.bin", 0o755);
    let scopes = (0..10).fold(top, |layer, scope| {
        layer.dir(format!("app/node_modules/@scope-{scope}"), 0o755)
    });
    (0..packages).fold(scopes, |mut layer, number| {
        let package = package(number);
        let link = format!("app/node_modules/.bin/{number}");
        layer = layer.symlink(link, format!("../{package}/lib/3/7.js"));
        let package = format!("app/node_modules/{package}");
        layer = layer
            .dir(&package, 0o755)
            .dir(format!("{package}/lib"), 0o755);
        for folder in 0..10 {
            layer = layer.dir(format!("{package}/lib/{folder}"), 0o755);
            for file in 0..10 {
                let path = format!("{package}/lib/{folder}/{file}.js");
                let mode = if file == 7 { 0o755 } else { 0o644 };
                let contents = format!("// {path}\n").repeat(file);
                layer = layer
                    .file(path, mode, contents)
                    .owner(1000, 1000)
                    .mtime(499_162_500 + number);
            }
        }
        layer
    })
}

fn package(number: i64) -> String {
    let scope = match number % 3 {
        0 => format!("@scope-{}/", number % 10),
        _ => String::new(),
    };
    format!("{scope}package-{number}")
}

/// Pulls a layout's image from a real registry.
pub(super) fn through_registry(sandbox: &Sandbox, image: &str) -> Tree {
    let registry = DockerRegistry::start(sandbox);
    let name = registry.name("some/image", "latest");
    peer::copy(image, &format!("docker://{name}"), &[]);
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    run.never_says("warning");
    tree::list(sandbox.path("dest"))
}
