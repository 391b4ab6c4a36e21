//! Keys of authorities, logs and people.

use super::der::{bits, null, object, pem, sequence};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{self, SHA256};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256,
};
use std::rc::Rc;

/// An RSAPrivateKey of `openssl genrsa -traditional 2048`, in DER, because ring makes none. It guards nothing.
const RSA: &[u8] = include_bytes!("rsa.der");

#[derive(Clone)]
pub struct Key {
    pair: Rc<Pair>,
}

enum Pair {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(rsa::KeyPair),
}

impl Key {
    pub fn p256() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random);
        Self::of(Pair::P256(pair.unwrap()))
    }

    pub fn p384() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random);
        Self::of(Pair::P384(pair.unwrap()))
    }

    pub fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::of(Pair::Ed25519(
            Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap(),
        ))
    }

    /// The same one each time, of 2048 bits.
    pub fn rsa() -> Self {
        Self::of(Pair::Rsa(rsa::KeyPair::from_der(RSA).unwrap()))
    }

    fn of(pair: Pair) -> Self {
        Self { pair: pair.into() }
    }

    /// The contents of the BIT STRING in [`Self::info`].
    pub fn public(&self) -> &[u8] {
        match &*self.pair {
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public().as_ref(),
        }
    }

    /// The SubjectPublicKeyInfo.
    pub fn info(&self) -> Vec<u8> {
        let curve = |curve| vec![object("1.2.840.10045.2.1"), object(curve)];
        let algorithm = match &*self.pair {
            Pair::P256(_) => curve("1.2.840.10045.3.1.7"),
            Pair::P384(_) => curve("1.3.132.0.34"),
            Pair::Ed25519(_) => vec![object("1.3.101.112")],
            Pair::Rsa(_) => vec![object("1.2.840.113549.1.1.1"), null()],
        };
        sequence(&[sequence(&algorithm), bits(self.public())])
    }

    /// What `--signed-by` reads.
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.info())
    }

    /// By this hash, logs are named.
    pub fn id(&self) -> Vec<u8> {
        sha256(&self.info())
    }

    /// Signs with the hash that goes with the key.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// The AlgorithmIdentifier of its signatures.
    pub fn algorithm(&self) -> Vec<u8> {
        sequence(&match &*self.pair {
            Pair::P256(_) => vec![object("1.2.840.10045.4.3.2")],
            Pair::P384(_) => vec![object("1.2.840.10045.4.3.3")],
            Pair::Ed25519(_) => vec![object("1.3.101.112")],
            Pair::Rsa(_) => vec![object("1.2.840.113549.1.1.11"), null()],
        })
    }

    /// The name that sigstore has for key and hash: `PublicKeyDetails` of `sigstore_common.proto`.
    pub fn details(&self) -> &'static str {
        match &*self.pair {
            Pair::P256(_) => "PKIX_ECDSA_P256_SHA_256",
            Pair::P384(_) => "PKIX_ECDSA_P384_SHA_384",
            Pair::Ed25519(_) => "PKIX_ED25519",
            Pair::Rsa(_) => "PKIX_RSA_PKCS1V15_2048_SHA256",
        }
    }
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&SHA256, bytes).as_ref().to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}
