//! DSSE, <https://github.com/secure-systems-lab/dsse>: what is signed in place of a payload.

/// The one type of payload that says something of images.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The pre-authentication encoding, which keeps a signature of one type from serving for another.
pub(crate) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        let wanted = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(encoded, wanted);
    }
}
