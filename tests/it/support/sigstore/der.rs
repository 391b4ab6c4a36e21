//! DER as certificates and timestamps need it: X.690, section 10.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One element.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length = match length {
        [0, short @ 0..0x80] => vec![short],
        [0, byte] => vec![0x81, byte],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], contents].concat()
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A SET OF, which DER sorts.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort();
    element(0x31, &parts.concat())
}

/// `[number]` around other elements.
pub fn context(number: u8, contents: &[u8]) -> Vec<u8> {
    element(0xa0 | number, contents)
}

/// An object identifier in its dotted form.
pub fn object(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let first = arcs[0] * 40 + arcs[1];
    let arcs = [&[first], &arcs[2..]].concat();
    let bytes: Vec<u8> = arcs.iter().flat_map(|arc| base128(*arc)).collect();
    element(0x06, &bytes)
}

fn base128(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        bytes.insert(0, (number & 0x7f) as u8 | 0x80);
    }
    bytes
}

pub fn number(number: u8) -> Vec<u8> {
    element(0x02, &[number])
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// A BIT STRING of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes].concat())
}

pub fn utf8(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

pub fn yes() -> Vec<u8> {
    element(0x01, &[0xff])
}

pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// RFC 7468.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap());
    let body: Vec<_> = lines.collect();
    let body = body.join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
