//! A mirror is somebody else: it has credentials of its own, and sees those only.

use crate::support::{ALWAYS, Fault, Registry, Request, Sandbox, TokenRules, hello};
use serde_json::json;
use std::collections::BTreeSet;

/// Everything that a server was shown.
fn shown(registry: &Registry) -> BTreeSet<String> {
    let header = |request: &Request| request.header("authorization");
    registry.requests().iter().filter_map(header).collect()
}

/// `joe` has another password in each place.
fn logins(sandbox: &Sandbox, origin: &Registry, mirror: &Registry) {
    let entry = |password: &str| json!({"username": "joe", "password": password});
    let auths = json!({ origin.host(): entry("hunter2"), mirror.host(): entry("tr0ub4dor") });
    let config = json!({ "auths": auths }).to_string();
    sandbox.write("home/.docker/config.json", config);
}

/// `joe:hunter2` and `joe:tr0ub4dor`.
const ORIGINS: &str = "Basic am9lOmh1bnRlcjI=";
const MIRRORS: &str = "Basic am9lOnRyMHViNGRvcg==";

#[test]
fn each_sees_its_own_password() {
    let (sandbox, origin, mirror) = (
        Sandbox::new("secrets"),
        Registry::start(),
        Registry::start(),
    );
    let image = hello();
    let name = origin.push("a/b", "1", &image);
    mirror.push("a/b", "1", &image);
    origin.require_basic("joe", "hunter2");
    mirror.require_basic("joe", "tr0ub4dor");
    mirror.drop_blob("a/b", &image.layers[0].digest);
    logins(&sandbox, &origin, &mirror);
    let pull = ["pull", &name, "dest", "--mirror", &mirror.host()];
    sandbox.roots(pull).run().succeeds().never_says("mirror");
    assert_eq!(shown(&mirror), BTreeSet::from([MIRRORS.to_owned()]));
    assert_eq!(shown(&origin), BTreeSet::from([ORIGINS.to_owned()]));
    assert_eq!(mirror.requests().len(), 4);
    assert_eq!(origin.requests().len(), 2);
}

/// A mirror cannot have the registry's credentials spent by naming its realm, nor has a token for one any worth to the
/// other.
#[test]
fn each_sees_its_own_token() {
    let (origin, mirror) = (Registry::start(), Registry::start());
    let sandbox = Sandbox::new("secrets");
    let image = hello();
    let name = origin.push("a/b", "1", &image);
    mirror.push("a/b", "1", &image);
    origin.require_token(
        TokenRules::new()
            .user("joe", "hunter2")
            .text("for-the-registry"),
    );
    mirror.require_token_from(&mirror, TokenRules::new().text("for-the-mirror"));
    let realm = origin.url("/token");
    mirror.challenge([format!(
        "Bearer realm=\"{realm}\",service=\"registry.test\""
    )]);
    logins(&sandbox, &origin, &mirror);
    let pull = ["pull", &name, "dest", "--mirror", &mirror.host()];
    let run = sandbox.roots(pull).run().succeeds();
    run.says(&format!("warning: mirror {}: ", mirror.host()))
        .never_says("hunter2")
        .never_says("tr0ub4dor");
    assert_eq!(shown(&mirror), BTreeSet::new());
    let at_the_realm = origin.requests_for("/token");
    let asked: Vec<_> = at_the_realm
        .iter()
        .map(|r| r.header("authorization"))
        .collect();
    // The mirror's own password there, which is refused; without one, which is too; and the registry's.
    let expected = [Some(MIRRORS.to_owned()), None, Some(ORIGINS.to_owned())];
    assert_eq!(asked, expected);
}

#[test]
fn a_redirect_of_a_mirror_takes_nothing_along() {
    let (origin, mirror, storage) = (Registry::start(), Registry::start(), Registry::start());
    let sandbox = Sandbox::new("secrets");
    let image = hello();
    let name = origin.push("a/b", "1", &image);
    mirror.push("a/b", "1", &image);
    mirror.require_basic("joe", "tr0ub4dor");
    logins(&sandbox, &origin, &mirror);
    mirror.redirect_blobs_to(&storage);
    let pull = ["pull", &name, "dest", "--mirror", &mirror.host()];
    sandbox.roots(pull).run().succeeds().never_says("mirror");
    assert_eq!(storage.requests().len(), 2);
    assert_eq!(shown(&storage), BTreeSet::new());
    // The registry itself is another host, too.
    let there = origin.url("/v2/a/b/manifests/1");
    mirror.fault("/manifests/", ALWAYS, Fault::Redirect(there));
    let pull = ["pull", "--cache=no", &name, "other"];
    let pull = sandbox.roots(pull).args(["--mirror", &mirror.host()]);
    pull.run().succeeds().never_says("mirror");
    assert_eq!(origin.requests().len(), 1);
    assert_eq!(shown(&origin), BTreeSet::new());
}
