//! Transparency logs: which of them count, when, and for what.

use super::{Setup, digest, entry, fault_under, invalid};
use crate::support::sigstore::time::DAY;
use crate::support::sigstore::trusted_root::{CT_LOGS, LOGS};
use crate::support::sigstore::{IN_USE, RekorLog, SIGNED_AT, Statement, Timestamp, Version};
use roots::error::SignatureFault::{NoTime, NotLogged, UnknownLog};

const NOT_IN_USE: &str = "the log was not in use at that time";

#[test]
fn rekor_2_needs_a_timestamp_and_a_proof() {
    let setup = Setup::public();
    let unstamped = setup.sign().in_rekor2().without_timestamp();
    assert_eq!(setup.fault(unstamped.json()), Some(NoTime));
    // No version of a bundle does without the proof.
    let unproven = setup.sign().in_rekor2().without_inclusion();
    for version in [Version::V01, Version::V02, Version::V03] {
        assert_eq!(
            setup.fault(unproven.version(version)),
            invalid("the log entry has no inclusion proof")
        );
    }
    // A time that is written into its entry is signed by nobody.
    let mut claimed = setup.sign().in_rekor2().without_timestamp().value();
    entry(&mut claimed)["integratedTime"] = SIGNED_AT.to_string().into();
    let promise =
        setup.sign().value()["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"].clone();
    entry(&mut claimed)["inclusionPromise"] = promise;
    assert_eq!(setup.fault(claimed), Some(NoTime));
}

#[test]
fn an_unknown_log_proves_nothing() {
    let setup = Setup::public();
    let (v1, v2) = (RekorLog::v1(IN_USE), RekorLog::v2(IN_USE));
    let unknown = setup.sign().logged_by(&v1);
    assert_eq!(setup.fault(unknown.json()), Some(UnknownLog));
    let stamped = unknown.timestamp(Timestamp::Right);
    assert_eq!(setup.fault(stamped.json()), Some(UnknownLog));
    let unknown = setup.sign().in_rekor2().logged_by(&v2);
    assert_eq!(setup.fault(unknown.json()), Some(UnknownLog));
    // Beside a known one, it does no harm.
    let mut bundle = setup.sign().value();
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    let unknown = setup.sign().logged_by(&v1).value();
    let unknown = unknown["verificationMaterial"]["tlogEntries"][0].clone();
    entries.as_array_mut().unwrap().insert(0, unknown);
    assert_eq!(setup.fault(bundle), None);
}

#[test]
fn the_name_of_a_log_is_not_its_signature() {
    let setup = Setup::public();
    let other = RekorLog::v1(IN_USE);
    let mut bundle = setup.sign().logged_by(&other).value();
    let own = setup.sign().value()["verificationMaterial"]["tlogEntries"][0]["logId"].clone();
    entry(&mut bundle)["logId"] = own;
    assert_eq!(
        setup.fault(bundle),
        invalid("the log has not signed its entry")
    );
}

#[test]
fn each_entry_of_a_known_log_must_hold() {
    let setup = Setup::public();
    let mut bundle = setup.sign().value();
    let other = setup.sign().value()["verificationMaterial"]["tlogEntries"][0].clone();
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    entries.as_array_mut().unwrap().push(other);
    assert_eq!(
        setup.fault(bundle),
        invalid("the log entry belongs to another signature")
    );
}

#[test]
fn where_there_are_logs_a_signature_is_in_one() {
    let setup = Setup::public();
    let unlogged = setup.sign().in_no_log();
    assert_eq!(setup.fault(unlogged.json()), Some(NoTime));
    let stamped = unlogged.timestamp(Timestamp::Right);
    assert_eq!(setup.fault(stamped.json()), Some(NotLogged));
    let root = setup.sigstore.root().without(LOGS).json();
    assert_eq!(fault_under(&root, stamped.json()), None);
    // A log that nobody trusts gives no time either.
    assert_eq!(fault_under(&root, setup.sign().json()), Some(UnknownLog));
}

#[test]
fn a_log_counts_while_it_is_in_use() {
    let setup = Setup::public();
    let under = |from, to, bundle: String| {
        let root = setup.sigstore.root().in_use(LOGS, (from, to)).json();
        fault_under(&root, bundle)
    };
    for signing in [setup.sign(), setup.sign().in_rekor2()] {
        let bundle = signing.json();
        assert_eq!(under(SIGNED_AT, SIGNED_AT, bundle.clone()), None);
        let later = under(SIGNED_AT + 1, IN_USE.1, bundle.clone());
        assert_eq!(later, invalid(NOT_IN_USE));
        let earlier = under(IN_USE.0, SIGNED_AT - 1, bundle);
        assert_eq!(earlier, invalid(NOT_IN_USE));
    }
}

#[test]
fn a_log_for_certificates_is_none_for_signatures() {
    let setup = Setup::public();
    let root = setup.sigstore.root();
    let ct_logs = root.0[CT_LOGS].clone();
    let mut swapped = root;
    swapped.0[LOGS] = ct_logs;
    assert_eq!(
        fault_under(&swapped.json(), setup.sign().json()),
        Some(UnknownLog)
    );
}

#[test]
fn a_bundle_is_as_good_a_day_or_years_later() {
    let setup = Setup::public();
    for at in [IN_USE.0, IN_USE.0 + DAY, IN_USE.1] {
        assert_eq!(setup.fault(setup.sign().at(at).json()), None);
    }
    let statement = Statement::provenance(&digest());
    let bundle = setup.sigstore.sign(statement, &setup.signer).json();
    assert_eq!(setup.fault(bundle), None);
}
