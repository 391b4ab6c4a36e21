//! Names of signature algorithms and sizes of RSA keys, for error messages about rejected
//! certificates.

use crate::der::{BIT_STRING, Der, EC_KEY, OBJECT, RSA_KEY, SEQUENCE, rsa_modulus_bits};

/// Algorithms in use but not supported, with OpenSSL's names.
const NAMES: [(&[u8], &str); 14] = [
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04",
        "md5WithRSAEncryption",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05",
        "sha1WithRSAEncryption",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
        "rsassaPss with these parameters",
    ),
    (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e",
        "sha224WithRSAEncryption",
    ),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", "ecdsa-with-SHA1"),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", "ecdsa-with-SHA224"),
    (b"\x2b\x65\x71", "ED448"),
    (b"\x60\x86\x48\x01\x65\x03\x04\x03\x02", "dsa_with_SHA256"),
    (b"\x2a\x86\x48\xce\x38\x04\x01", "DSA"),
    (
        b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07",
        "an ECDSA key of brainpoolP256r1",
    ),
    (
        b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b",
        "an ECDSA key of brainpoolP384r1",
    ),
    (
        b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d",
        "an ECDSA key of brainpoolP512r1",
    ),
    (b"\x2b\x81\x04\x00\x0a", "an ECDSA key of secp256k1"),
    (b"\x2b\x81\x04\x00\x21", "an ECDSA key of P-224"),
];

/// The name of an AlgorithmIdentifier (RFC 5280, section 4.1.1.2), given without its outer tag.
pub(crate) fn name(identifier: &[u8]) -> String {
    let mut identifier = Der::new(identifier);
    let Some(mut id) = identifier.take(OBJECT) else {
        return "an unknown algorithm".to_owned();
    };
    if let Some(curve) = identifier.take(OBJECT).filter(|_| id == EC_KEY) {
        id = curve;
    }
    let known = NAMES.iter().find(|(known, _)| *known == id);
    known.map_or_else(|| dotted(id), |(_, name)| (*name).to_owned())
}

/// Formats an object identifier: X.690, section 8.19.
fn dotted(id: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for byte in id {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let first = numbers.first().copied().unwrap_or_default();
    let root = (first / 40).min(2);
    let rest = numbers.iter().skip(1).map(|number| format!(".{number}"));
    format!(
        "algorithm {root}.{}{}",
        first - root * 40,
        rest.collect::<String>()
    )
}

/// The size of the RSA key in a SubjectPublicKeyInfo, in bits, with or without the outer tag. None
/// for other keys.
pub(crate) fn rsa_bits(info: &[u8]) -> Option<usize> {
    key_of(info).or_else(|| key_of(Der::new(info).take(SEQUENCE)?))
}

fn key_of(info: &[u8]) -> Option<usize> {
    let mut info = Der::new(info);
    let id = Der::new(info.take(SEQUENCE)?).take(OBJECT)?;
    (id == RSA_KEY).then_some(())?;
    // The first byte of a BIT STRING counts its unused bits: none.
    rsa_modulus_bits(info.take(BIT_STRING)?.get(1..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_have_names() {
        for (identifier, wanted) in [
            (
                &b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"[..],
                "sha1WithRSAEncryption",
            ),
            (b"\x06\x03\x2b\x65\x71", "ED448"),
            (
                b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a",
                "an ECDSA key of secp256k1",
            ),
            (b"\x06\x03\x2a\x03\x04", "algorithm 1.2.3.4"),
            (b"\x06\x03\x88\x37\x03", "algorithm 2.999.3"),
            (
                b"\x06\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                "algorithm 0.0",
            ),
            (b"\x06\x00", "algorithm 0.0"),
            (b"\x06\x09\x2a", "an unknown algorithm"),
            (b"", "an unknown algorithm"),
        ] {
            assert_eq!(name(identifier), wanted);
        }
    }

    #[test]
    fn keys_of_rsa_have_a_length() {
        let key = [&b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x0b\x00\x30\x08\x02\x03\x00"[..], b"\x85\x01\x02\x01\x03"].concat();
        let whole = [&[SEQUENCE, 28][..], &key].concat();
        assert_eq!(rsa_bits(&key), Some(16));
        assert_eq!(rsa_bits(&whole), Some(16));
        for length in 0..key.len() - 3 {
            assert_eq!(rsa_bits(&key[..length]), None, "{length}");
        }
    }
}
