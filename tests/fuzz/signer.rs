//! A signer with an authority, logs and a timestamp server of its own: a bundle that verifies, and the root that trusts them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
    SigningKey, date_time_ymd,
};
use ring::digest::{SHA256, digest};
use roots::oci::Digest;
use serde_json::{Value, json};

pub const LOGGED: i64 = 1_767_225_600;
pub const STAMPED: i64 = LOGGED + 5;
const STAMP: &str = "20260101000005Z";

const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Object identifiers: 2.16.840.1.101.3.4.2.1, 1.2.840.113549.1.7.2, .1.9.16.1.4, .1.9.3 and .1.9.4.
const SHA256_ID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];

pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

/// A bundle that says that `image` is signed, and the trusted root.
pub fn sign(image: &Digest) -> (Value, Value) {
    let [log, ct_log, leaf_key, stamp_key] = [(); 4].map(|()| KeyPair::generate().expect("a key"));
    let authority = authority();
    let leaf = leaf(&leaf_key, &authority, &ct_log);
    let payload = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": image.hex()}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
    });
    let payload = payload.to_string();
    let message = format!(
        "DSSEv1 {} {IN_TOTO} {} {payload}",
        IN_TOTO.len(),
        payload.len()
    );
    let signature = leaf_key.sign(message.as_bytes()).expect("a signature");
    let stamp_params = params("the clock", ExtendedKeyUsagePurpose::TimeStamping);
    let stamper = stamp_params
        .signed_by(&stamp_key, &authority)
        .expect("a certificate");
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": encode(&leaf)},
            "tlogEntries": [log_entry(&log, &leaf, payload.as_bytes(), &signature)],
            "timestampVerificationData": {"rfc3161Timestamps": [
                {"signedTimestamp": encode(&timestamp(&stamp_key, stamper.der(), &signature))},
            ]},
        },
        "dsseEnvelope": {
            "payload": encode(payload.as_bytes()),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": encode(&signature)}],
        },
    });
    let root = json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [trusted_log(&log)],
        "ctlogs": [trusted_log(&ct_log)],
        "certificateAuthorities": [trusted_chain(&[authority.der()])],
        "timestampAuthorities": [trusted_chain(&[stamper.der(), authority.der()])],
    });
    (bundle, root)
}

fn trusted_log(key: &KeyPair) -> Value {
    let key = key.subject_public_key_info();
    json!({
        "baseUrl": "https://log.example",
        "publicKey": {"rawBytes": encode(&key), "validFor": {"start": "2025-01-01T00:00:00Z"}},
        "logId": {"keyId": encode(&sha256(&key))},
    })
}

fn trusted_chain(certificates: &[&[u8]]) -> Value {
    let raw = |der: &&[u8]| json!({"rawBytes": encode(der)});
    let certificates: Vec<_> = certificates.iter().map(raw).collect();
    json!({
        "certChain": {"certificates": certificates},
        "validFor": {"start": "2025-01-01T00:00:00Z"},
    })
}

fn params(name: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.serial_number = Some(SerialNumber::from(7_u64));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params("the authority", ExtendedKeyUsagePurpose::Any);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages.clear();
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A certificate of a workflow, with an SCT of RFC 6962, section 3.3.
fn leaf(key: &KeyPair, authority: &CertifiedIssuer<'static, KeyPair>, log: &KeyPair) -> Vec<u8> {
    let mut params = params("the leaf", ExtendedKeyUsagePurpose::CodeSigning);
    let uri = "https://github.com/o/r/.github/workflows/a.yml@refs/heads/main";
    params.subject_alt_names = vec![SanType::URI(Ia5String::try_from(uri).expect("ASCII"))];
    let issuer = der(0x0c, &[b"https://token.actions.githubusercontent.com"]);
    let arcs = [1, 3, 6, 1, 4, 1, 57264, 1, 8];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&arcs, issuer)];
    let plain = params.signed_by(key, authority).expect("a certificate");
    let precertificate = first_element(&plain.der()[4..]);

    let time = (LOGGED * 1000).to_be_bytes();
    let issuer = sha256(&authority.key().subject_public_key_info());
    let length = &(precertificate.len() as u32).to_be_bytes()[1..];
    let message = [
        &[0, 0],
        &time[..],
        &[0, 1],
        &issuer,
        length,
        precertificate,
        &[0, 0],
    ];
    let signature = log.sign(&message.concat()).expect("a signature");
    let id = sha256(&log.subject_public_key_info());
    let sct = [&[0], &id[..], &time, &[0, 0, 4, 3], &vector(&signature)].concat();
    let list = der(0x04, &[&vector(&vector(&sct))]);
    let arcs = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
    let scts = CustomExtension::from_oid_content(&arcs, list);
    params.custom_extensions.push(scts);
    params
        .signed_by(key, authority)
        .expect("a certificate")
        .der()
        .to_vec()
}

/// An entry of Rekor v1, which is the only one of its log.
fn log_entry(log: &KeyPair, leaf: &[u8], payload: &[u8], signature: &[u8]) -> Value {
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        encode(leaf)
    );
    let body = json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "payloadHash": {"algorithm": "sha256", "value": hex(&sha256(payload))},
        "signatures": [{"signature": encode(signature), "verifier": encode(pem.as_bytes())}],
    }});
    let body = body.to_string();
    let id = sha256(&log.subject_public_key_info());
    let promise = format!(
        r#"{{"body":"{}","integratedTime":{LOGGED},"logID":"{}","logIndex":7}}"#,
        encode(body.as_bytes()),
        hex(&id)
    );
    let promise = log.sign(promise.as_bytes()).expect("a promise");
    let root = sha256(&[&[0], body.as_bytes()].concat());
    let text = format!("log.example - 1\n1\n{}\n", encode(&root));
    let note = log.sign(text.as_bytes()).expect("a checkpoint");
    let note = encode(&[&id[..4], &note].concat());
    json!({
        "logIndex": "7",
        "logId": {"keyId": encode(&id)},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": LOGGED.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": encode(&promise)},
        "inclusionProof": {
            "logIndex": "0",
            "rootHash": encode(&root),
            "treeSize": "1",
            "hashes": [],
            "checkpoint": {"envelope": format!("{text}\n\u{2014} log.example {note}\n")},
        },
        "canonicalizedBody": encode(body.as_bytes()),
    })
}

/// A response of RFC 3161, with its certificate in it.
fn timestamp(key: &KeyPair, certificate: &[u8], signature: &[u8]) -> Vec<u8> {
    let one: &[u8] = &[0x02, 1, 1];
    let hash = der(0x30, &[&der(0x06, &[SHA256_ID])]);
    let imprint = der(0x30, &[&hash, &der(0x04, &[&sha256(signature)])]);
    let time = der(0x18, &[STAMP.as_bytes()]);
    let info = der(0x30, &[one, &[0x06, 1, 42], &imprint, one, &time]);
    let attribute = |id, value: &[u8]| der(0x30, &[&der(0x06, &[id]), &der(0x31, &[value])]);
    let kind = der(0x06, &[TST_INFO]);
    let attributes = [
        attribute(CONTENT_TYPE, &kind),
        attribute(MESSAGE_DIGEST, &der(0x04, &[&sha256(&info)])),
    ]
    .concat();
    let signature = key.sign(&der(0x31, &[&attributes])).expect("a signature");
    // The issuer is behind the version, the serial number and the algorithm.
    let mut rest = &certificate[8..];
    for _ in 0..3 {
        rest = &rest[first_element(rest).len()..];
    }
    let id = der(0x30, &[first_element(rest), &[0x02, 1, 7]]);
    let signed = der(0xa0, &[&attributes]);
    let signer = [one, &id, &hash, &signed, &hash, &der(0x04, &[&signature])];
    let signers = der(0x31, &[&der(0x30, &signer)]);
    let content = der(0x30, &[&kind, &der(0xa0, &[&der(0x04, &[&info])])]);
    let certificates = der(0xa0, &[certificate]);
    let data = der(
        0x30,
        &[one, &der(0x31, &[&hash]), &content, &certificates, &signers],
    );
    let data = der(0x30, &[&der(0x06, &[SIGNED_DATA]), &der(0xa0, &[&data])]);
    der(0x30, &[&[0x30, 3, 0x02, 1, 0], &data])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let [.., high, low] = contents.len().to_be_bytes();
    let length = match contents.len() {
        0..0x80 => vec![low],
        0x80..0x100 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], &contents].concat()
}

/// The element of DER at the front, with tag and length.
fn first_element(bytes: &[u8]) -> &[u8] {
    let length = match bytes[1] {
        0x82 => 4 + usize::from(bytes[2]) * 256 + usize::from(bytes[3]),
        0x81 => 3 + usize::from(bytes[2]),
        short => 2 + usize::from(short),
    };
    &bytes[..length]
}

/// Bytes behind their length, as TLS writes them.
fn vector(bytes: &[u8]) -> Vec<u8> {
    let [.., high, low] = bytes.len().to_be_bytes();
    [&[high, low], bytes].concat()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
