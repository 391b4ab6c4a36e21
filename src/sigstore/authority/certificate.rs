//! Certificates: RFC 5280, section 4.1. Paths are for webpki; here is what it does not read.

use crate::der::{
    BIT_STRING, BOOLEAN, Der, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, context, encode,
};
use crate::sigstore::encoding::time::{Interval, of_certificate};
use crate::sigstore::key::PublicKey;

const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// The first byte of a key usage.
const DIGITAL_SIGNATURE: u8 = 0x80;
const CERT_SIGN: u8 = 0x04;

/// 1.3.6.1.5.5.7.3.3 and .8: purposes of a key.
pub(crate) const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
pub(crate) const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// 1.3.6.1.4.1.11129.2.4.2, RFC 6962, section 3.3.
pub(crate) const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];

/// The largest certificate that is read, in bytes; those of sigstore have 1 KiB. Both limits apply before any signature is verified.
const MAX_SIZE: usize = 64 << 10;
/// The most extensions of a certificate; those of sigstore have 26.
const MAX_EXTENSIONS: usize = 64;

/// A certificate that can be read. Nothing is said of who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    validity: Interval,
    /// The SubjectPublicKeyInfo.
    key_info: Vec<u8>,
    /// The elements of the TBSCertificate before its extensions, as they are.
    fields: Vec<u8>,
    extensions: Vec<Extension>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Extension {
    id: Vec<u8>,
    is_critical: bool,
    value: Vec<u8>,
    /// As it is in the certificate.
    whole: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate, of version 3.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        (der.len() <= MAX_SIZE).then_some(())?;
        let mut outer = Der::new(Der::only(der, SEQUENCE)?);
        let tbs = outer.take(SEQUENCE)?;
        outer.take(SEQUENCE)?;
        outer.take(BIT_STRING)?;
        outer.end()?;

        let mut rest = Der::new(tbs);
        let version = Der::only(rest.take(context(0))?, INTEGER)?;
        (version == [2]).then_some(())?;
        let serial = rest.take(INTEGER)?.to_vec();
        rest.take(SEQUENCE)?;
        let issuer = rest.take(SEQUENCE)?.to_vec();
        let mut times = Der::new(rest.take(SEQUENCE)?);
        let start = of_certificate(&times.element()?)?;
        let end = Some(of_certificate(&times.element()?)?);
        times.end()?;
        let subject = rest.take(SEQUENCE)?.to_vec();
        let key_info = rest.element()?;
        (key_info.tag == SEQUENCE).then_some(())?;
        // Unique identifiers of issuer and subject: nobody writes them, and webpki refuses them.
        let extensions = if rest.is_empty() {
            None
        } else {
            Some(rest.element()?)
        };
        rest.end()?;
        let (before, list) = match extensions {
            None => (tbs, &[][..]),
            Some(element) => {
                (element.tag == context(3)).then_some(())?;
                let before = tbs.strip_suffix(element.whole)?;
                (before, Der::only(element.contents, SEQUENCE)?)
            }
        };
        Some(Self {
            der: der.to_vec(),
            serial,
            issuer,
            subject,
            validity: Interval { start, end },
            key_info: key_info.whole.to_vec(),
            fields: before.to_vec(),
            extensions: extensions_of(list)?,
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The contents of the Name, as for the subject.
    pub(crate) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    pub(crate) fn has_subject(&self) -> bool {
        !self.subject.is_empty()
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    pub(crate) fn validity(&self) -> &Interval {
        &self.validity
    }

    pub(crate) fn key(&self) -> Option<PublicKey> {
        PublicKey::from_der(&self.key_info)
    }

    /// The value of an extension, and whether it is critical.
    pub(crate) fn extension(&self, id: &[u8]) -> Option<(&[u8], bool)> {
        let extension = self.extensions.iter().find(|found| found.id == id)?;
        Some((&extension.value, extension.is_critical))
    }

    /// Whether it may sign certificates: RFC 5280, sections 4.2.1.3 and 4.2.1.9. webpki takes an anchor as it is given, and
    /// does not ask intermediates for their key usage.
    pub fn is_authority(&self) -> bool {
        self.is_critical_ca() && self.has_key_usage(CERT_SIGN)
    }

    fn is_critical_ca(&self) -> bool {
        matches!(
            self.extension(BASIC_CONSTRAINTS)
                .map(|(value, critical)| (is_ca(value), critical)),
            Some((Some(true), true))
        )
    }

    /// Whether it is an end entity that may sign for `purpose`.
    pub(crate) fn may_sign(&self, purpose: &[u8]) -> bool {
        let is_end_entity = match self.extension(BASIC_CONSTRAINTS) {
            None => true,
            Some((value, _)) => is_ca(value) == Some(false),
        };
        is_end_entity
            && !self.is_self_issued()
            && self.has_key_usage(DIGITAL_SIGNATURE)
            && !self.has_key_usage(CERT_SIGN)
            && self.has_purpose(purpose) == Some(true)
    }

    fn has_key_usage(&self, usage: u8) -> bool {
        let Some((value, _)) = self.extension(KEY_USAGE) else {
            return false;
        };
        // The first byte of a BIT STRING counts its unused bits.
        let bits = Der::only(value, BIT_STRING).and_then(|bits| bits.get(1));
        bits.is_some_and(|first| first & usage != 0)
    }

    fn has_purpose(&self, purpose: &[u8]) -> Option<bool> {
        let (value, _) = self.extension(EXTENDED_KEY_USAGE)?;
        let mut purposes = Der::new(Der::only(value, SEQUENCE)?);
        let mut is_found = false;
        while !purposes.is_empty() {
            is_found |= purposes.take(OBJECT)? == purpose;
        }
        Some(is_found)
    }

    /// The TBSCertificate that a CT log has signed: that of the certificate without the SCTs (RFC 6962, section 3.2). Every
    /// other byte stays as it is, so that nothing depends on how a library would write it.
    pub(crate) fn precertificate(&self) -> Vec<u8> {
        let kept = self.extensions.iter().filter(|found| found.id != SCT_LIST);
        let list: Vec<u8> = kept.flat_map(|found| found.whole.iter().copied()).collect();
        let extensions = encode(context(3), &encode(SEQUENCE, &list));
        encode(SEQUENCE, &[&self.fields[..], &extensions].concat())
    }
}

/// RFC 5280, section 4.2. An extension that is there twice could be read in two ways.
fn extensions_of(list: &[u8]) -> Option<Vec<Extension>> {
    let mut list = Der::new(list);
    let mut extensions: Vec<Extension> = Vec::new();
    while !list.is_empty() {
        let element = list.element()?;
        (element.tag == SEQUENCE).then_some(())?;
        let mut parts = Der::new(element.contents);
        let id = parts.take(OBJECT)?.to_vec();
        let is_critical = match parts.optional(BOOLEAN)? {
            None => false,
            // DER leaves out a default, and knows one other value.
            Some([0xff]) => true,
            Some(_) => return None,
        };
        let value = parts.take(OCTET_STRING)?.to_vec();
        parts.end()?;
        let is_new = extensions.iter().all(|found| found.id != id);
        (is_new && extensions.len() < MAX_EXTENSIONS).then_some(())?;
        extensions.push(Extension {
            id,
            is_critical,
            value,
            whole: element.whole.to_vec(),
        });
    }
    Some(extensions)
}

/// The `cA` of basic constraints.
fn is_ca(value: &[u8]) -> Option<bool> {
    let mut constraints = Der::new(Der::only(value, SEQUENCE)?);
    match constraints.optional(BOOLEAN)? {
        None => Some(false),
        Some([0xff]) => Some(true),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::tests::{authority_params, issue, key, leaf_params, root_authority};
    use rcgen::{
        CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    };

    type Alter = fn(&mut CertificateParams);

    const SCT_LIST_ARCS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

    #[test]
    fn usage_decides_what_a_certificate_may_sign() {
        let root = root_authority();
        let cases: [(Alter, bool, bool); 7] = [
            (|_| {}, true, false),
            (|params| params.is_ca = IsCa::ExplicitNoCa, true, false),
            (|params| params.key_usages.clear(), false, false),
            (
                |params| params.key_usages.push(KeyUsagePurpose::KeyCertSign),
                false,
                false,
            ),
            (|params| params.extended_key_usages.clear(), false, false),
            (
                |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping],
                false,
                false,
            ),
            (|params| *params = authority_params("another"), false, true),
        ];
        for (number, (alter, may_sign, is_authority)) in cases.into_iter().enumerate() {
            let mut params = leaf_params();
            alter(&mut params);
            let certificate = issue(&params, &key(), &root);
            assert_eq!(certificate.may_sign(CODE_SIGNING), may_sign, "{number}");
            assert_eq!(certificate.is_authority(), is_authority, "{number}");
        }
        let own = leaf_params().self_signed(&key()).unwrap();
        let own = Certificate::from_der(own.der()).unwrap();
        assert!(own.is_self_issued() && !own.may_sign(CODE_SIGNING));
    }

    #[test]
    fn malformed_der_is_no_certificate() {
        let der = root_authority().der().to_vec();
        assert!(Certificate::from_der(&der).is_some());
        for end in 0..der.len() {
            assert!(Certificate::from_der(&der[..end]).is_none(), "{end}");
        }
        assert!(Certificate::from_der(&[&der[..], &[0]].concat()).is_none());
    }

    #[test]
    fn an_extension_is_read_in_one_way() {
        let extension = |id: u8, critical: &[u8]| {
            let parts = [
                &encode(OBJECT, &[id])[..],
                critical,
                &encode(OCTET_STRING, b"x"),
            ];
            encode(SEQUENCE, &parts.concat())
        };
        let read = |list: &[Vec<u8>]| extensions_of(&list.concat()).map(|list| list.len());
        assert_eq!(
            read(&[extension(1, &[]), extension(2, &[1, 1, 0xff])]),
            Some(2)
        );
        assert_eq!(read(&[extension(1, &[]), extension(1, &[])]), None);
        assert_eq!(read(&[extension(1, &[1, 1, 0])]), None);
        assert_eq!(read(&[extension(1, &[1, 1, 1])]), None);
        // Each is compared with all others.
        let many: Vec<_> = (0..65).map(|id| extension(id, &[])).collect();
        assert_eq!(read(&many[..64]), Some(64));
        assert_eq!(read(&many), None);
    }

    #[test]
    fn a_precertificate_lacks_the_scts_alone() {
        let (root, key) = (root_authority(), key());
        let mut params = leaf_params();
        let plain = issue(&params, &key, &root);
        let scts = CustomExtension::from_oid_content(&SCT_LIST_ARCS, vec![4, 0]);
        params.custom_extensions.push(scts);
        let logged = issue(&params, &key, &root);
        assert!(logged.extension(SCT_LIST).is_some());
        assert_eq!(logged.precertificate(), plain.precertificate());
        let tbs = encode(
            SEQUENCE,
            Der::new(Der::only(plain.der(), SEQUENCE).unwrap())
                .take(SEQUENCE)
                .unwrap(),
        );
        assert_eq!(plain.precertificate(), tbs);
    }
}
