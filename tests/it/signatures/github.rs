//! GitHub's store of attestations: asked last, only for `--built-by`, and given nothing but a digest.

use super::Scene;
use crate::support::sigstore::{Signer, Sigstore, Statement};
use crate::support::{ALWAYS, Authority, Fault, Proxy, ReferrersApi, Registry, Run, TlsFront};
use serde_json::{Value, json};

/// A registry, and GitHub behind a proxy.
struct WithGitHub {
    scene: Scene,
    github: Registry,
    proxy: Proxy,
    _front: TlsFront,
}

impl WithGitHub {
    fn new() -> Self {
        Self::with(Scene::new())
    }

    fn with(scene: Scene) -> Self {
        let (github, proxy) = (Registry::start(), Proxy::start());
        let authority = Authority::new("an authority");
        let front = TlsFront::start(&github.host(), &authority.server(&["api.github.com"]));
        scene.sandbox.write("ca.pem", authority.pem());
        proxy.route("api.github.com:443", &front.address());
        Self {
            scene,
            github,
            proxy,
            _front: front,
        }
    }

    /// Stores bundles for the index.
    fn store(&self, place: &str, bundles: &[String]) {
        let bundle = |bundle: &String| -> Value {
            json!({"bundle": serde_json::from_str::<Value>(bundle).unwrap(), "repository_id": 7})
        };
        let page = json!({"attestations": bundles.iter().map(bundle).collect::<Vec<_>>()});
        let digest = &self.scene.index.index.digest;
        self.github.put_page(
            &format!("/{place}/attestations/{digest}"),
            &page.to_string(),
        );
    }

    fn pull(&self, options: &[&str]) -> Run {
        let command = self.scene.sandbox.roots(["pull", &self.scene.name, "dest"]);
        let command = command.args(["--trusted-root=root.json", "--ca-file=ca.pem"]);
        let command = command.env("HTTPS_PROXY", self.proxy.url());
        command.env("ROOTS_RETRIES", "0").args(options).run()
    }
}

#[test]
fn what_the_registry_lacks_may_be_at_github() {
    let github = WithGitHub::new();
    github.store("repos/o/r", &[github.scene.bundle()]);
    let run = github.pull(&["--built-by", "o/r", "--verbose"]);
    github
        .scene
        .is_pulled(run)
        .says("GET https://api.github.com/repos/o/r/attestations/sha256:");
    let requests = github.github.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].query("predicate_type"),
        ["https://slsa.dev/provenance/v1"]
    );
    assert_eq!(requests[0].header("authorization"), None);
}

/// Which images a machine uses is nobody else's business.
#[test]
fn github_is_not_asked_without_need() {
    let github = WithGitHub::new();
    github.scene.attach(&github.scene.bundle());
    github.scene.is_pulled(github.pull(&["--built-by", "o/r"]));
    github
        .pull(&["--signer", "a", "--issuer", "b", "--force"])
        .fails(5);
    let run = github.pull(&["--force"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    github
        .scene
        .sandbox
        .write("bundle.json", github.scene.bundle());
    let run = github.pull(&["--built-by=o/r", "--bundle=bundle.json", "--force"]);
    github.scene.is_pulled(run);
    assert!(github.proxy.lines().is_empty());
}

#[test]
fn an_owner_is_an_organisation_or_a_person() {
    let github = WithGitHub::new();
    github.store("users/o", &[github.scene.bundle()]);
    github.scene.is_pulled(github.pull(&["--built-by", "o/"]));
    let paths: Vec<_> = github
        .github
        .requests()
        .iter()
        .map(|request| request.path())
        .collect();
    let digest = &github.scene.index.index.digest;
    assert_eq!(
        paths,
        [
            format!("/orgs/o/attestations/{digest}"),
            format!("/users/o/attestations/{digest}")
        ]
    );
}

/// Private repositories, whose signatures are in no log.
#[test]
fn the_instance_of_github_needs_no_log() {
    let github = WithGitHub::with(Scene::with(Sigstore::github()));
    github.store("repos/o/r", &[github.scene.bundle()]);
    github.scene.is_pulled(github.pull(&["--built-by", "o/r"]));
}

#[test]
fn what_github_has_is_verified_like_all_else() {
    let github = WithGitHub::new();
    let sign = |signer: &str| {
        let statement = Statement::provenance(&github.scene.index_digest());
        github
            .scene
            .sigstore
            .sign(statement, &Signer::workflow(signer))
            .json()
    };
    github.store("repos/o/r", &[sign("x/evil")]);
    let run = github.pull(&["--built-by", "o/r"]);
    github
        .scene
        .is_refused(run, "signed by https://github.com/x/evil/");
    github.store("repos/o/r", &[sign("x/evil"), sign("o/r")]);
    github.scene.is_pulled(github.pull(&["--built-by", "o/r"]));
}

/// A bundle may be kept elsewhere: then it is `null`.
#[test]
fn attestations_without_a_bundle_are_left_out() {
    let github = WithGitHub::new();
    let digest = &github.scene.index.index.digest;
    let page = json!({"attestations": [{"bundle": null, "bundle_url": "https://x.example"}]});
    let path = format!("/repos/o/r/attestations/{digest}");
    github.github.put_page(&path, &page.to_string());
    let run = github.pull(&["--built-by", "o/r"]);
    github.scene.is_refused(run, "no signature");
}

#[test]
fn a_store_that_fails_is_a_network_that_fails() {
    let limit = [("x-ratelimit-remaining", "0")];
    for (fault, code, text) in [
        (Fault::status(500), 75, "status 500"),
        (
            Fault::status_with(403, &limit, "{}"),
            75,
            "rate limit exceeded",
        ),
        (Fault::status(429), 75, "rate limit exceeded"),
        // Too many at once.
        (
            Fault::status_with(403, &[("Retry-After", "60")], "{}"),
            75,
            "rate limit exceeded",
        ),
        (Fault::status(403), 4, "status 403"),
        (
            Fault::status_with(200, &[], "<html>"),
            1,
            "not a list of attestations",
        ),
    ] {
        let github = WithGitHub::new();
        github.github.fault("/attestations/", ALWAYS, fault);
        let run = github.pull(&["--built-by", "o/r"]);
        run.fails(code).says(text).never_says("no signature");
        assert!(!github.scene.sandbox.has("dest"));
    }
}

/// That somebody else has signed the image is known, whatever GitHub would say.
#[test]
fn a_store_that_fails_does_not_hide_another_signer() {
    let github = WithGitHub::new();
    let statement = Statement::provenance(&github.scene.index_digest());
    let other = github
        .scene
        .sigstore
        .sign(statement, &Signer::workflow("x/evil"));
    github.scene.attach(&other.json());
    github
        .github
        .fault("/attestations/", ALWAYS, Fault::status(500));
    let run = github.pull(&["--built-by", "o/r"]);
    let run = github
        .scene
        .is_refused(run, "signed by https://github.com/x/evil/");
    run.says("roots: warning: https://api.github.com/");
}

#[test]
fn offline_nobody_is_asked() {
    let github = WithGitHub::new();
    github.store("repos/o/r", &[github.scene.bundle()]);
    github.scene.is_pulled(github.pull(&["--built-by", "o/r"]));
    github.github.forget_requests();
    let connects = github.proxy.lines().len();
    let run = github.pull(&["--built-by", "o/r", "--offline", "--force"]);
    run.fails(5).says("no signature").says("--bundle FILE");
    assert_eq!(github.proxy.lines().len(), connects);
}

/// The credentials of the registry stay with it.
#[test]
fn github_gets_no_credentials() {
    let github = WithGitHub::new();
    github.scene.registry.require_basic("joe", "hunter2");
    github.scene.registry.referrers_api(ReferrersApi::Missing);
    github.store("repos/o/r", &[github.scene.bundle()]);
    let run = github.pull(&["--built-by", "o/r", "--auth", "joe:hunter2", "--verbose"]);
    github.scene.is_pulled(run).never_says("hunter2");
    for request in github.github.requests() {
        assert_eq!(request.header("authorization"), None);
    }
}
