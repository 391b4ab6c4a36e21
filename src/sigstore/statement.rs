//! in-toto statements: <https://github.com/in-toto/attestation>, `spec/v1/statement.md`. Parsed only after the signature over
//! them was verified.

use crate::error::SignatureFault;
use crate::oci::{Algorithm, Digest};
use crate::sigstore::encoding::json::{Json, MalformedJson};

/// The subjects of a statement.
const MAX_SUBJECTS: usize = 1024;

const TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

/// Statements that somebody made this very image: the plain signature of cosign 3, and provenance. An SBOM or a scan may be signed of
/// an image that nobody vouches for.
const OF_IMAGES: [&str; 3] = [
    "https://sigstore.dev/cosign/sign/v1",
    "https://slsa.dev/provenance/v1",
    "https://slsa.dev/provenance/v0.2",
];

/// What is said of which documents.
pub(crate) struct Statement {
    pub(crate) predicate_type: String,
    subjects: Vec<SubjectDigests>,
}

/// Other algorithms are of no use here.
struct SubjectDigests {
    sha256: Option<String>,
    sha512: Option<String>,
}

impl Statement {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, SignatureFault> {
        Self::read(payload).map_err(|_| SignatureFault::Malformed("not an in-toto statement"))
    }

    fn read(payload: &[u8]) -> Result<Self, MalformedJson> {
        let fields = "_type predicateType subject digest sha256 sha512";
        let statement = Json::parse(payload, fields)?;
        if !TYPES.contains(&statement.text("_type")?) {
            return Err(MalformedJson);
        }
        let mut subjects = Vec::new();
        for subject in statement.list("subject", MAX_SUBJECTS)? {
            let digest = subject.field("digest")?;
            subjects.push(SubjectDigests {
                sha256: digest.optional_text("sha256")?.map(str::to_owned),
                sha512: digest.optional_text("sha512")?.map(str::to_owned),
            });
        }
        Ok(Self {
            predicate_type: statement.text("predicateType")?.to_owned(),
            subjects,
        })
    }

    /// Whether the digest is that of a subject, under its own algorithm.
    pub(crate) fn is_about(&self, digest: &Digest) -> bool {
        self.subjects.iter().any(|subject| {
            let hex = match digest.algorithm() {
                Algorithm::Sha256 => &subject.sha256,
                Algorithm::Sha512 => &subject.sha512,
            };
            hex.as_deref() == Some(digest.hex())
        })
    }

    /// The digest of the first subject, for messages.
    pub(crate) fn first(&self) -> Option<String> {
        let hex = self.subjects.first()?.sha256.as_ref()?;
        Some(format!("sha256:{hex}"))
    }
}

/// Whether a statement of this type says that an image is the signer's.
pub fn is_of_images(predicate_type: &str) -> bool {
    OF_IMAGES.contains(&predicate_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(subject: &str) -> Result<Statement, SignatureFault> {
        let text = format!(
            r#"{{"_type": "https://in-toto.io/Statement/v1", "subject": {subject}, "predicateType": "p", "predicate": {{}}}}"#
        );
        Statement::parse(text.as_bytes())
    }

    #[test]
    fn a_subject_matches_in_lower_case_and_under_its_algorithm() {
        let digest = Digest::sha256(b"x");
        let is_about = |digests: &str| {
            let subject = format!(r#"[{{"name": "n", "digest": {{{digests}}}}}]"#);
            statement(&subject).map(|statement| statement.is_about(&digest))
        };
        let hex = digest.hex();
        assert_eq!(is_about(&format!(r#""sha256": "{hex}""#)), Ok(true));
        for other in [
            format!(r#""sha256": "{}""#, hex.to_uppercase()),
            format!(r#""sha512": "{hex}""#),
            format!(r#""sha1": "{hex}""#),
            format!(r#""sha256": "sha256:{hex}""#),
            String::new(),
        ] {
            assert_eq!(is_about(&other), Ok(false), "{other}");
        }
        assert!(is_about(&format!(r#""sha256": "{hex}", "sha256": "{hex}""#)).is_err());
    }

    #[test]
    fn statements_have_a_type_and_a_limit() {
        assert!(statement("[]").is_ok());
        let many = vec![r#"{"digest": {}}"#; 1025].join(",");
        assert!(statement(&format!("[{many}]")).is_err());
        assert!(
            Statement::parse(br#"{"_type": "x", "subject": [], "predicateType": "p"}"#).is_err()
        );
    }
}
