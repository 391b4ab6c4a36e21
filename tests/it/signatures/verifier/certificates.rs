//! Certificates of people and of authorities.

use super::{Setup, fault_under, invalid, malformed};
use crate::support::sigstore::certificate::{
    CERTIFICATE_SIGN, CODE_SIGNING, Extension, Issuer, TIME_STAMPING,
};
use crate::support::sigstore::der::null;
use crate::support::sigstore::key::base64;
use crate::support::sigstore::time::{DAY, MINUTE};
use crate::support::sigstore::trusted_root::{AUTHORITIES, CT_LOGS};
use crate::support::sigstore::{
    CERTIFIED, CertificateAuthority, GITHUB_ISSUER, IN_USE, Key, Name, SIGNED_AT, Sct, Signer,
    Sigstore, Version,
};
use roots::error::SignatureFault::{self, UnknownAuthority};
use serde_json::json;

const NO_NAMES: &str = "the names in the certificate";
const NOT_FOR_SIGNING: &str = "the certificate is not for signing";
const NOT_LOGGED: &str = "no log has seen the certificate";
const NOT_VALID: &str = "the certificate was not valid when it was used";

fn fault_of(alter: impl Fn(&mut Signer)) -> Option<SignatureFault> {
    let mut setup = Setup::public();
    alter(&mut setup.signer);
    setup.fault(setup.sign().json())
}

#[test]
fn authorities_are_those_of_the_trusted_root() {
    let setup = Setup::public();
    let other = CertificateAuthority::new(CERTIFIED, CERTIFIED);
    let bundle = setup.sign().certified_by(&other).json();
    assert_eq!(setup.fault(bundle), Some(UnknownAuthority));
}

#[test]
fn what_else_a_bundle_carries_leads_to_no_authority() {
    let setup = Setup::public();
    let below = setup.sigstore.authority.below();
    let signing = setup.sign().certified_by(&below);
    assert_eq!(setup.fault(signing.json()), Some(UnknownAuthority));
    let mut bundle = signing.version(Version::V01);
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    let extra = json!({"rawBytes": base64(&below.intermediate.certificate)});
    chain.as_array_mut().unwrap().push(extra);
    assert_eq!(setup.fault(bundle), Some(UnknownAuthority));
}

#[test]
fn an_authority_counts_while_it_is_in_use() {
    let setup = Setup::public();
    let bundle = setup.sign().json();
    let under = |from, to| {
        let root = setup.sigstore.root().in_use(AUTHORITIES, (from, to));
        fault_under(&root.json(), &bundle)
    };
    assert_eq!(under(SIGNED_AT, SIGNED_AT), None);
    assert_eq!(under(SIGNED_AT + 1, IN_USE.1), Some(UnknownAuthority));
    assert_eq!(under(IN_USE.0, SIGNED_AT - 1), Some(UnknownAuthority));
}

#[test]
fn all_of_the_path_is_valid_at_the_time() {
    let (ended, later) = (
        (CERTIFIED.0, SIGNED_AT - DAY),
        (SIGNED_AT + DAY, CERTIFIED.1),
    );
    for (root, intermediate) in [
        (ended, CERTIFIED),
        (later, CERTIFIED),
        (CERTIFIED, ended),
        (CERTIFIED, later),
    ] {
        let authority = CertificateAuthority::new(root, intermediate);
        let setup = Setup::of(Sigstore::with_authority(authority));
        assert_eq!(setup.fault(setup.sign().json()), Some(UnknownAuthority));
    }
}

#[test]
fn a_certificate_is_valid_when_it_is_used_both_ends_included() {
    let setup = Setup::public();
    let certified = |at| setup.fault(setup.sign().certified_at(at).json());
    assert_eq!(certified(SIGNED_AT), None);
    assert_eq!(certified(SIGNED_AT - 10 * MINUTE), None);
    assert_eq!(certified(SIGNED_AT + 1), invalid(NOT_VALID));
    assert_eq!(certified(SIGNED_AT - 10 * MINUTE - 1), invalid(NOT_VALID));
}

#[test]
fn a_log_has_seen_the_certificate() {
    let setup = Setup::public();
    for (name, sct, fault) in [
        ("right", Sct::Right, None),
        ("with extensions", Sct::WithExtensions, None),
        ("behind another", Sct::BehindAnother, None),
        ("missing", Sct::Missing, invalid(NOT_LOGGED)),
        ("another log", Sct::OtherLog, invalid(NOT_LOGGED)),
        ("forged", Sct::Forged, invalid(NOT_LOGGED)),
        (
            "another certificate",
            Sct::OtherCertificate,
            invalid(NOT_LOGGED),
        ),
        ("another issuer", Sct::OtherIssuer, invalid(NOT_LOGGED)),
        ("too early", Sct::TooEarly, invalid(NOT_LOGGED)),
    ] {
        assert_eq!(setup.fault(setup.sign().sct(sct).json()), fault, "{name}");
    }
}

#[test]
fn where_there_is_no_ct_log_none_needs_to_have_seen_it() {
    let setup = Setup::public();
    let root = setup.sigstore.root().without(CT_LOGS).json();
    let bundle = setup.sign().sct(Sct::Missing).json();
    assert_eq!(fault_under(&root, bundle), None);
    let setup = Setup::github();
    for sct in [Sct::Missing, Sct::Forged] {
        assert_eq!(setup.fault(setup.sign().sct(sct).json()), None);
    }
}

#[test]
fn a_certificate_is_for_signing() {
    let not_for_signing = invalid(NOT_FOR_SIGNING);
    assert_eq!(fault_of(|signer| signer.purpose = None), not_for_signing);
    assert_eq!(fault_of(|signer| signer.usage = None), not_for_signing);
    let usage = |usage| fault_of(move |signer| signer.usage = Some(usage));
    assert_eq!(usage(0x40), not_for_signing);
    assert_eq!(usage(CERTIFICATE_SIGN), not_for_signing);
    assert_eq!(usage(0x80 | CERTIFICATE_SIGN), not_for_signing);
    let purpose = |purpose| fault_of(move |signer| signer.purpose = Some(purpose));
    assert_eq!(purpose(CODE_SIGNING), None);
    for other in [TIME_STAMPING, "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"] {
        assert_eq!(purpose(other), Some(UnknownAuthority), "{other}");
    }
}

#[test]
fn an_authority_signs_no_images() {
    let fault = fault_of(|signer| signer.is_authority = true);
    assert_eq!(fault, Some(UnknownAuthority));
    // The intermediate of the trusted root itself.
    let setup = Setup::github();
    let intermediate = &setup.sigstore.authority.intermediate;
    let mut bundle = setup.sign().certified_key(intermediate.key.clone()).value();
    bundle["verificationMaterial"]["certificate"]["rawBytes"] =
        base64(&intermediate.certificate).into();
    assert!(setup.fault(bundle).is_some());
}

#[test]
fn keys_of_other_kinds_sign_as_well() {
    let setup = Setup::public();
    for key in [Key::p384(), Key::ed25519(), Key::rsa()] {
        let signing = setup.sign().certified_key(key);
        assert_eq!(setup.fault(signing.json()), None);
        assert_eq!(setup.fault(signing.in_rekor2().json()), None);
    }
}

#[test]
fn a_certificate_names_one_signer() {
    let uri = |text: &str| Name::Uri(text.to_owned());
    let own = Signer::workflow("o/r").names;
    for names in [
        vec![],
        [own.clone(), own.clone()].concat(),
        [own.clone(), vec![uri("https://github.com/o/evil")]].concat(),
        vec![Name::Dns("github.com".to_owned())],
        vec![uri("")],
        vec![uri("https://github.com/o/r\n")],
        vec![uri("https://github.com/o/r\0")],
    ] {
        let fault = fault_of(|signer| signer.names.clone_from(&names));
        assert!(
            // webpki reads names, too, and refuses some.
            fault == malformed(NO_NAMES) || fault == Some(UnknownAuthority),
            "{fault:?}"
        );
    }
    let fault = fault_of(|signer| signer.are_names_critical = false);
    assert_eq!(fault, malformed(NO_NAMES));
    let fault = fault_of(|signer| {
        signer.are_names_critical = false;
        signer.subject = Some("a subject".to_owned());
    });
    assert_eq!(fault, None);
}

#[test]
fn unknown_extensions_must_not_be_critical() {
    let with = |extension: Extension| fault_of(move |signer| signer.more.push(extension.clone()));
    assert_eq!(with(Extension::new("1.2.3.4", null())), None);
    let fault = with(Extension::critical("1.2.3.4", null()));
    assert_eq!(fault, Some(UnknownAuthority));
}

#[test]
fn an_extension_that_is_there_twice_is_refused() {
    let twice = Extension::new("1.3.6.1.4.1.57264.1.1", b"https://example.com".to_vec());
    let fault = fault_of(|signer| signer.more.push(twice.clone()));
    assert_eq!(fault, malformed("a certificate"));
}

#[test]
fn authorities_may_have_one_name() {
    let (own, other) = (Setup::public(), Setup::public());
    let mut root = own.sigstore.root();
    let theirs = other.sigstore.root().0[AUTHORITIES][0].clone();
    // The SCT is of the issuer that the path goes over, not of the first with its name.
    let authorities = root.0[AUTHORITIES].as_array_mut().unwrap();
    authorities.insert(0, theirs);
    assert_eq!(fault_under(&root.json(), own.sign().json()), None);
}

#[test]
fn a_certificate_in_the_name_of_an_authority_is_refused() {
    let setup = Setup::public();
    let key = Key::p256();
    let own = Issuer {
        key: key.clone(),
        ..setup.sigstore.authority.intermediate.clone()
    };
    let forged = CertificateAuthority {
        intermediate: own,
        ..setup.sigstore.authority.below()
    };
    let signing = setup.sign().certified_key(key).certified_by(&forged);
    assert_eq!(setup.fault(signing.json()), Some(UnknownAuthority));
}

#[test]
fn the_issuer_of_a_login_is_text_in_der() {
    let bare = Extension::new("1.3.6.1.4.1.57264.1.8", GITHUB_ISSUER.as_bytes().to_vec());
    let fault = fault_of(|signer| {
        signer.claims.remove(&8);
        signer.more.push(bare.clone());
    });
    assert_eq!(fault, malformed(NO_NAMES));
}
