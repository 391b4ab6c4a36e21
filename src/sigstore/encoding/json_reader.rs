//! Parses documents into [`Json`]. They are hostile, so there are limits on what one may hold, and an object with a duplicate
//! name is refused: otherwise one reader could check the first value, and another use the second. Neither holds within the
//! values of unknown fields, which nothing reads.

use crate::sigstore::encoding::json::{Json, MalformedJson, has_word};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The deepest nesting of lists and objects. The deepest document that is accepted has 6 levels.
const MAX_DEPTH: usize = 16;

/// The most elements of a list: a statement may have as many subjects, and nothing has more.
const MAX_ELEMENTS: usize = 1024;

/// The most fields of an object, unknown ones included.
const MAX_FIELDS: usize = 64;

/// Values and names in a document. The subjects that a statement may have need a quarter of these.
const MAX_VALUES: usize = 1 << 15;

impl<'a> Json<'a> {
    /// Parses a document. `fields` are the names of its fields at all depths, with blanks between them; the values of others are
    /// skipped, since they may be large: the predicate of an SBOM is.
    pub(crate) fn parse(text: &'a [u8], fields: &str) -> Result<Self, MalformedJson> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let mut reader = JsonReader {
            fields,
            depth: 0,
            values: 0,
        };
        let json = reader.deserialize(&mut deserializer);
        let json = json.map_err(|_| MalformedJson)?;
        deserializer.end().map_err(|_| MalformedJson)?;
        Ok(json)
    }
}

/// The documents in a file of one, or of several, as JSON lines. It stops after one more than `max`, which the caller refuses.
pub(crate) fn documents(text: &[u8], max: usize) -> Result<Vec<&[u8]>, MalformedJson> {
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let (mut documents, mut start) = (Vec::new(), 0);
    while documents.len() <= max
        && let Some(document) = stream.next()
    {
        document.map_err(|_| MalformedJson)?;
        let end = stream.byte_offset();
        let json = text.get(start..end).unwrap_or_default();
        documents.push(json.trim_ascii());
        start = end;
    }
    Ok(documents)
}

struct JsonReader<'f> {
    fields: &'f str,
    depth: usize,
    values: usize,
}

impl JsonReader<'_> {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        limit(self.depth, MAX_DEPTH)
    }
}

fn limit<E: Error>(count: usize, max: usize) -> Result<(), E> {
    if count > max {
        return Err(E::custom("too large"));
    }
    Ok(())
}

impl<'de> DeserializeSeed<'de> for &mut JsonReader<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        self.values += 1;
        limit(self.values, MAX_VALUES)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut JsonReader<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(number).map_or(Json::Other, Json::Number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        self.enter()?;
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(&mut *self)? {
            elements.push(element);
            limit(elements.len(), MAX_ELEMENTS)?;
        }
        self.depth -= 1;
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'de>, A::Error> {
        self.enter()?;
        let mut fields: Vec<(Cow<'_, str>, _)> = Vec::new();
        while let Some(Json::Text(name)) = object.next_key_seed(&mut *self)? {
            if fields.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom("a duplicate name"));
            }
            let value = if has_word(self.fields, &name) {
                object.next_value_seed(&mut *self)?
            } else {
                object.next_value::<IgnoredAny>()?;
                Json::Other
            };
            fields.push((name, value));
            limit(fields.len(), MAX_FIELDS)?;
        }
        self.depth -= 1;
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json<'_>> {
        Json::parse(text.as_bytes(), "a b").ok()
    }

    fn object<const N: usize>(fields: [(&'static str, Json<'static>); N]) -> Json<'static> {
        Json::Object(fields.map(|(name, value)| (name.into(), value)).into())
    }

    #[test]
    fn each_value_has_its_type() {
        for (text, value) in [
            ("null", Json::Null),
            ("7", Json::Number(7)),
            ("-7", Json::Other),
            ("1.5", Json::Other),
            ("true", Json::Other),
            (r#""x""#, Json::Text("x".into())),
            (
                r#"[null, "x"]"#,
                Json::List(vec![Json::Null, Json::Text("x".into())]),
            ),
            (r#" {"a": {}} "#, object([("a", object([]))])),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn a_document_is_whole_and_alone() {
        for bad in [
            "",
            " ",
            "{",
            "{}x",
            "{}{}",
            "[1,]",
            "[1 2]",
            r#"{"a"}"#,
            "{a: 1}",
            "\u{feff}{}",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(Json::parse(b"\"\xff\"", ""), Err(MalformedJson));
    }

    #[test]
    fn escapes_are_decoded_before_names_are_compared() {
        let text = parse(r#""\u0041\/\n\ud83d\ude00""#);
        assert_eq!(text, Some(Json::Text("A/\n\u{1f600}".into())));
        assert_eq!(parse(r#""\ud83d""#), None);
        assert_eq!(parse("\"\n\""), None);
        let escaped = parse(r#"{"\u0061": 1}"#);
        assert_eq!(escaped, Some(object([("a", Json::Number(1))])));
        assert_eq!(parse(r#"{"\u0061": 1, "a": 1}"#), None);
    }

    #[test]
    fn a_duplicate_name_is_refused() {
        for bad in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": null, "b": 1, "a": null}"#,
            r#"{"new": 1, "new": 2}"#,
            r#"[{"a": {"b": 1, "b": 1}}]"#,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn unknown_fields_are_skipped_whatever_they_hold() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let long = format!("[{}1]", "1,".repeat(100_000));
        for value in [&deep, &long, "1e999", r#"{"x": 1, "x": 2}"#, r#"{"a": 1}"#] {
            let json = parse(&format!(r#"{{"new": {value}, "": 1, "a b": 1}}"#).leak()[..]);
            let other = ["new", "", "a b"].map(|name| (name, Json::Other));
            assert_eq!(json, Some(object(other)), "{value}");
        }
        assert_eq!(parse(r#"{"new": [}"#), None);
    }

    #[test]
    fn what_a_document_holds_is_limited() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        let list = |count| format!("[{}]", vec!["1"; count].join(","));
        let fields = |count| {
            let fields: Vec<_> = (0..count).map(|name| format!(r#""{name}": 1"#)).collect();
            format!("{{{}}}", fields.join(","))
        };
        // The outer list, the inner ones, and their elements.
        let values = |count| format!("[{}]", vec![list(1023); count].join(","));
        for (within, beyond) in [
            (nested(MAX_DEPTH), nested(MAX_DEPTH + 1)),
            (list(MAX_ELEMENTS), list(MAX_ELEMENTS + 1)),
            (fields(MAX_FIELDS), fields(MAX_FIELDS + 1)),
            (values(31), values(32)),
        ] {
            assert!(parse(&within).is_some() && parse(&beyond).is_none());
        }
    }

    #[test]
    fn a_file_may_have_several_documents() {
        let split = |text: &'static str| documents(text.as_bytes(), 2).ok();
        assert_eq!(split(" \n"), Some(vec![]));
        assert_eq!(split(" {} "), Some(vec![&b"{}"[..]]));
        assert_eq!(split("{}\n[1]{}{}"), Some(vec![&b"{}"[..], b"[1]", b"{}"]));
        assert_eq!(split("{}\nx"), None);
    }
}
