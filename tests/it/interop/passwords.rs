//! A docker-registry that lets in who is in its htpasswd, and the ways to say who one is.

use super::docker_registry::DockerRegistry;
use super::{changes, peer};
use crate::support::{Layout, Sandbox, tree};
use serde_json::json;

/// `joe` with the password `hunter2`, by bcrypt.
const HTPASSWD: &str = "joe:$2b$05$lwGV33j/Dm2GCU43MxLTdu7dea1WbecAk3YGJgIips/Uh4hYybXs6\n";

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_password_opens_a_registry() {
    let sandbox = Sandbox::new("interop_password");
    let users = sandbox.write("htpasswd", HTPASSWD);
    let auth = format!("auth: {{htpasswd: {{realm: 'The Registry', path: {users:?}}}}}\n");
    let registry = DockerRegistry::configured(&sandbox, "registry", "", &auth);
    let image = changes::image().build();
    let layout = sandbox.path("layout");
    Layout::new().image("image", &image).write(&layout);
    let name = registry.name("some/image", "1");
    let source = format!("oci:{}:image", layout.display());
    let options = ["--preserve-digests", "--dest-creds=joe:hunter2"];
    peer::copy(&source, &format!("docker://{name}"), &options);
    let from_layout = format!("oci:{}:image", layout.display());
    let pull = |name: &str, dest: &str| sandbox.roots(["pull", "--cache=no", name, dest]);
    pull(&from_layout, "straight").run().succeeds();

    let refused = pull(&name, "dest").run().fails(4);
    refused.says(" denies access");
    for wrong in ["joe:wrong", "jane:hunter2", "joe:"] {
        let run = pull(&name, "dest").arg("--auth=-").stdin(wrong).run();
        run.fails(4).says("refuses these credentials");
    }
    assert!(!sandbox.has("dest"));

    let entry = json!({"auths": {registry.host(): {"auth": "am9lOmh1bnRlcjI="}}}).to_string();
    let file = sandbox.write("auth.json", &entry);
    sandbox.write("run/containers/auth.json", &entry);
    sandbox.write("docker/config.json", &entry);
    let password = sandbox.write("password", "joe:hunter2\n");
    let ways = [
        pull(&name, "stdin").arg("--auth=-").stdin("joe:hunter2\n"),
        pull(&name, "file").arg("--auth").arg(password),
        pull(&name, "variable").env("ROOTS_AUTH", "joe:hunter2"),
        pull(&name, "inline").env("DOCKER_AUTH_CONFIG", entry),
        pull(&name, "authfile").env("REGISTRY_AUTH_FILE", file),
        pull(&name, "podmans").env("XDG_RUNTIME_DIR", sandbox.path("run")),
        pull(&name, "dockers").env("DOCKER_CONFIG", sandbox.path("docker")),
    ];
    let dests = [
        "stdin", "file", "variable", "inline", "authfile", "podmans", "dockers",
    ];
    let straight = tree::list(sandbox.path("straight"));
    for (way, dest) in ways.into_iter().zip(dests) {
        let run = way.arg("-v").run().succeeds();
        run.says("credentials from ")
            .never_says("hunter2")
            .never_says("am9l");
        let tree = tree::list(sandbox.path(dest));
        assert_eq!(tree::diff(&tree, &straight), [""; 0], "{dest}");
    }
}
