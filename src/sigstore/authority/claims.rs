//! What an authority says of a signer: the subject alternative name of the certificate, and the extensions of
//! <https://github.com/sigstore/fulcio>, `docs/oid-info.md`.

use crate::der::{Der, OBJECT, SEQUENCE, UTF8_STRING, context};
use crate::sigstore::authority::certificate::Certificate;

const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// 1.3.6.1.4.1.57264.1, below which the extensions are.
const FULCIO: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01];

/// Choices of a GeneralName: RFC 5280, section 4.2.1.6.
const EMAIL: u8 = 0x81;
const URI: u8 = 0x86;

/// A signer, as the certificate names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerClaims {
    /// A workflow, an email address, or the name in another system.
    pub identity: String,
    /// Whether the identity is a URI, as that of a workflow.
    pub is_uri: bool,
    /// The URL of the OpenID issuer that authenticated the signer. Certificates of GitHub's own authority name none.
    pub issuer: Option<String>,
    /// The URL of the repository that was built.
    pub repository: Option<String>,
    /// The URL of its owner.
    pub owner: Option<String>,
    /// The commit that was built.
    pub commit: Option<String>,
}

impl SignerClaims {
    /// Reads a certificate. None if it does not name exactly one signer.
    pub(crate) fn of(certificate: &Certificate) -> Option<Self> {
        let (identity, is_uri) = name(certificate)?;
        let text = |number| extension(certificate, number);
        let issuer = match text(8)? {
            Some(issuer) => Some(issuer),
            // The old extension is the bare text.
            None => match certificate.extension(&object(1)) {
                Some((value, _)) => Some(plain(value)?),
                None => None,
            },
        };
        Some(Self {
            identity,
            is_uri,
            issuer,
            repository: text(12)?,
            owner: text(16)?,
            commit: text(13)?,
        })
    }
}

fn object(number: u8) -> [u8; 10] {
    let mut id = [number; 10];
    id[..9].copy_from_slice(&FULCIO);
    id
}

/// The text of an extension, if there is one. None if it is malformed.
fn extension(certificate: &Certificate, number: u8) -> Option<Option<String>> {
    match certificate.extension(&object(number)) {
        None => Some(None),
        Some((value, _)) => Some(Some(plain(Der::only(value, UTF8_STRING)?)?)),
    }
}

/// The only name, and whether it is a URI.
fn name(certificate: &Certificate) -> Option<(String, bool)> {
    let (value, is_critical) = certificate.extension(SUBJECT_ALTERNATIVE_NAME)?;
    let mut names = Der::new(Der::only(value, SEQUENCE)?);
    let name = names.element()?;
    names.end()?;
    // RFC 5280, section 4.2.1.6.
    (is_critical || certificate.has_subject()).then_some(())?;
    let text = match name.tag {
        EMAIL | URI => name.contents,
        tag if tag == context(0) => {
            let mut other = Der::new(name.contents);
            (other.take(OBJECT)? == object(7)).then_some(())?;
            let text = Der::only(other.take(context(0))?, UTF8_STRING)?;
            other.end()?;
            text
        }
        _ => return None,
    };
    Some((plain(text)?, name.tag == URI))
}

/// Text that is not empty and has no character that could make it look like another.
fn plain(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    let is_plain = !text.is_empty() && !text.chars().any(char::is_control);
    is_plain.then(|| text.to_owned())
}
