//! What is packed and shown: the package's files are there or built, and the examples can be read.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_files_of_the_package_are_there_or_built() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, deb) = manifest.split_once("\n[package.metadata.deb]\n").unwrap();
    let (_, assets) = deb.split_once("assets = [\n").unwrap();
    let (assets, _) = assets.split_once("\n]").unwrap();
    let sources = assets.lines().map(|line| line.split('"').nth(1).unwrap());
    let sources: Vec<_> = sources.collect();
    assert!(sources.contains(&"target/static/roots"));
    for source in sources {
        // `make static` makes that one.
        let is_built = source == "target/static/roots";
        assert!(is_built || root().join(source).is_file(), "{source}");
    }
}

#[test]
fn the_examples_are_scripts() {
    for name in ["app.initd", "initramfs-hook"] {
        let path = root().join("fixtures/examples").join(name);
        let status = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{name}");
    }
}

/// The command of the service, run by a shell as systemd runs it: 0 restarts, 10 does not and is no failure.
#[test]
fn the_service_restarts_what_has_changed() {
    let service = root().join("fixtures/examples/app-update.service");
    let service = std::fs::read_to_string(service).unwrap();
    let value = |key: &str| service.lines().find_map(|line| line.strip_prefix(key));
    let command = value("ExecStart=").unwrap();
    let fine = value("SuccessExitStatus=").unwrap().parse().unwrap();
    assert_eq!(fine, i32::from(roots::error::UNCHANGED));
    for (code, restarts) in [(0, true), (fine, false), (75, false)] {
        let tools = format!("roots() {{ return {code}; }}; systemctl() {{ echo \"$@\"; }}; ");
        let command = command.replace("/bin/sh -c '", &format!("/bin/sh -c '{tools}"));
        let run = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert_eq!(run.status.code(), Some(code));
        let restarted = String::from_utf8(run.stdout).unwrap();
        assert_eq!(restarted == "try-restart app.service\n", restarts);
    }
}
