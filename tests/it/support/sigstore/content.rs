//! What is signed: in-toto statements, bytes, and the payloads of cosign before version 3.

use roots::oci::{Algorithm, Digest};
use serde_json::{Value, json};

pub const COSIGN_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

#[derive(Clone)]
pub enum Content {
    /// An envelope of DSSE.
    Envelope {
        payload: Vec<u8>,
        payload_type: String,
    },
    /// The bytes themselves: a message signature in a bundle, a payload in a legacy signature.
    Bytes(Vec<u8>),
}

/// The fields are open: alter one for a statement that says something else.
#[derive(Clone)]
pub struct Statement {
    pub statement_type: String,
    pub subjects: Vec<Value>,
    pub predicate_type: String,
    pub predicate: Value,
}

/// The payload of a legacy signature. The fields are open.
#[derive(Clone)]
pub struct SimplePayload {
    pub reference: String,
    pub digest: String,
    pub claim: String,
    pub optional: Value,
}

impl Statement {
    /// The plain signature of cosign 3.
    pub fn signature(digest: &Digest) -> Self {
        Self::new(COSIGN_SIGNATURE, digest, json!({}))
    }

    /// What GitHub's actions say of a build.
    pub fn provenance(digest: &Digest) -> Self {
        let build = json!({
            "buildDefinition": {"buildType": "https://actions.github.io/buildtypes/workflow/v1"},
            "runDetails": {"builder": {"id": "https://github.com/actions/runner"}},
        });
        Self::new(PROVENANCE, digest, build)
    }

    /// Anything about one artifact.
    pub fn new(predicate_type: &str, digest: &Digest, predicate: Value) -> Self {
        Self {
            statement_type: "https://in-toto.io/Statement/v1".to_owned(),
            subjects: vec![subject(digest)],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    pub fn with_subjects(mut self, subjects: Vec<Value>) -> Self {
        self.subjects = subjects;
        self
    }

    pub fn payload(&self) -> Vec<u8> {
        let statement = json!({
            "_type": self.statement_type,
            "subject": self.subjects,
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        });
        statement.to_string().into_bytes()
    }
}

/// A subject of a statement.
pub fn subject(digest: &Digest) -> Value {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "sha256",
        Algorithm::Sha512 => "sha512",
    };
    json!({"name": "registry.example.com/image", "digest": {algorithm: digest.hex()}})
}

impl SimplePayload {
    pub fn new(digest: &Digest) -> Self {
        Self {
            reference: "registry.example.com/image".to_owned(),
            digest: digest.to_string(),
            claim: "cosign container image signature".to_owned(),
            optional: Value::Null,
        }
    }

    pub fn payload(&self) -> Vec<u8> {
        let critical = json!({
            "identity": {"docker-reference": self.reference},
            "image": {"docker-manifest-digest": self.digest},
            "type": self.claim,
        });
        let payload = json!({"critical": critical, "optional": self.optional});
        payload.to_string().into_bytes()
    }
}

impl Content {
    /// An envelope around any payload.
    pub fn envelope(payload: impl Into<Vec<u8>>) -> Self {
        Self::Envelope {
            payload: payload.into(),
            payload_type: IN_TOTO.to_owned(),
        }
    }

    /// What is signed of it.
    pub(super) fn message(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Envelope {
                payload,
                payload_type,
            } => {
                let (kind, size) = (payload_type.len(), payload.len());
                let head = format!("DSSEv1 {kind} {payload_type} {size} ");
                [head.as_bytes(), payload].concat()
            }
        }
    }

    pub(super) fn payload(&self) -> Option<&Vec<u8>> {
        match self {
            Self::Envelope { payload, .. } => Some(payload),
            Self::Bytes(_) => None,
        }
    }
}

impl From<Statement> for Content {
    fn from(statement: Statement) -> Self {
        Self::envelope(statement.payload())
    }
}

impl From<SimplePayload> for Content {
    fn from(payload: SimplePayload) -> Self {
        Self::Bytes(payload.payload())
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
