//! Limits on what a document may hold. Documents are deserialised directly into the types in use,
//! and long lists element by element: a few megabytes of `[]` or of short names would take a
//! hundred in memory.

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::marker::PhantomData;

/// The maximum length of a list that is kept: docker makes at most 127 layers, and Linux stacks at
/// most 500.
pub(super) const MAX_ELEMENTS: usize = 4096;

/// The longest name that is kept, in bytes. A media type has at most 255: RFC 6838, section 4.2.
const MAX_NAME: usize = 512;

/// How much of a parser's error message is kept, in bytes: it quotes the document.
const MAX_COMPLAINT: usize = 300;

/// A list limited to `MAX_ELEMENTS`.
#[derive(Clone, Debug)]
pub struct BoundedList<T>(pub Vec<T>);

/// A name limited to `MAX_NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedName(pub String);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Vec::new();
        let each = Each::new(|element| {
            list.push(element);
            list.len() <= MAX_ELEMENTS
        });
        deserializer.deserialize_seq(each)?;
        Ok(Self(list))
    }
}

impl<'de> Deserialize<'de> for BoundedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

/// Deserialises a field into such a name.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(NameVisitor)
}

/// The same, with `null` as an empty name: Go treats it as a missing field.
pub(super) fn name_or_empty<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Option::<BoundedName>::deserialize(d)?.map_or_else(String::new, |name| name.0))
}

/// The same without a limit on the length.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(d)?.unwrap_or_default())
}

/// For lists whose presence matters: Go writes an empty one as `null`.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if text.len() > MAX_NAME {
            Err(E::custom(format_args!("a name of {} bytes", text.len())))
        } else {
            Ok(text.to_owned())
        }
    }
}

/// Passes the elements of a list to a callback as they are parsed, until it returns false.
pub struct Each<T, F>(PhantomData<T>, F);

impl<'de, T: Deserialize<'de>, F: FnMut(T) -> bool> Each<T, F> {
    /// Passes the elements to `take` until it returns false, which means that there are too many.
    pub fn new(take: F) -> Self {
        Self(PhantomData, take)
    }

    /// The elements of a list that is the whole document.
    pub fn of(self, json: &'de [u8]) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        deserializer.deserialize_seq(self)?;
        deserializer.end()
    }

    /// The elements of a list in one field of a document.
    pub(super) fn of_field(
        self,
        field: &'static str,
        json: &'de [u8],
    ) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        deserializer.deserialize_map(FieldVisitor(field, Some(self)))
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T) -> bool> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

/// Finds a field and skips all others.
struct FieldVisitor<S>(&'static str, Option<S>);

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for FieldVisitor<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            match self.1.take_if(|_| name == self.0) {
                Some(seed) => fields.next_value_seed(seed)?,
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T) -> bool> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            if !(self.1)(element) {
                return Err(A::Error::custom("more elements than any image has"));
            }
        }
        Ok(())
    }
}

/// The pairs of an object, limited to `MAX_ELEMENTS`.
pub(super) fn pairs<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    Ok(Option::<Pairs>::deserialize(deserializer)?.map(|pairs| pairs.0))
}

struct Pairs(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor).map(Self)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry::<String, Option<String>>()? {
            // `null` counts as missing.
            let Some(value) = value else { continue };
            pairs.insert(name, value);
            if pairs.len() > MAX_ELEMENTS {
                return Err(A::Error::custom("more pairs than any image has"));
            }
        }
        Ok(pairs)
    }
}

/// The start of a parser's error message.
pub(super) fn complaint(error: &serde_json::Error) -> String {
    let mut start = TextStart(String::new());
    // Formatting fails once the limit is reached.
    let _ = write!(start, "{error}");
    start.0
}

/// Keeps only the start of a text.
struct TextStart(String);

impl Write for TextStart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.0.len() >= MAX_COMPLAINT {
                self.0.push_str("...");
                return Err(fmt::Error);
            }
            self.0.push(c);
        }
        Ok(())
    }
}
