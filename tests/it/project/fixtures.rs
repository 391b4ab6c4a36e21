//! What is committed in fixtures/ is what its builder writes, and pulls into the tree that it should.

use crate::support::tar::MTIME;
use crate::support::{Sandbox, host_platform, sandbox, tree};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

mod demo;
pub(crate) mod program;

#[test]
fn demo_is_what_its_builder_writes() {
    let built = demo::files();
    let mut committed = BTreeMap::new();
    read(&demo(), "", &mut committed);
    assert_eq!(
        built.keys().collect::<Vec<_>>(),
        committed.keys().collect::<Vec<_>>(),
        "`make fixtures` writes them again"
    );
    for (path, bytes) in &built {
        assert!(committed[path] == *bytes, "{path} is another file");
    }
    assert!(committed.values().map(Vec::len).sum::<usize>() < 60_000);
}

#[test]
fn demo_becomes_a_garden() {
    for (architecture, size) in [("amd64", "203"), ("arm64", "202")] {
        let garden = GARDEN.replace("SIZE", size);
        let sandbox = Sandbox::new("demo");
        let platform = format!("linux/{architecture}");
        let arguments = ["pull", "--platform", &platform];
        sandbox
            .roots(arguments)
            .args([demo(), sandbox.path("dest")])
            .run()
            .succeeds();
        if sandbox::is_root() {
            assert_eq!(tree::outline(sandbox.path("dest")), garden);
        } else {
            assert_eq!(tree::sketch(sandbox.path("dest")), without_owners(&garden));
        }
        // Also of directories that a later layer wrote into, links and the root.
        let is_old = |node: &tree::Node| node.mtime == (MTIME, 0);
        assert!(tree::list(sandbox.path("dest")).values().all(is_old));
        let hello = sandbox.read("dest/usr/bin/hello");
        assert!(hello.ends_with(format!("for linux/{architecture}.\n").as_bytes()));
    }
}

/// The program inside is a real one.
#[test]
fn demo_says_hello() {
    let (_, architecture, _) = host_platform();
    if !["amd64", "arm64"].contains(&architecture) {
        return;
    }
    let sandbox = Sandbox::new("demo");
    let dest = sandbox.path("dest");
    let pull = sandbox.roots(["pull"]).args([&demo(), &dest]);
    pull.run().succeeds();
    let hello = std::process::Command::new(dest.join("bin/hello"))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&hello.stdout),
        format!("Hello from the roots demo, grown for linux/{architecture}.\n")
    );
    assert!(hello.status.success());
}

const GARDEN: &str = "\
l 0:0 bin -> usr/bin
d 0755 0:0 etc/
f 0644 0:0 40 etc/group
f 0644 0:0 7 etc/hostname
f 0644 0:0 152 etc/motd
l 0:0 etc/os-release -> ../usr/lib/os-release
f 0644 0:0 83 etc/passwd
f 0640 0:42 19 etc/shadow
d 0755 0:0 home/
d 0750 1000:1000 home/gardener/
l 1000:1000 home/gardener/garden -> /var/garden
f 0600 1000:1000 193 home/gardener/notes.txt
f 0644 0:0 147 home/gardener/tree.txt
l 0:0 lib -> usr/lib
d 0700 0:0 root/
d 0755 0:0 run/
f 0644 0:0 5 run/gate
d 1777 0:0 tmp/
d 0755 0:0 usr/
d 0755 0:0 usr/bin/
f 0755 0:0 SIZE usr/bin/hello
f 0755 0:0 40 usr/bin/plant
h usr/bin/sow -> usr/bin/plant
f 4755 0:0 SIZE usr/bin/water
d 0755 0:0 usr/lib/
f 0644 0:0 97 usr/lib/os-release
d 0755 0:0 usr/share/
d 0755 0:0 usr/share/garden/
h usr/share/garden/tree.txt -> home/gardener/tree.txt
d 0755 0:0 var/
d 0755 0:0 var/cache/
d 0755 0:0 var/cache/seeds/
d 2775 0:1000 var/garden/
f 0664 1000:1000 17 var/garden/beans
l 0:0 var/run -> /run
";

fn without_owners(outline: &str) -> String {
    let is_owner =
        |word: &&str| word.bytes().all(|b| b.is_ascii_digit() || b == b':') && word.contains(':');
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').filter(|word| !is_owner(word)).collect();
        words.join(" ") + "\n"
    };
    outline.lines().map(line).collect()
}

/// The committed demo. With ROOTS_BLESS=1 it is written again first, before any test looks at it.
fn demo() -> PathBuf {
    static BLESS: Once = Once::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
    BLESS.call_once(|| {
        if std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1") {
            fs::remove_dir_all(&folder).unwrap();
            for (path, bytes) in demo::files() {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    });
    folder
}

fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        let name = format!("{prefix}{}", name.to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(path).unwrap());
        }
    }
}
