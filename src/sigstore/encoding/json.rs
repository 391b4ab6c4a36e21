//! The JSON of bundles, logs, attestations and trusted roots. Where it is that of protocol buffers, it is read strictly:
//! <https://protobuf.dev/programming-guides/json/> lets a reader accept more spellings of bytes than any signer writes. Here
//! there is one, so that no two bundles are the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// A value of a document. All documents of this room share this one type: a type for each, with the code that serde derives for
/// it, would take 120 KiB of the binary.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    /// From zero on.
    Number(i64),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'a, str>, Self)>),
    /// A value that no field accepts, such as a fraction, or the value of an unknown field.
    Other,
}

/// This is not JSON, or beyond a limit, or a field is missing, or its value is of another type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedJson;

/// Decodes base64 of the standard alphabet, with its padding, without line breaks.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Digits without a sign and without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && (text == "0" || !text.starts_with('0'))).then_some(())?;
    text.parse().ok()
}

/// Whether a list of words, with blanks between them, has this one.
pub(super) fn has_word(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

impl Json<'_> {
    /// The value of a field, which may be `null`. None if the field is missing.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&Self>, MalformedJson> {
        let Self::Object(fields) = self else {
            return Err(MalformedJson);
        };
        let found = fields.iter().find(|(key, _)| key == name);
        Ok(found.map(|(_, value)| value))
    }

    /// The value of a field, which may be `null`.
    pub(crate) fn field(&self, name: &str) -> Result<&Self, MalformedJson> {
        self.get(name)?.ok_or(MalformedJson)
    }

    /// The value of a field. None if it is missing or `null`.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&Self>, MalformedJson> {
        let value = self.get(name)?;
        Ok(value.filter(|value| **value != Self::Null))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, MalformedJson> {
        self.field(name)?.as_text()
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, MalformedJson> {
        self.optional(name)?.map(Self::as_text).transpose()
    }

    /// `bytes`, which is base64 here.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, MalformedJson> {
        self.field(name)?.as_bytes()
    }

    /// The bytes in an object that may be missing.
    pub(crate) fn optional_bytes(
        &self,
        object: &str,
        name: &str,
    ) -> Result<Option<Vec<u8>>, MalformedJson> {
        let object = self.optional(object)?;
        object.map(|object| object.bytes(name)).transpose()
    }

    /// `int64`, which is a string here and a number in older JSON; never negative in these formats.
    pub(crate) fn int64(&self, name: &str) -> Result<i64, MalformedJson> {
        match self.field(name)? {
            Self::Number(number) => Ok(*number),
            Self::Text(text) => decimal(text).ok_or(MalformedJson),
            _ => Err(MalformedJson),
        }
    }

    pub(crate) fn int64_or_zero(&self, name: &str) -> Result<i64, MalformedJson> {
        match self.get(name)? {
            Some(_) => self.int64(name),
            None => Ok(0),
        }
    }

    /// A list of at most `max` elements. `null` is an empty one.
    pub(crate) fn list(&self, name: &str, max: usize) -> Result<&[Self], MalformedJson> {
        match self.field(name)? {
            Self::Null => Ok(&[]),
            Self::List(list) if list.len() <= max => Ok(list),
            _ => Err(MalformedJson),
        }
    }

    pub(crate) fn list_or_empty(&self, name: &str, max: usize) -> Result<&[Self], MalformedJson> {
        match self.get(name)? {
            Some(_) => self.list(name, max),
            None => Ok(&[]),
        }
    }

    /// Refuses an object with fields other than these. `names` has blanks between them.
    pub(crate) fn has_only(&self, names: &str) -> Result<(), MalformedJson> {
        match self {
            Self::Object(fields) if fields.iter().all(|(key, _)| has_word(names, key)) => Ok(()),
            _ => Err(MalformedJson),
        }
    }

    pub(crate) fn as_text(&self) -> Result<&str, MalformedJson> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(MalformedJson),
        }
    }

    pub(crate) fn as_bytes(&self) -> Result<Vec<u8>, MalformedJson> {
        from_base64(self.as_text()?).ok_or(MalformedJson)
    }
}

/// The bytes in each object of a list.
pub(crate) fn bytes_of_each(list: &[Json<'_>], name: &str) -> Result<Vec<Vec<u8>>, MalformedJson> {
    list.iter().map(|object| object.bytes(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of the field `x`.
    fn of<'a>(value: &'a str) -> Json<'a> {
        let json = format!(r#"{{"x": {value}}}"#);
        Json::parse(json.leak().as_bytes(), "x y").unwrap()
    }

    #[test]
    fn only_standard_base64_is_bytes() {
        assert_eq!(of(r#""+/8=""#).bytes("x"), Ok(vec![0xfb, 0xff]));
        assert_eq!(of(r#""\u002b\/8=""#).bytes("x"), Ok(vec![0xfb, 0xff]));
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
            assert_eq!(of(bad).bytes("x"), Err(MalformedJson), "{bad}");
        }
    }

    #[test]
    fn numbers_are_not_negative() {
        for (text, number) in [
            ("7", 7),
            (r#""7""#, 7),
            ("0", 0),
            (r#""0""#, 0),
            ("9223372036854775807", i64::MAX),
            (r#""9223372036854775807""#, i64::MAX),
        ] {
            assert_eq!(of(text).int64("x"), Ok(number), "{text}");
        }
        for bad in [
            "-1",
            "-0",
            r#""-1""#,
            r#""+1""#,
            r#""""#,
            r#""07""#,
            "1.5",
            "1.0",
            "1e3",
            r#""1e3""#,
            "9223372036854775808",
            r#""9223372036854775808""#,
            "18446744073709551616",
            "true",
            "null",
        ] {
            assert_eq!(of(bad).int64_or_zero("x"), Err(MalformedJson), "{bad}");
        }
        assert_eq!(of("7").int64_or_zero("y"), Ok(0));
        assert_eq!(of("7").int64("y"), Err(MalformedJson));
    }

    #[test]
    fn lists_have_a_limit() {
        let length = |text| of(text).list("x", 2).map(<[_]>::len);
        assert_eq!(length("[1, 2]"), Ok(2));
        assert_eq!(length("null"), Ok(0));
        assert_eq!(length("[1, 2, 3]"), Err(MalformedJson));
        assert_eq!(length("{}"), Err(MalformedJson));
        assert_eq!(of("[]").list_or_empty("y", 2), Ok(&[][..]));
        assert_eq!(of("[]").list("y", 2), Err(MalformedJson));
        assert!(of("5").list_or_empty("x", 2).is_err());
    }

    #[test]
    fn null_is_missing_where_a_field_is_optional() {
        let json = of("null");
        assert_eq!(
            (json.optional("x"), json.optional("y")),
            (Ok(None), Ok(None))
        );
        assert_eq!(json.get("x"), Ok(Some(&Json::Null)));
        assert_eq!(json.optional_text("x"), Ok(None));
        assert_eq!(json.optional_bytes("x", "y"), Ok(None));
        assert_eq!(json.text("x"), Err(MalformedJson));
        assert_eq!(of("5").optional_text("x"), Err(MalformedJson));
        assert_eq!(of("5").optional_bytes("x", "y"), Err(MalformedJson));
        assert_eq!(of("{}").optional_bytes("x", "y"), Err(MalformedJson));
        assert_eq!(
            of(r#"{"y": ""}"#).optional_bytes("x", "y"),
            Ok(Some(Vec::new()))
        );
    }

    #[test]
    fn only_an_object_has_fields() {
        for text in ["null", "5", "[]", r#""x""#] {
            let json = of(text);
            let json = json.field("x").unwrap();
            assert!(
                json.optional("y").is_err() && json.has_only("y").is_err(),
                "{text}"
            );
        }
        assert_eq!(of("1").has_only("y x"), Ok(()));
        assert_eq!(of("1").has_only("y"), Err(MalformedJson));
    }
}
