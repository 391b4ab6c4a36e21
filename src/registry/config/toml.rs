//! Parses TOML 1.0 into tables, for `registries.conf`. toml_parser does the lexing; this file puts
//! keys where they belong. The libraries that do both (toml, toml-span, basic-toml) take 90 KiB or
//! more.

use super::toml_table::{Item, TomlTable, TomlValue};
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{EventReceiver, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

/// The maximum nesting of arrays, tables and dotted keys.
const MAX_DEPTH: u32 = 64;

/// Why a text is not TOML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The line, counted from 1.
    pub(crate) line: usize,
    pub(crate) reason: String,
}

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<TomlTable, SyntaxError> {
    let source = Source::new(text);
    let mut error: Option<ParseError> = None;
    let mut tables = Tables::new(source);
    let mut checked = ValidateWhitespace::new(&mut tables, source);
    let mut bounded = RecursionGuard::new(&mut checked, MAX_DEPTH);
    parse_document(&source.lex().into_vec(), &mut bounded, &mut error);
    let Some(error) = error else {
        return Ok(tables.root);
    };
    let span = error.unexpected().or(error.context()).unwrap_or_default();
    Err(SyntaxError {
        line: tables.line(span),
        reason: error.description().to_owned(),
    })
}

/// Builds the tables from parser events.
struct Tables<'t> {
    source: Source<'t>,
    root: TomlTable,
    /// The keys of the last `[header]`.
    header: Vec<String>,
    /// The keys read since the last header or value.
    keys: Vec<String>,
    /// Arrays and inline tables that are still open, innermost last.
    open: Vec<Open>,
    /// The byte up to which line breaks were counted, and the line there.
    counted: (usize, usize),
}

/// An array or inline table that is still open.
struct Open {
    line: usize,
    /// The keys it is assigned to.
    keys: Vec<String>,
    value: TomlValue,
}

impl<'t> Tables<'t> {
    fn new(source: Source<'t>) -> Self {
        Self {
            source,
            root: TomlTable::default(),
            header: Vec::new(),
            keys: Vec::new(),
            open: Vec::new(),
            counted: (0, 1),
        }
    }

    /// The line of a span, counted from 1.
    fn line(&mut self, span: Span) -> usize {
        let text = self.source.input().as_bytes();
        let (from, line) = self.counted;
        let (from, line) = if span.start() < from {
            (0, 1)
        } else {
            (from, line)
        };
        let to = span.start().min(text.len());
        let breaks = text[from..to].iter().filter(|&&b| b == b'\n').count();
        self.counted = (to, line + breaks);
        line + breaks
    }

    /// Adds a complete value to the innermost open array or table.
    fn put(&mut self, span: Span, item: Item, error: &mut dyn ErrorSink) {
        let keys = std::mem::take(&mut self.keys);
        let table = match self.open.last_mut().map(|open| &mut open.value) {
            Some(TomlValue::Array(items)) => return items.push(item),
            Some(TomlValue::TomlTable(table)) => Some(table),
            _ => self.root.below(&self.header),
        };
        let is_put = table.is_some_and(|table| table.insert(keys, item));
        if !is_put {
            error.report_error(ParseError::new("duplicate key").with_unexpected(span));
        }
    }

    fn begin(&mut self, span: Span, value: TomlValue) {
        let line = self.line(span);
        let keys = std::mem::take(&mut self.keys);
        self.open.push(Open { line, keys, value });
    }

    fn end(&mut self, span: Span, error: &mut dyn ErrorSink) {
        if let Some(Open { line, keys, value }) = self.open.pop() {
            self.keys = keys;
            self.put(span, Item { line, value }, error);
        }
    }

    /// Defines the table of a header whose keys have been read.
    fn define(&mut self, span: Span, is_array: bool, error: &mut dyn ErrorSink) {
        let line = self.line(span);
        self.header = std::mem::take(&mut self.keys);
        if !self.root.define(&self.header, line, is_array) {
            error.report_error(ParseError::new("duplicate table").with_unexpected(span));
        }
    }
}

impl EventReceiver for Tables<'_> {
    fn std_table_close(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.define(span, false, error);
    }

    fn array_table_close(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.define(span, true, error);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.begin(span, TomlValue::TomlTable(TomlTable::inline()));
        true
    }

    fn inline_table_close(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.end(span, error);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.begin(span, TomlValue::Array(Vec::new()));
        true
    }

    fn array_close(&mut self, span: Span, error: &mut dyn ErrorSink) {
        self.end(span, error);
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        // RecursionGuard does not count dotted keys, and dropping a deep table needs a deep stack.
        if self.keys.len() >= MAX_DEPTH as usize {
            let too_deep = ParseError::new("too many dotted keys");
            return error.report_error(too_deep.with_unexpected(span));
        }
        let mut key = String::new();
        if let Some(raw) = self.source.get(span) {
            let raw = toml_parser::Raw::new_unchecked(raw.as_str(), kind, span);
            raw.decode_key(&mut key, error);
        }
        self.keys.push(key);
    }

    fn scalar(&mut self, span: Span, kind: Option<Encoding>, error: &mut dyn ErrorSink) {
        let line = self.line(span);
        let mut text = String::new();
        let Some(raw) = self.source.get(span) else {
            return;
        };
        let raw = toml_parser::Raw::new_unchecked(raw.as_str(), kind, span);
        let value = match raw.decode_scalar(&mut text, error) {
            ScalarKind::String => TomlValue::Text(text),
            ScalarKind::Boolean(flag) => TomlValue::Flag(flag),
            _ => TomlValue::Other,
        };
        self.put(span, Item { line, value }, error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in a form similar to JSON; numbers and dates are `_`.
    fn shown(table: &TomlTable) -> String {
        let items = table.items.iter();
        let items = items.map(|(key, item)| format!("{key}:{}", shown_item(item)));
        format!("{{{}}}", items.collect::<Vec<_>>().join(","))
    }

    fn shown_item(item: &Item) -> String {
        match &item.value {
            TomlValue::Text(text) => format!("{text:?}"),
            TomlValue::Flag(flag) => flag.to_string(),
            TomlValue::Array(items) => {
                let items: Vec<_> = items.iter().map(shown_item).collect();
                format!("[{}]", items.join(","))
            }
            TomlValue::TomlTable(table) => shown(table),
            TomlValue::Other => "_".to_owned(),
        }
    }

    #[test]
    fn keys_are_where_they_belong() {
        for (text, wanted) in [
            ("", "{}"),
            ("# nothing\n\n", "{}"),
            ("a = 1\nb = 'x' # behind\nc=true", "{a:_,b:\"x\",c:true}"),
            (
                "a.b.c = 'x'\na.b.d = 'y'\na . e = 'z'",
                "{a:{b:{c:\"x\",d:\"y\"},e:\"z\"}}",
            ),
            ("[a.b]\nx = 1\n[a]\ny = 2\n[c]", "{a:{b:{x:_},y:_},c:{}}"),
            (
                "[[a]]\nx = 1\n[a.b]\ny = 1\n[[a.c]]\n[[a.c]]\n[[a]]\n[a.b]\nz = 1",
                "{a:[{b:{y:_},c:[{},{}],x:_},{b:{z:_}}]}",
            ),
            (
                "a = [1, [true, 'x'], {b = 2, c.d = []},\n# comment\n]",
                "{a:[_,[true,\"x\"],{b:_,c:{d:[]}}]}",
            ),
            ("a = {}\nb = [{}]", "{a:{},b:[{}]}"),
            (
                "a = \"\"\"\nx\\\n   y\"\"\"\nb = \"\\u00e9\\t\"",
                "{a:\"xy\",b:\"é\\t\"}",
            ),
            ("\"a.b\" = 1\n'' = 2\n1 = 3", "{:_,1:_,a.b:_}"),
            ("[a]\r\nb = 1\r\n", "{a:{b:_}}"),
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.as_ref().map(shown).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_toml_is_named_by_its_line() {
        let nested = format!("a = {}", "[".repeat(100_000));
        let dotted = vec!["a"; 100_000].join(".");
        for (text, line) in [
            ("}{", 1),
            ("\n\nkey", 3),
            ("a = 1\nb = \"open\n", 2),
            ("a = \"x\" y\n", 1),
            ("a = [1}\n", 1),
            ("[[registry]\n", 1),
            ("a =\n", 1),
            ("a = '''x", 1),
            ("a = \"\\q\"", 1),
            ("a = yes", 1),
            ("\na = 1\na = 2", 3),
            ("a = 1\na.b = 2", 2),
            ("a = {}\na.b = 2", 2),
            ("a = {}\n[a.b]", 2),
            ("a = [{}]\n[[a]]", 2),
            ("[a]\n[a]", 2),
            ("[a.b]\n[a]\nb.c = 1", 3),
            ("a.b = 1\n[a]", 2),
            ("[[a]]\n[a]", 2),
            ("a = \"\u{1}\"", 1),
            ("# \u{1}", 1),
            (&nested, 1),
            (&format!("\n{dotted}"), 2),
            (&format!("\n\n[{dotted}]"), 3),
        ] {
            let parsed = parse(text).map_err(|error| error.line);
            assert_eq!(parsed, Err(line), "{text:.30}");
        }
    }
}
