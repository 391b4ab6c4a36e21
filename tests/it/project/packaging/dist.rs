//! `tests/dist/pack.sh`: the archive and the package of Debian hold what `make install` installs, with licenses, and the same
//! binary gives the same bytes.

use super::{installed_files, root};
use crate::project::fixtures::program::program;
use crate::support::{Ability, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// What it needs is not all there.
fn cannot_pack() -> bool {
    let needed = [
        Ability::Make,
        Ability::Cargo,
        Ability::Python,
        Ability::Dpkg,
    ];
    needed.iter().any(|ability| ability.is_missing())
}

/// What `command` prints.
fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Packs a small program as one for `target`. `before` is a line of the shell that does it. Returns the folder of the results.
fn pack(sandbox: &Sandbox, target: &str, before: &str) -> PathBuf {
    let out = sandbox.path(format!("packed {}", before.len()));
    let binary = sandbox.write("binary", program("amd64", "hello\n"));
    let script = format!("{before}\nexec tests/dist/pack.sh \"$@\"");
    let mut sh = Command::new("sh");
    sh.args(["-ec", &script, "sh", target]).arg(binary);
    sh.arg(&out).current_dir(root());
    let variables = [
        ("CARGO_NET_OFFLINE", "true"),
        ("SOURCE_DATE_EPOCH", "1700000000"),
    ];
    assert_eq!(stdout(sh.envs(variables).env_remove("MAKEFLAGS")), "");
    out
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// As Debian writes it: its `~` is what sorts before the release.
fn debian_version() -> String {
    match version().split_once("-rc.") {
        Some((release, candidate)) => format!("{release}~rc{candidate}"),
        None => version().to_owned(),
    }
}

fn package(folder: &Path, architecture: &str) -> PathBuf {
    folder.join(format!("roots_{}_{architecture}.deb", version()))
}

#[test]
fn the_same_binary_is_packed_to_the_same_bytes() {
    if cannot_pack() {
        return;
    }
    let sandbox = Sandbox::new("dist_bytes");
    sandbox.mkdir("temporary");
    let temporary = sandbox.path("temporary");
    let elsewhere = format!(
        "umask 077; export LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo USER=nobody; chmod 2777 '{0}'; export TMPDIR='{0}'",
        temporary.display()
    );
    let first = files(&pack(&sandbox, TARGET, "umask 022"));
    let second = files(&pack(&sandbox, TARGET, &elsewhere));
    assert_eq!(first.len(), 3);
    for (name, bytes) in &first {
        assert!(second.get(name) == Some(bytes), "{name} differs");
    }
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0);
}

#[test]
fn the_archive_has_what_is_installed_and_the_licenses() {
    if cannot_pack() {
        return;
    }
    let sandbox = Sandbox::new("dist_archive");
    let out = pack(&sandbox, TARGET, "");
    let name = format!("roots-{}-{TARGET}", version());
    let mut tar = Command::new("tar");
    let tar = tar
        .arg("-tvzf")
        .arg(out.join(format!("{name}.tar.gz")))
        .env("TZ", "UTC");
    let listed = stdout(tar);
    let mut paths = BTreeSet::new();
    for line in listed.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let path = words[5].strip_prefix(&format!("{name}/")).unwrap();
        let mode = match path {
            "bin/roots" => "-rwxr-xr-x",
            _ => "-rw-r--r--",
        };
        assert_eq!([words[0], words[1]], [mode, "0/0"], "{line}");
        assert_eq!([words[3], words[4]], ["2023-11-14", "22:13"], "{line}");
        paths.insert(path.to_owned());
    }
    let mut expected: BTreeSet<_> = installed_files("site-functions").into_keys().collect();
    for path in [
        "bin/roots",
        "share/doc/roots/LICENSE",
        "share/doc/roots/THIRD-PARTY-LICENSES",
    ] {
        expected.insert(path.to_owned());
    }
    assert_eq!(paths, expected);
}

#[test]
fn the_package_has_what_is_installed() {
    if cannot_pack() {
        return;
    }
    let sandbox = Sandbox::new("dist_package");
    let package = package(&pack(&sandbox, TARGET, ""), "amd64");
    let files = stdout(Command::new("dpkg-deb").arg("-c").arg(&package));
    let files = files.lines().filter(|line| !line.starts_with('d'));
    let paths: BTreeSet<_> = files
        .map(|line| line.rsplit_once(" ./usr/").unwrap().1.to_owned())
        .collect();
    let compressed = |path: String| {
        let is_man_page = path.starts_with("share/man/");
        match is_man_page || path.ends_with("/CHANGELOG.md") {
            true => path + ".gz",
            false => path,
        }
    };
    let mut expected: BTreeSet<_> = installed_files("vendor-completions")
        .into_keys()
        .map(compressed)
        .collect();
    for path in [
        "bin/roots",
        "share/doc/roots/THIRD-PARTY-LICENSES.gz",
        "share/doc/roots/changelog.gz",
        "share/doc/roots/copyright",
        "share/lintian/overrides/roots",
    ] {
        expected.insert(path.to_owned());
    }
    assert_eq!(paths, expected);
    // No postinst: nothing is enabled or started.
    let control = sandbox.path("control");
    stdout(
        Command::new("dpkg-deb")
            .arg("-e")
            .args([&package, &control]),
    );
    let names: Vec<_> = self::files(&control).into_keys().collect();
    assert_eq!(names, ["control", "md5sums", "postrm", "prerm"]);
}

#[test]
fn each_target_has_its_architecture() {
    if cannot_pack() {
        return;
    }
    let sandbox = Sandbox::new("dist_targets");
    for (target, architecture) in [
        ("aarch64-unknown-linux-musl", "arm64"),
        ("armv7-unknown-linux-musleabihf", "armhf"),
        ("riscv64gc-unknown-linux-musl", "riscv64"),
    ] {
        let package = package(&pack(&sandbox, target, ""), architecture);
        let mut dpkg = Command::new("dpkg-deb");
        let dpkg = dpkg
            .arg("-f")
            .arg(package)
            .args(["Version", "Architecture"]);
        let expected = format!(
            "Version: {}\nArchitecture: {architecture}\n",
            debian_version()
        );
        assert_eq!(stdout(dpkg), expected);
    }
}

#[test]
fn a_candidate_sorts_before_its_release() {
    if Ability::Dpkg.is_missing() {
        return;
    }
    let (release, order) = match version().split_once('-') {
        Some((release, _)) => (release, "lt"),
        None => (version(), "eq"),
    };
    let mut dpkg = Command::new("dpkg");
    let dpkg = dpkg.args(["--compare-versions", &debian_version(), order, release]);
    assert!(dpkg.status().unwrap().success());
}

/// lintian has nothing to say but hints, and the one override is needed.
#[test]
fn lintian_finds_no_errors_and_no_warnings() {
    if cannot_pack() || Ability::Lintian.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("dist_lintian");
    let package = package(&pack(&sandbox, TARGET, ""), "amd64");
    let mut lintian = Command::new("lintian");
    lintian.args(["--show-overrides", "--fail-on", "none"]);
    let said = stdout(lintian.arg(package));
    let tags: Vec<_> = said
        .lines()
        .filter(|line| !line.starts_with("N:"))
        .collect();
    assert_eq!(tags, ["O: roots: statically-linked-binary [usr/bin/roots]"]);
}
