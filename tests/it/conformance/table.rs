//! The table of the data's README: attestations of GitHub, cosign, conda, and odd ones.

use super::{GITHUB_ISSUER, by_its_own_name, exact, of_digest, read, root};
use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, DemandedSigner, SignedDocument, TrustedRoot, Verified, Workflow};

const PUBLIC: &str = "trusted-roots/public-good.json";
const GITHUB: &str = "trusted-roots/github.json";
const STAGING: &str = "trusted-roots/staging.json";

const CONDA: &str = "54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";

/// Verifies under one root, by the name in the certificate.
fn verify(path: &str, hex: &str, roots: &str) -> Result<Verified, SignatureFault> {
    verify_under(path, hex, &root(roots))
}

fn verify_under(path: &str, hex: &str, roots: &[TrustedRoot]) -> Result<Verified, SignatureFault> {
    let digest = Digest::parse(&format!("sha256:{hex}")).unwrap();
    let bundle = Bundle::parse(&read(path))?;
    // Releases of GitHub name no issuer, so nobody can ask for them.
    if path.starts_with("github/github-private") {
        return bundle.verify_anybody(&of_digest(&digest), roots);
    }
    by_its_own_name(&bundle, &of_digest(&digest), roots)
}

fn identity(verified: &Verified) -> &str {
    &verified.signer.claims().unwrap().identity
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_what_holds() {
    let release = "76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428";
    let demo = "ae57936def59bc4c75edd3a837d89bcefc6d3a5e31d55a6fa7a71624f92c3c3b";
    let oci = "732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4";
    let rekor2 = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
    for (path, hex, roots, name) in [
        (
            "github/reusable-workflow-attestation.sigstore.json",
            "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25",
            PUBLIC,
            "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b4",
        ),
        (
            "github/custom-issuer.sigstore.json",
            "afa27b44d43b02a9fea41d13cedc2e4016cfcf87c5dbf990e593669aa8ce286d",
            PUBLIC,
            "https://github.com/too-legit/attest/.github/workflows/integration.yml@refs/heads/main",
        ),
        (
            "github/github-private-attestation.sigstore.json",
            release,
            GITHUB,
            "https://dotcom.releases.github.com",
        ),
        (
            "github/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl",
            demo,
            GITHUB,
            "https://github.com/actions/attest-demo/.github/workflows/build-python.yml@refs/heads/main",
        ),
        ("cosign/oci-attestation.sigstore.json", oci, PUBLIC, ""),
        (
            "cosign/oci-attestation.sigstore.json",
            oci,
            "cosign/trusted_root_pgi.json",
            "",
        ),
        ("bundles/conda-attestation.sigstore.json", CONDA, PUBLIC, ""),
        (
            "bundles/conda-attestation-rekor2.sigstore.json",
            CONDA,
            STAGING,
            "",
        ),
        (
            "bundles/a.dsse.staging-rekor-v2.txt.sigstore.json",
            rekor2,
            STAGING,
            "",
        ),
    ] {
        let verified = verify(path, hex, roots).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        assert!(identity(&verified).starts_with(name), "{path}");
        // Neither for another digest nor under another root.
        let other = Digest::sha256(path.as_bytes());
        let fault = verify(path, other.hex(), roots).unwrap_err();
        assert!(
            matches!(fault, SignatureFault::OtherDigest(_)),
            "{path}: {fault}"
        );
        for others in [PUBLIC, GITHUB, STAGING] {
            let may_hold = others == roots || roots.starts_with("cosign/") && others == PUBLIC;
            assert_eq!(
                verify(path, hex, others).is_ok(),
                may_hold,
                "{path}: {others}"
            );
        }
        let embedded = verify_under(path, hex, &TrustedRoot::embedded());
        assert_eq!(embedded.is_ok(), roots != STAGING, "{path}");
    }
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_repositories() {
    let digest =
        Digest::parse("sha256:49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25")
            .unwrap();
    let bundle =
        Bundle::parse(&read("github/reusable-workflow-attestation.sigstore.json")).unwrap();
    let roots = root(PUBLIC);
    let accepts = |built_by: &str, workflow: Option<&str>| {
        let mut signer = DemandedSigner::built_by(built_by).unwrap();
        if let Some(workflow) = workflow {
            signer = signer
                .with_workflow(Workflow::parse(workflow).unwrap())
                .unwrap();
        }
        match bundle.verify_signer(&of_digest(&digest), &signer, &roots) {
            Ok(verified) => {
                assert_eq!(verified.time, Some(1_716_578_064));
                assert!(verified.of_image().is_ok());
                true
            }
            Err(SignatureFault::OtherSigner { accepted_by, .. }) => {
                let advice = accepted_by.unwrap();
                // The repository is right, and its workflow is not.
                match workflow {
                    Some(_) => assert!(advice.starts_with("--workflow github/"), "{advice}"),
                    None => assert_eq!(advice, "--built-by malancas/attest-demo"),
                }
                false
            }
            Err(fault) => panic!("{built_by}: {fault}"),
        }
    };
    let reused = "github/artifact-attestations-workflows/.github/workflows/attest.yml";
    for (built_by, workflow, accepted) in [
        ("malancas/attest-demo", None, true),
        ("Malancas/Attest-Demo", None, true),
        ("malancas/", None, true),
        ("malancas/attest-demo", Some(reused), true),
        (
            "malancas/attest-demo",
            Some(".github/workflows/attest.yml"),
            false,
        ),
        ("malancas/attest-dem", None, false),
        ("malancas/attest", None, false),
        ("malanca/", None, false),
        ("github/artifact-attestations-workflows", None, false),
        ("github/", None, false),
    ] {
        assert_eq!(
            accepts(built_by, workflow),
            accepted,
            "{built_by} {workflow:?}"
        );
    }
}

/// A path behind GitHub's host is another issuer; a release of GitHub's is of no repository; an attestation of something else about
/// an image is not one of the image.
#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_other_signers() {
    for (path, hex, roots, built_by) in [
        (
            "github/custom-issuer.sigstore.json",
            "afa27b44d43b02a9fea41d13cedc2e4016cfcf87c5dbf990e593669aa8ce286d",
            PUBLIC,
            "too-legit/attest",
        ),
        (
            "github/github-private-attestation.sigstore.json",
            "76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428",
            GITHUB,
            "github/",
        ),
    ] {
        let digest = Digest::parse(&format!("sha256:{hex}")).unwrap();
        let bundle = Bundle::parse(&read(path)).unwrap();
        let signer = DemandedSigner::built_by(built_by).unwrap();
        let fault = bundle
            .verify_signer(&of_digest(&digest), &signer, &root(roots))
            .unwrap_err();
        assert!(
            matches!(fault, SignatureFault::OtherSigner { .. }),
            "{path}: {fault}"
        );
    }
    let conda = verify("bundles/conda-attestation.sigstore.json", CONDA, PUBLIC).unwrap();
    let fault = conda.of_image().unwrap_err();
    assert!(matches!(fault, SignatureFault::OtherPredicate(_)));
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_what_is_refused() {
    let demo = "github/github_provenance_demo-0.0.12-py3-none-any-bundle";
    let hex = "ae57936def59bc4c75edd3a837d89bcefc6d3a5e31d55a6fa7a71624f92c3c3b";
    for path in [
        &format!("{demo}-missing-cert.jsonl"),
        &format!("{demo}-missing-verification-material.jsonl"),
        "github/sigstoreBundle-invalid-signature.json",
        "bundles/dsse-2sigs.sigstore.json",
        "bundles/bundle_invalid_version.txt.sigstore",
        "bundles/bundle_no_cert_v1.txt.sigstore",
    ] {
        for roots in [PUBLIC, GITHUB, STAGING] {
            assert!(verify(path, hex, roots).is_err(), "{path}: {roots}");
        }
    }
    // With the artifact itself, so that nothing but the proof is missing.
    for name in [
        "bundle_v3_no_signed_time.txt.sigstore.json",
        "bundle_cve_2022_36056.txt.sigstore",
        "bundle_no_log_entry.txt.sigstore",
        "bundle_no_checkpoint.txt.sigstore",
    ] {
        let artifact = read(&format!(
            "bundles/{}",
            name.split(".sigstore").next().unwrap()
        ));
        let digest = Digest::sha256(&artifact);
        let artifacts = [SignedDocument {
            digest: &digest,
            bytes: Some(&artifact),
        }];
        let bundle = Bundle::parse(&read(&format!("bundles/{name}"))).unwrap();
        for roots in [PUBLIC, GITHUB, STAGING] {
            let verified = bundle.verify_anybody(&artifacts, &root(roots));
            assert!(verified.is_err(), "{name}: {roots}");
        }
    }
}

/// Message signatures, one of them under an authority whose name two have.
#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_message_signatures() {
    let multi = "bundles/sct-multi-intermediate/staging";
    for (name, artifact, roots) in [
        (
            "bundles/bundle_v3.txt.sigstore",
            read("bundles/bundle_v3.txt"),
            STAGING,
        ),
        (
            "bundles/bundle_v3_alt.txt.sigstore",
            read("bundles/bundle_v3_alt.txt"),
            STAGING,
        ),
        (
            "bundles/staging-rekor-v2.txt.sigstore.json",
            read("bundles/staging-rekor-v2.txt"),
            STAGING,
        ),
        (
            &format!("{multi}_bundle.sigstore.json"),
            Vec::new(),
            &format!("{multi}_trusted_root.json"),
        ),
    ] {
        let digest = Digest::sha256(&artifact);
        let artifacts = [SignedDocument {
            digest: &digest,
            bytes: Some(&artifact),
        }];
        let bundle = Bundle::parse(&read(name)).unwrap();
        let verified = by_its_own_name(&bundle, &artifacts, &root(roots));
        assert!(verified.is_ok(), "{name}: {:?}", verified.err());
        let wrong = exact("https://example.com", GITHUB_ISSUER);
        let wrong = bundle.verify_signer(&artifacts, &wrong, &root(roots));
        assert!(matches!(wrong, Err(SignatureFault::OtherSigner { .. })));
        // The signature is over the bytes, so a digest alone is not enough.
        assert!(
            bundle
                .verify_anybody(&of_digest(&digest), &root(roots))
                .is_err()
        );
    }
}

/// Packages of npm: versions 0.1 to 0.3, and log entries of the kind `intoto`.
#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_other_digests() {
    // With the root in its chain, which the official suite wants refused.
    let with_root = Bundle::parse(&read("bundles/dsse.sigstore.json"));
    assert!(with_root.is_err());
    let second = "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
    let third = "90f223f992e4c88dd068cd2a5fc57f9d2b30798343dd6e38f29c240e04ba090ef831f84490847c4e82b9232c78e8a258463b1e55c0f7469f730265008fa6633f";
    for (path, hex) in [
        ("bundles/sigstore.js@2.0.0-provenance.sigstore.json", second),
        ("github/sigstore-js-2.1.0-bundle-v0.1.json", third),
        ("github/sigstore-js-2.1.0-bundle.json", third),
    ] {
        let bundle = Bundle::parse(&read(path)).unwrap();
        let verify = |digest: &str| {
            let digest = Digest::parse(digest).unwrap();
            by_its_own_name(&bundle, &of_digest(&digest), &root(PUBLIC))
        };
        let verified = verify(&format!("sha512:{hex}"));
        assert!(verified.is_ok(), "{path}: {:?}", verified.err());
        assert!(verify(&format!("sha256:{}", &hex[..64])).is_err());
    }
}
