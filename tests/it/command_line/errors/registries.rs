//! A registry answers, and says no.

use super::Scene;
use crate::support::{ALWAYS, Fault, TokenRules, hello};

pub(super) fn chapter(scene: &mut Scene) {
    scene.typed("no such tag", "pull HOST/acme/tool:2 ./tree");
    scene.typed("no tag at all", "pull HOST/acme/tool ./tree");
    scene.typed("no such repository", "pull HOST/acme/tol:1 ./tree");
    let limit = "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}";
    let again = Fault::status_with(429, &[("Retry-After", "90")], limit);
    for (title, fault) in [
        ("too many requests", Fault::status_with(429, &[], limit)),
        ("too many requests, for how long", again),
        ("a server in trouble", Fault::status(503)),
        ("a status that nobody expects", Fault::status(418)),
    ] {
        scene.registry.fault("/manifests/", ALWAYS, fault);
        scene.typed(title, "pull HOST/acme/tool:1 ./tree");
        scene.registry.recover();
    }
    let page = Fault::status_with(
        200,
        &[("Content-Type", "text/html")],
        "<html>\nLog in</html>",
    );
    scene.registry.fault("/manifests/", 1, page);
    scene.typed("a web page", "pull HOST/acme/tool:1 ./tree");
    let layer = hello().layers[0].digest.clone();
    scene.stands_for(layer.clone(), "sha256:LAYER");
    scene.registry.drop_blob("acme/tool", &layer);
    scene.typed("a layer that is lost", "pull HOST/acme/tool:1 ./tree");
    logins(scene);
}

fn logins(scene: &mut Scene) {
    scene
        .registry
        .require_token(TokenRules::new().user("joe", "hunter2"));
    scene.typed("a private image, or none", "pull HOST/acme/tool:1 ./tree");
    // Who types this may mean the file.
    let folder = scene.sandbox.path(scene.registry.host()).join("acme");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("image"), "").unwrap();
    scene.typed("a file of the same name", "pull HOST/acme/image ./tree");
    scene.typed(
        "a wrong password",
        "pull --auth joe:guess HOST/acme/tool:1 ./tree",
    );
    scene.typed(
        "no password and no file",
        "pull --auth key.json HOST/acme/tool:1 ./tree",
    );
    let host = scene.registry.host();
    let config =
        format!("{{\"auths\":{{\"{host}\":{{\"username\":\"joe\",\"password\":\"old\"}}}}}}");
    scene.sandbox.write("home/.docker/config.json", config);
    scene.typed("an old login", "pull HOST/acme/tool:1 ./tree");
}
