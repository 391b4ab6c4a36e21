//! The archives and layouts of everybody who writes them: skopeo, buildah, podman, umoci, containerd, and what is made of
//! them by hand as Bazel and buildpacks do it.

use super::containerd::Containerd;
use super::docker_registry::DockerRegistry;
use super::{explained, peer, umocis_changes};
use crate::support::tree::{self, Tree};
use crate::support::{Image, Index, Layer, Layout, Sandbox, hello_layer, marked};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What Bazel and buildpacks write, out of what skopeo wrote: layers compressed and called so, names with a slash.
const REWRITTEN: &str = r#"
mkdir -p bazel/blobs/sha256 packs && tar -C packs -xf docker-archive && rm -f packs/*/layer.tar packs/repositories
cp packs/manifest.json bazel/manifest.json && cp packs/*.json bazel
for layer in packs/*.tar; do
    hex=$(gzip -9nc "$layer" | sha256sum | cut -d ' ' -f 1)
    gzip -9nc "$layer" >"bazel/blobs/sha256/$hex.tar.gz"
    sed -i "s|\"${layer#packs/}\"|\"blobs/sha256/$hex.tar.gz\"|" bazel/manifest.json
done
sed -i -e 's|"Config":"|&/|' -e 's|"\([0-9a-f]*\.tar\)"|"/\1"|g' packs/manifest.json
grep -q '"/[0-9a-f]*\.tar"' packs/manifest.json && grep -q 'blobs/sha256/.*tar.gz' bazel/manifest.json
tar -C bazel -cf bazel.tar .
tar -C packs -P --transform 's|^\./\([0-9a-f]*\.[jt][a-z]*\)$|/\1|' -cf packs.tar .
tar -tPf packs.tar | grep -q '^/[0-9a-f]*\.tar$'
gzip -k bazel.tar && zstd -q packs.tar
"#;

/// No layer of these images has a later time: what has one was made by unpacking.
const YEAR_2020: Duration = Duration::from_secs(1_577_836_800);

/// Pulls an image, from its place and through a pipe, and compares tree and digest with the peers'.
#[expect(clippy::print_stdout, reason = "what was compared, for the log")]
fn assert_pulled(sandbox: &Sandbox, image: &str, digest: &str, theirs: &Tree) {
    println!("{image}: {}", digest.trim_end());
    let run = sandbox.roots(["digest", image]).run().succeeds();
    run.prints(digest);
    let archive = image.split_once("-archive:").map(|(_, file)| file);
    let input = archive.map_or_else(Vec::new, |file| fs::read(file).unwrap());
    for image in [image, "-"].iter().take(1 + usize::from(archive.is_some())) {
        let pull = sandbox.roots(["pull", "--force", image, "dest"]);
        pull.stdin(input.clone()).run().succeeds().prints(digest);
        let ours = tree::list(sandbox.path("dest"));
        let mut theirs = theirs.clone();
        explained::directories_made_since(&mut theirs, SystemTime::UNIX_EPOCH + YEAR_2020, &ours);
        explained::empty_attributes(&mut theirs, &ours);
        explained::assert_same(&ours, &theirs);
    }
}

/// Another name of a folder: podman takes none of more than 50 characters. It goes when dropped.
struct Short(PathBuf);

impl Short {
    fn of(folder: &Path) -> Self {
        let name = format!("interop-{}", std::process::id());
        let short = std::env::temp_dir().join(name);
        symlink(folder, &short).unwrap();
        Self(short)
    }
}

impl Drop for Short {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_writers() {
    let sandbox = Sandbox::new("interop_writers");
    let theirs = umocis_changes(&sandbox);
    let path = |name: &str| sandbox.path(name).display().to_string();
    let layout = format!("oci:{}:image", path("layout"));
    let root = path("storage");
    let short = Short::of(&sandbox.mkdir("run"));
    let run = short.0.display().to_string();
    let storage = ["--root", &root, "--runroot", &run, "--storage-driver=vfs"];
    let anything = r#"{"default":[{"type":"insecureAcceptAnything"}]}"#;
    let policy = sandbox.write("policy.json", anything).display().to_string();
    let policy = ["--signature-policy", &policy];
    let storages = |program: &str, command: &[&str], rest: &[&str]| {
        let arguments = [&storage[..], command, &policy, rest].concat();
        peer::run(program, &arguments).trim().to_owned()
    };
    let archive = |form: &str| format!("{form}:{}", path(form));
    for form in ["docker-archive", "oci-archive"] {
        let image = archive(form);
        peer::copy(&layout, &image, &[]);
        assert_pulled(&sandbox, &image, &peer::digest(&image), &theirs);
    }
    peer::script(&sandbox.path(""), REWRITTEN);
    for file in ["bazel.tar", "packs.tar"] {
        let image = format!("docker-archive:{}", path(file));
        let digest = peer::digest(&image);
        assert_eq!(digest, peer::digest(&archive("docker-archive")));
        assert_pulled(&sandbox, &image, &digest, &theirs);
    }
    let packed =
        ["bazel.tar.gz", "packs.tar.zst"].map(|file| format!("docker-archive:{}", path(file)));
    for image in packed {
        let digest = peer::digest(&archive("docker-archive"));
        assert_pulled(&sandbox, &image, &digest, &theirs);
    }
    // Their storage takes images apart, and loses what is written through a link of a lower layer.
    let plain = Image::new()
        .layer(Layer::new().dir(".", 0o755))
        .layer(hello_layer())
        .layer(
            Layer::new()
                .dir("etc", 0o755)
                .file("etc/passwd", 0o600, "root:x:0:0::/:/bin/sh\n")
                .hardlink("etc/passwd-", "etc/passwd")
                .symlink("bin", "usr/bin"),
        );
    let plain = plain.layer(Layer::new().whiteout("hello")).build();
    let folder = sandbox.path("plain");
    Layout::new().image("image", &plain).write(&folder);
    let unpacked = peer::unpack(&folder, "image", &sandbox.path("unpacked"));
    let image = format!("oci:{}:image", folder.display());
    let id = storages("buildah", &["pull", "--quiet"], &[&image]);
    for form in ["docker-archive", "oci-archive", "oci"] {
        let image = format!("{form}:{}", path(&format!("buildah-{form}")));
        storages("buildah", &["push", "--quiet"], &[&id, &image]);
        assert_pulled(&sandbox, &image, &peer::digest(&image), &unpacked);
    }
    for (format, form) in [
        ("docker-archive", "docker-archive"),
        ("oci-archive", "oci-archive"),
        ("oci-dir", "oci"),
    ] {
        let file = path(&format!("podman-{format}"));
        let save = ["save", "--quiet", "--format", format, "-o", &file];
        storages("podman", &save, &[&id]);
        let image = format!("{form}:{file}");
        assert_pulled(&sandbox, &image, &peer::digest(&image), &unpacked);
    }
    // umoci's layout, whose blobs are shared with others.
    fs::rename(sandbox.path("layout/blobs"), sandbox.path("store")).unwrap();
    symlink("../store", sandbox.path("layout/blobs")).unwrap();
    assert_pulled(&sandbox, &layout, &peer::digest(&layout), &theirs);
}

/// containerd has fetched one platform of an index, and writes that.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_one_platform() {
    let sandbox = Sandbox::new("interop_one_platform");
    let registry = DockerRegistry::start(&sandbox);
    let images = ["amd64", "arm64"].map(|name| marked(name, "linux", name, None));
    let index = Index::new().image(&images[0]).image(&images[1]);
    let folder = sandbox.path("layout");
    let index = index.attestation(&images[0]).build();
    Layout::new().index("", &index).write(&folder);
    let name = registry.name("some/image", "1");
    let layout = format!("oci:{}", folder.display());
    peer::copy(&layout, &format!("docker://{name}"), &["--all"]);
    let containerd = Containerd::start(&sandbox);
    for (metadata, file) in [(&[][..], "few.tar"), (&["--all-metadata"], "more.tar")] {
        let fetch = ["content", "fetch", "--plain-http", "--platform=linux/arm64"];
        containerd.ctr(&[&fetch, metadata, &[&name]].concat());
        let archive = sandbox.path(file).display().to_string();
        let export = [
            "images",
            "export",
            "--platform=linux/arm64",
            &archive,
            &name,
        ];
        containerd.ctr(&export);
        for image in [format!("./{file}"), format!("docker-archive:{file}")] {
            let pull = ["pull", "--force", "--platform=linux/arm64", &image, "dest"];
            sandbox.roots(pull).run().succeeds();
            assert_eq!(sandbox.names("dest"), ["arm64"], "{image}");
        }
        let image = format!("./{file}");
        for command in [
            &["digest", "--platform=linux/amd64", &image][..],
            &["save", "--all-platforms", &image, "-o", "x.tar"],
        ] {
            let run = sandbox.roots(command).run().fails(3);
            run.says("it has only linux/arm64 of the platforms in its index\n");
        }
    }
}
