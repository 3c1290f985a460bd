//! A value with its place in the file, whatever notation the file is in.

use core::ops::Range;

use serde_json::Value as Json;

/// Deepest nesting of lists and tables in a policy file.
pub(crate) const DEEPEST: usize = 64;

/// Longest policy file, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// One value and the bytes it stands in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What a value can be in JSON and in YAML's core schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    List(Vec<Node>),
    Null,
    /// As written.
    Number(String),
    /// In the order of the file; a key may stand twice, which the reader reports.
    Table(Vec<(Key, Node)>),
    Text(String),
}

/// The key of a table's entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

impl Node {
    /// What it is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Flag(_) => "a boolean",
            Value::List(_) => "a list",
            Value::Null => "null",
            Value::Number(_) => "a number",
            Value::Table(_) => "a table",
            Value::Text(_) => "a string",
        }
    }

    /// The items, when this is a list.
    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let Value::List(items) = &self.value { Some(items) } else { None }
    }

    /// The text, when this is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The entry of that key, when this is a table that has one.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|(one, _)| one.text == key).map(|(_, node)| node)
    }

    /// The value as JSON; `None` for a number that JSON cannot hold.
    pub(crate) fn to_json(&self) -> Option<Json> {
        Some(match &self.value {
            Value::Flag(flag) => Json::Bool(*flag),
            Value::List(items) => {
                Json::Array(items.iter().map(Self::to_json).collect::<Option<_>>()?)
            }
            Value::Null => Json::Null,
            Value::Number(text) => serde_json::from_str(text).ok().filter(Json::is_number)?,
            Value::Table(entries) => {
                let entries =
                    entries.iter().map(|(key, node)| Some((key.text.clone(), node.to_json()?)));
                Json::Object(entries.collect::<Option<_>>()?)
            }
            Value::Text(text) => Json::String(text.clone()),
        })
    }
}
