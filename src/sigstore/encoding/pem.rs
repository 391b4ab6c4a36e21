//! PEM, RFC 7468: one block of one file.

use crate::sigstore::encoding::json::from_base64;

/// The label and the bytes of `text`, if it is one block with nothing but white space around it.
pub(crate) fn decode(text: &str) -> Option<(&str, Vec<u8>)> {
    let rest = text.trim_ascii().strip_prefix("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    (end.strip_suffix("-----")? == label).then_some(())?;
    let joined: String = body.lines().map(str::trim_ascii).collect();
    Some((label, from_base64(&joined)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_is_decoded() {
        let block = "-----BEGIN PUBLIC KEY-----\r\nAAEC\r\nAw==\r\n-----END PUBLIC KEY-----\n";
        assert_eq!(decode(block), Some(("PUBLIC KEY", vec![0, 1, 2, 3])));
        for bad in [
            "",
            "AAEC",
            "-----BEGIN PUBLIC KEY-----\nAAEC\n",
            "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nAA-C\n-----END PUBLIC KEY-----",
            &block.repeat(2),
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
