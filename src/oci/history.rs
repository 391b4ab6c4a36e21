//! The history of an image: image-spec config.md, `history`. It is not checked against the layers.

use super::bounds::MAX_ELEMENTS;
use super::lenient::{Field, Lenient};
use serde::Serialize;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

/// One build step, as the build tool recorded it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Normally a date of RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// The command, in whatever notation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// The author of the step.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Free text; BuildKit writes its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether the step created no layer.
    pub empty_layer: bool,
}

impl Lenient for HistoryEntry {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut entry = Self::default();
        let mut faults = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            let text = match name.as_str() {
                "created" => &mut entry.created,
                "created_by" => &mut entry.created_by,
                "author" => &mut entry.author,
                "comment" => &mut entry.comment,
                "empty_layer" => {
                    let field: Field<bool> = object.next_value()?;
                    entry.empty_layer = field.take("history", &mut faults);
                    continue;
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let field: Field<String> = object.next_value()?;
            *text = field.take("history", &mut faults);
        }
        Ok(Some(entry).filter(|_| faults.is_empty()).into())
    }
}

impl Lenient for Vec<HistoryEntry> {
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut entries = Some(Self::new());
        while let Some(entry) = list.next_element::<Field<HistoryEntry>>()? {
            entries = match (entries, entry) {
                (Some(mut entries), Field::Value(entry)) if entries.len() < MAX_ELEMENTS => {
                    entries.push(entry);
                    Some(entries)
                }
                _ => None,
            };
        }
        Ok(entries.into())
    }
}
