//! Inclusion proofs, and the checkpoints that they lead to.

use super::{Setup, entry, invalid};
use crate::support::sigstore::{Checkpoint, Version};
use serde_json::json;

#[test]
fn proofs_hold_in_trees_of_all_shapes() {
    let setup = Setup::public();
    for (before, behind) in [
        (0, 0),
        (0, 1),
        (1, 0),
        (2, 0),
        (3, 3),
        (6, 0),
        (0, 6),
        (7, 6),
    ] {
        let signing = setup.sign().neighbours(before, behind);
        assert_eq!(setup.fault(signing.json()), None, "{before}, {behind}");
        let signing = signing.in_rekor2();
        assert_eq!(setup.fault(signing.json()), None, "{before}, {behind}");
    }
}

#[test]
fn a_proof_that_does_not_lead_to_the_root_is_refused() {
    let setup = Setup::public();
    let bundle = setup.sign().value();
    let hash = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let wrong = invalid("the inclusion proof of the log entry");
    for (path, value) in [
        // The index among all trees of the log.
        ("/logIndex", json!("1005")),
        ("/logIndex", json!("4")),
        ("/treeSize", json!("5")),
        ("/treeSize", json!("0")),
        ("/rootHash", hash.clone()),
        ("/rootHash", json!("AAAA")),
        ("/hashes/0", hash.clone()),
        ("/hashes/0", json!("")),
        ("/hashes", json!([])),
        ("/hashes", json!(null)),
    ] {
        let mut bundle = bundle.clone();
        let proof = &mut entry(&mut bundle)["inclusionProof"];
        *proof.pointer_mut(path).unwrap() = value.clone();
        assert_eq!(setup.fault(bundle), wrong, "{path} {value}");
    }
    let mut longer = bundle.clone();
    let hashes = &mut entry(&mut longer)["inclusionProof"]["hashes"];
    hashes.as_array_mut().unwrap().push(hash);
    assert_eq!(setup.fault(longer), wrong);
    // Of another entry of the same log.
    let mut other = bundle;
    let proof =
        setup.sign().value()["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].clone();
    entry(&mut other)["inclusionProof"] = proof;
    assert_eq!(setup.fault(other), wrong);
}

#[test]
fn a_checkpoint_is_signed_by_the_log_and_of_this_tree() {
    let setup = Setup::public();
    let wrong = invalid("the checkpoint of the log");
    for checkpoint in [
        Checkpoint::OtherRoot,
        Checkpoint::OtherSize,
        Checkpoint::OtherLog,
        Checkpoint::Forged,
    ] {
        let signing = setup.sign().checkpoint(checkpoint);
        assert_eq!(setup.fault(signing.json()), wrong);
        // Even where the promise would do.
        assert_eq!(setup.fault(signing.version(Version::V01)), wrong);
        assert_eq!(setup.fault(signing.in_rekor2().json()), wrong);
    }
    let missing = setup.sign().in_rekor2().checkpoint(Checkpoint::Missing);
    assert_eq!(
        setup.fault(missing.json()),
        invalid("the log entry has no checkpoint")
    );
}

#[test]
fn a_checkpoint_may_have_witnesses() {
    let setup = Setup::public();
    let signing = setup.sign().checkpoint(Checkpoint::Witnessed);
    assert_eq!(setup.fault(signing.json()), None);
    assert_eq!(setup.fault(signing.in_rekor2().json()), None);
}

#[test]
fn logs_of_rekor_2_sign_under_their_own_name() {
    let setup = Setup::public();
    let port = setup.sign().checkpoint(Checkpoint::WithPort);
    assert_eq!(setup.fault(port.json()), None);
    let other = setup.sign().in_rekor2().checkpoint(Checkpoint::OtherName);
    assert_eq!(
        setup.fault(other.json()),
        invalid("the checkpoint of the log")
    );
}
