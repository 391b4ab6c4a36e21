//! The tools that `roots` is measured by, as Debian has them: docker-registry, skopeo, umoci.

use crate::support::tree;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// `skopeo copy` to a registry whose certificate is looked at.
pub(super) fn push(source: &str, destination: &str, options: &[&str]) {
    let always = ["--insecure-policy", "copy", "--quiet"];
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

/// What skopeo knows of an image without its layers, as JSON.
pub(super) fn summary(image: &str) -> String {
    run(
        "skopeo",
        &["inspect", "--no-tags", "--tls-verify=false", image],
    )
}

/// The config of an image, as it is.
pub(super) fn config(image: &str) -> String {
    run(
        "skopeo",
        &["inspect", "--tls-verify=false", "--config", "--raw", image],
    )
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

/// What umoci says of a layout's image that it cannot unpack. When it gives up, it closes a layer that another of its
/// goroutines may still be hashing, and now and then it crashes before it says why.
pub(super) fn refusal(layout: &Path, tag: &str, bundle: &Path) -> String {
    for _ in 0..20 {
        let said = try_unpack(layout, tag, bundle).unwrap_err();
        if !said.starts_with("panic: ") {
            return said;
        }
        let _ = fs::remove_dir_all(bundle);
    }
    panic!("umoci crashes each time");
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
