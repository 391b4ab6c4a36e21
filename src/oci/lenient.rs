//! Fields that may have any type, so that a malformed one does not invalidate the others.

use super::bounds::MAX_ELEMENTS;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

/// The contents of a field.
#[derive(Default)]
pub(super) enum Field<T> {
    /// Missing or `null`, which are the same to Go.
    #[default]
    Nothing,
    /// A value of another type, or one larger than in any real image.
    Malformed,
    /// A value of the expected type.
    Value(T),
}

/// The expected type of a field, with a conversion from each JSON type.
pub(super) trait Lenient: Sized {
    fn text(_: &str) -> Field<Self> {
        Field::Malformed
    }

    fn boolean(_: bool) -> Field<Self> {
        Field::Malformed
    }

    fn number(_: u64) -> Field<Self> {
        Field::Malformed
    }

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Malformed)
    }

    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Malformed)
    }
}

impl<T> Field<T> {
    /// The value, or the default if it is malformed; the name of the field is then noted.
    pub(super) fn take(self, name: &'static str, malformed: &mut Vec<&'static str>) -> T
    where
        T: Default,
    {
        match self {
            Self::Value(value) => return value,
            Self::Malformed => malformed.push(name),
            Self::Nothing => {}
        }
        T::default()
    }
}

impl<'de, T: Lenient> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for Any<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<T>, E> {
        Ok(Field::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Field<T>, E> {
        Ok(T::boolean(value))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Field<T>, E> {
        Ok(Field::Malformed)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<T>, E> {
        Ok(T::number(number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Field<T>, E> {
        Ok(Field::Malformed)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<T>, E> {
        Ok(T::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Field<T>, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Field<T>, A::Error> {
        T::object(object)
    }
}

impl Lenient for String {
    fn text(text: &str) -> Field<Self> {
        Field::Value(text.to_owned())
    }
}

impl Lenient for bool {
    fn boolean(value: bool) -> Field<Self> {
        Field::Value(value)
    }
}

/// A number that Go reads into an `int64` and that must not be negative.
impl Lenient for u64 {
    fn number(number: u64) -> Field<Self> {
        Some(number)
            .filter(|number| i64::try_from(*number).is_ok())
            .into()
    }
}

impl Lenient for Vec<String> {
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut texts = Some(Self::new());
        while let Some(text) = list.next_element::<Field<String>>()? {
            texts = match (texts, text) {
                (Some(mut texts), Field::Value(text)) if texts.len() < MAX_ELEMENTS => {
                    texts.push(text);
                    Some(texts)
                }
                _ => None,
            };
        }
        Ok(texts.into())
    }
}

/// A set as Go encodes it: only the keys count.
impl Lenient for BTreeSet<String> {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut keys = Some(Self::new());
        while let Some((key, _)) = object.next_entry::<String, IgnoredAny>()? {
            keys = keys.filter(|keys| keys.len() < MAX_ELEMENTS);
            keys.iter_mut()
                .for_each(|keys| drop(keys.replace(key.clone())));
        }
        Ok(keys.into())
    }
}

impl Lenient for BTreeMap<String, String> {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut pairs = Some(Self::new());
        while let Some((key, value)) = object.next_entry::<String, Field<String>>()? {
            pairs = match (pairs, value) {
                (Some(mut pairs), Field::Value(value)) if pairs.len() < MAX_ELEMENTS => {
                    pairs.insert(key, value);
                    Some(pairs)
                }
                _ => None,
            };
        }
        Ok(pairs.into())
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Malformed, Self::Value)
    }
}
