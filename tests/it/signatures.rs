//! Who made an image: options that demand signatures, where these are looked for, and what is refused.

use crate::support::image::{Blob, oci};
use crate::support::sandbox::Command;
use crate::support::sigstore::{Key, LegacySignature, Signer, Sigstore, SimplePayload, Statement};
use crate::support::{
    Built, BuiltIndex, HELLO, Index, ReferrersApi, Registry, Run, Sandbox, hello, tree,
};
use roots::oci::Digest;
use serde_json::{Value, json};

mod air_gap;
mod demands;
mod discovery;
mod github;
mod hostile;
mod mirrors;
mod options;
mod refusals;
mod state;
mod verifier;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A registry with an image of two platforms, and an instance of sigstore that the sandbox trusts.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    sigstore: Sigstore,
    index: BuiltIndex,
    image: Built,
    name: String,
}

impl Scene {
    fn new() -> Self {
        Self::with(Sigstore::new())
    }

    fn with(sigstore: Sigstore) -> Self {
        let (sandbox, registry) = (Sandbox::new("signatures"), Registry::start());
        registry.referrers_api(ReferrersApi::Listed);
        let image = hello();
        let other = crate::support::marked("other", "linux", "s390x", None);
        let index = Index::new().image(&other).image(&image).build();
        let name = registry.push_index("o/n", "1", &index);
        sandbox.write("root.json", sigstore.trusted_root());
        Self {
            sandbox,
            registry,
            sigstore,
            index,
            image,
            name,
        }
    }

    fn index_digest(&self) -> Digest {
        Digest::parse(&self.index.index.digest).unwrap()
    }

    fn manifest_digest(&self) -> Digest {
        Digest::parse(&self.image.manifest.digest).unwrap()
    }

    /// A bundle that `o/r` has built the index.
    fn bundle(&self) -> String {
        let statement = Statement::provenance(&self.index_digest());
        self.sigstore
            .sign(statement, &Signer::workflow("o/r"))
            .json()
    }

    /// A signature as cosign's old versions write it.
    fn legacy(&self, digest: &Digest, key: &Key) -> LegacySignature {
        let payload = SimplePayload::new(digest);
        self.sigstore.sign(payload, key).legacy()
    }

    /// Attaches a bundle to the index.
    fn attach(&self, bundle: &str) {
        self.attach_to(&self.index_digest(), bundle);
    }

    fn attach_to(&self, subject: &Digest, bundle: &str) {
        attach(&self.registry, &subject.to_string(), bundle);
    }

    /// Puts legacy signatures of a manifest or index under its tag.
    fn tag(&self, subject: &Digest, signatures: &[LegacySignature]) {
        let manifest = legacy_manifest(&self.registry, signatures);
        let tag = format!("sha256-{}.sig", subject.hex());
        self.registry
            .put_manifest("o/n", &tag, oci::MANIFEST, &manifest.bytes);
    }

    /// Pulls with these options.
    fn pull(&self, options: &[&str]) -> Run {
        let command = self.sandbox.roots(["pull", &self.name, "dest"]);
        let command = command.args(["--trusted-root", "root.json"]).args(options);
        offline(command).run()
    }

    /// Pulls the image that must have been built by `o/r`.
    fn pull_built(&self) -> Run {
        self.pull(&["--built-by", "o/r"])
    }

    /// Asserts that the tree is there.
    #[track_caller]
    fn is_pulled(&self, run: Run) -> Run {
        let run = run.succeeds();
        assert_eq!(tree::sketch(self.sandbox.path("dest")), HELLO);
        run
    }

    /// Asserts that nothing was written, and that no layer and no config was asked for.
    #[track_caller]
    fn is_refused(&self, run: Run, text: &str) -> Run {
        let run = run.fails(5).says(text);
        assert!(!self.sandbox.has("dest"));
        for blob in self.image.layers.iter().chain([&self.image.config]) {
            assert!(self.registry.requests_for(&blob.digest).is_empty());
        }
        run
    }
}

/// Without a way to GitHub.
fn offline(command: Command) -> Command {
    let command = command.env("HTTPS_PROXY", "http://127.0.0.1:9");
    command.env("ROOTS_RETRIES", "0")
}

/// Attaches a bundle as cosign and GitHub's actions do.
fn attach(registry: &Registry, subject: &str, bundle: &str) {
    let (manifest, entry) = bundle_manifest(registry, subject, bundle);
    registry.attach("o/n", subject, &manifest, entry);
}

/// The manifest of a bundle, whose blobs are pushed, and its entry in a list of referrers.
fn bundle_manifest(registry: &Registry, subject: &str, bundle: &str) -> (Blob, Value) {
    let (config, layer) = (
        Blob::new("application/vnd.oci.empty.v1+json", "{}"),
        Blob::new(BUNDLE, bundle),
    );
    registry.put("o/n", &config);
    registry.put("o/n", &layer);
    let manifest = Blob::json(
        oci::MANIFEST,
        &json!({
            "schemaVersion": 2,
            "mediaType": oci::MANIFEST,
            "artifactType": BUNDLE,
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
            "subject": {"mediaType": oci::INDEX, "digest": subject, "size": 1},
        }),
    );
    let mut entry = manifest.descriptor();
    entry["artifactType"] = BUNDLE.into();
    (manifest, entry)
}

/// The manifest of legacy signatures, whose blobs are pushed.
fn legacy_manifest(registry: &Registry, signatures: &[LegacySignature]) -> Blob {
    let config = Blob::json(
        oci::CONFIG,
        &json!({"architecture": "", "os": "", "rootfs": {}}),
    );
    registry.put("o/n", &config);
    let layers = signatures.iter().map(|signature| {
        let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
        let payload = Blob::new(kind, signature.payload.clone());
        registry.put("o/n", &payload);
        let mut layer = payload.descriptor();
        layer["annotations"] = json!(signature.annotations);
        layer
    });
    let layers: Vec<_> = layers.collect();
    Blob::json(
        oci::MANIFEST,
        &json!({
            "schemaVersion": 2,
            "mediaType": oci::MANIFEST,
            "config": config.descriptor(),
            "layers": layers,
        }),
    )
}
