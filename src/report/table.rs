//! A table for people: a key and a value on each line, several values below each other.

use crate::error::escaped;
use std::fmt::{self, Display};

/// The width of the column of keys.
const KEYS: usize = 14;

/// Values that are wider than this do not widen their column: a hostile index may have one that is megabytes
/// long, and thousands of others.
const WIDEST: usize = 140;

/// The rows. Values come from images and registries, so control characters are escaped.
#[derive(Default)]
pub(crate) struct Table(Vec<(&'static str, String)>);

impl Table {
    pub(crate) fn row(&mut self, key: &'static str, value: impl Display) {
        self.0.push((key, value.to_string()));
    }

    pub(crate) fn row_if(&mut self, key: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.row(key, value);
        }
    }

    /// Adds values below each other, if there are any.
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

/// Aligns the columns of several rows.
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
