//! The signatures of an image do not say what was demanded.

use super::text::{around, escaped};
use super::{Category, Subject};
use std::fmt::{self, Display, Formatter};

/// An image that is not signed as demanded.
#[derive(Debug)]
pub struct SignatureError {
    pub image: String,
    /// One for each signature that was found.
    pub faults: Vec<SignatureFault>,
    pub searched: SignaturePlaces,
    /// The option that no signature meets, where others are met.
    pub unmet: Option<String>,
    /// The date of the trusted roots, if they are the embedded ones.
    pub roots_of: Option<String>,
}

/// Where signatures were looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignaturePlaces {
    /// Wherever there may be some.
    All,
    /// For the manifest alone, since the image was named by its digest.
    OfManifest,
    /// Nowhere, since the network must not be used.
    Nowhere,
    /// In the file of `--bundle`.
    Bundle,
}

/// How many faults are listed. Everybody who may push to a registry may add signatures.
const MAX_LISTED: usize = 5;

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// It cannot be read.
    Malformed(&'static str),
    /// A document of it is not what its digest says.
    Damaged(String),
    /// It can be read, and something that was signed is not what the signature is for.
    Invalid(&'static str),
    /// It holds, for another digest.
    OtherDigest(Option<String>),
    /// It holds, and somebody else made it.
    OtherSigner {
        /// As in the certificate: a workflow, or an address.
        identity: String,
        /// None if the certificate names none.
        issuer: Option<String>,
        /// The options that would accept it, as they are typed.
        accepted_by: Option<String>,
    },
    /// It is by none of the keys.
    OtherKey,
    /// It was made with a certificate, and a key is demanded.
    NotByKey,
    /// It was made with a key, and a certificate is demanded.
    NotByCertificate,
    /// The certificate is of an authority that the trusted root does not know, or not at that time.
    UnknownAuthority,
    /// The log is not in the trusted root.
    UnknownLog,
    /// Nothing proves when it was made.
    NoTime,
    /// The trusted root has logs, and the signature is in none of them.
    NotLogged,
    /// It has more bytes than are read; their number.
    TooLarge(u64),
    /// It holds, but signs something about the image, such as an SBOM.
    OtherPredicate(String),
}

/// Why a file is not a public key that signatures can be checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    NotPem,
    PrivateKey,
    Certificate,
    Unsupported,
    WeakRsa(usize),
}

impl SignatureFault {
    /// How much a fault says of a signature. Of those under several trusted roots or for several demands, the heaviest counts.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::NotByKey | Self::NotByCertificate => 0,
            Self::UnknownAuthority | Self::UnknownLog => 1,
            Self::NoTime => 2,
            Self::NotLogged => 3,
            _ => 4,
        }
    }

    /// Whether there is nothing wrong with the signature, except that somebody else made it.
    pub(crate) fn is_of_another(&self) -> bool {
        matches!(
            self,
            Self::OtherSigner { .. } | Self::OtherKey | Self::NotByKey | Self::NotByCertificate
        )
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::OtherSigner { accepted_by, .. } => {
                let options = accepted_by.as_ref()?;
                around("to accept that signer: ", &escaped(options), "")
            }
            _ => None,
        }
    }
}

impl Display for SignatureError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { image, faults, .. } = self;
        match &faults[..] {
            [] => {
                write!(f, "{image}: no signature")?;
                return self
                    .unmet
                    .as_ref()
                    .map_or(Ok(()), |option| write!(f, " meets {}", escaped(option)));
            }
            [_] => write!(f, "{image}: signature not accepted: ")?,
            all => write!(
                f,
                "{image}: none of its {} signatures is accepted: ",
                all.len()
            )?,
        }
        let mut distinct: Vec<&SignatureFault> = Vec::new();
        for fault in faults {
            if !distinct.contains(&fault) {
                distinct.push(fault);
            }
        }
        let texts = distinct.iter().take(MAX_LISTED).map(ToString::to_string);
        f.write_str(&texts.collect::<Vec<_>>().join("; "))?;
        match distinct.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl Display for SignatureFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(what) => return write!(f, "malformed: {what}"),
            Self::Damaged(why) => return f.write_str(why),
            Self::Invalid(what) => return write!(f, "invalid: {what}"),
            Self::OtherDigest(None) => "signs another digest",
            Self::OtherDigest(Some(digest)) => {
                return write!(f, "signs another digest, {}", escaped(digest));
            }
            Self::OtherSigner {
                identity, issuer, ..
            } => {
                write!(f, "signed by {}", escaped(identity))?;
                return issuer.as_ref().map_or(Ok(()), |issuer| {
                    write!(f, ", who logged in at {}", escaped(issuer))
                });
            }
            Self::OtherKey => "signed with another key",
            Self::NotByKey => "signed with a certificate, not with a key",
            Self::NotByCertificate => "signed with a key, not with a certificate",
            Self::UnknownAuthority => "certificate signed by unknown authority",
            Self::UnknownLog => "recorded in an unknown transparency log",
            Self::NoTime => "no proof of the signing time",
            Self::NotLogged => "not recorded in a transparency log",
            Self::TooLarge(size) => return write!(f, "too large to check, {size} bytes"),
            Self::OtherPredicate(kind) => {
                return write!(
                    f,
                    "signs {}, which does not say who made the image",
                    escaped(kind)
                );
            }
        })
    }
}

impl Display for KeyFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPem => "not a public key in PEM",
            Self::PrivateKey => "a private key, where the public key is needed",
            Self::Certificate => "a certificate, where a public key is needed",
            Self::Unsupported => "a key other than ECDSA P-256 or P-384, Ed25519 or RSA",
            Self::WeakRsa(bits) => {
                return write!(
                    f,
                    "an RSA key of {bits} bits, where 2048 to 8192 are needed"
                );
            }
        })
    }
}

impl SignatureError {
    /// A signature may be newer than what is known of authorities and logs.
    fn hint_of_roots(&self) -> Option<String> {
        let is_unknown = |fault: &SignatureFault| {
            matches!(
                fault,
                SignatureFault::UnknownAuthority | SignatureFault::UnknownLog
            )
        };
        self.faults.iter().any(is_unknown).then_some(())?;
        match &self.roots_of {
            Some(date) => {
                let after = ": if the signature is newer, pass --trusted-root FILE";
                around("the trusted roots of this version are of ", date, after)
            }
            None => Some("the file of --trusted-root may be too old".to_owned()),
        }
    }
}

impl Subject for SignatureError {
    fn hint(&self) -> Option<String> {
        if !self.faults.is_empty() {
            let hint = self.faults.iter().find_map(SignatureFault::hint);
            return hint.or_else(|| self.hint_of_roots());
        }
        let hint = match self.searched {
            SignaturePlaces::All => return None,
            SignaturePlaces::OfManifest => {
                "the signature may be of the index that lists it: name the tag, or the digest of the index"
            }
            SignaturePlaces::Nowhere => "without network, pass the signatures with --bundle FILE",
            SignaturePlaces::Bundle => "without --bundle, the registry is asked for signatures",
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        Category::BadImage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn error(faults: Vec<SignatureFault>) -> Error {
        SignatureError {
            image: "debian".to_owned(),
            faults,
            searched: SignaturePlaces::All,
            unmet: None,
            roots_of: None,
        }
        .into()
    }

    #[test]
    fn no_signature_is_not_a_bad_one() {
        let none = error(Vec::new());
        assert_eq!(none.to_string(), "debian: no signature");
        assert_eq!((none.exit_code(), none.hint()), (5, None));
        let other = SignatureFault::OtherSigner {
            identity: "mallory@example.com".to_owned(),
            issuer: Some("https://accounts.example.com".to_owned()),
            accepted_by: Some("--signer mallory@example.com".to_owned()),
        };
        let other = error(vec![
            SignatureFault::OtherKey,
            other,
            SignatureFault::OtherKey,
        ]);
        assert_eq!(
            other.to_string(),
            "debian: none of its 3 signatures is accepted: signed with another key; signed by \
             mallory@example.com, who logged in at https://accounts.example.com"
        );
        assert_eq!(
            other.hint().as_deref(),
            Some("to accept that signer: --signer mallory@example.com")
        );
    }

    #[test]
    fn a_flood_of_signatures_is_not_a_flood_of_words() {
        let of = |n: u32| SignatureFault::OtherDigest(Some(format!("sha256:{n}")));
        let text = error((0..100).map(of).collect()).to_string();
        assert!(
            text.len() < 400 && text.ends_with("; and 95 more"),
            "{text}"
        );
    }
}
