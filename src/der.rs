//! DER (X.690, section 10), as much of it as certificates, SCTs and timestamps need: definite lengths of at most
//! three bytes, each as short as possible, and tags below 31. Whatever else is read as malformed, so that two
//! readers cannot see two things in the same bytes.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The object identifiers of keys: id-ecPublicKey (RFC 5480), which a curve follows, and rsaEncryption (RFC 8017).
pub(crate) const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(crate) const RSA_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// `[N]` around other elements.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Tag, length and contents.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    /// With tag and length.
    pub(crate) whole: &'a [u8],
}

/// Reads elements from the front. None stands for malformed bytes or for another tag.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The contents of `bytes`, if these are one element with this tag.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let mut der = Self(bytes);
        let contents = der.take(tag)?;
        der.end()?;
        Some(contents)
    }

    /// The next element.
    pub(crate) fn element(&mut self) -> Option<Element<'a>> {
        let whole = self.0;
        let (&tag, rest) = whole.split_first()?;
        // 31 announces a longer tag.
        (tag & 0x1f != 0x1f).then_some(())?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = bytes
                    .iter()
                    .fold(0, |sum: usize, byte| sum << 8 | usize::from(*byte));
                let shortest = match bytes.len() {
                    1 => 0x80,
                    2 => 0x100,
                    _ => 0x1_0000,
                };
                (length >= shortest).then_some((length, rest))?
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element {
            tag,
            contents,
            whole: whole.get(..whole.len() - rest.len())?,
        })
    }

    /// The contents of the next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.element()?;
        (element.tag == tag).then_some(())?;
        *self = ahead;
        Some(element.contents)
    }

    /// The contents of the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.0.first() == Some(&tag) {
            self.take(tag).map(Some)
        } else {
            Some(None)
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if anything is left.
    pub(crate) fn end(self) -> Option<()> {
        self.is_empty().then_some(())
    }
}

/// The size of the modulus of an RSAPublicKey (RFC 8017, appendix A.1.1), in bits.
pub(crate) fn rsa_modulus_bits(key: &[u8]) -> Option<usize> {
    let modulus = Der::new(Der::only(key, SEQUENCE)?).take(INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?;
    Some((modulus.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// An element with these contents.
pub(crate) fn encode(tag: u8, contents: &[u8]) -> Vec<u8> {
    let bytes = contents.len().to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let mut element = vec![tag];
    if contents.len() >= 0x80 {
        // A length has at most eight bytes.
        element.push(0x80 | digits.len().to_le_bytes()[0]);
    }
    if contents.is_empty() {
        element.push(0);
    }
    element.extend_from_slice(digits);
    element.extend_from_slice(contents);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let contents = vec![7; length];
            let bytes = encode(OCTET_STRING, &contents);
            assert_eq!(Der::only(&bytes, OCTET_STRING), Some(&contents[..]));
            assert_eq!(Der::only(&bytes, SEQUENCE), None);
            let more = [&bytes[..], &[0]].concat();
            assert_eq!(Der::only(&more, OCTET_STRING), None);
            assert_eq!(Der::only(&bytes[..bytes.len() - 1], OCTET_STRING), None);
        }
    }

    #[test]
    fn lengths_are_definite_and_as_short_as_possible() {
        for bad in [
            &[0x30, 0x80, 0, 0][..],
            &[0x30, 0x81, 0x01, 0],
            &[0x30, 0x82, 0x00, 0x01, 0],
            &[0x30, 0x84, 0, 0, 0, 0],
            &[0x3f, 0x21, 0],
            &[0x30],
            &[],
        ] {
            assert!(Der::new(bad).element().is_none(), "{bad:x?}");
        }
    }
}
