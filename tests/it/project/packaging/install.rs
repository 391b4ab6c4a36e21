//! `make install`: which binary it takes, and where everything goes.

use super::{installed_files, root};
use crate::support::{Ability, Sandbox, tree};
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// A folder with the Makefile and what it installs, but for the binary.
fn checkout() -> Sandbox {
    let sandbox = Sandbox::new("install");
    for name in ["fixtures", "Makefile", "README.md", "CHANGELOG.md"] {
        symlink(root().join(name), sandbox.path(name)).unwrap();
    }
    sandbox
}

/// A package that cargo builds in a second: its program prints `version`.
fn write_package(sandbox: &Sandbox, version: &str) {
    let package =
        "[package]\nname = \"roots\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n";
    sandbox.write("Cargo.toml", package);
    let lock = "version = 3\n\n[[package]]\nname = \"roots\"\nversion = \"1.0.0\"\n";
    sandbox.write("Cargo.lock", lock);
    sandbox.mkdir("src");
    sandbox.write(
        "src/main.rs",
        format!("fn main() {{ println!(\"{version}\"); }}\n"),
    );
}

fn make(sandbox: &Sandbox, arguments: &[&str], target: Option<&Path>) -> Output {
    let mut make = Command::new("make");
    make.arg("-s").args(arguments).arg("DESTDIR=a root");
    // What the build of these tests was told is not meant for this one.
    for name in [
        "MAKEFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_TARGET",
        "RUSTFLAGS",
    ] {
        make.env_remove(name);
    }
    let target = target.map(|target| ("CARGO_TARGET_DIR", target));
    let make = make.envs(target).current_dir(sandbox.path(""));
    make.output().unwrap()
}

fn succeeds(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// What was installed, with its modes.
fn installed(sandbox: &Sandbox) -> BTreeMap<String, u32> {
    let mut files = tree::list(sandbox.path("a root"));
    files.retain(|_, node| node.kind == tree::Kind::File);
    let path = |path: Vec<u8>| String::from_utf8(path).unwrap();
    let files = files.into_iter();
    files
        .map(|(name, node)| (path(name), node.mode & 0o7777))
        .collect()
}

/// What the program says that was installed below `prefix`.
fn version(sandbox: &Sandbox, prefix: &str) -> String {
    let binary = sandbox.path(format!("a root{prefix}/bin/roots"));
    let output = Command::new(binary).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where zsh finds completions below `prefix`.
fn zsh(prefix: &str) -> &'static str {
    match prefix == "/usr" && Path::new("/etc/debian_version").exists() {
        true => "vendor-completions",
        false => "site-functions",
    }
}

#[test]
fn what_is_installed_goes_again() {
    if Ability::Make.is_missing() {
        return;
    }
    for prefix in ["/usr", "/usr/local", "/opt/roots"] {
        let sandbox = checkout();
        sandbox.mkdir("target/static");
        sandbox.write("target/static/roots", "binary");
        let with_prefix = format!("PREFIX={prefix}");
        let prefixed: &[&str] = match prefix {
            // The default.
            "/usr/local" => &[],
            _ => &[&with_prefix],
        };
        let binary = [&["install", "BINARY=target/static/roots"], prefixed].concat();
        let output = make(&sandbox, &binary, None);
        succeeds(&output);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let below = |path: &str| format!("{}/{path}", &prefix[1..]);
        let mut expected = BTreeMap::from([(below("bin/roots"), 0o755)]);
        for (path, source) in installed_files(zsh(prefix)) {
            let path = below(&path);
            let file = std::fs::read(sandbox.path(source)).unwrap();
            assert!(sandbox.read(format!("a root/{path}")) == file, "{path}");
            expected.insert(path, 0o644);
        }
        assert_eq!(installed(&sandbox), expected);
        let output = make(&sandbox, &[&["uninstall"], prefixed].concat(), None);
        succeeds(&output);
        assert_eq!(installed(&sandbox), BTreeMap::new());
    }
}

/// Another distribution than the one that builds may be meant.
#[test]
fn the_folder_of_zsh_can_be_named() {
    if Ability::Make.is_missing() {
        return;
    }
    let sandbox = checkout();
    sandbox.write("binary", "binary");
    let install = [
        "install",
        "BINARY=binary",
        "PREFIX=/usr",
        "ZSH_COMPLETIONS=functions",
    ];
    succeeds(&make(&sandbox, &install, None));
    let files = installed(&sandbox);
    assert!(
        files.contains_key("usr/share/zsh/functions/_roots"),
        "{files:?}"
    );
}

/// The zsh of this machine looks there without being told.
#[test]
fn zsh_looks_where_its_completions_are_installed() {
    if Ability::Zsh.is_missing() {
        return;
    }
    let mut zsh_command = Command::new("zsh");
    let zsh_command = zsh_command
        .args(["-f", "-c", "print -l $fpath"])
        .env_remove("FPATH");
    let output = zsh_command.output().unwrap();
    let fpath = String::from_utf8(output.stdout).unwrap();
    let folder = format!("/usr/share/zsh/{}", zsh("/usr"));
    assert!(fpath.lines().any(|line| line == folder), "{fpath}");
}

/// It installed what lay in `target`, however old: first of all a static binary, which `make build` does not renew.
#[test]
fn no_stale_binary_is_installed() {
    if Ability::Make.is_missing() || Ability::Cargo.is_missing() {
        return;
    }
    let sandbox = checkout();
    write_package(&sandbox, "one");
    sandbox.mkdir("target/static");
    sandbox.write("target/static/roots", "stale");
    sandbox.mkdir("target/release");
    sandbox.write("target/release/roots", "stale");
    let elsewhere = sandbox.path("else where");
    let targets = [None, Some(elsewhere.as_path()), None];
    for (number, target) in targets.into_iter().enumerate() {
        let said = format!("version {number}");
        write_package(&sandbox, &said);
        succeeds(&make(&sandbox, &["install"], target));
        assert_eq!(version(&sandbox, "/usr/local"), said);
    }
    // Nothing has changed: cargo compiles nothing, and its binary is found all the same.
    succeeds(&make(&sandbox, &["install", "PREFIX=/usr"], None));
    assert_eq!(version(&sandbox, "/usr"), "version 2");
    // What is named is taken as it is.
    write_package(&sandbox, "newer");
    let install = ["install", "BINARY=else where/release/roots"];
    succeeds(&make(&sandbox, &install, Some(&elsewhere)));
    assert_eq!(version(&sandbox, "/usr/local"), "version 1");
}

/// cargo can be told in its configuration, too, where the binary goes.
#[test]
fn a_target_folder_of_the_configuration_is_found() {
    if Ability::Make.is_missing() || Ability::Cargo.is_missing() {
        return;
    }
    let sandbox = checkout();
    write_package(&sandbox, "configured");
    sandbox.mkdir(".cargo");
    sandbox.write(
        ".cargo/config.toml",
        "[build]\ntarget-dir = \"of config\"\n",
    );
    succeeds(&make(&sandbox, &["install"], None));
    assert_eq!(version(&sandbox, "/usr/local"), "configured");
    assert!(sandbox.has("of config/release/roots"));
}

#[test]
fn a_build_that_fails_installs_nothing() {
    if Ability::Make.is_missing() {
        return;
    }
    let sandbox = checkout();
    sandbox.mkdir("target/release");
    sandbox.write("target/release/roots", "stale");
    write_package(&sandbox, "does not compile");
    sandbox.write("src/main.rs", "fn main() {");
    // Root's PATH often has no cargo.
    for cargo in ["CARGO=/nonexistent/cargo", "CARGO=cargo"] {
        let output = make(&sandbox, &["install", cargo], None);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("install: nothing was built; "), "{said}");
        assert!(!sandbox.has("a root"));
    }
    let output = make(&sandbox, &["install", "BINARY=missing"], None);
    assert!(!output.status.success() && !sandbox.has("a root/usr/local/share"));
}

/// A quiet cargo looked as if nothing happened for a minute.
#[test]
fn the_demo_says_that_it_compiles() {
    if Ability::Make.is_missing() || Ability::Cargo.is_missing() {
        return;
    }
    let sandbox = checkout();
    write_package(&sandbox, "demo");
    sandbox.mkdir("target/demo");
    let output = make(&sandbox, &["demo"], None);
    succeeds(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Compiling roots"), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.starts_with("demo: compiling roots first, "),
        "{printed}"
    );
}
