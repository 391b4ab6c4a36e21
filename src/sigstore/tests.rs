//! Authorities, certificates and logs for the tests of this room.

use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::encoding::json::to_base64;
use crate::sigstore::encoding::time::Interval;
use crate::sigstore::hash::{hex, sha256};
use crate::sigstore::key::PublicKey;
use crate::sigstore::log::body::Recorded;
use crate::sigstore::trust::trusted_root::TrustedLog;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber, date_time_ymd,
};

pub(crate) type TestAuthority = CertifiedIssuer<'static, KeyPair>;

/// 2026-01-01 and 2027-01-01, between which all certificates are valid.
pub(crate) const START: i64 = 1_767_225_600;
pub(crate) const END: i64 = 1_798_761_600;

pub(crate) const ALWAYS: Interval = Interval {
    start: 0,
    end: None,
};

/// What entries of logs are of.
pub(crate) const RECORDED: Recorded<'_> = Recorded {
    material: b"material",
    signature: b"signature",
    message: b"message",
    payload: Some(b"payload"),
};

/// The same, signed without an envelope.
pub(crate) const BYTES: Recorded<'_> = Recorded {
    payload: None,
    ..RECORDED
};

/// Of a leaf that may sign code.
pub(crate) fn leaf_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "the leaf");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.serial_number = Some(SerialNumber::from(7_u64));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    params
}

pub(crate) fn authority_params(name: &str) -> CertificateParams {
    let mut params = leaf_params();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages.clear();
    params
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

pub(crate) fn root_authority() -> TestAuthority {
    CertifiedIssuer::self_signed(authority_params("the root"), key()).unwrap()
}

/// The certificate of an authority.
pub(crate) fn certificate_of(authority: &TestAuthority) -> Certificate {
    Certificate::from_der(authority.der()).unwrap()
}

pub(crate) fn issue(
    params: &CertificateParams,
    key: &KeyPair,
    authority: &TestAuthority,
) -> Certificate {
    let certificate = params.signed_by(key, authority).unwrap();
    Certificate::from_der(certificate.der()).unwrap()
}

/// A log that is named by its key.
pub(crate) fn log_of(key: &KeyPair) -> TrustedLog {
    let key = PublicKey::from_der(&key.subject_public_key_info()).unwrap();
    TrustedLog {
        id: key.id(),
        key: Some(key),
        host: "log.example".to_owned(),
        in_use: ALWAYS,
    }
}

pub(crate) fn pem_of(label: &str, der: &[u8]) -> String {
    let body = to_base64(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// The body of an entry `hashedrekord` of Rekor v1.
pub(crate) fn hashed_rekord(recorded: &Recorded<'_>) -> String {
    let hash = hex(&sha256(recorded.message));
    let signature = to_base64(recorded.signature);
    let key = to_base64(pem_of("PUBLIC KEY", recorded.material).as_bytes());
    format!(
        r#"{{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {{
            "data": {{"hash": {{"algorithm": "sha256", "value": "{hash}"}}}},
            "signature": {{"content": "{signature}", "publicKey": {{"content": "{key}"}}}}}}}}"#
    )
}
