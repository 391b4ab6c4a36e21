//! What each option accepts, and that several of them add up.

use super::{Scene, offline};
use crate::support::sigstore::{Key, Kind, Signer, Sigstore, SimplePayload, Statement, Version};

const EXACT: [&str; 4] = [
    "--signer",
    "joe@example.com",
    "--issuer",
    "https://login.example.com",
];

fn joe() -> Signer {
    Signer::email("joe@example.com", "https://login.example.com")
}

#[test]
fn built_by_takes_a_repository_or_an_owner() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    for option in ["o/r", "O/R", "o/", "O/"] {
        scene.is_pulled(scene.pull(&["--built-by", option, "--force"]));
    }
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    for option in ["o/r-evil", "o/re", "oo/", "x/r", "x/"] {
        let run = scene.pull(&["--built-by", option]);
        let run = scene.is_refused(
            run,
            "signature not accepted: signed by https://github.com/o/r/",
        );
        run.says("hint: to accept that signer: --built-by o/r");
    }
}

#[test]
fn a_workflow_narrows_a_repository() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let pull = |workflow| scene.pull(&["--built-by", "o/r", "--workflow", workflow, "--force"]);
    for workflow in [
        ".github/workflows/build.yml",
        ".github/workflows/build.yml@refs/heads/main",
        "o/r/.github/workflows/build.yml",
    ] {
        scene.is_pulled(pull(workflow));
    }
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    for workflow in [
        ".github/workflows/build.yml@refs/heads/mai",
        ".github/workflows/build.yml@refs/tags/v1",
        ".github/workflows/build.ym",
        "x/y/.github/workflows/build.yml",
    ] {
        let run = scene.pull(&["--built-by", "o/r", "--workflow", workflow]);
        let run = scene.is_refused(
            run,
            "signed by https://github.com/o/r/.github/workflows/build.yml",
        );
        run.says("--workflow .github/workflows/build.yml@refs/heads/main");
    }
}

/// Its identity is a workflow of another repository: that one is no proof of who was built.
#[test]
fn a_reusable_workflow_signs_for_the_repository_that_uses_it() {
    let scene = Scene::new();
    let shared = "x/shared/.github/workflows/build.yml@refs/heads/main";
    let statement = Statement::provenance(&scene.index_digest());
    let signer = Signer::reusing("o/r", shared);
    scene.attach(&scene.sigstore.sign(statement, &signer).json());
    let run = scene.pull(&["--built-by", "x/shared"]);
    scene.is_refused(run, "signed by https://github.com/x/shared/");
    let workflow = "x/shared/.github/workflows/build.yml";
    scene.is_pulled(scene.pull(&["--built-by", "o/r", "--workflow", workflow]));
}

#[test]
fn a_signer_is_compared_exactly() {
    let scene = Scene::new();
    let statement = Statement::signature(&scene.index_digest());
    scene.attach(&scene.sigstore.sign(statement, &joe()).json());
    scene.is_pulled(scene.pull(&EXACT));
    let scene = Scene::new();
    let statement = Statement::signature(&scene.index_digest());
    scene.attach(&scene.sigstore.sign(statement, &joe()).json());
    for (signer, issuer) in [
        ("JOE@example.com", "https://login.example.com"),
        ("joe@example.com ", "https://login.example.com"),
        ("oe@example.com", "https://login.example.com"),
        ("joe@example.com", "https://login.example.com/"),
        ("joe@example.com", "http://login.example.com"),
        ("joe@example.com", "https://login.example.co"),
    ] {
        let run = scene.pull(&["--signer", signer, "--issuer", issuer]);
        let run = scene.is_refused(
            run,
            "signed by joe@example.com, who logged in at https://login.",
        );
        run.says("--signer joe@example.com --issuer https://login.example.com");
    }
}

#[test]
fn every_kind_of_key_signs_in_both_formats() {
    for key in [Key::p256(), Key::p384(), Key::ed25519(), Key::rsa()] {
        for is_legacy in [false, true] {
            let scene = Scene::new();
            scene.sandbox.write("key.pub", key.pem());
            let digest = scene.index_digest();
            if is_legacy {
                scene.tag(&digest, &[scene.legacy(&digest, &key)]);
            } else {
                scene.attach(
                    &scene
                        .sigstore
                        .sign(Statement::signature(&digest), &key)
                        .json(),
                );
            }
            scene.is_pulled(scene.pull(&["--signed-by", "key.pub"]));
        }
    }
}

#[test]
fn one_of_several_keys_is_enough() {
    let scene = Scene::new();
    let (old, new) = (Key::p256(), Key::ed25519());
    scene.sandbox.write("old.pub", old.pem());
    scene.sandbox.write("new.pub", new.pem());
    let statement = Statement::signature(&scene.index_digest());
    scene.attach(&scene.sigstore.sign(statement, &new).json());
    let run = scene.pull(&["--signed-by", "old.pub"]);
    scene.is_refused(run, "signature not accepted: signed with another key");
    scene.is_pulled(scene.pull(&["--signed-by", "old.pub", "--signed-by", "new.pub"]));
}

/// A registry may hold signatures of everybody.
#[test]
fn one_of_several_signatures_is_enough() {
    let scene = Scene::new();
    let digest = scene.index_digest();
    let sign = |signer: &Signer| {
        scene
            .sigstore
            .sign(Statement::signature(&digest), signer)
            .json()
    };
    scene.attach(&sign(&Signer::workflow("x/evil")));
    scene.attach(&sign(&joe()));
    scene.attach(&scene.bundle());
    let run = scene.is_pulled(scene.pull_built());
    run.never_says("joe").never_says("evil");
    let run = scene.pull(&["--built-by", "o/r", "--force", "--verbose"]);
    scene.is_pulled(run).says("signed by joe@example.com");
}

/// Each of them has to be met; one signature need not meet all.
#[test]
fn a_key_and_a_signer_add_up() {
    let scene = Scene::new();
    let (key, digest) = (Key::p256(), scene.index_digest());
    scene.sandbox.write("key.pub", key.pem());
    scene.attach(&scene.bundle());
    let both = ["--signed-by", "key.pub", "--built-by", "o/r"];
    scene.is_refused(scene.pull(&both), "no signature meets --signed-by\n");
    let scene = Scene {
        sandbox: crate::support::Sandbox::new("signatures"),
        ..scene
    };
    scene.sandbox.write("key.pub", key.pem());
    scene
        .sandbox
        .write("root.json", scene.sigstore.trusted_root());
    scene.tag(&digest, &[scene.legacy(&digest, &key)]);
    scene.is_pulled(scene.pull(&both));
}

#[test]
fn every_version_of_a_bundle_is_understood() {
    for version in [
        Version::V01,
        Version::V02,
        Version::V03WithParameter,
        Version::V03,
    ] {
        let scene = Scene::new();
        let statement = Statement::provenance(&scene.index_digest());
        let signing = scene.sigstore.sign(statement, &Signer::workflow("o/r"));
        scene.attach(&signing.version(version).to_string());
        scene.is_pulled(scene.pull_built());
    }
}

#[test]
fn every_log_and_a_timestamp_alone_prove_the_time() {
    for number in 0..3 {
        let scene = Scene::with(if number == 2 {
            Sigstore::github()
        } else {
            Sigstore::new()
        });
        let statement = Statement::provenance(&scene.index_digest());
        let signing = scene.sigstore.sign(statement, &Signer::workflow("o/r"));
        let signing = match number {
            0 => signing.in_rekor2(),
            1 => signing.kind(Kind::InToto),
            // The instance of GitHub has no log.
            _ => signing,
        };
        scene.attach(&signing.json());
        scene.is_pulled(scene.pull_built());
    }
}

#[test]
fn keyless_legacy_signatures_hold() {
    let scene = Scene::new();
    let digest = scene.index_digest();
    let signing = scene.sigstore.sign(SimplePayload::new(&digest), &joe());
    scene.tag(&digest, &[signing.legacy()]);
    scene.is_pulled(scene.pull(&EXACT));
}

/// Such a signature is over the bytes of the manifest itself.
#[test]
fn a_message_signature_over_the_manifest_holds() {
    let scene = Scene::new();
    let bytes = &scene.image.manifest.bytes[..];
    let bundle = scene.sigstore.sign(bytes, &Signer::workflow("o/r")).json();
    scene.attach_to(&scene.manifest_digest(), &bundle);
    scene.is_pulled(scene.pull_built());
}

/// The roots of sigstore and GitHub are in the program, and that of the test is not.
#[test]
fn a_trusted_root_replaces_the_embedded_ones() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let run = scene
        .sandbox
        .roots(["pull", &scene.name, "dest", "--built-by", "o/r"]);
    scene.is_refused(
        offline(run).run(),
        "recorded in an unknown transparency log",
    );
    let other = Sigstore::new();
    scene.sandbox.write("root.json", other.trusted_root());
    scene.is_refused(scene.pull_built(), "unknown");
    // Several, one a line, as `gh attestation trusted-root` prints them.
    let roots = [other.trusted_root(), scene.sigstore.trusted_root()];
    scene.sandbox.write("root.json", roots.join("\n"));
    scene.is_pulled(scene.pull_built());
}
