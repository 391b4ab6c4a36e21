//! Entries of transparency logs: what was recorded, and the promise that gives it a time.

use super::{MANIFEST, Setup, entry, invalid, malformed};
use crate::support::sigstore::{Kind, Promise, Recorded, SIGNED_AT, Signing, Timestamp};
use roots::error::SignatureFault::NoTime;

const OTHER_RECORD: &str = "the log entry belongs to another signature";

/// The same in each log and under each type of entry.
fn everywhere(setup: &Setup) -> Vec<(&'static str, Signing<'_>)> {
    let message = setup.sigstore.sign(MANIFEST, &setup.signer);
    vec![
        ("dsse", setup.sign().kind(Kind::Dsse)),
        ("intoto", setup.sign().kind(Kind::InToto)),
        ("hashedrekord of bytes", message),
        ("Rekor v2", setup.sign().in_rekor2()),
        (
            "Rekor v2 of bytes",
            setup.sigstore.sign(MANIFEST, &setup.signer).in_rekor2(),
        ),
    ]
}

#[test]
fn each_type_of_entry_is_accepted() {
    let setup = Setup::public();
    for (name, signing) in everywhere(&setup) {
        assert_eq!(setup.fault(signing.json()), None, "{name}");
    }
}

/// It is right in every part, but no client of sigstore writes or takes it.
#[test]
fn an_envelope_is_not_recorded_as_bytes_in_rekor_1() {
    let setup = Setup::public();
    let bundle = setup.sign().kind(Kind::HashedRekord).json();
    assert_eq!(setup.fault(bundle), invalid(OTHER_RECORD));
}

#[test]
fn an_entry_of_something_else_is_refused() {
    let setup = Setup::public();
    for recorded in [
        Recorded::OtherSignature,
        Recorded::OtherContent,
        Recorded::OtherMaterial,
    ] {
        for (name, signing) in everywhere(&setup) {
            let bundle = signing.recorded(recorded).json();
            assert_eq!(setup.fault(bundle), invalid(OTHER_RECORD), "{name}");
        }
    }
}

#[test]
fn an_entry_of_another_kind_is_refused() {
    let setup = Setup::public();
    let unknown = setup.sign().kind(Kind::Rekord).json();
    let fault = setup.fault(unknown);
    assert_eq!(fault, malformed("a log entry of an unknown kind"));
    let mut bundle = setup.sign().value();
    entry(&mut bundle)["kindVersion"]["version"] = "0.0.2".into();
    let fault = setup.fault(bundle);
    assert_eq!(fault, invalid("the log entry is of another kind"));
}

#[test]
fn a_dsse_entry_is_of_no_message_signature() {
    let setup = Setup::public();
    for kind in [Kind::Dsse, Kind::InToto] {
        let bundle = setup
            .sigstore
            .sign(MANIFEST, &setup.signer)
            .kind(kind)
            .json();
        assert_eq!(setup.fault(bundle), invalid(OTHER_RECORD));
    }
}

#[test]
fn without_a_promise_nobody_has_signed_the_time() {
    let setup = Setup::public();
    let missing = setup.sign().promise(Promise::Missing);
    assert_eq!(setup.fault(missing.json()), Some(NoTime));
    // The inclusion is proven, so it lacks nothing but a time.
    let stamped = missing.timestamp(Timestamp::Right);
    assert_eq!(setup.fault(stamped.json()), None);
}

#[test]
fn a_promise_is_signed_by_the_log() {
    let setup = Setup::public();
    let not_signed = invalid("the log has not signed its entry");
    for promise in [Promise::Forged, Promise::OtherTime] {
        let bundle = setup.sign().promise(promise).timestamp(Timestamp::Right);
        assert_eq!(setup.fault(bundle.json()), not_signed);
    }
    for (field, value) in [("integratedTime", SIGNED_AT + 1), ("logIndex", 5)] {
        let mut bundle = setup.sign().value();
        entry(&mut bundle)[field] = value.to_string().into();
        assert_eq!(setup.fault(bundle), not_signed, "{field}");
    }
}
