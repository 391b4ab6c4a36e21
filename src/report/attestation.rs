//! Who says what about an image: its signatures and attestations.

use super::columns;
use crate::oci::Digest;
use crate::progress::bytes;
use crate::sigstore::{Provenance, Signer, Verified, is_of_images};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// One signature or attestation.
#[derive(Serialize)]
pub(crate) struct AttestationReport {
    pub(crate) kind: AttestationKind,
    /// The type of the predicate, if it is a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predicate_type: Option<String>,
    /// Of an SBOM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<&'static str>,
    /// The document that it belongs to: `index` or `manifest`.
    pub(crate) of: &'static str,
    /// The digest of that document.
    pub(crate) subject: Digest,
    #[serde(flatten)]
    pub(crate) status: AttestationStatus,
    #[serde(flatten)]
    pub(crate) provenance: Provenance,
    /// The digest of its blob.
    pub(crate) digest: Digest,
    /// The size of that blob, in bytes.
    pub(crate) size: u64,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AttestationKind {
    /// That somebody signed the image.
    Signature,
    /// How it was built.
    Provenance,
    /// What it consists of.
    Sbom,
    /// Something else.
    Other,
}

/// By whom it is said.
#[derive(Serialize)]
#[serde(tag = "status")]
pub(crate) enum AttestationStatus {
    /// The signature holds.
    #[serde(rename = "verified")]
    Verified {
        /// As in the certificate; for a key, its digest.
        signer: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<String>,
    },
    /// It was made with a key that the user has not given.
    #[serde(rename = "key unknown")]
    KeyUnknown,
    /// Everybody who could push the image could write it.
    #[serde(rename = "unsigned")]
    Unsigned,
    /// The signature does not hold.
    #[serde(rename = "not verified")]
    NotVerified { reason: String },
}

impl AttestationReport {
    /// One of which nothing but the signature is known.
    pub(crate) fn new(
        (of, subject): (&'static str, &Digest),
        (digest, size): (&Digest, u64),
        status: AttestationStatus,
    ) -> Self {
        Self {
            kind: AttestationKind::Signature,
            predicate_type: None,
            format: None,
            of,
            subject: subject.clone(),
            status,
            provenance: Provenance::default(),
            digest: digest.clone(),
            size,
        }
    }

    /// Adds what a statement says. That is to be believed as far as its signer is.
    pub(crate) fn add_statement(&mut self, predicate_type: String, provenance: Provenance) {
        self.kind = AttestationKind::of(&predicate_type);
        self.format = sbom_format(&predicate_type);
        self.predicate_type = Some(predicate_type);
        if self.kind == AttestationKind::Provenance {
            self.provenance = provenance;
        }
    }

    /// Adds what the certificate says. Where the statement differs, the certificate counts.
    pub(crate) fn add_claims(&mut self, verified: &Verified) {
        if let (Signer::Certified(claims), AttestationKind::Provenance) =
            (&verified.signer, self.kind)
        {
            let provenance = &mut self.provenance;
            provenance.repository = claims.repository.clone().or(provenance.repository.take());
            provenance.commit = claims.commit.clone().or(provenance.commit.take());
        }
    }

    /// Whether the page shows more of it than its type.
    pub(crate) fn shows_contents(&self) -> bool {
        self.predicate_type.is_none() || self.kind == AttestationKind::Provenance
    }

    fn title(&self) -> String {
        match (self.kind, self.format, &self.predicate_type) {
            (AttestationKind::Sbom, Some(format), _) => {
                format!("SBOM, {format}, {}", bytes(self.size))
            }
            (AttestationKind::Provenance, ..) => "provenance".to_owned(),
            (_, _, Some(kind)) if self.kind == AttestationKind::Other => kind.clone(),
            _ => "signature".to_owned(),
        }
    }

    fn build(&self) -> Option<String> {
        let Provenance {
            repository,
            commit,
            workflow,
            builder,
        } = &self.provenance;
        let fields = [
            ("repository", repository),
            ("commit", commit),
            ("workflow", workflow),
            ("builder", builder),
        ];
        let fields = fields.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("{name} {value}"))
        });
        let text = fields.collect::<Vec<_>>().join(", ");
        Some(text).filter(|text| !text.is_empty())
    }
}

impl AttestationStatus {
    pub(crate) fn verified(verified: &Verified) -> Self {
        Self::Verified {
            signer: verified.signer.identity(),
            issuer: match &verified.signer {
                Signer::Certified(claims) => claims.issuer.clone(),
                Signer::Key(_) => None,
            },
            time: verified.shown_time(),
        }
    }
}

impl AttestationKind {
    fn of(predicate_type: &str) -> Self {
        if predicate_type.starts_with("https://slsa.dev/provenance/") {
            Self::Provenance
        } else if sbom_format(predicate_type).is_some() {
            Self::Sbom
        } else if is_of_images(predicate_type) {
            Self::Signature
        } else {
            Self::Other
        }
    }
}

fn sbom_format(predicate_type: &str) -> Option<&'static str> {
    if predicate_type.starts_with("https://spdx.dev/Document") {
        Some("SPDX")
    } else if predicate_type.starts_with("https://cyclonedx.org/bom") {
        Some("CycloneDX")
    } else {
        None
    }
}

/// The lines of a page: each attestation with its number, and below it how the image was built.
pub(crate) fn attestation_lines(reports: &[AttestationReport]) -> Vec<String> {
    let cells = reports.iter().zip(1..).map(|(report, number)| {
        let status = report.status.to_string();
        [
            number.to_string(),
            report.title(),
            report.of.to_owned(),
            status,
        ]
    });
    let lines = columns(cells).into_iter().zip(reports);
    let lines = lines.flat_map(|(line, report)| {
        let build = report.build().map(|build| format!("   {build}"));
        std::iter::once(line).chain(build)
    });
    lines.collect()
}

impl Display for AttestationStatus {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified {
                signer,
                issuer,
                time,
            } => {
                write!(f, "signed by {signer}")?;
                if let Some(issuer) = issuer {
                    write!(f, ", who logged in at {issuer}")?;
                }
                time.as_ref()
                    .map_or(Ok(()), |time| write!(f, ", at {time}"))
            }
            Self::KeyUnknown => f.write_str("key unknown"),
            Self::Unsigned => f.write_str("unsigned"),
            Self::NotVerified { reason } => write!(f, "not verified: {reason}"),
        }
    }
}
