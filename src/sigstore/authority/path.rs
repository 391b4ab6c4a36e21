//! Paths from a certificate to an authority of the trusted root: RFC 5280, section 6, by webpki.

use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::encoding::time::Interval;
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring};

/// An authority, and when it was in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityChain {
    /// The only certificate that may sign for it, if the root names one: that of a timestamp server.
    signer: Option<Certificate>,
    intermediates: Vec<CertificateDer<'static>>,
    anchor: Certificate,
    in_use: Interval,
}

impl AuthorityChain {
    /// Of the certificates of a trusted root, the last is the anchor. The first may be an end entity; all others must be
    /// authorities.
    pub(crate) fn new(mut certificates: Vec<Certificate>, in_use: Interval) -> Option<Self> {
        let anchor = certificates.pop().filter(Certificate::is_authority)?;
        let has_signer = certificates
            .first()
            .is_some_and(|first| !first.is_authority());
        let signer = has_signer.then(|| certificates.remove(0));
        certificates
            .iter()
            .all(Certificate::is_authority)
            .then_some(())?;
        let intermediates = certificates.iter().map(|certificate| owned(certificate));
        Some(Self {
            signer,
            intermediates: intermediates.collect(),
            anchor,
            in_use,
        })
    }

    pub(crate) fn start(&self) -> i64 {
        self.in_use.start
    }

    pub(crate) fn signer(&self) -> Option<&Certificate> {
        self.signer.as_ref()
    }

    /// The SubjectPublicKeyInfo of the certificate that `leaf` is signed by, if its path leads to this authority and was valid
    /// at `time`. `purpose` binds the certificates above it that name any.
    pub(crate) fn issuer_at(
        &self,
        leaf: &Certificate,
        time: i64,
        purpose: &'static [u8],
    ) -> Option<Vec<u8>> {
        // webpki takes an anchor as valid for ever.
        let is_in_use = self.in_use.contains(time) && self.anchor.validity().contains(time);
        let is_signer = match &self.signer {
            None => true,
            Some(signer) => signer.der() == leaf.der(),
        };
        (is_in_use && is_signer && leaf.validity().contains(time)).then_some(())?;
        let seconds = u64::try_from(time).ok()?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let anchor = CertificateDer::from(self.anchor.der());
        let anchors = [anchor_from_trusted_cert(&anchor).ok()?];
        let leaf = CertificateDer::from(leaf.der());
        let leaf = EndEntityCert::try_from(&leaf).ok()?;
        let path = leaf.verify_for_usage(
            &algorithms(),
            &anchors,
            &self.intermediates,
            time,
            KeyUsage::required_if_present(purpose),
            None,
            None,
        );
        Some(path.ok()?.issuer_spki().to_vec())
    }
}

fn owned(certificate: &Certificate) -> CertificateDer<'static> {
    CertificateDer::from(certificate.der().to_vec())
}

fn algorithms() -> [&'static dyn SignatureVerificationAlgorithm; 8] {
    [
        ring::ECDSA_P256_SHA256,
        ring::ECDSA_P256_SHA384,
        ring::ECDSA_P384_SHA256,
        ring::ECDSA_P384_SHA384,
        ring::ED25519,
        ring::RSA_PKCS1_2048_8192_SHA256,
        ring::RSA_PKCS1_2048_8192_SHA384,
        ring::RSA_PKCS1_2048_8192_SHA512,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::authority::certificate::CODE_SIGNING;
    use crate::sigstore::tests::{
        ALWAYS, END, START, authority_params, certificate_of, issue, key, leaf_params,
        root_authority,
    };
    use rcgen::{CertifiedIssuer, PublicKeyData, date_time_ymd};

    #[test]
    fn a_path_leads_to_the_anchor_at_that_time() {
        let root = root_authority();
        let params = authority_params("the intermediate");
        let intermediate = CertifiedIssuer::signed_by(params, key(), &root).unwrap();
        let leaf = issue(&leaf_params(), &key(), &intermediate);
        let certificates = || vec![certificate_of(&intermediate), certificate_of(&root)];
        let chain = AuthorityChain::new(certificates(), ALWAYS).unwrap();
        let key_of_issuer = Some(intermediate.key().subject_public_key_info());
        for (time, holds) in [
            (START, true),
            (END, true),
            (START - 1, false),
            (END + 1, false),
        ] {
            let found = chain.issuer_at(&leaf, time, CODE_SIGNING);
            assert_eq!(found, key_of_issuer.clone().filter(|_| holds), "{time}");
        }
        let ended = Interval {
            start: 0,
            end: Some(START),
        };
        let ended = AuthorityChain::new(certificates(), ended).unwrap();
        assert!(ended.issuer_at(&leaf, START, CODE_SIGNING).is_some());
        assert!(ended.issuer_at(&leaf, START + 1, CODE_SIGNING).is_none());
        let without = AuthorityChain::new(vec![certificate_of(&root)], ALWAYS).unwrap();
        assert!(without.issuer_at(&leaf, START, CODE_SIGNING).is_none());
        let other = AuthorityChain::new(vec![certificate_of(&root_authority())], ALWAYS).unwrap();
        assert!(other.issuer_at(&leaf, START, CODE_SIGNING).is_none());
    }

    /// webpki would take it.
    #[test]
    fn an_anchor_ends() {
        let mut params = authority_params("the root");
        params.not_after = date_time_ymd(2026, 1, 2);
        let root = CertifiedIssuer::self_signed(params, key()).unwrap();
        let leaf = issue(&leaf_params(), &key(), &root);
        let chain = AuthorityChain::new(vec![certificate_of(&root)], ALWAYS).unwrap();
        assert!(chain.issuer_at(&leaf, START, CODE_SIGNING).is_some());
        assert!(chain.issuer_at(&leaf, END, CODE_SIGNING).is_none());
    }

    #[test]
    fn a_named_signer_is_the_only_one() {
        let root = root_authority();
        let leaves = [(); 2].map(|()| issue(&leaf_params(), &key(), &root));
        let [named, other] = &leaves;
        let chain = vec![named.clone(), certificate_of(&root)];
        let chain = AuthorityChain::new(chain, ALWAYS).unwrap();
        assert_eq!(chain.signer(), Some(named));
        assert!(chain.issuer_at(named, START, CODE_SIGNING).is_some());
        assert!(chain.issuer_at(other, START, CODE_SIGNING).is_none());
        let root = certificate_of(&root);
        let malformed = [
            vec![],
            vec![named.clone()],
            vec![root.clone(), named.clone()],
            vec![named.clone(), other.clone(), root],
        ];
        for chain in malformed {
            assert_eq!(AuthorityChain::new(chain, ALWAYS), None);
        }
    }
}
