//! The JSON of protocol buffers, read strictly: <https://protobuf.dev/programming-guides/json/>. That specification lets
//! a reader accept more spellings of bytes than any signer writes; here there is one, so that no two bundles are the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// `bytes`: base64 of the standard alphabet, with its padding, without line breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

/// Decodes what [`Base64`] accepts.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64Visitor)
    }
}

struct Base64Visitor;

impl Visitor<'_> for Base64Visitor {
    type Value = Base64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Base64, E> {
        let bytes = from_base64(text).map(Base64);
        bytes.ok_or_else(|| E::custom("not base64"))
    }
}

/// `int64`, which is a string here and a number in older JSON; never negative in these formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Int64Visitor)
    }
}

struct Int64Visitor;

impl Visitor<'_> for Int64Visitor {
    type Value = Int64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from zero on")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Int64, E> {
        let number = i64::try_from(number).map(Int64);
        number.map_err(|_| E::custom("too large"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Int64, E> {
        let number = decimal(text).map(Int64);
        number.ok_or_else(|| E::custom("not a number"))
    }
}

/// Digits without a sign and without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && (text == "0" || !text.starts_with('0'))).then_some(())?;
    text.parse().ok()
}

/// A list of at most `MAX` elements, so that a small document cannot ask for much work.
#[derive(Debug)]
pub(crate) struct Limited<T, const MAX: usize>(pub(crate) Vec<T>);

impl<T, const MAX: usize> Default for Limited<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Limited<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitedVisitor(PhantomData))
    }
}

struct LimitedVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for LimitedVisitor<T, MAX> {
    type Value = Limited<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    /// `null` is an empty list.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Limited::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == MAX {
                return Err(A::Error::custom("a list has too many elements"));
            }
            elements.push(element);
        }
        Ok(Limited(elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_standard_base64_is_bytes() {
        let bytes = |text: &str| serde_json::from_str::<Base64>(text).ok();
        assert_eq!(bytes(r#""+/8=""#), Some(Base64(vec![0xfb, 0xff])));
        for bad in [
            r#""-_8=""#,
            r#""+/8""#,
            r#""+/9=""#,
            r#""+/\n8=""#,
            r#"" +/8=""#,
            "null",
            "[1]",
            "7",
        ] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_not_negative() {
        let number = |text: &str| serde_json::from_str::<Int64>(text).ok();
        assert_eq!(number("7"), Some(Int64(7)));
        assert_eq!(number(r#""7""#), Some(Int64(7)));
        assert_eq!(number(r#""9223372036854775807""#), Some(Int64(i64::MAX)));
        for bad in [
            "-1",
            r#""-1""#,
            r#""+1""#,
            r#""""#,
            r#""07""#,
            "1.5",
            r#""1e3""#,
            "9223372036854775808",
        ] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }

    #[test]
    fn lists_have_a_limit() {
        let list = |text: &str| {
            serde_json::from_str::<Limited<u8, 2>>(text)
                .ok()
                .map(|l| l.0)
        };
        assert_eq!(list("[1, 2]"), Some(vec![1, 2]));
        assert_eq!(list("null"), Some(vec![]));
        assert_eq!(list("[1, 2, 3]"), None);
    }
}
