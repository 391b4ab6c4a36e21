//! The annotations of a document: image-spec annotations.md. They may hold anything.

use super::lenient::{Field, Lenient};
use serde::de::{IgnoredAny, MapAccess};
use std::collections::BTreeMap;

/// The annotations of a manifest or an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// By key. Their size is bounded by the document's 8 MiB, their number by `MAX_ELEMENTS`.
    pub pairs: BTreeMap<String, String>,
    /// Whether the field is not an object of strings, or has more of them than any real image.
    pub is_malformed: bool,
}

/// A document, of which only the annotations are read.
#[derive(Default)]
struct Annotated(Field<BTreeMap<String, String>>);

impl Lenient for Annotated {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut annotated = Self::default();
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                "annotations" => annotated.0 = object.next_value()?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Field::Value(annotated))
    }
}

impl Annotations {
    /// Parses the annotations in the bytes of a manifest or index. A pull does not need them, so
    /// invalid annotations are noted rather than refused.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut malformed = Vec::new();
        let document = serde_json::from_slice(bytes).unwrap_or(Field::Malformed);
        let document: Annotated = document.take("annotations", &mut malformed);
        let pairs = document.0.take("annotations", &mut malformed);
        Self {
            pairs,
            is_malformed: !malformed.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_that_make_no_sense_are_noted() {
        let read = |json: &str| Annotations::parse(json.as_bytes());
        for json in [
            "5",
            r#""a""#,
            "[]",
            r#"{"a":5}"#,
            r#"{"a":null}"#,
            r#"{"a":{}}"#,
        ] {
            let read = read(&format!(r#"{{"annotations":{json}}}"#));
            assert!(read.is_malformed && read.pairs.is_empty(), "{json}");
        }
        for json in ["{}", r#"{"annotations":null}"#, r#"{"annotations":{}}"#] {
            assert_eq!(read(json), Annotations::default());
        }
        let many: Vec<_> = (0..5000).map(|n| format!(r#""{n}":"""#)).collect();
        let many = read(&format!(r#"{{"annotations":{{{}}}}}"#, many.join(",")));
        assert!(many.is_malformed && many.pairs.is_empty());
        let read = read(r#"{"layers":[{"annotations":{"c":"d"}}],"annotations":{"a":"b","":""}}"#);
        assert_eq!(read.pairs.len(), 2);
        assert_eq!(read.pairs["a"], "b");
    }
}
