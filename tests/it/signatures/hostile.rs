//! What others may put into a registry or a layout: it must not make a wrong image right, nor a right one wrong.

use super::{BUNDLE, Scene, attach, bundle_manifest, offline};
use crate::support::image::{Blob, oci};
use crate::support::sigstore::{Key, Signer, SimplePayload, Statement};
use crate::support::{ALWAYS, Fault, Index, ReferrersApi, Registry};
use serde_json::{Value, json};

const TRUSTED: &str = "--trusted-root=root.json";

/// An index that nobody has signed, with an image that somebody has, whose signature is under the tag of the index.
fn half_signed() -> (Scene, Key) {
    let (scene, key) = (Scene::new(), Key::p256());
    scene.sandbox.write("key.pub", key.pem());
    let payload = SimplePayload::new(&scene.manifest_digest());
    let signature = scene.sigstore.sign(payload, &key).legacy();
    scene.tag(&scene.index_digest(), &[signature]);
    (scene, key)
}

/// The line that `save` prints is a lock: one of an index would lock whatever that lists for other platforms.
#[test]
fn what_save_prints_is_what_is_signed() {
    let (scene, key) = half_signed();
    let save = |options: &[&str]| {
        let command = scene
            .sandbox
            .roots(["save", &scene.name, "-o", "a.tar", "--force"]);
        command.args(["--signed-by", "key.pub"]).args(options).run()
    };
    let manifest = format!("{}@{}\n", scene.name, scene.image.manifest.digest);
    save(&[]).succeeds().prints(&manifest);
    attach(&scene.registry, &scene.index.index.digest, "{}");
    save(&["--signatures"]).succeeds().prints(&manifest);
    let statement = Statement::signature(&scene.manifest_digest());
    scene
        .sandbox
        .write("bundle.json", scene.sigstore.sign(statement, &key).json());
    save(&["--bundle", "bundle.json"])
        .succeeds()
        .prints(&manifest);
    // The archive has what it needs for that.
    let pull = scene
        .sandbox
        .roots(["pull", "./a.tar", "far", "--signed-by", "key.pub"]);
    pull.run().succeeds();
    let other = &scene.index.manifests[0].digest;
    let other = roots::oci::Digest::parse(other).unwrap();
    let signature = scene
        .sigstore
        .sign(SimplePayload::new(&other), &key)
        .legacy();
    scene.tag(&other, &[signature]);
    let (os, architecture, _) = crate::support::host_platform();
    let here = format!("{os}/{architecture}");
    let both = ["--platform", &here, "--platform", "linux/s390x"];
    save(&both).fails(5).says("signs another digest");
}

#[test]
fn what_nobody_signed_is_not_shown_as_signed() {
    let (scene, _) = half_signed();
    let run = |command: &[&str]| {
        let command = scene
            .sandbox
            .roots(command)
            .args([&scene.name, "--signed-by=key.pub"]);
        let run = command.run().succeeds();
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let manifest = scene.image.manifest.digest.as_str();
    let digest = run(&["digest", "--json"]);
    assert_eq!(
        (&digest["digest"], &digest["manifest"]),
        (&manifest.into(), &manifest.into())
    );
    let inspected = run(&["inspect", "--json"]);
    assert_eq!(inspected["digest"], manifest);
    assert!(!inspected.to_string().contains("s390x"));
}

/// Whoever may push could otherwise stop all pulls that demand a signature.
#[test]
fn a_damaged_signature_does_not_hide_a_good_one() {
    let lies: [fn(&mut Value, &mut Value); 3] = [
        |_, entry| entry["size"] = 100.into(),
        |manifest, _| manifest["layers"][0]["size"] = 10.into(),
        |manifest, _| manifest["layers"][0]["size"] = 100_000.into(),
    ];
    for lie in lies {
        let scene = Scene::new();
        let subject = &scene.index.index.digest;
        let junk = "x".repeat(500);
        let (manifest, mut entry) = bundle_manifest(&scene.registry, subject, &junk);
        let mut value = manifest.value();
        lie(&mut value, &mut entry);
        let manifest = Blob::json(oci::MANIFEST, &value);
        entry["digest"] = manifest.digest.clone().into();
        scene.registry.attach("o/n", subject, &manifest, entry);
        scene.attach(&scene.bundle());
        scene.is_pulled(scene.pull_built());
    }
    let scene = Scene::new();
    let large = Blob::new(oci::MANIFEST, " ".repeat(5 << 20));
    let mut entry = large.descriptor();
    (entry["size"], entry["artifactType"]) = (100.into(), BUNDLE.into());
    scene
        .registry
        .attach("o/n", &scene.index.index.digest, &large, entry);
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
}

/// Some registries refuse the API for referrers to users without an account.
#[test]
fn signatures_under_tags_count_where_listing_is_refused() {
    for status in [401, 403, 410] {
        let (scene, _) = half_signed();
        scene
            .registry
            .fault("/referrers/", ALWAYS, Fault::status(status));
        scene.is_pulled(scene.pull(&["--signed-by", "key.pub"]));
    }
}

#[test]
fn a_signature_on_two_hosts_is_one() {
    let scene = Scene::new();
    let mirror = Registry::start();
    mirror.push_index("o/n", "1", &scene.index);
    mirror.referrers_api(ReferrersApi::Listed);
    for registry in [&mirror, &scene.registry] {
        attach(registry, &scene.index.index.digest, &scene.bundle());
    }
    let bundle = scene.bundle();
    attach(&mirror, &scene.index.index.digest, &bundle);
    scene.attach(&bundle);
    let run = scene.pull(&["--signer", "a", "--issuer", "b", "--mirror", &mirror.host()]);
    run.fails(5).says("none of its 3 signatures is accepted: ");
}

/// An index in an index, as some tools push it.
#[test]
fn a_signature_of_a_nested_index_counts() {
    let scene = Scene::new();
    let outer = Index::new().nested(&scene.index).build();
    let name = scene.registry.push_index("o/n", "outer", &outer);
    scene.attach(&scene.bundle());
    let run = |arguments: &[&str]| {
        let command = scene
            .sandbox
            .roots(arguments)
            .args([TRUSTED, "--built-by=o/r"]);
        offline(command).run()
    };
    run(&["pull", &name, "dest"]).succeeds();
    let saved = run(&["save", &name, "-o", "a.tar"]).succeeds();
    // The outer one is not signed, so it stays behind.
    saved.prints(&format!("{name}@{}\n", scene.index.index.digest));
    run(&["pull", "./a.tar", "far"]).succeeds();
}

/// A layout of many images, some of them damaged, one of them signed.
#[test]
fn other_images_of_a_layout_do_not_matter() {
    let (scene, key) = (Scene::new(), Key::p256());
    scene.sandbox.write("key.pub", key.pem());
    let blobs = scene.sandbox.mkdir("layout/blobs/sha256");
    let put = |blob: &Blob| std::fs::write(blobs.join(blob.hex()), &blob.bytes).unwrap();
    scene
        .image
        .blobs()
        .chain([&scene.image.manifest])
        .for_each(put);
    let named = |blob: &Blob, name: &str| {
        let mut entry = blob.descriptor();
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        entry
    };
    let mut entries = vec![named(&scene.image.manifest, "signed")];
    for number in 0..400 {
        let other = Blob::json(oci::MANIFEST, &json!({"number": number}));
        let mut entry = named(&other, &format!("other-{number}"));
        match number % 4 {
            // Another size than it has, one that nobody reads, or not there.
            0 => entry["size"] = 3.into(),
            1 => entry["size"] = (9 << 20).into(),
            2 => {}
            _ => put(&other),
        }
        entries.push(entry);
    }
    let payload = SimplePayload::new(&scene.manifest_digest());
    let signature = scene.sigstore.sign(payload, &key).legacy();
    put(&Blob::new("", signature.payload.clone()));
    let signature = super::legacy_manifest(&scene.registry, &[signature]);
    put(&signature);
    let tag = format!("sha256-{}.sig", scene.image.manifest.hex());
    entries.push(named(&signature, &tag));
    let index = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": entries});
    scene.sandbox.write("layout/index.json", index.to_string());
    scene
        .sandbox
        .write("layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    let pull = |name: &str| {
        let image = format!("oci:layout:{name}");
        scene
            .sandbox
            .roots(["pull", &image, "dest", "--signed-by=key.pub", "--force"])
            .run()
    };
    pull("signed").succeeds();
    // Another image has no signature, and the signature of the first does not count for it.
    let bare = crate::support::marked("bare", "linux", "amd64", None);
    bare.blobs().chain([&bare.manifest]).for_each(put);
    entries[1] = named(&bare.manifest, "bare");
    let index = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": entries});
    scene.sandbox.write("layout/index.json", index.to_string());
    let command = scene
        .sandbox
        .roots(["pull", "oci:layout:bare", "dest", "--signed-by=key.pub"]);
    let run = command.args(["--force", "--platform=linux/amd64"]).run();
    run.fails(5).says("oci:layout:bare: no signature\n");
}

/// A list may say anything of what it lists; an archive must not repeat it.
#[test]
fn an_archive_has_the_true_sizes() {
    let scene = Scene::new();
    let (manifest, mut entry) =
        bundle_manifest(&scene.registry, &scene.index.index.digest, &scene.bundle());
    entry["size"] = 3.into();
    entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
    scene
        .registry
        .attach("o/n", &scene.index.index.digest, &manifest, entry);
    let run = |arguments: &[&str]| {
        let command = scene
            .sandbox
            .roots(arguments)
            .args([TRUSTED, "--built-by=o/r"]);
        offline(command).run()
    };
    run(&["save", &scene.name, "-o", "a.tar"]).succeeds();
    run(&["pull", "./a.tar", "far"]).succeeds();
}

/// Who may push could make every pull verify thousands of signatures.
#[test]
fn no_more_than_some_hundred_signatures_are_tried() {
    let (scene, key) = (Scene::new(), Key::p256());
    scene.sandbox.write("key.pub", key.pem());
    let other = Key::p256();
    for _ in 0..5 {
        let payload = SimplePayload::new(&scene.index_digest());
        let signatures = (0..64).map(|_| scene.sigstore.sign(payload.clone(), &other).legacy());
        let signatures: Vec<_> = signatures.collect();
        let mut manifest = super::legacy_manifest(&scene.registry, &signatures).value();
        manifest["subject"] = scene.index.index.descriptor();
        let manifest = Blob::json(oci::MANIFEST, &manifest);
        let entry = manifest.descriptor();
        scene
            .registry
            .attach("o/n", &scene.index.index.digest, &manifest, entry);
    }
    let run = scene.pull(&["--signed-by", "key.pub"]);
    let run = run.fails(5).says("no more than 256 signatures are tried");
    run.says("none of its 256 signatures is accepted: signed with another key\n");
}

/// A name of a workflow with a blank in it would add an option to the hint.
#[test]
fn a_hint_has_no_options_of_the_signer() {
    let scene = Scene::new();
    let mut signer = Signer::workflow("o/r");
    let file = "https://github.com/o/r/.github/workflows/a.yml --insecure b.yml@refs/heads/main";
    signer.names = vec![crate::support::sigstore::Name::Uri(file.to_owned())];
    let statement = Statement::signature(&scene.index_digest());
    scene.attach(&scene.sigstore.sign(statement, &signer).json());
    let workflow = ".github/workflows/x.yml";
    let run = scene.pull(&["--built-by", "o/r", "--workflow", workflow]);
    scene
        .is_refused(run, "signed by ")
        .never_says("hint: to accept");
}

/// Two demands, each met by another document: both cover the manifest, and only one the index.
#[test]
fn an_index_that_meets_one_of_two_demands_is_not_saved() {
    let (scene, _) = half_signed();
    scene.attach(&scene.bundle());
    let both = ["--signed-by", "key.pub", "--built-by", "o/r", TRUSTED];
    let command = scene
        .sandbox
        .roots(["save", &scene.name, "-o", "a.tar"])
        .args(both);
    let run = offline(command).run().succeeds();
    let run = run.says("not saved, since it is of an index that is not signed as demanded");
    run.prints(&format!("{}@{}\n", scene.name, scene.image.manifest.digest));
    let command = scene
        .sandbox
        .roots(["digest", "--json", &scene.name])
        .args(both);
    let digest = offline(command).run().succeeds().stdout;
    assert!(!digest.contains(&scene.index.index.digest), "{digest}");
}

/// The record of one platform once vouched for another of the same index, which nobody had signed.
#[test]
fn a_record_does_not_vouch_for_another_platform() {
    let (scene, _) = half_signed();
    let (os, architecture, _) = crate::support::host_platform();
    let here = format!("{os}/{architecture}");
    let pull = |platform: &str, options: &[&str]| {
        let command = scene
            .sandbox
            .roots(["pull", "--platform", platform, "--update"]);
        command.args(options).args([&scene.name, "dest"]).run()
    };
    let demand = ["--signed-by", "key.pub"];
    pull(&here, &demand).succeeds();
    pull("linux/s390x", &[]).succeeds();
    let record = scene.sandbox.roots(["inspect", "dest"]).run().succeeds();
    assert!(!record.stdout.contains("signatures"), "{}", record.stdout);
    pull("linux/s390x", &demand).fails(5);
    // Back again, it is checked again.
    pull(&here, &demand).succeeds();
}

/// Such an index may call the image of one platform that of another.
#[test]
fn an_unsigned_index_does_not_name_the_platform_of_a_signed_manifest() {
    let (scene, key) = (Scene::new(), Key::p256());
    scene.sandbox.write("key.pub", key.pem());
    let index = Index::new().image_with(&scene.image, |entry| {
        entry["platform"] = json!({"os": "linux", "architecture": "s390x"});
    });
    let name = scene.registry.push_index("o/n", "lie", &index.build());
    let payload = SimplePayload::new(&scene.manifest_digest());
    let signature = scene.sigstore.sign(payload, &key).legacy();
    scene.tag(&scene.manifest_digest(), &[signature]);
    let pull = |options: &[&str]| {
        let command = scene
            .sandbox
            .roots(["digest", "--platform=linux/s390x", &name]);
        command.args(options).run()
    };
    pull(&[]).succeeds();
    let run = pull(&["--signed-by", "key.pub"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
}

/// The record of a tree is no proof, and a folder may have the name of an image.
#[test]
fn inspect_demands_signatures_of_images_only() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    let inspect = scene
        .sandbox
        .roots(["inspect", "dest", "--built-by", "o/r"]);
    inspect
        .run()
        .fails(2)
        .says("--built-by: only together with an IMAGE");
    let inspect = scene.sandbox.roots(["inspect", "dest"]);
    inspect.env("ROOTS_BUILT_BY", "o/r").run().succeeds();
}
