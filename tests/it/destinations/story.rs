//! The story that began this project: a tool that asked for Docker's types only could pull the old tags of a
//! repository on GHCR, and from one release on no more: the new tags were OCI indexes with attestations in them.

use crate::support::image::{docker, oci};
use crate::support::{HELLO, Image, Index, Registry, Request, Sandbox, hello_layer, marked, tree};

const REPOSITORY: &str = "seantis/onegov-cloud";

/// The registry answers 404 MANIFEST_UNKNOWN to a type that Accept does not name, `*/*` or not, and 400 to a token
/// request that is not exactly the one of its challenge: see the tests in `support/registry/tests`.
#[test]
fn the_ghcr_story() {
    let sandbox = Sandbox::new("the_ghcr_story");
    let registry = Registry::ghcr();
    let old = Image::new().docker().layer(hello_layer()).build();
    let new = Image::new().layer(hello_layer()).build();
    let other = marked("other", "linux", "mips", None);
    let index = Index::new()
        .attestation(&other)
        .image(&other)
        .image(&new)
        .attestation(&new)
        .build();
    let old_name = registry.push(REPOSITORY, "release-2025.1", &old);
    let new_name = registry.push_index(REPOSITORY, "release-2026.6", &index);

    let blobs = |image: &crate::support::Built| {
        [&image.config, &image.layers[0]]
            .map(|blob| format!("GET /v2/{REPOSITORY}/blobs/{}", blob.digest))
    };
    let manifest = |reference: &str| format!("GET /v2/{REPOSITORY}/manifests/{reference}");
    let token = format!("GET /token?service=ghcr.io&scope=repository:{REPOSITORY}:pull");

    let run = sandbox.roots(["pull", &old_name, "old"]).run().succeeds();
    run.prints(&format!("{}\n", old.manifest.digest));
    assert_eq!(tree::sketch(sandbox.path("old")), HELLO);
    let tag = manifest("release-2025.1");
    let before = [tag.clone(), token.clone(), tag];
    assert_eq!(registry.lines(), [&before[..], &blobs(&old)].concat());
    assert_eq!(
        authorizations(&registry),
        [None, None, TOKEN_1, TOKEN_1, TOKEN_1]
    );

    registry.forget_requests();
    let run = sandbox
        .roots(["pull", "--cache=no", &new_name, "new"])
        .run();
    run.succeeds().prints(&format!("{}\n", new.manifest.digest));
    assert_eq!(tree::sketch(sandbox.path("new")), HELLO);
    let tag = manifest("release-2026.6");
    let before = [tag.clone(), token, tag, manifest(&new.manifest.digest)];
    assert_eq!(registry.lines(), [&before[..], &blobs(&new)].concat());

    for request in registry.requests_for("/manifests/") {
        let accept = request.header("accept").unwrap_or_default();
        let mut types: Vec<_> = accept.split(',').map(str::trim).collect();
        types.sort_unstable();
        assert_eq!(
            types,
            [docker::LIST, docker::MANIFEST, oci::INDEX, oci::MANIFEST]
        );
    }
    for request in registry.requests() {
        let encoding = request.header("accept-encoding");
        assert_eq!(encoding.as_deref(), Some("identity"), "{}", request.line());
    }
}

const TOKEN_1: Option<&str> = Some("Bearer secret-token-1");

fn authorizations(registry: &Registry) -> Vec<Option<&'static str>> {
    let header = |request: &Request| {
        let header = request.header("authorization");
        header.map(|header| {
            if Some(&*header) == TOKEN_1 {
                TOKEN_1.unwrap()
            } else {
                "another"
            }
        })
    };
    registry.requests().iter().map(header).collect()
}

/// `roots digest` says what `pull` would extract, attestations or not, for the price of two manifests.
#[test]
fn the_digest_of_a_new_tag_is_that_of_its_image() {
    let sandbox = Sandbox::new("the_digest_of_a_new_tag");
    let registry = Registry::ghcr();
    let new = Image::new().layer(hello_layer()).build();
    let index = Index::new()
        .attestation(&new)
        .image(&new)
        .attestation(&new)
        .build();
    let name = registry.push_index(REPOSITORY, "release-2026.6", &index);
    let digest = |arguments: &[&str]| sandbox.roots(arguments).run().succeeds().stdout;
    assert_eq!(
        digest(&["digest", &name]),
        format!("{}\n", new.manifest.digest)
    );
    registry.forget_requests();
    assert_eq!(
        digest(&["digest", "--index", &name]),
        format!("{}\n", index.index.digest)
    );
    let tag = format!("/v2/{REPOSITORY}/manifests/release-2026.6");
    let token = format!("GET /token?service=ghcr.io&scope=repository:{REPOSITORY}:pull");
    let head = format!("HEAD {tag}");
    assert_eq!(registry.lines(), [head.clone(), token, head]);
}
