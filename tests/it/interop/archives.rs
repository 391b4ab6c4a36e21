//! Archives that the peers write: what they hold, and the digest that skopeo says they have.

use super::docker_registry::DockerRegistry;
use super::{changes, explained, peer, umocis_changes};
use crate::support::{Compression, Sandbox, tree};
use std::fs;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_archives() {
    let sandbox = Sandbox::new("interop_archives");
    let theirs = umocis_changes(&sandbox);
    let layout = format!("oci:{}:image", sandbox.path("layout").display());
    for form in ["oci-archive", "docker-archive"] {
        let file = sandbox.path(form);
        let name = format!("{form}:{}", file.display());
        let named = match form {
            "oci-archive" => format!("{name}:example.com/changes:1"),
            _ => format!("{name}:docker.io/library/changes:1"),
        };
        peer::copy(&layout, &named, &[]);
        let digest = sandbox.roots(["digest", &name]).run().succeeds();
        digest.prints(&peer::digest(&name));
        let bytes = fs::read(&file).unwrap();
        let gzip = Compression::Gzip.compress(&bytes, true);
        sandbox.write("gzip", &gzip);
        for (image, input) in [
            (&name, Vec::new()),
            (&named, Vec::new()),
            (&"./gzip".to_owned(), Vec::new()),
            (&"-".to_owned(), bytes.clone()),
            (&"-".to_owned(), gzip.clone()),
        ] {
            let pull = sandbox.roots(["pull", "--force", image, "dest"]);
            pull.stdin(input).run().succeeds();
            let ours = tree::list(sandbox.path("dest"));
            let mut theirs = theirs.clone();
            explained::times_of_directories(&mut theirs, &changes::TIMES);
            explained::empty_attributes(&mut theirs, &ours);
            explained::assert_same(&ours, &theirs);
        }
    }
}

/// What is saved, skopeo copies and buildah pulls, by OCI's index and by docker's list.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_saved() {
    let sandbox = Sandbox::new("interop_saved");
    let theirs = umocis_changes(&sandbox);
    let layout = format!("oci:{}:image", sandbox.path("layout").display());
    let registry = DockerRegistry::start(&sandbox);
    for format in ["oci", "v2s2"] {
        let name = registry.name("changes", format);
        let remote = format!("docker://{name}");
        peer::copy(&layout, &remote, &["--format", format]);
        let save = ["save", "--cache=no", &name, "-o", "saved.tar"];
        sandbox.roots(save).run().succeeds();
        let file = sandbox.path("saved.tar").display().to_string();
        let of_oci = format!("oci-archive:{file}");
        assert_eq!(peer::digest(&of_oci), peer::digest(&remote));
        for (number, archive) in [
            of_oci.clone(),
            format!("oci-archive:{file}:{name}"),
            format!("docker-archive:{file}"),
            format!("docker-archive:{file}:{name}"),
        ]
        .iter()
        .enumerate()
        {
            // By name, skopeo looks for OCI's own types only.
            if (format, number) == ("v2s2", 1) {
                continue;
            }
            let copy = sandbox.path(format!("{format}-{number}"));
            let copied = format!("oci:{}:image", copy.display());
            peer::copy(archive, &copied, &[]);
            let mut ours = peer::unpack(
                &copy,
                "image",
                &sandbox.path(format!("un-{format}-{number}")),
            );
            let mut theirs = theirs.clone();
            explained::times_of_directories(&mut theirs, &changes::TIMES);
            explained::times_of_directories(&mut ours, &changes::TIMES);
            assert_eq!(tree::diff(&ours, &theirs), [""; 0], "{archive}");
        }
        let storage = sandbox.path(format!("storage-{format}"));
        let root = storage.display().to_string();
        let always = ["--root", &root, "--runroot", &root, "--storage-driver=vfs"];
        let anything = r#"{"default":[{"type":"insecureAcceptAnything"}]}"#;
        let policy = sandbox.write("policy.json", anything).display().to_string();
        let pull = ["pull", "--quiet", "--signature-policy", &policy, &of_oci];
        let pull = [&always[..], &pull].concat();
        let id = peer::run("buildah", &pull);
        assert_eq!(id.trim().len(), 64, "buildah has it: {id}");
    }
}
