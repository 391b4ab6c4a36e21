//! Signatures that others verify, and that others have made: sigstore's Python client, and openssl.

use super::docker_registry::DockerRegistry;
use super::peer;
use crate::support::image::{Blob, oci};
use crate::support::sigstore::{
    Checkpoint, Key, Kind, LegacySignature, Promise, Recorded, SIGNED_AT, Sct, Signer, Signing,
    Sigstore, SimplePayload, Statement, Timestamp, Version,
};
use crate::support::{HELLO, Layout, Run, Sandbox, hello, tree};
use roots::oci::Digest;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SIGNER: &str = "https://github.com/o/r/.github/workflows/build.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// What holds, and what must not, in the eyes of both.
fn bundles(sigstore: &Sigstore, manifest: &[u8]) -> BTreeMap<String, String> {
    let signer = Signer::workflow("o/r");
    let statement = || Statement::signature(&Digest::sha256(manifest));
    let sign = || sigstore.sign(statement(), &signer);
    let stamped = || sign().timestamp(Timestamp::Right);
    let message = || sigstore.sign(manifest, &signer);
    let joe = Signer::email("joe@example.com", ISSUER);
    let json = |signing: Signing<'_>| signing.json();
    let all = [
        ("good.dsse", json(sign())),
        ("stamped.dsse", json(stamped())),
        ("version-1.dsse", sign().version(Version::V01).to_string()),
        ("version-2.dsse", sign().version(Version::V02).to_string()),
        ("rekor-2.dsse", json(sign().in_rekor2())),
        ("unpromised.dsse", json(stamped().promise(Promise::Missing))),
        (
            "witnessed.dsse",
            json(sign().checkpoint(Checkpoint::Witnessed)),
        ),
        ("hashed.dsse", json(sign().kind(Kind::HashedRekord))),
        ("good.message", json(message())),
        ("rekor-2.message", json(message().in_rekor2())),
        ("other-signer.dsse", json(sigstore.sign(statement(), &joe))),
        ("forged.dsse", json(sign().forged())),
        ("forged.message", json(message().forged())),
        ("sct-forged.dsse", json(sign().sct(Sct::Forged))),
        ("sct-missing.dsse", json(sign().sct(Sct::Missing))),
        ("promise-forged.dsse", json(sign().promise(Promise::Forged))),
        (
            "root-of-other.dsse",
            json(sign().checkpoint(Checkpoint::OtherRoot)),
        ),
        (
            "checkpoint-forged.dsse",
            json(sign().checkpoint(Checkpoint::Forged)),
        ),
        (
            "entry-of-other.dsse",
            json(sign().recorded(Recorded::OtherSignature)),
        ),
        (
            "contents-of-other.dsse",
            json(sign().recorded(Recorded::OtherContent)),
        ),
        (
            "stamp-of-other.dsse",
            json(sign().in_rekor2().timestamp(Timestamp::OtherSignature)),
        ),
        (
            "stamp-forged.dsse",
            json(sign().in_rekor2().timestamp(Timestamp::Forged)),
        ),
        ("unlogged.dsse", json(stamped().in_no_log())),
        ("expired.dsse", json(sign().certified_at(SIGNED_AT - 3600))),
        (
            "other-authority.dsse",
            json(Sigstore::new().sign(statement(), &signer)),
        ),
    ];
    all.map(|(name, bundle)| (name.to_owned(), bundle)).into()
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_sigstores_python_client_says_the_same() {
    let sandbox = Sandbox::new("interop_sigstore");
    let (sigstore, image) = (Sigstore::new(), hello());
    Layout::new()
        .image("image", &image)
        .write(sandbox.path("layout"));
    sandbox.write("bundles/root.json", sigstore.trusted_root());
    sandbox.write("bundles/artifact", &image.manifest.bytes);
    let bundles = bundles(&sigstore, &image.manifest.bytes);
    for (name, bundle) in &bundles {
        sandbox.write(format!("bundles/{name}.json"), bundle);
    }
    let ours = bundles.keys().map(|name| {
        let bundle = format!("bundles/{name}.json");
        let command = sandbox.roots(["digest", "./layout", "--trusted-root=bundles/root.json"]);
        let command = command.args(["--signer", SIGNER, "--issuer", ISSUER, "--bundle", &bundle]);
        let run = command.run();
        let said = match run.code {
            Some(0) => "accepted",
            Some(5) => "refused",
            _ => panic!("{name}: {}", run.stderr),
        };
        format!("{name} {said}")
    });
    let ours: Vec<_> = ours.collect();
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../interop/python/bin/python");
    let output = Command::new(python)
        .arg("tests/sigstore-python.py")
        .arg(sandbox.path("bundles"))
        .args([SIGNER, ISSUER])
        .output()
        .expect("make interop installs it");
    let theirs = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<_> = theirs.lines().map(str::to_owned).collect();
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(theirs, ours, "{why}");
    let accepted = ours.iter().filter(|line| line.ends_with(" accepted"));
    assert_eq!(accepted.count(), 9);
}

/// In a real registry, which has no referrers API and no list under the tag of one.
struct Signed {
    sandbox: Sandbox,
    _registry: DockerRegistry,
    name: String,
}

impl Signed {
    /// An image with one legacy signature.
    fn new(sandbox: Sandbox, signature: &LegacySignature) -> Self {
        let registry = DockerRegistry::start(&sandbox);
        let image = hello();
        let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
        let payload = Blob::new(kind, signature.payload.clone());
        let mut layer = payload.descriptor();
        layer["annotations"] = json!(signature.annotations);
        let config = json!({"architecture": "", "os": "", "rootfs": {"type": "layers", "diff_ids": [payload.digest]}});
        let config = Blob::json(oci::CONFIG, &config);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": oci::MANIFEST,
            "config": config.descriptor(), "layers": [layer],
        });
        let manifest = Blob::json(oci::MANIFEST, &manifest);
        let blobs = image
            .blobs()
            .chain([&image.manifest, &payload, &config, &manifest]);
        for blob in blobs {
            sandbox.write(format!("layout/blobs/sha256/{}", blob.hex()), &blob.bytes);
        }
        let named = |blob: &Blob, name: &str| {
            let mut entry = blob.descriptor();
            entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
            entry
        };
        let entries = [
            named(&image.manifest, "image"),
            named(&manifest, "signature"),
        ];
        let index = json!({"schemaVersion": 2, "manifests": entries});
        sandbox.write("layout/index.json", index.to_string());
        sandbox.write("layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        let name = registry.name("o/n", "1");
        let layout = sandbox.path("layout");
        let tag = format!("sha256-{}.sig", image.manifest.hex());
        for (from, to) in [("image", "1"), ("signature", &tag)] {
            let from = format!("oci:{}:{from}", layout.display());
            let to = format!("docker://{}", registry.name("o/n", to));
            peer::copy(&from, &to, &["--preserve-digests"]);
        }
        Self {
            sandbox,
            _registry: registry,
            name,
        }
    }

    fn pull(&self, key: &str) -> Run {
        let pull = ["pull", "--cache=no", "--signed-by", key, &self.name, "dest"];
        self.sandbox.roots(pull).run()
    }
}

fn openssl(folder: &Path, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    let command = command.args(arguments.split(' ')).current_dir(folder);
    command.output().unwrap().status.success()
}

/// Whatever openssl has signed, in the format of cosign before version 3.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_openssl_signs_and_verifies() {
    for (number, key) in [
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "genpkey -algorithm ED25519",
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = Sandbox::new("interop_openssl");
        let folder = sandbox.path("");
        let run = |arguments: &str| assert!(openssl(&folder, arguments), "{arguments}");
        run(&format!("{key} -out key"));
        run("pkey -in key -pubout -out key.pub");
        run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other");
        run("pkey -in other -pubout -out other.pub");
        let digest = Digest::parse(&hello().manifest.digest).unwrap();
        sandbox.write("payload", SimplePayload::new(&digest).payload());
        match number {
            0 => run("dgst -sha256 -sign key -out signature payload"),
            1 => run("dgst -sha384 -sign key -out signature payload"),
            2 => run("dgst -sha256 -sign key -out signature payload"),
            _ => run("pkeyutl -sign -inkey key -rawin -in payload -out signature"),
        }
        let signature = LegacySignature {
            payload: sandbox.read("payload"),
            annotations: BTreeMap::new(),
        };
        let text = crate::support::sigstore::key::base64(sandbox.read("signature"));
        let signature = signature.annotated("dev.cosignproject.cosign/signature", &text);
        let signed = Signed::new(sandbox, &signature);
        let run = signed.pull("other.pub");
        run.fails(5)
            .says("signature not accepted: signed with another key");
        signed.pull("key.pub").succeeds();
        assert_eq!(tree::sketch(signed.sandbox.path("dest")), HELLO);
    }
}

/// And what the tests sign, openssl accepts: they sign as others do.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_openssl_accepts_the_signatures_of_the_tests() {
    let sandbox = Sandbox::new("interop_openssl_accepts");
    let payload = b"a payload";
    sandbox.write("payload", payload);
    for (key, verify) in [
        (
            Key::p256(),
            "dgst -sha256 -verify key.pub -signature signature payload",
        ),
        (
            Key::p384(),
            "dgst -sha384 -verify key.pub -signature signature payload",
        ),
        (
            Key::rsa(),
            "dgst -sha256 -verify key.pub -signature signature payload",
        ),
        (
            Key::ed25519(),
            "pkeyutl -verify -pubin -inkey key.pub -rawin -in payload -sigfile signature",
        ),
    ] {
        sandbox.write("key.pub", key.pem());
        sandbox.write("signature", key.sign(payload));
        assert!(openssl(&sandbox.path(""), verify), "{verify}");
        sandbox.write("signature", key.sign(b"another payload"));
        assert!(!openssl(&sandbox.path(""), verify), "{verify}");
    }
}
