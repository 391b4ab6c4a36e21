//! A TOML table, and the rules on what keys and headers may add to it.

use std::collections::BTreeMap;

/// A value and the line on which it starts, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) line: usize,
    pub(crate) value: TomlValue,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TomlValue {
    Text(String),
    Flag(bool),
    Array(Vec<Item>),
    TomlTable(TomlTable),
    /// Numbers and dates.
    Other,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TomlTable {
    pub(crate) items: BTreeMap<String, Item>,
    definition: Definition,
}

/// How a table was defined, which decides what may still be added.
#[derive(Debug, Default, PartialEq, Eq)]
enum Definition {
    /// `[a.b]` implies `[a]`, which may still follow.
    #[default]
    Implied,
    /// `[a]`, or an element of `[[a]]`.
    Header,
    /// `a.b = 1` defines `a`; `a.c = 2` may add to it.
    DottedKey,
    /// `a = {}` is complete.
    Inline,
}

impl TomlTable {
    /// An empty table defined by `definition`.
    fn new(definition: Definition) -> Self {
        Self {
            items: BTreeMap::new(),
            definition,
        }
    }

    /// An empty inline table, `{}`.
    pub(crate) fn inline() -> Self {
        Self::new(Definition::Inline)
    }

    /// The item of `key`, ignoring case like the TOML library of containers/image: a `Blocked =
    /// true` that other tools honour must not be missed.
    pub(crate) fn get(&self, key: &str) -> Option<&Item> {
        self.items.get(key).or_else(|| {
            let mut items = self.items.iter();
            let found = items.find(|(name, _)| name.eq_ignore_ascii_case(key));
            found.map(|(_, item)| item)
        })
    }

    /// Defines the table of `[header]`, or appends an element to `[[header]]`. False if TOML
    /// forbids it.
    pub(crate) fn define(&mut self, header: &[String], line: usize, is_array: bool) -> bool {
        let Some((name, parents)) = header.split_last() else {
            return false;
        };
        let mut table = self;
        for parent in parents {
            let item = table.items.entry(parent.clone()).or_insert_with(|| {
                let value = TomlValue::TomlTable(Self::default());
                Item { line, value }
            });
            let Some(next) = item.table() else {
                return false;
            };
            table = next;
        }
        let new = || {
            let value = TomlValue::TomlTable(Self::new(Definition::Header));
            Item { line, value }
        };
        let Some(item) = table.items.get_mut(name) else {
            let item = if is_array {
                let value = TomlValue::Array(vec![new()]);
                Item { line, value }
            } else {
                new()
            };
            table.items.insert(name.clone(), item);
            return true;
        };
        match &mut item.value {
            TomlValue::Array(items) if is_array && is_of_headers(items) => items.push(new()),
            TomlValue::TomlTable(table) if !is_array && table.definition == Definition::Implied => {
                table.definition = Definition::Header;
                item.line = line;
            }
            _ => return false,
        }
        true
    }

    /// The table that entries below `[header]` go into.
    pub(crate) fn below(&mut self, header: &[String]) -> Option<&mut Self> {
        let mut table = self;
        for name in header {
            table = table.items.get_mut(name)?.table()?;
        }
        Some(table)
    }

    /// Inserts an item under dotted keys. False if the key exists already.
    pub(crate) fn insert(&mut self, mut keys: Vec<String>, item: Item) -> bool {
        let Some(name) = keys.pop() else {
            return false;
        };
        let mut table = self;
        for key in keys {
            let parent = table.items.entry(key).or_insert_with(|| Item {
                line: item.line,
                value: TomlValue::TomlTable(Self::new(Definition::DottedKey)),
            });
            table = match &mut parent.value {
                TomlValue::TomlTable(table) if table.definition == Definition::DottedKey => table,
                _ => return false,
            };
        }
        let is_new = !table.items.contains_key(&name);
        table.items.entry(name).or_insert(item);
        is_new
    }
}

impl Item {
    /// The table that a header extends: of an array of tables, the last.
    fn table(&mut self) -> Option<&mut TomlTable> {
        match &mut self.value {
            TomlValue::TomlTable(table) if table.definition != Definition::Inline => Some(table),
            TomlValue::Array(items) if is_of_headers(items) => match &mut items.last_mut()?.value {
                TomlValue::TomlTable(table) => Some(table),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether an array was built by `[[headers]]`; a literal `[{}, {}]` is complete.
fn is_of_headers(items: &[Item]) -> bool {
    let last = items.last().map(|item| &item.value);
    matches!(last, Some(TomlValue::TomlTable(table)) if table.definition == Definition::Header)
}
