//! ECDSA variants that company authorities use and ring cannot verify: with SHA-512, and P-521
//! keys. Only public data is processed here: signatures of certificates and handshakes.

use ecdsa::signature::hazmat::PrehashVerifier;
use ecdsa::{Signature, VerifyingKey};
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::fmt;

type SignatureAlgorithm = &'static dyn SignatureVerificationAlgorithm;

/// Returns Some if `key`, a point on a curve, has signed the hash.
type VerifySignature = fn(key: &[u8], hash: &[u8], signature: &[u8]) -> Option<()>;

/// One curve with one hash.
struct Ecdsa {
    check: VerifySignature,
    hash: fn(&[u8]) -> Vec<u8>,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

macro_rules! check {
    ($curve:ty) => {
        |key, hash, signature| {
            let key = VerifyingKey::<$curve>::from_sec1_bytes(key).ok()?;
            let signature = Signature::<$curve>::from_der(signature).ok()?;
            key.verify_prehash(hash, &signature).ok()
        }
    };
}

const P256: VerifySignature = check!(NistP256);
const P384: VerifySignature = check!(NistP384);
const P521: VerifySignature = check!(NistP521);

const P256_SHA512: Ecdsa = Ecdsa::new(
    P256,
    hash::<Sha512>,
    alg_id::ECDSA_P256,
    alg_id::ECDSA_SHA512,
);
const P384_SHA512: Ecdsa = Ecdsa::new(
    P384,
    hash::<Sha512>,
    alg_id::ECDSA_P384,
    alg_id::ECDSA_SHA512,
);
const P521_SHA256: Ecdsa = Ecdsa::new(
    P521,
    hash::<Sha256>,
    alg_id::ECDSA_P521,
    alg_id::ECDSA_SHA256,
);
const P521_SHA384: Ecdsa = Ecdsa::new(
    P521,
    hash::<Sha384>,
    alg_id::ECDSA_P521,
    alg_id::ECDSA_SHA384,
);
const P521_SHA512: Ecdsa = Ecdsa::new(
    P521,
    hash::<Sha512>,
    alg_id::ECDSA_P521,
    alg_id::ECDSA_SHA512,
);

impl Ecdsa {
    const fn new(
        check: VerifySignature,
        hash: fn(&[u8]) -> Vec<u8>,
        key: AlgorithmIdentifier,
        signature: AlgorithmIdentifier,
    ) -> Self {
        Self {
            check,
            hash,
            key,
            signature,
        }
    }
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        (self.check)(key, &(self.hash)(message), signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

impl fmt::Debug for Ecdsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ECDSA")
    }
}

/// The algorithms of ring, plus the rest of ECDSA. The lists are leaked: they are built once per
/// registry.
pub(crate) fn beside(ring: WebPkiSupportedAlgorithms) -> WebPkiSupportedAlgorithms {
    let all: [SignatureAlgorithm; 5] = [
        &P256_SHA512,
        &P384_SHA512,
        &P521_SHA512,
        &P521_SHA384,
        &P521_SHA256,
    ];
    // In TLS 1.3, a scheme fixes the curve, that of the first algorithm; in TLS 1.2, any curve goes
    // with any hash (RFC 8446, section 4.2.3).
    let ring_mapping = ring.mapping.iter().map(|(scheme, algorithms)| {
        let more: &[SignatureAlgorithm] = match scheme {
            SignatureScheme::ECDSA_NISTP384_SHA384 => &[&P521_SHA384],
            SignatureScheme::ECDSA_NISTP256_SHA256 => &[&P521_SHA256],
            _ => &[],
        };
        (*scheme, leaked([algorithms, more].concat()))
    });
    let sha512: &[SignatureAlgorithm] = &[&P521_SHA512, &P384_SHA512, &P256_SHA512];
    let own = (
        SignatureScheme::ECDSA_NISTP521_SHA512,
        leaked(sha512.to_vec()),
    );
    WebPkiSupportedAlgorithms {
        all: leaked([ring.all, &all].concat()),
        mapping: leaked(ring_mapping.chain([own]).collect()),
    }
}

fn leaked<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}

fn hash<H: Digest>(message: &[u8]) -> Vec<u8> {
    H::digest(message).to_vec()
}
