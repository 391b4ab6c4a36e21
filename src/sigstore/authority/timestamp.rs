//! Timestamps: RFC 3161, sections 2.4.2 and appendix A, in a SignedData of RFC 5652, section 5.

use crate::der::{
    Der, GENERALIZED_TIME, INTEGER, OBJECT, OCTET_STRING, SEQUENCE, SET, context, encode,
};
use crate::sigstore::authority::certificate::{Certificate, TIME_STAMPING};
use crate::sigstore::authority::path::AuthorityChain;
use crate::sigstore::encoding::time::of_timestamp;
use crate::sigstore::hash::HashAlgorithm;

/// 1.2.840.113549.1.7.2 and 1.2.840.113549.1.9.16.1.4.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
];

/// 1.2.840.113549.1.9.3, .4 and .16.2.47.
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_CERTIFICATE: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f,
];

/// More than a chain has.
const MAX_CERTIFICATES: usize = 16;

/// How many certificates with the name of the signer are tried: an authority gives no two the same serial number.
const MAX_NAMED: usize = 2;

/// When `signature` existed, if this response says so and comes from one of the authorities.
pub(crate) fn verify(
    response: &[u8],
    signature: &[u8],
    authorities: &[AuthorityChain],
) -> Option<i64> {
    let token = Token::read(response)?;
    let time = token.time_of(signature)?;
    token.check_attributes()?;
    let known = authorities.iter().filter_map(AuthorityChain::signer);
    let named = known
        .chain(&token.certificates)
        .filter(|found| token.is_named(found));
    let signer = named
        .take(MAX_NAMED)
        .find(|found| token.is_signed_by(found))?;
    let is_trusted = signer.may_sign(TIME_STAMPING)
        && authorities
            .iter()
            .any(|authority| authority.issuer_at(signer, time, TIME_STAMPING).is_some());
    is_trusted.then_some(time)
}

/// A TimeStampResp that was granted.
struct Token<'a> {
    /// The TSTInfo.
    content: &'a [u8],
    certificates: Vec<Certificate>,
    /// The contents of the issuer's Name, and the serial number.
    signer: (&'a [u8], &'a [u8]),
    hash: HashAlgorithm,
    /// The contents of the SignedAttributes.
    attributes: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Token<'a> {
    fn read(response: &'a [u8]) -> Option<Self> {
        let mut response = Der::new(Der::only(response, SEQUENCE)?);
        let status = Der::new(response.take(SEQUENCE)?).take(INTEGER)?;
        // granted, grantedWithMods
        matches!(status, [0 | 1]).then_some(())?;
        let mut info = Der::new(response.take(SEQUENCE)?);
        response.end()?;
        (info.take(OBJECT)? == SIGNED_DATA).then_some(())?;
        let mut data = Der::new(Der::only(info.take(context(0))?, SEQUENCE)?);
        info.end()?;

        data.take(INTEGER)?;
        data.take(SET)?;
        let mut encapsulated = Der::new(data.take(SEQUENCE)?);
        (encapsulated.take(OBJECT)? == TST_INFO).then_some(())?;
        let content = Der::only(encapsulated.take(context(0))?, OCTET_STRING)?;
        encapsulated.end()?;
        let certificates = data.optional(context(0))?.unwrap_or_default();
        data.optional(context(1))?;
        // Exactly one signer.
        let mut signer = Der::new(Der::only(data.take(SET)?, SEQUENCE)?);
        data.end()?;

        signer.take(INTEGER)?;
        let mut id = Der::new(signer.take(SEQUENCE)?);
        let id_of_signer = (id.take(SEQUENCE)?, id.take(INTEGER)?);
        id.end()?;
        let hash = HashAlgorithm::of_object(Der::new(signer.take(SEQUENCE)?).take(OBJECT)?)?;
        let attributes = signer.take(context(0))?;
        signer.take(SEQUENCE)?;
        let signature = signer.take(OCTET_STRING)?;
        signer.optional(context(1))?;
        signer.end()?;
        Some(Self {
            content,
            certificates: certificates_in(certificates)?,
            signer: id_of_signer,
            hash,
            attributes,
            signature,
        })
    }

    /// The time in the TSTInfo, if it is of this signature. So a timestamp cannot be moved to another one.
    fn time_of(&self, signature: &[u8]) -> Option<i64> {
        let mut info = Der::new(Der::only(self.content, SEQUENCE)?);
        (info.take(INTEGER)? == [1]).then_some(())?;
        info.take(OBJECT)?;
        let mut imprint = Der::new(info.take(SEQUENCE)?);
        let hash = HashAlgorithm::of_object(Der::new(imprint.take(SEQUENCE)?).take(OBJECT)?)?;
        let hashed = imprint.take(OCTET_STRING)?;
        imprint.end()?;
        (hashed == hash.hash(signature)).then_some(())?;
        info.take(INTEGER)?;
        of_timestamp(info.take(GENERALIZED_TIME)?)
    }

    /// The signed attributes must lead to the content.
    fn check_attributes(&self) -> Option<()> {
        let content_type = Der::only(self.attribute(CONTENT_TYPE)?, OBJECT)?;
        let digest = Der::only(self.attribute(MESSAGE_DIGEST)?, OCTET_STRING)?;
        let holds = content_type == TST_INFO && digest == self.hash.hash(self.content);
        holds.then_some(())
    }

    /// The only value of the only attribute of this type.
    fn attribute(&self, id: &[u8]) -> Option<&'a [u8]> {
        let mut attributes = Der::new(self.attributes);
        let mut found = None;
        while !attributes.is_empty() {
            let mut attribute = Der::new(attributes.take(SEQUENCE)?);
            let is_wanted = attribute.take(OBJECT)? == id;
            let mut values = Der::new(attribute.take(SET)?);
            attribute.end()?;
            if is_wanted {
                let value = values.element()?.whole;
                values.end()?;
                found.replace(value).is_none().then_some(())?;
            }
        }
        found
    }

    /// Whether it says that this certificate is its signer's.
    fn is_named(&self, certificate: &Certificate) -> bool {
        let (issuer, serial) = self.signer;
        certificate.issuer() == issuer && certificate.serial() == serial
    }

    fn is_signed_by(&self, certificate: &Certificate) -> bool {
        // RFC 5652, section 5.4: what is signed has the tag of a SET.
        let message = encode(SET, self.attributes);
        self.is_bound_to(certificate)
            && certificate
                .key()
                .is_some_and(|key| key.has_signed_with(self.hash, &message, self.signature))
    }

    /// RFC 5816: the attributes may name the certificate by its hash.
    fn is_bound_to(&self, certificate: &Certificate) -> bool {
        match self.attribute(SIGNING_CERTIFICATE) {
            None => true,
            Some(value) => certificate_hash(value)
                .is_some_and(|(hash, wanted)| hash.hash(certificate.der()) == wanted),
        }
    }
}

/// The first ESSCertIDv2: RFC 5035, section 4.
fn certificate_hash(value: &[u8]) -> Option<(HashAlgorithm, &[u8])> {
    let mut ids = Der::new(Der::new(Der::only(value, SEQUENCE)?).take(SEQUENCE)?);
    let mut id = Der::new(ids.take(SEQUENCE)?);
    let algorithm = match id.optional(SEQUENCE)? {
        None => HashAlgorithm::Sha256,
        Some(algorithm) => HashAlgorithm::of_object(Der::new(algorithm).take(OBJECT)?)?,
    };
    Some((algorithm, id.take(OCTET_STRING)?))
}

/// Certificates of other kinds are left out: they sign nothing here.
fn certificates_in(list: &[u8]) -> Option<Vec<Certificate>> {
    let mut list = Der::new(list);
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.extend(Certificate::from_der(list.element()?.whole));
        (certificates.len() <= MAX_CERTIFICATES).then_some(())?;
    }
    Some(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::hash::sha256;
    use crate::sigstore::tests::{
        ALWAYS, START, certificate_of, issue, key, leaf_params, root_authority,
    };
    use rcgen::{ExtendedKeyUsagePurpose, KeyPair, SigningKey};

    const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

    fn sequence(parts: &[&[u8]]) -> Vec<u8> {
        encode(SEQUENCE, &parts.concat())
    }

    fn attribute(id: &[u8], value: &[u8]) -> Vec<u8> {
        sequence(&[&encode(OBJECT, id), &encode(SET, value)])
    }

    /// A response for a signature `signed`, with more attributes than it needs.
    fn response(
        key: &KeyPair,
        signer: &Certificate,
        status: u8,
        time: &str,
        more: &[u8],
    ) -> Vec<u8> {
        let one = encode(INTEGER, &[1]);
        let sha256_id = sequence(&[&encode(OBJECT, SHA256)]);
        let imprint = sequence(&[&sha256_id, &encode(OCTET_STRING, &sha256(b"signed"))]);
        let time = encode(GENERALIZED_TIME, time.as_bytes());
        let info = sequence(&[&one, &encode(OBJECT, &[42]), &imprint, &one, &time]);
        let digest = encode(OCTET_STRING, &sha256(&info));
        let attributes = [
            &attribute(CONTENT_TYPE, &encode(OBJECT, TST_INFO))[..],
            &attribute(MESSAGE_DIGEST, &digest),
            more,
        ]
        .concat();
        let signature = key.sign(&encode(SET, &attributes)).unwrap();
        let id = [
            encode(SEQUENCE, signer.issuer()),
            encode(INTEGER, signer.serial()),
        ];
        let signer_info = sequence(&[
            &one,
            &sequence(&[&id.concat()]),
            &sha256_id,
            &encode(context(0), &attributes),
            &sha256_id,
            &encode(OCTET_STRING, &signature),
        ]);
        let content = encode(context(0), &encode(OCTET_STRING, &info));
        let content = sequence(&[&encode(OBJECT, TST_INFO), &content]);
        let data = [
            one,
            encode(SET, &sha256_id),
            content,
            encode(SET, &signer_info),
        ];
        let data = encode(context(0), &sequence(&[&data.concat()]));
        let status = sequence(&[&encode(INTEGER, &[status])]);
        sequence(&[&status, &sequence(&[&encode(OBJECT, SIGNED_DATA), &data])])
    }

    #[test]
    fn a_known_authority_proves_a_time() {
        let (root, key) = (root_authority(), key());
        let mut params = leaf_params();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping];
        let signer = issue(&params, &key, &root);
        let code_signer = issue(&leaf_params(), &key, &root);
        let time_of = |signer: &Certificate, status, time: &str, more: &[u8], signature: &[u8]| {
            let chain = vec![signer.clone(), certificate_of(&root)];
            let authority = AuthorityChain::new(chain, ALWAYS).unwrap();
            let response = response(&key, signer, status, time, more);
            assert_eq!(verify(&response, signature, &[]), None);
            verify(&response, signature, &[authority])
        };
        let time = "20260101000005Z";
        let proven = Some(START + 5);
        assert_eq!(time_of(&signer, 0, time, &[], b"signed"), proven);
        assert_eq!(
            time_of(&signer, 1, "20260101000005.999Z", &[], b"signed"),
            proven
        );
        assert_eq!(time_of(&signer, 2, time, &[], b"signed"), None);
        assert_eq!(time_of(&signer, 0, time, &[], b"another"), None);
        assert_eq!(time_of(&code_signer, 0, time, &[], b"signed"), None);
        for bad in [
            "20251231235959Z",
            "20260101000005.Z",
            "20260101000005",
            "20260101000005,5Z",
        ] {
            assert_eq!(time_of(&signer, 0, bad, &[], b"signed"), None, "{bad}");
        }
        let twice = attribute(CONTENT_TYPE, &encode(OBJECT, TST_INFO));
        assert_eq!(time_of(&signer, 0, time, &twice, b"signed"), None);
        // RFC 5816: the certificate by its hash.
        let named = |hash: &[u8]| {
            let id = sequence(&[&encode(OCTET_STRING, hash)]);
            attribute(SIGNING_CERTIFICATE, &sequence(&[&sequence(&[&id])]))
        };
        let right = named(&sha256(signer.der()));
        assert_eq!(time_of(&signer, 0, time, &right, b"signed"), proven);
        assert_eq!(time_of(&signer, 0, time, &named(&[0; 32]), b"signed"), None);
    }
}
