//! Values with the place they come from, and the one deep merge.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Problem;
use super::source::{SourceMap, Span};
use super::syntax;

/// Keys and what they hold.
pub type Table = BTreeMap<String, Node>;

/// A value and where it was said.
#[derive(Debug, Clone)]
pub struct Node {
    /// What was said.
    pub value: Value,
    /// Where the value is.
    pub at: Span,
    /// Where its key is.
    pub key_at: Span,
}

/// What can be said.
#[derive(Debug, Clone)]
pub enum Value {
    /// `[table]`
    Table(Table),
    /// `[1, 2]`, or `[[table]]` several times
    List(Vec<Node>),
    /// `"text"`
    Text(String),
    /// From environment or command line, where there are no types: it is read as whatever is wanted.
    Word(String),
    /// `42`; none when it does not fit 64 bits
    Integer(Option<i64>),
    /// `1.5`
    Float,
    /// `true`
    Boolean(bool),
    /// `2026-01-01`
    Datetime,
}

impl Value {
    /// A whole number, if this is one; the inner none when it is out of all bounds.
    pub fn as_integer(&self) -> Option<Option<i64>> {
        if let Self::Word(word) = self {
            return Some(word.parse().ok());
        }
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// A truth value, if this is one.
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Word(word) = self {
            return word.parse().ok();
        }
        if let Self::Boolean(truth) = self { Some(*truth) } else { None }
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::List(_) => "a list",
            Self::Text(_) | Self::Word(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float => "a number with a fraction",
            Self::Boolean(_) => "a truth value",
            Self::Datetime => "a date",
        }
    }
}

/// Reads one TOML file; what can be read is kept even when there are syntax errors, so that more problems come to light at once.
pub fn parse(map: &SourceMap, start: usize, problems: &mut Vec<Problem>) -> Table {
    let Some((source, _)) = map.find(&(start..start)) else { return Table::new() };
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    problems.extend(syntax::problems(&errors, &source.text, start));
    table(root.get_ref(), start)
}

fn shift(span: &Span, start: usize) -> Span {
    span.start + start..span.end + start
}

fn table(from: &DeTable<'_>, start: usize) -> Table {
    from.iter().map(|(key, value)| (key.get_ref().to_string(), node(value, key.span(), start))).collect()
}

fn node(from: &Spanned<DeValue<'_>>, key_at: Span, start: usize) -> Node {
    let value = match from.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) => Value::Datetime,
        // Of several [[tables]] each has its own header.
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, item.span(), start)).collect()),
        DeValue::Table(inner) => Value::Table(table(inner, start)),
    };
    Node { value, at: shift(&from.span(), start), key_at: shift(&key_at, start) }
}

/// Puts a word under a dotted path.
pub fn insert_word(root: &mut Table, path: &[String], word: &str, key_at: &Span, at: &Span) {
    let Some((first, rest)) = path.split_first() else { return };
    let leaf = |value| Node { value, at: at.clone(), key_at: key_at.clone() };
    if rest.is_empty() {
        root.insert(first.clone(), leaf(Value::Word(word.to_owned())));
        return;
    }
    let entry = root.entry(first.clone()).or_insert_with(|| leaf(Value::Table(Table::new())));
    if !matches!(entry.value, Value::Table(_)) {
        entry.value = Value::Table(Table::new());
    }
    if let Value::Table(inner) = &mut entry.value {
        insert_word(inner, rest, word, key_at, at);
    }
}

/// Lays one table over another: tables merge, `[[tables]]` are added, everything else is replaced.
pub fn merge(base: &mut Table, over: Table) {
    for (key, node) in over {
        match (base.get_mut(&key).map(|below| &mut below.value), node) {
            (Some(Value::Table(below)), Node { value: Value::Table(above), .. }) => merge(below, above),
            (Some(Value::List(below)), Node { value: Value::List(above), .. }) if of_tables(below) && of_tables(&above) => {
                below.extend(above);
            }
            (_, node) => {
                base.insert(key, node);
            }
        }
    }
}

fn of_tables(list: &[Node]) -> bool {
    !list.is_empty() && list.iter().all(|item| matches!(item.value, Value::Table(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(texts: &[&str]) -> (Table, SourceMap) {
        let (mut map, mut root, mut problems) = (SourceMap::default(), Table::new(), Vec::new());
        for text in texts {
            let start = map.add_file(Path::new("x.toml"), (*text).to_owned());
            let layer = parse(&map, start, &mut problems);
            merge(&mut root, layer);
        }
        assert!(problems.is_empty(), "{problems:?}");
        (root, map)
    }

    fn inner<'a>(root: &'a Table, key: &str) -> &'a Table {
        let Value::Table(table) = &root[key].value else { panic!("{key} is no table") };
        table
    }

    #[test]
    fn a_later_layer_replaces_single_keys_and_keeps_their_place() {
        let (root, map) = read(&["[camera]\nwidth = 1\nheight = 2\n", "[camera]\nheight = 3\n"]);
        let camera = inner(&root, "camera");
        assert!(matches!(camera["width"].value, Value::Integer(Some(1))));
        assert!(matches!(camera["height"].value, Value::Integer(Some(3))));
        assert_eq!(map.layer(&camera["width"].at), Some(0));
        assert_eq!(map.layer(&camera["height"].at), Some(1));
        let (source, local) = map.find(&camera["height"].at).unwrap();
        assert_eq!((&source.text[local.clone()], source.line_and_column(local.start)), ("3", (2, 10)));
    }

    #[test]
    fn tables_of_a_list_are_added_and_plain_lists_are_replaced() {
        let (root, _) = read(&["a = [1, 2]\n[[user]]\nid = \"x\"", "a = [3]\n[[user]]\nid = \"y\""]);
        assert!(matches!(&root["a"].value, Value::List(items) if items.len() == 1));
        assert!(matches!(&root["user"].value, Value::List(items) if items.len() == 2));
    }
}
