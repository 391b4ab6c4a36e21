//! A table for people: a key and a value on each line, several values below each other.

use crate::error::escaped;
use std::fmt::{self, Display};

/// How wide the keys are, with what stands between them and their values.
const KEYS: usize = 14;

/// What is wider than any digest does not make room for itself in all other rows: a name in an index
/// may be as long as the index, and there may be thousands of them.
const WIDEST: usize = 140;

/// What is printed. Its values come from images and registries: what a terminal would obey is escaped.
#[derive(Default)]
pub(crate) struct Table(Vec<(&'static str, String)>);

impl Table {
    /// Adds a value.
    pub(crate) fn row(&mut self, key: &'static str, value: impl Display) {
        self.0.push((key, value.to_string()));
    }

    /// Adds a value if there is one.
    pub(crate) fn row_if(&mut self, key: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.row(key, value);
        }
    }

    /// Adds values, if there are any.
    pub(crate) fn rows(&mut self, key: &'static str, values: Vec<String>) {
        let keys = std::iter::once(key).chain(std::iter::repeat(""));
        self.0.extend(keys.zip(values));
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.0 {
            let key = match *key {
                "" => String::new(),
                key => format!("{key}:"),
            };
            writeln!(f, "{key:KEYS$}{}", escaped(value).trim_end())?;
        }
        Ok(())
    }
}

/// Rows with their columns below each other.
pub(crate) fn columns<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> Vec<String> {
    let rows: Vec<_> = rows.map(|row| row.map(|cell| escaped(&cell))).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.filter(|width| *width <= WIDEST).max()
    };
    let widths: Vec<_> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}
