//! Timestamps of RFC 3161, which prove when a signature was made.

use super::{Setup, fault_under, invalid};
use crate::support::sigstore::certificate::CODE_SIGNING;
use crate::support::sigstore::key::base64;
use crate::support::sigstore::time::{DAY, MINUTE};
use crate::support::sigstore::trusted_root::TIMESTAMP_AUTHORITIES;
use crate::support::sigstore::{CERTIFIED, IN_USE, SIGNED_AT, Timestamp, TimestampAuthority};
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use roots::error::SignatureFault::NoTime;
use serde_json::{Value, json};

const NOT_VALID: &str = "the certificate was not valid when it was used";

/// The same bundle with these times in place of its own.
fn stamped(setup: &Setup, mut bundle: Value, times: &[i64]) -> Value {
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"]
        .as_str()
        .unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let authority = &setup.sigstore.timestamp_authority;
    let stamps = times.iter().map(|&time| {
        let stamp = authority.stamp(Timestamp::Right, &signature, time);
        json!({"signedTimestamp": base64(stamp)})
    });
    let stamps: Vec<_> = stamps.collect();
    bundle["verificationMaterial"]["timestampVerificationData"] =
        json!({"rfc3161Timestamps": stamps});
    bundle
}

#[test]
fn timestamps_prove_the_time() {
    let setup = Setup::github();
    for timestamp in [Timestamp::Right, Timestamp::WithoutCertificate] {
        assert_eq!(setup.fault(setup.sign().timestamp(timestamp).json()), None);
    }
}

#[test]
fn a_timestamp_that_does_not_hold_proves_nothing() {
    let setup = Setup::github();
    for (name, timestamp) in [
        ("another signature", Timestamp::OtherSignature),
        ("another content", Timestamp::OtherContent),
        ("forged", Timestamp::Forged),
        ("rejected", Timestamp::Rejected),
        ("another certificate", Timestamp::OtherCertificate),
        ("cut", Timestamp::Cut),
    ] {
        let bundle = setup.sign().timestamp(timestamp).json();
        assert_eq!(setup.fault(bundle), Some(NoTime), "{name}");
    }
    let none = setup.sign().without_timestamp().json();
    assert_eq!(setup.fault(none), Some(NoTime));
}

#[test]
fn a_broken_timestamp_beside_another_proof_does_no_harm() {
    let setup = Setup::public();
    let bundle = setup.sign().timestamp(Timestamp::Forged).json();
    assert_eq!(setup.fault(bundle), None);
}

#[test]
fn timestamp_servers_are_those_of_the_trusted_root() {
    let setup = Setup::github();
    let other = TimestampAuthority::new(CERTIFIED);
    let bundle = setup.sign().stamped_by(&other).json();
    assert_eq!(setup.fault(bundle), Some(NoTime));
    let root = setup.sigstore.root().without(TIMESTAMP_AUTHORITIES).json();
    assert_eq!(fault_under(&root, setup.sign().json()), Some(NoTime));
}

#[test]
fn a_timestamp_server_has_a_certificate_for_it() {
    let mut setup = Setup::github();
    setup.sigstore.timestamp_authority = TimestampAuthority::with_purpose(CERTIFIED, CODE_SIGNING);
    assert_eq!(setup.fault(setup.sign().json()), Some(NoTime));
}

#[test]
fn a_timestamp_server_counts_while_it_is_in_use() {
    let setup = Setup::github();
    let bundle = setup.sign().json();
    let under = |from, to| {
        let root = setup
            .sigstore
            .root()
            .in_use(TIMESTAMP_AUTHORITIES, (from, to));
        fault_under(&root.json(), &bundle)
    };
    assert_eq!(under(SIGNED_AT, SIGNED_AT), None);
    assert_eq!(under(SIGNED_AT + 1, IN_USE.1), Some(NoTime));
    assert_eq!(under(IN_USE.0, SIGNED_AT - 1), Some(NoTime));
}

#[test]
fn the_certificates_of_a_timestamp_server_are_valid_at_the_time() {
    for valid in [
        (CERTIFIED.0, SIGNED_AT - DAY),
        (SIGNED_AT + DAY, CERTIFIED.1),
    ] {
        let mut setup = Setup::github();
        setup.sigstore.timestamp_authority = TimestampAuthority::new(valid);
        assert_eq!(setup.fault(setup.sign().json()), Some(NoTime));
    }
}

#[test]
fn a_certificate_is_valid_at_each_proven_time() {
    let setup = Setup::github();
    let end = SIGNED_AT + 10 * MINUTE;
    let bundle = setup.sign().value();
    let with = |times: &[i64]| setup.fault(stamped(&setup, bundle.clone(), times));
    assert_eq!(with(&[SIGNED_AT]), None);
    assert_eq!(with(&[SIGNED_AT, end]), None);
    for times in [[SIGNED_AT, end + 1], [SIGNED_AT - 1, end]] {
        assert_eq!(with(&times), invalid(NOT_VALID));
    }
    // The log's time does not help a late timestamp.
    let setup = Setup::public();
    let late = stamped(&setup, setup.sign().value(), &[SIGNED_AT + DAY]);
    assert_eq!(setup.fault(late), invalid(NOT_VALID));
}
