//! The JSON of log entries, field by field: <https://github.com/sigstore/rekor>, `pkg/types`, and
//! <https://github.com/sigstore/rekor-tiles>, `api/proto/rekor/v2`. The number at the end of a name is the generation of Rekor.

use crate::sigstore::encoding::json::{Base64, Limited};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeadJson {
    pub(crate) kind: String,
    pub(crate) api_version: String,
    #[serde(rename = "spec")]
    _spec: IgnoredAny,
}

#[derive(Deserialize)]
pub(crate) struct BodyJson<T> {
    pub(crate) spec: T,
}

#[derive(Deserialize)]
pub(crate) struct HexHash {
    pub(crate) algorithm: String,
    pub(crate) value: String,
}

#[derive(Deserialize)]
pub(crate) struct HashedRekord1 {
    pub(crate) data: HashedData1,
    pub(crate) signature: HashedSignature1,
}

#[derive(Deserialize)]
pub(crate) struct HashedData1 {
    pub(crate) hash: HexHash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HashedSignature1 {
    pub(crate) content: Base64,
    pub(crate) public_key: HashedKey1,
}

#[derive(Deserialize)]
pub(crate) struct HashedKey1 {
    pub(crate) content: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HashedRekord2 {
    #[serde(rename = "hashedRekordV002")]
    pub(crate) hashed_rekord_v002: HashedContent2,
}

#[derive(Deserialize)]
pub(crate) struct HashedContent2 {
    pub(crate) data: HashedData2,
    pub(crate) signature: HashedSignature2,
}

#[derive(Deserialize)]
pub(crate) struct HashedData2 {
    pub(crate) algorithm: String,
    pub(crate) digest: Base64,
}

#[derive(Deserialize)]
pub(crate) struct HashedSignature2 {
    pub(crate) content: Base64,
    pub(crate) verifier: VerifierJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifierJson {
    pub(crate) x509_certificate: Option<RawBytesJson>,
    pub(crate) public_key: Option<RawBytesJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawBytesJson {
    pub(crate) raw_bytes: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dsse1 {
    pub(crate) payload_hash: HexHash,
    pub(crate) signatures: Limited<DsseSignature1, 16>,
}

#[derive(Deserialize)]
pub(crate) struct DsseSignature1 {
    pub(crate) signature: Base64,
    pub(crate) verifier: Base64,
}

#[derive(Deserialize)]
pub(crate) struct InToto2 {
    pub(crate) content: InTotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InTotoContent {
    pub(crate) payload_hash: HexHash,
    pub(crate) envelope: InTotoEnvelope,
}

#[derive(Deserialize)]
pub(crate) struct InTotoEnvelope {
    pub(crate) signatures: Limited<InTotoSignature, 16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InTotoSignature {
    pub(crate) sig: Base64,
    pub(crate) public_key: Base64,
}
