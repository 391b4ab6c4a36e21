//! The tools that `roots` is measured by, as Debian has them: docker-registry, skopeo, umoci.

use crate::support::{Sandbox, tree};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A real registry on a free port of loopback, with its storage in a sandbox. It ends when dropped.
pub(super) struct DockerRegistry {
    process: Child,
    address: String,
}

impl DockerRegistry {
    /// Starts it, and waits until it listens.
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        let storage = sandbox.mkdir("registry");
        let config = format!(
            "version: 0.1\n\
             log: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {storage:?}}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\n"
        );
        let log = sandbox.write("registry.log", "");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(sandbox.write("registry.yml", config))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .expect("docker-registry: make interop installs it");
        let mut registry = Self {
            process,
            address: String::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while registry.address.is_empty() {
            std::thread::sleep(Duration::from_millis(10));
            let said = fs::read_to_string(&log).unwrap();
            assert!(Instant::now() < deadline, "no registry:\n{said}");
            let address = said
                .split_once("listening on ")
                .and_then(|(_, rest)| rest.split_once('"'));
            registry.address = address
                .map(|(address, _)| address.to_owned())
                .unwrap_or_default();
        }
        registry
    }

    /// What users call an image in it.
    pub(super) fn name(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.address)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `skopeo copy`, between any two transports.
pub(super) fn copy(source: &str, destination: &str, options: &[&str]) {
    let always = [
        "--insecure-policy",
        "copy",
        "--quiet",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
    ];
    run(
        "skopeo",
        &[&always, options, &[source, destination]].concat(),
    );
}

/// The manifest of an image in any transport, as skopeo reads it.
pub(super) fn manifest(image: &str) -> Value {
    serde_json::from_str(&inspect(image, "--raw")).unwrap()
}

/// The digest of that manifest, or of the index, in a line.
pub(super) fn digest(image: &str) -> String {
    inspect(image, "--format={{.Digest}}")
}

fn inspect(image: &str, option: &str) -> String {
    run("skopeo", &["inspect", "--tls-verify=false", option, image])
}

/// `umoci unpack` of a layout's image into a folder, as a tree; what it says if it cannot.
pub(super) fn try_unpack(layout: &Path, tag: &str, bundle: &Path) -> Result<tree::Tree, String> {
    let image = format!("{}:{tag}", layout.display());
    try_run(
        "umoci",
        &["unpack", "--image", &image, bundle.to_str().unwrap()],
    )?;
    Ok(tree::list(bundle.join("rootfs")))
}

/// The same, which has to succeed.
pub(super) fn unpack(layout: &Path, tag: &str, bundle: &Path) -> tree::Tree {
    try_unpack(layout, tag, bundle).unwrap()
}

/// What GNU tar makes of a layer, which it does not know to be one: no whiteouts, please.
pub(super) fn untar(layer: &Path, folder: &Path) -> tree::Tree {
    extract(layer, folder);
    tree::list(folder)
}

/// `tar -x`, with all that root can restore.
pub(super) fn extract(layer: &Path, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let attributes = ["--xattrs", "--xattrs-include=*", "--numeric-owner"];
    let (layer, folder) = (layer.to_str().unwrap(), folder.to_str().unwrap());
    let where_to = ["-C", folder, "-xpf", layer];
    run("tar", &[&attributes[..], &where_to].concat());
}

/// GNU tar writes a folder as a layer, in a format and with options.
pub(super) fn tar(folder: &Path, layer: &Path, options: &[&str]) {
    let always = ["--numeric-owner", "--sort=name", "-cf"];
    let (layer, folder) = (layer.to_str().unwrap(), folder.to_str().unwrap());
    let what = [layer, "-C", folder, "."];
    run("tar", &[options, &always, &what].concat());
}

/// Runs a script of everyday tools in a folder.
pub(super) fn script(folder: &Path, script: &str) {
    let script = format!("set -eu; umask 022; cd {}; {script}", folder.display());
    run("sh", &["-c", &script]);
}

/// Runs umoci.
pub(super) fn umoci(arguments: &[&str]) {
    run("umoci", arguments);
}

/// Runs umoci, which has to fail and say why.
pub(super) fn umoci_refuses(arguments: &[&str], why: &str) {
    let output = Command::new("umoci").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "umoci {arguments:?}");
    assert!(said.contains(why), "umoci {arguments:?}\n{said}");
}

/// Runs a program that has to succeed; what it prints.
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    try_run(program, arguments).unwrap_or_else(|said| panic!("{program} {arguments:?}\n{said}"))
}

/// Runs a program; what it prints, or why it fails.
pub(super) fn try_run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{error}: make interop installs it"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
