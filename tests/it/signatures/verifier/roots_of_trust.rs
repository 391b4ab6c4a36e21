//! Trusted roots: a signature holds under a whole one.

use super::{Setup, fault_under, malformed};
use crate::support::sigstore::trusted_root::{AUTHORITIES, CT_LOGS, LOGS, TIMESTAMP_AUTHORITIES};
use crate::support::sigstore::{Root, Sct, Timestamp};
use roots::error::SignatureFault::{NotLogged, UnknownAuthority};
use roots::sigstore::TrustedRoot;

#[test]
fn one_of_several_roots_is_enough() {
    let (public, github) = (Setup::public(), Setup::github());
    let both = [&public, &github].map(|setup| setup.sigstore.trusted_root());
    for roots in [both.join("\n"), both.concat()] {
        for setup in [&public, &github] {
            assert_eq!(fault_under(&roots, setup.sign().json()), None);
        }
    }
}

#[test]
fn parts_of_two_roots_are_not_mixed() {
    let (one, two) = (Setup::public(), Setup::public());
    let roots = [&one, &two].map(|setup| setup.sigstore.trusted_root());
    let roots = roots.concat();
    let mixed = [
        one.sign().certified_by(&two.sigstore.authority),
        one.sign().logged_by(&two.sigstore.rekor1),
        one.sign()
            .in_rekor2()
            .stamped_by(&two.sigstore.timestamp_authority),
    ];
    for signing in mixed {
        assert!(fault_under(&roots, signing.json()).is_some());
    }
    // A root without logs next to it does not spare the log of the other.
    let github = Setup::github();
    let roots = [&github, &one].map(|setup| setup.sigstore.trusted_root());
    let unlogged = one.sign().in_no_log().timestamp(Timestamp::Right);
    let fault = fault_under(&roots.concat(), unlogged.json());
    assert_eq!(fault, Some(NotLogged));
}

#[test]
fn another_instance_is_unknown() {
    let (one, two) = (Setup::github(), Setup::github());
    assert!(one.fault(two.sign().json()).is_some());
    let root = one.sigstore.root();
    let theirs = two.sigstore.root();
    let root = root.with(TIMESTAMP_AUTHORITIES, &theirs);
    let fault = fault_under(&root.json(), two.sign().json());
    assert_eq!(fault, Some(UnknownAuthority));
    let root = root.with(AUTHORITIES, &theirs);
    assert_eq!(fault_under(&root.json(), two.sign().json()), None);
}

#[test]
fn a_root_says_since_when_and_perhaps_until_when() {
    let setup = Setup::public();
    let bundle = setup.sign().sct(Sct::Right).in_rekor2().json();
    for list in [LOGS, CT_LOGS, AUTHORITIES, TIMESTAMP_AUTHORITIES] {
        let root = setup.sigstore.root();
        let endless = root.clone().without_end(list).json();
        assert_eq!(fault_under(&endless, &bundle), None, "{list}");
        let fault = fault_under(&root.without_start(list).json(), &bundle);
        let what = "the trusted root does not say since when a key is valid";
        assert_eq!(fault, malformed(what), "{list}");
    }
}

#[test]
fn a_root_is_read_strictly() {
    let setup = Setup::public();
    let refused = |root: &str| TrustedRoot::parse_all(root.as_bytes()).is_err();
    let root = setup.sigstore.trusted_root();
    assert!(!refused(&root));
    assert!(refused(""));
    assert!(refused("{}"));
    assert!(refused(&format!("{root}x")));
    assert!(refused(&root.replace("version=0.1", "version=9")));
    let twice = root.replacen("\"tlogs\":", "\"tlogs\":[],\"tlogs\":", 1);
    assert!(twice != root && refused(&twice));

    let Root(mut leaf) = setup.sigstore.root();
    let chain = &mut leaf[AUTHORITIES][0]["certChain"]["certificates"];
    let signer = setup.sign().value()["verificationMaterial"]["certificate"].clone();
    *chain = vec![signer].into();
    assert!(refused(&leaf.to_string()));
}
