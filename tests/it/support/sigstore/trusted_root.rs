//! Trusted roots as JSON: sigstore's protobuf-specs, `sigstore_trustroot.proto`.

use super::key::{Key, base64};
use super::rekor::RekorLog;
use super::time::{Period, rfc3339};
use super::{IN_USE, Sigstore};
use serde_json::{Value, json};

/// The keys of the lists.
pub const LOGS: &str = "tlogs";
pub const CT_LOGS: &str = "ctlogs";
pub const AUTHORITIES: &str = "certificateAuthorities";
pub const TIMESTAMP_AUTHORITIES: &str = "timestampAuthorities";

/// A trusted root in the making: everything of one instance until told otherwise.
#[derive(Clone)]
pub struct Root(pub Value);

impl Root {
    pub(super) fn of(sigstore: &Sigstore) -> Self {
        let certificates = &sigstore.authority;
        let timestamps = &sigstore.timestamp_authority;
        let mut root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            AUTHORITIES: [authority("https://fulcio.example.com", &certificates.chain())],
            TIMESTAMP_AUTHORITIES: [authority("https://timestamp.example.com", &timestamps.chain())],
        });
        if sigstore.is_public {
            let ct_log = &sigstore.ct_log;
            root[LOGS] = json!([rekor(&sigstore.rekor1), rekor(&sigstore.rekor2)]);
            let url = "https://ctfe.example.com";
            root[CT_LOGS] = json!([log(url, &ct_log.key, &ct_log.key.id(), ct_log.in_use)]);
        }
        Self(root)
    }

    /// One list is left out.
    pub fn without(mut self, list: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(list);
        self
    }

    /// All of a list were in use in this period alone.
    pub fn in_use(mut self, list: &str, period: Period) -> Self {
        for entry in self.0[list].as_array_mut().unwrap() {
            *valid_for(entry) = interval(period);
        }
        self
    }

    /// None of a list says until when it was in use.
    pub fn without_end(self, list: &str) -> Self {
        self.without_bound(list, "end")
    }

    /// None of a list says since when it was in use: malformed.
    pub fn without_start(self, list: &str) -> Self {
        self.without_bound(list, "start")
    }

    fn without_bound(mut self, list: &str, bound: &str) -> Self {
        for entry in self.0[list].as_array_mut().unwrap() {
            valid_for(entry).as_object_mut().unwrap().remove(bound);
        }
        self
    }

    /// With the entries of one list of another instance in place of its own.
    pub fn with(mut self, list: &str, other: &Self) -> Self {
        self.0[list] = other.0[list].clone();
        self
    }

    pub fn json(&self) -> String {
        self.0.to_string()
    }
}

fn valid_for(entry: &mut Value) -> &mut Value {
    if entry["publicKey"].is_null() {
        &mut entry["validFor"]
    } else {
        &mut entry["publicKey"]["validFor"]
    }
}

fn interval((start, end): Period) -> Value {
    json!({"start": rfc3339(start), "end": rfc3339(end)})
}

fn authority(url: &str, chain: &[&[u8]]) -> Value {
    let certificates = chain.iter().map(|der| json!({"rawBytes": base64(der)}));
    let certificates: Vec<_> = certificates.collect();
    json!({
        "subject": {"organization": "example.com", "commonName": "an authority"},
        "uri": url,
        "certChain": {"certificates": certificates},
        "validFor": interval(IN_USE),
    })
}

fn rekor(rekor: &RekorLog) -> Value {
    let url = format!("https://{}", rekor.host);
    log(&url, &rekor.key, &rekor.id(), rekor.in_use)
}

fn log(url: &str, key: &Key, id: &[u8], in_use: Period) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64(key.info()),
            "keyDetails": key.details(),
            "validFor": interval(in_use),
        },
        "logId": {"keyId": base64(id)},
    })
}
