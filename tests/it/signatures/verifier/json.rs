//! The JSON of a bundle, which is read strictly.

use super::{Setup, malformed};
use roots::sigstore::{Bundle, bundles};
use serde_json::json;

const NOT_JSON: &str = "not the JSON of a sigstore bundle";

#[test]
fn base64_has_one_spelling() {
    let setup = Setup::public();
    let bundle = setup.sign().value();
    let sig = bundle["dsseEnvelope"]["signatures"][0]["sig"]
        .as_str()
        .unwrap();
    for bad in [
        sig.replace(['+', '/'], "-"),
        format!("{sig}\n"),
        format!("{sig}="),
        format!(" {sig}"),
        sig[..sig.len() - 1].to_owned(),
    ] {
        if bad == sig {
            continue;
        }
        let mut bundle = bundle.clone();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = bad.clone().into();
        assert_eq!(setup.fault(bundle), malformed(NOT_JSON), "{bad:?}");
    }
}

#[test]
fn a_key_of_json_that_is_there_twice_is_refused() {
    let setup = Setup::public();
    let bundle = setup.sign().json();
    for key in ["payload", "payloadType", "dsseEnvelope", "integratedTime"] {
        let twice = bundle.replacen(
            &format!(r#""{key}":"#),
            &format!(r#""{key}":"","{key}":"#),
            1,
        );
        assert_ne!(twice, bundle);
        assert_eq!(setup.fault(twice), malformed(NOT_JSON), "{key}");
    }
}

#[test]
fn numbers_are_strings_or_numbers_and_not_negative() {
    let setup = Setup::public();
    let bundle = setup.sign().value();
    let with_index = |index: serde_json::Value| {
        let mut bundle = bundle.clone();
        bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = index;
        setup.fault(bundle)
    };
    assert_eq!(with_index(1005.into()), None);
    assert_eq!(with_index("1005".into()), None);
    for bad in [
        json!("-1005"),
        json!(-1005),
        json!("01005"),
        json!("1005 "),
        json!(1005.0),
    ] {
        assert_eq!(with_index(bad.clone()), malformed(NOT_JSON), "{bad}");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let setup = Setup::public();
    let mut bundle = setup.sign().value();
    bundle["new"] = json!({"field": 1});
    bundle["verificationMaterial"]["new"] = json!([]);
    assert_eq!(setup.fault(bundle), None);
}

#[test]
fn sizes_are_limited() {
    let setup = Setup::github();
    let mut bundle = setup.sign().value();
    bundle["new"] = "x".repeat(1 << 20).into();
    assert_eq!(setup.fault(bundle), malformed("the bundle is too large"));

    let mut bundle = setup.sign().value();
    let stamps =
        &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
    *stamps = vec![stamps[0].clone(); 33].into();
    assert_eq!(setup.fault(bundle), malformed(NOT_JSON));

    let setup = Setup::public();
    let mut bundle = setup.sign().value();
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    *entries = vec![entries[0].clone(); 33].into();
    assert_eq!(setup.fault(bundle), malformed(NOT_JSON));
}

#[test]
fn bundles_in_a_file_are_lines() {
    let setup = Setup::public();
    let lines = format!(
        "{}\n{}\n",
        setup.sign().json(),
        setup.sign().in_rekor2().json()
    );
    assert_eq!(bundles(lines.as_bytes()).unwrap().len(), 2);
    assert!(Bundle::parse(lines.as_bytes()).is_err());
    assert!(bundles(format!("{lines}x").as_bytes()).is_err());
}
