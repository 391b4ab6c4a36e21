//! `--raw attestation=N`: one of them, byte for byte.

use super::buildkit::{attested, provenance};
use super::{Published, bundle, digest, inspect};
use crate::support::sigstore::{Key, Statement};

#[test]
fn an_attestation_is_printed_as_it_is() {
    let statements = [("https://slsa.dev/provenance/v0.2", provenance())];
    let at = Published::with(|index, image| attested(index, image, &statements));
    let statement = Statement::signature(&digest(&at.index.index));
    let signature = bundle(at.sigstore.sign(statement, &Key::p256()).json());
    at.attach(&at.index.index, std::slice::from_ref(&signature));
    for (raw, wanted) in [
        ("attestation", &signature),
        ("attestation=1", &signature),
        ("attestation=2", &provenance()),
    ] {
        let run = at.page(&["--raw", raw]).succeeds();
        assert_eq!(run.stdout.as_bytes(), wanted.bytes, "{raw}");
        assert_eq!(run.stderr, "");
    }
    let run = at.page(&["--raw=attestation=3"]).fails(3);
    let wanted = format!("roots: {}: no attestation 3, only 2\n", at.name);
    assert_eq!((run.stdout, run.stderr), (String::new(), wanted));
}

#[test]
fn there_may_be_none() {
    let at = Published::new();
    let run = at.page(&["--raw=attestation"]).fails(3);
    assert_eq!(run.stderr, format!("roots: {}: no attestation\n", at.name));
}

#[test]
fn its_number_is_a_number() {
    let at = Published::new();
    for wrong in [
        "attestation=",
        "attestation=0",
        "attestation=-1",
        "attestation=x",
        "attestations",
    ] {
        let run = inspect(&at.sandbox, &["--raw", wrong, &at.name]).fails(2);
        run.says("--raw: not one of manifest, config, index, attestation, attestation=N\n");
    }
    assert_eq!(at.registry.requests().len(), 0);
}
