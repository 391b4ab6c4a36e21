//! Archives that hold more than one image for one platform: what the peers make of them, and what they hold for them.

use super::docker_registry::DockerRegistry;
use super::peer;
use crate::support::{Index, Layout, Sandbox, marked};
use serde_json::Value;

/// Two images of two platforms each and an attestation, in a registry.
fn published(sandbox: &Sandbox) -> (DockerRegistry, [String; 2]) {
    let registry = DockerRegistry::start(sandbox);
    let names = ["one", "two"].map(|repository| {
        let [amd, arm] = ["amd64", "arm64"].map(|architecture| {
            marked(
                &format!("{repository}-{architecture}"),
                "linux",
                architecture,
                None,
            )
        });
        let index = Index::new().image(&amd).image(&arm);
        let index = index.attestation(&amd).build();
        let folder = sandbox.path(format!("layout-{repository}"));
        Layout::new().index("", &index).write(&folder);
        let name = registry.name(repository, "1");
        let layout = format!("oci:{}", folder.display());
        peer::copy(&layout, &format!("docker://{name}"), &["--all"]);
        name
    });
    (registry, names)
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_saved_together() {
    let sandbox = Sandbox::new("interop_saved_together");
    let (_registry, names) = published(&sandbox);
    let file = sandbox.path("saved.tar").display().to_string();
    for (number, platforms) in [
        &["--platform=linux/arm64"][..],
        &["--platform=linux/arm64", "--platform=linux/amd64"],
        &["--all-platforms"],
    ]
    .iter()
    .enumerate()
    {
        let save = [
            "save",
            "--cache=no",
            &names[0],
            &names[1],
            "-o",
            "saved.tar",
        ];
        sandbox.roots(save).args(*platforms).run().succeeds();
        for name in &names {
            let (archive, remote) = (
                format!("oci-archive:{file}:{name}"),
                format!("docker://{name}"),
            );
            if number > 0 {
                assert_eq!(peer::digest(&archive), peer::digest(&remote));
            }
            // The image for one of the platforms, as skopeo takes it from the registry.
            let copies = [(&archive, "ours"), (&remote, "theirs")].map(|(from, to)| {
                let to = format!("dir:{}", sandbox.path(format!("{to}-{number}")).display());
                peer::copy(from, &to, &["--override-arch=arm64"]);
                peer::manifest(&to)
            });
            assert_eq!(copies[0], copies[1], "{archive}");
            let copied = format!("oci:{}:x", sandbox.path(format!("oci-{number}")).display());
            peer::copy(&archive, &copied, &["--override-arch=arm64"]);
            assert_eq!(copies[0], peer::manifest(&copied));
            let of_docker = format!("docker-archive:{file}:{name}");
            let config: Value = serde_json::from_str(&peer::config(&of_docker)).unwrap();
            let wanted = if number == 2 {
                std::env::consts::ARCH
            } else {
                "aarch64"
            };
            let architecture = config["architecture"].as_str().unwrap();
            assert_eq!(
                architecture == "arm64",
                wanted == "aarch64",
                "{platforms:?}"
            );
        }
    }
    // All of it, attestations included, and back again into one that roots reads.
    for name in &names {
        let archive = format!("oci-archive:{file}:{name}");
        let all = sandbox.path("all").display().to_string();
        peer::copy(&archive, &format!("oci-archive:{all}:{name}"), &["--all"]);
        let digest = sandbox.roots(["digest", "--index", &format!("oci-archive:{all}:{name}")]);
        digest.run().succeeds().prints(&peer::digest(&archive));
        std::fs::remove_file(&all).unwrap();
    }
}
