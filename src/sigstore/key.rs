//! Public keys: RFC 5280, section 4.1.2.7, and RFC 7468, section 13. The key determines the algorithm, never the signature.

use crate::der::{BIT_STRING, Der, EC_KEY, OBJECT, RSA_KEY, SEQUENCE, rsa_modulus_bits};
use crate::error::KeyFault;
use crate::sigstore::encoding::pem;
use crate::sigstore::hash::{HashAlgorithm, hex, sha256};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What ring accepts, and nobody should have less.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    P256,
    P384,
    Ed25519,
    Rsa,
}

/// A key that signatures can be verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    /// The SubjectPublicKeyInfo.
    der: Vec<u8>,
    /// The point, or the RSAPublicKey.
    bits: Vec<u8>,
}

impl PublicKey {
    /// Reads a `.pub` file, as `cosign generate-key-pair` and `openssl pkey -pubout` write it.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyFault::PrivateKey);
        }
        let (label, der) = pem::decode(text).ok_or(KeyFault::NotPem)?;
        match label {
            "PUBLIC KEY" => Self::read(&der),
            "CERTIFICATE" => Err(KeyFault::Certificate),
            _ => Err(KeyFault::NotPem),
        }
    }

    /// Reads a SubjectPublicKeyInfo. None for other kinds of keys.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        Self::read(der).ok()
    }

    fn read(der: &[u8]) -> Result<Self, KeyFault> {
        let (kind, bits) = parts(der).ok_or(KeyFault::Unsupported)?;
        // ring takes points that are not compressed, and would find out with the first signature only.
        let is_whole = match kind {
            KeyKind::P256 => bits.len() == 65 && bits.starts_with(&[4]),
            KeyKind::P384 => bits.len() == 97 && bits.starts_with(&[4]),
            KeyKind::Ed25519 => bits.len() == 32,
            KeyKind::Rsa => true,
        };
        if !is_whole {
            return Err(KeyFault::Unsupported);
        }
        if kind == KeyKind::Rsa {
            let size = rsa_modulus_bits(bits).ok_or(KeyFault::Unsupported)?;
            if !RSA_BITS.contains(&size) {
                return Err(KeyFault::WeakRsa(size));
            }
        }
        Ok(Self {
            kind,
            der: der.to_vec(),
            bits: bits.to_vec(),
        })
    }

    /// The SubjectPublicKeyInfo.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The contents of the BIT STRING: for Ed25519, the 32 bytes of the key.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// By this hash, keys are named in logs and in certificates.
    pub(crate) fn id(&self) -> Vec<u8> {
        sha256(&self.der)
    }

    /// `sha256:HEX` of the SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
    pub fn fingerprint(&self) -> String {
        format!("sha256:{}", hex(&self.id()))
    }

    /// Whether the key has signed `message`, with the hash that belongs to the key. Old cosign signed with SHA-256 and P-384.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let with = |hash| self.has_signed_with(hash, message, signature);
        match self.kind {
            KeyKind::P384 => with(HashAlgorithm::Sha384) || with(HashAlgorithm::Sha256),
            KeyKind::P256 | KeyKind::Ed25519 | KeyKind::Rsa => with(HashAlgorithm::Sha256),
        }
    }

    /// The same with a hash that the format names. Ed25519 has its own.
    pub(crate) fn has_signed_with(
        &self,
        hash: HashAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        let algorithm: &dyn VerificationAlgorithm = match (self.kind, hash) {
            (KeyKind::P256, Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            (KeyKind::P384, Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            (KeyKind::P256 | KeyKind::P384, Sha512) => return false,
            (KeyKind::Ed25519, _) => &signature::ED25519,
            (KeyKind::Rsa, Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (KeyKind::Rsa, Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.bits);
        key.verify(message, signature).is_ok()
    }
}

fn parts(der: &[u8]) -> Option<(KeyKind, &[u8])> {
    let mut info = Der::new(Der::only(der, SEQUENCE)?);
    let mut algorithm = Der::new(info.take(SEQUENCE)?);
    let bits = info.take(BIT_STRING)?;
    info.end()?;
    let kind = match algorithm.take(OBJECT)? {
        EC_KEY => match algorithm.take(OBJECT)? {
            P256 => KeyKind::P256,
            P384 => KeyKind::P384,
            _ => return None,
        },
        ED25519 => KeyKind::Ed25519,
        RSA_KEY => {
            const NULL: u8 = 0x05;
            algorithm.take(NULL)?.is_empty().then_some(KeyKind::Rsa)?
        }
        _ => return None,
    };
    algorithm.end()?;
    // The first byte of a BIT STRING counts its unused bits.
    Some((kind, bits.strip_prefix(&[0])?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{INTEGER, encode};
    use crate::sigstore::encoding::json::to_base64;
    use ring::rand::SystemRandom;
    use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair};

    const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

    fn info(algorithm: &[&[u8]], bits: &[u8]) -> Vec<u8> {
        let objects: Vec<_> = algorithm.iter().map(|id| encode(OBJECT, id)).collect();
        let bits = encode(BIT_STRING, &[&[0], bits].concat());
        encode(
            SEQUENCE,
            &[encode(SEQUENCE, &objects.concat()), bits].concat(),
        )
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let body = to_base64(der);
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn rsa(bits: usize) -> Vec<u8> {
        let modulus = [&[0][..], &vec![0xff; bits / 8]].concat();
        let key = [encode(INTEGER, &modulus), encode(INTEGER, &[1, 0, 1])].concat();
        let algorithm = [encode(OBJECT, RSA_KEY), vec![0x05, 0]].concat();
        let bits = [&[0][..], &encode(SEQUENCE, &key)].concat();
        let parts = [encode(SEQUENCE, &algorithm), encode(BIT_STRING, &bits)];
        encode(SEQUENCE, &parts.concat())
    }

    #[test]
    fn each_kind_of_key_verifies_its_own_signatures() {
        let random = SystemRandom::new();
        for (signing, curve) in [
            (&signature::ECDSA_P256_SHA256_ASN1_SIGNING, P256),
            (&signature::ECDSA_P384_SHA384_ASN1_SIGNING, P384),
        ] {
            let pair = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(signing, pair.as_ref(), &random).unwrap();
            let der = info(&[EC_KEY, curve], pair.public_key().as_ref());
            let key = PublicKey::from_pem(&pem("PUBLIC KEY", &der)).unwrap();
            let signature = pair.sign(&random, b"message").unwrap();
            assert!(key.has_signed(b"message", signature.as_ref()));
            assert!(!key.has_signed(b"massage", signature.as_ref()));
            assert!(!key.has_signed(b"message", b""));
        }
        let pair = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let key = PublicKey::from_der(&info(&[ED25519], pair.public_key().as_ref())).unwrap();
        let signature = pair.sign(b"message");
        assert!(key.has_signed(b"message", signature.as_ref()));
        assert!(!key.has_signed(b"massage", signature.as_ref()));
    }

    #[test]
    fn other_keys_are_told_apart() {
        let of = |label: &str, der: &[u8]| PublicKey::from_pem(&pem(label, der)).err();
        let p521 = info(&[EC_KEY, P521], &[4; 133]);
        // Compressed, and too short.
        for bad in [
            info(&[EC_KEY, P256], &[2; 33]),
            info(&[EC_KEY, P384], &[4; 65]),
            info(&[ED25519], &[0; 31]),
        ] {
            assert_eq!(of("PUBLIC KEY", &bad), Some(KeyFault::Unsupported));
        }
        assert_eq!(of("PUBLIC KEY", &p521), Some(KeyFault::Unsupported));
        assert_eq!(of("PUBLIC KEY", &rsa(1024)), Some(KeyFault::WeakRsa(1024)));
        assert_eq!(
            of("PUBLIC KEY", &rsa(16384)),
            Some(KeyFault::WeakRsa(16384))
        );
        assert_eq!(of("PUBLIC KEY", &rsa(2048)), None);
        assert_eq!(of("CERTIFICATE", &p521), Some(KeyFault::Certificate));
        assert_eq!(of("PRIVATE KEY", &p521), Some(KeyFault::PrivateKey));
        assert_eq!(
            of("ENCRYPTED SIGSTORE PRIVATE KEY", &p521),
            Some(KeyFault::PrivateKey)
        );
        assert_eq!(of("RSA PUBLIC KEY", &p521), Some(KeyFault::NotPem));
        assert_eq!(
            PublicKey::from_pem("ssh-ed25519 AAAA").err(),
            Some(KeyFault::NotPem)
        );
        let more = [rsa(2048), vec![0]].concat();
        assert_eq!(of("PUBLIC KEY", &more), Some(KeyFault::Unsupported));
    }
}
