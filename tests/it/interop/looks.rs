//! What `roots inspect` and `roots pull --dry-run` say of an image in a real registry, and what skopeo says of it.

use super::docker_registry::DockerRegistry;
use super::peer;
use crate::support::{Image, Index, Layout, Sandbox, hello_layer, marked, sha256};
use serde_json::{Value, json};

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_looks() {
    let sandbox = Sandbox::new("interop_looks");
    let registry = DockerRegistry::start(&sandbox);
    let image = Image::new().layer(hello_layer()).config(|document| {
        document["created"] = "2026-11-10T01:02:03Z".into();
        document["config"] = json!({"Env": ["A=b"], "Labels": {"a": "1"}});
    });
    let image = image.build();
    let far = marked("far", "linux", "s390x", None);
    let index = Index::new().image(&far).image(&image).attestation(&image);
    let folder = sandbox.path("layout");
    Layout::new().index("", &index.build()).write(&folder);
    let name = registry.name("a/b", "1");
    let remote = format!("docker://{name}");
    peer::copy(&format!("oci:{}", folder.display()), &remote, &["--all"]);
    let raw = |document: &str| {
        let run = sandbox.roots(["inspect", "--raw", document, &name]);
        run.run().succeeds().stdout
    };
    assert_eq!(raw("config").trim_end(), peer::config(&remote).trim_end());
    assert_eq!(sha256(raw("index")), peer::digest(&remote).trim_end());
    let said: Value = serde_json::from_str(&raw("index")).unwrap();
    assert_eq!(said, peer::manifest(&remote));

    let run = sandbox.roots(["inspect", "--json", &name]).run().succeeds();
    let ours: Value = serde_json::from_str(&run.stdout).unwrap();
    let theirs: Value = serde_json::from_str(&peer::summary(&remote)).unwrap();
    assert_eq!(ours["created"], theirs["Created"]);
    assert_eq!(ours["digest"], theirs["Digest"]);
    assert_eq!(ours["config"]["env"], theirs["Env"]);
    assert_eq!(ours["config"]["labels"], theirs["Labels"]);
    assert_eq!(ours["layers"][0]["digest"], theirs["Layers"][0]);
    assert_eq!(ours["manifest"], image.manifest.digest);

    sandbox
        .roots(["pull", "-n", &name, "dest"])
        .run()
        .succeeds();
    assert!(!sandbox.has("dest") && !sandbox.has("cache"));
    let asked = registry.asked();
    let layer = &image.layers[0].digest;
    let is_of_layer = |line: &&String| line.starts_with("roots: ") && line.contains(layer);
    assert_eq!(asked.iter().filter(is_of_layer).count(), 0, "{asked:#?}");
}
