//! The walks of README and of its man pages, command by command, in their order.

use crate::project::readme::read;
use crate::support::{Image, Layer, Registry, Sandbox, hello};
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

mod daily_job;
mod signatures;

const README: &str = "README.md";
const AIR_GAP: &str = "src/help/guide/roots-air-gap.txt";
const TREES: &str = "src/help/guide/roots-trees.txt";

/// The commands of a section of a page: what is indented.
fn commands(page: &str, heading: &str) -> String {
    let page = read(page);
    let (_, section) = page.split_once(&format!("# {heading}\n")).expect(heading);
    indented(section.split("\n##").next().unwrap())
}

fn indented(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Puts a program of the machine in front of those that there are.
fn tool(sandbox: &Sandbox, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = sandbox.write(format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a script where `roots` is the binary, the images are on a mirror, and what needs another machine does not.
fn run(sandbox: &Sandbox, mirror: &Registry, script: &str) {
    tool(sandbox, "ssh", "shift; exec sh -c \"$*\"");
    tool(
        sandbox,
        "mount",
        "test \"$*\" = \"-t tmpfs -o mode=755 tmpfs $PWD/newroot\" && mkdir newroot",
    );
    tool(sandbox, "switch_root", "test -x \"$1$2\"");
    let output = try_run(sandbox, mirror, script);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The same for a script that may fail.
fn try_run(sandbox: &Sandbox, mirror: &Registry, script: &str) -> Output {
    let bin = sandbox.mkdir("bin");
    if !sandbox.has("bin/roots") {
        symlink(env!("CARGO_BIN_EXE_roots"), bin.join("roots")).unwrap();
    }
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut command = Command::new("bash");
    command
        .args(["-eu", "-o", "pipefail", "-c", script])
        .current_dir(sandbox.mkdir("work"))
        .env_clear()
        .env("PATH", path)
        .env("HOME", sandbox.mkdir("home"))
        .env("ROOTS_CACHE", sandbox.path("cache"))
        .env("ROOTS_MIRRORS", format!("http://{}", mirror.host()));
    command.output().unwrap()
}

/// An image that says which platform it is for in a file. Returns the digest of its index.
fn for_both(mirror: &Registry, repository: &str, tag: &str) -> String {
    let image = |architecture| {
        let layer = Layer::new().file(format!("for-{architecture}"), 0o644, "");
        let image = Image::new().layer(layer);
        image.platform("linux", architecture, None).build()
    };
    let index = crate::support::Index::new();
    let index = index.image(&image("amd64")).image(&image("arm64")).build();
    mirror.push_index(repository, tag, &index);
    index.index.digest
}

/// README's walk, and all of the page that it leads to.
#[test]
fn across_an_air_gap() {
    let page = read(AIR_GAP);
    let (page, _) = page.split_once("\n## In an initramfs\n").unwrap();
    for script in [commands(README, "Cross an air gap"), indented(page)] {
        let (sandbox, mirror) = (Sandbox::new("air_gap"), Registry::start());
        mirror.push("owner/app", "1", &hello());
        for_both(&mirror, "library/debian", "bookworm");
        assert!(script.contains(" | ssh bare "), "{script}");
        // On a machine of a third kind, the first command would have to name a platform.
        let script = format!("export ROOTS_PLATFORM=linux/amd64\n{script}");
        run(&sandbox, &mirror, &script);
        assert_eq!(sandbox.names("work/debian"), ["for-amd64"]);
        assert_eq!(sandbox.names("work/app"), ["hello"]);
        if script.contains("./both.tar") {
            assert_eq!(sandbox.names("work/debian-arm64"), ["for-arm64"]);
            assert_eq!(sandbox.names("work/again"), ["for-amd64"]);
        }
    }
    assert!(page.contains("./both.tar") && page.contains("./again"));
}

#[test]
fn in_an_initramfs() {
    let (sandbox, mirror) = (Sandbox::new("initramfs"), Registry::start());
    let init = Layer::new().dir("sbin", 0o755).file("sbin/init", 0o755, "");
    mirror.push("host", "1", &Image::new().layer(init).build());
    let script = commands(README, "In an initramfs");
    assert_eq!(script, commands(AIR_GAP, "In an initramfs"));
    assert_eq!(script.matches("/newroot").count(), 4);
    // What is at the top of an initramfs is in a folder here.
    let script = script
        .replace(" /newroot", " $PWD/newroot")
        .replace(" /lock", " $PWD/initramfs/lock");
    run(&sandbox, &mirror, &script);
    assert!(sandbox.has("work/newroot/sbin/init"));
}
