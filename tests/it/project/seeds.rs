//! What a fuzzer starts with, in fixtures/fuzz: written by the builders of other tests, with ROOTS_BLESS=1 anew.

use crate::registries::pieces;
use crate::support::Layer;
use crate::trees::model;
use std::fs;
use std::path::Path;

/// One of each kind of word that a registry or a user can say.
const WORDS: [(&str, &str); 19] = [
    ("name", "debian"),
    (
        "tag",
        "docker://ghcr.io:443/onegov/onegov-cloud:release-2026.6",
    ),
    (
        "digest",
        "localhost:5000/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    ("v6", "[::1]:5000/a/b__c:1"),
    (
        "digest-alone",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    ("platform", "linux/arm64/v8"),
    ("platform-odd", "Linux/armv7l"),
    // Three that a fuzzer found.
    ("platform-below", "linux/arm64/v1"),
    ("capitals", "Host/x"),
    ("short-address", "5.45/4"),
    (
        "bearer",
        r#"Bearer realm="https://auth.docker.io/token",service="a \"b\"",scope="repository:a/b:pull,push""#,
    ),
    (
        "challenges",
        r#"Negotiate YII==, Basic realm=x, bearer Realm = "/t""#,
    ),
    (
        "url",
        "https://cdn.example:8443/blobs/x?X-Amz-Signature=ab%2Fc&e=1#f",
    ),
    ("relative", "../../token?a=b"),
    (
        "refusal",
        r#"{"errors":[{"code":"DENIED","message":"no","detail":{"a":[]}}]}"#,
    ),
    (
        "refusal-plain",
        r#"{"details":"incorrect username or password"}"#,
    ),
    ("manifest", MANIFEST),
    (
        "config",
        r#"{"architecture":"arm","os":"linux","variant":"v7","rootfs":{"type":"layers","diff_ids":null}}"#,
    ),
    ("index", INDEX),
];

/// A manifest that is its own config, too.
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,
"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":1,
"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
"os":"linux","architecture":"amd64","rootfs":{"type":"layers",
"diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}}"#;

const INDEX: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,
"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
"platform":{"architecture":"arm64","os":"linux","variant":"v9.1"}},
{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,
"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
"platform":{"architecture":"unknown","os":"unknown"},
"annotations":{"vnd.docker.reference.type":"attestation-manifest"}}]}"#;

/// Documents of sigstore, none of which holds, and changes of a bundle that does, as tests/fuzz/signatures.rs describes them.
const SIGNATURES: [(&str, &str); 10] = [
    ("bundle", BUNDLE),
    ("root", ROOT),
    (
        "payload",
        r#"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":
"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
"type":"cosign container image signature"},"optional":null}"#,
    ),
    (
        "key",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=\n\
         -----END PUBLIC KEY-----\n",
    ),
    ("workflow", "o/r/.github/workflows/a.yml@refs/heads/main"),
    ("change-certificate", "\0\0\u{1}\0\u{1}"),
    (
        "change-checkpoint",
        "\u{4}\u{1}\0\u{10}1\n\n\u{2014} log.example AAAAAAA=\n",
    ),
    ("change-timestamp", "\u{5}\0\0\u{20}\u{1}\u{7f}"),
    ("change-payload", "\u{6}\0\0\u{50}\u{1}"),
    ("change-json", "\u{8}\0\u{1}\0\u{1}"),
];

const BUNDLE: &str = r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",
"verificationMaterial":{"publicKey":{"hint":""},"tlogEntries":[{"logIndex":"7","logId":{"keyId":"AAAA"},
"kindVersion":{"kind":"dsse","version":"0.0.1"},"integratedTime":"1767225600",
"inclusionPromise":{"signedEntryTimestamp":"AAAA"},"inclusionProof":{"logIndex":"0","rootHash":"AAAA",
"treeSize":"1","hashes":["AAAA"],"checkpoint":{"envelope":"a\n1\nAAAA\n"}},"canonicalizedBody":"e30="}],
"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MAA="}]}},
"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}}"#;

const ROOT: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
"tlogs":[{"baseUrl":"https://log.example","publicKey":{"rawBytes":"MAA=",
"validFor":{"start":"2025-01-01T00:00:00Z","end":"2026-01-01T00:00:00.999Z"}},"logId":{"keyId":"AAAA"}}],
"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"MAA="}]},
"validFor":{"start":"2025-01-01T00:00:00Z"}}]}"#;

/// Ways out of the tree, to what tests/fuzz/ground.rs plants beside it.
fn ways_out() -> [(String, Vec<u8>); 2] {
    let links = Layer::new()
        .symlink("l", "..")
        .file("l/canary", 0o644, "new")
        .symlink("d", "../canaries")
        .file("d/secret", 0o644, "new")
        .whiteout("d/secret")
        .hardlink("h", "l/canary");
    let names = Layer::new()
        .file("../canary", 0o644, "new")
        .symlink("l", "/../canaries/secret")
        .hardlink("h", "../canaries/secret");
    [("links", links), ("names", names)].map(|(name, layer)| (format!("out-{name}"), layer.tar()))
}

#[test]
fn fixtures_hold_the_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    let tars = pieces::tars()
        .into_iter()
        .chain(model::tars())
        .chain(ways_out());
    let tars = tars.map(|(name, tar)| (format!("tar/{name}"), tar));
    let words = WORDS.map(|(name, text)| (format!("words/{name}"), text.into()));
    let signatures = SIGNATURES.map(|(name, text)| (format!("signatures/{name}"), text.into()));
    let built: Vec<(String, Vec<u8>)> = tars.chain(words).chain(signatures).collect();
    let bless = std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1");
    for (path, bytes) in &built {
        let file = folder.join(path);
        if bless {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, bytes).unwrap();
        }
        let committed = fs::read(&file).unwrap_or_default();
        assert!(
            committed == *bytes,
            "{path}: `make fixtures` writes it again"
        );
    }
    let size: usize = built.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size < 120_000, "{size} bytes of seeds");
}
