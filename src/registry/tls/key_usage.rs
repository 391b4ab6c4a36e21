//! The key usage of a certificate: RFC 5280, sections 4.2.1.3 and 4.2.1.12. webpki checks it for
//! server certificates, but rejects certificates of authorities before it does.

use crate::der::{BIT_STRING, BOOLEAN, Der, OBJECT, OCTET_STRING, SEQUENCE, context};

/// The tag of the extensions of a certificate.
const EXTENSIONS: u8 = context(3);

/// id-ce-keyUsage and id-ce-extKeyUsage.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// id-kp-serverAuth.
const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// digitalSignature, keyEncipherment and keyAgreement: a TLS server needs one of them, as in
/// OpenSSL.
const OF_TLS: u8 = 0x80 | 0x20 | 0x08;

/// Whether a certificate may also be a server's: it does not restrict the use of its key, or allows
/// this use. False if it cannot be parsed.
pub(crate) fn may_serve(certificate: &[u8]) -> bool {
    checked(certificate).unwrap_or_default()
}

fn checked(certificate: &[u8]) -> Option<bool> {
    let mut whole = Der::new(Der::only(certificate, SEQUENCE)?);
    let mut fields = Der::new(whole.take(SEQUENCE)?);
    while !fields.is_empty() {
        let field = fields.element()?;
        if field.tag == EXTENSIONS {
            return all_allow(Der::new(Der::only(field.contents, SEQUENCE)?));
        }
    }
    Some(true)
}

fn all_allow(mut extensions: Der<'_>) -> Option<bool> {
    while !extensions.is_empty() {
        let mut extension = Der::new(extensions.take(SEQUENCE)?);
        let name = extension.take(OBJECT)?;
        extension.optional(BOOLEAN)?;
        let value = extension.take(OCTET_STRING)?;
        let allows = match name {
            KEY_USAGE => is_for_tls(value)?,
            EXTENDED_KEY_USAGE => is_for_servers(value)?,
            _ => true,
        };
        if !allows {
            return Some(false);
        }
    }
    Some(true)
}

fn is_for_tls(usage: &[u8]) -> Option<bool> {
    let bits = Der::only(usage, BIT_STRING)?;
    // The first byte of a BIT STRING counts its unused bits.
    let first = bits.get(1).copied().unwrap_or_default();
    Some(first & OF_TLS != 0)
}

fn is_for_servers(usage: &[u8]) -> Option<bool> {
    let mut purposes = Der::new(Der::only(usage, SEQUENCE)?);
    while !purposes.is_empty() {
        if purposes.take(OBJECT)? == SERVER {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::encode as der;

    /// A minimal certificate with these extensions.
    fn certificate(extensions: &[Vec<u8>]) -> Vec<u8> {
        let extensions = der(EXTENSIONS, &der(SEQUENCE, &extensions.concat()));
        let fields = [der(0xa0, &[2, 1, 2]), der(0x02, &[1; 100]), extensions];
        der(SEQUENCE, &der(SEQUENCE, &fields.concat()))
    }

    fn extension(name: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
        let flag = if critical {
            der(BOOLEAN, &[0xff])
        } else {
            Vec::new()
        };
        let parts = [der(OBJECT, name), flag, der(OCTET_STRING, value)];
        der(SEQUENCE, &parts.concat())
    }

    fn key_usage(bits: &[u8]) -> Vec<u8> {
        extension(KEY_USAGE, true, &der(BIT_STRING, bits))
    }

    fn extended(purposes: &[&[u8]]) -> Vec<u8> {
        let purposes: Vec<_> = purposes
            .iter()
            .map(|purpose| der(OBJECT, purpose))
            .collect();
        extension(
            EXTENDED_KEY_USAGE,
            false,
            &der(SEQUENCE, &purposes.concat()),
        )
    }

    #[test]
    fn a_certificate_is_for_what_it_says() {
        let client: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
        let other = || extension(&[0x55, 0x1d, 0x0e], false, &[4, 1, 7]);
        for (extensions, allowed) in [
            (vec![], true),
            (vec![other()], true),
            (vec![key_usage(&[7, 0x80])], true),
            (vec![key_usage(&[5, 0xa0])], true),
            (vec![other(), key_usage(&[2, 0x04])], false),
            (vec![key_usage(&[1, 0x06])], false),
            (vec![key_usage(&[0])], false),
            (vec![extended(&[SERVER])], true),
            (vec![extended(&[client, SERVER])], true),
            (vec![extended(&[client])], false),
            (vec![extended(&[])], false),
            (vec![key_usage(&[7, 0x80]), extended(&[client])], false),
            (vec![key_usage(&[2, 0x04]), extended(&[SERVER])], false),
            (vec![vec![0x30, 0x05, 0x06]], false),
        ] {
            assert_eq!(
                may_serve(&certificate(&extensions)),
                allowed,
                "{extensions:x?}"
            );
        }
    }

    #[test]
    fn what_is_cut_is_for_nothing() {
        let whole = certificate(&[key_usage(&[7, 0x80]), extended(&[SERVER])]);
        assert!(may_serve(&whole));
        for length in 0..whole.len() {
            assert!(!may_serve(&whole[..length]), "{length}");
        }
    }
}
