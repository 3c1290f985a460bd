//! A value as the arguments of a tool call hold it.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One value of JSON, without its text.
///
/// A table that names a key twice is refused when it is read: two readers could each see another
/// value, and what was judged would not be what is carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number with a fraction, or a whole one beyond 64 bits.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// Values in order.
    List(Vec<Self>),
    /// Nothing.
    #[default]
    Null,
    /// Values by name, in the order in which they were written; no name twice.
    Table(Vec<(String, Self)>),
    /// Text.
    Text(String),
}

impl Value {
    /// The member of that name, of a table.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Table(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text, of a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bool(_)
            | Self::Float(_)
            | Self::Integer(_)
            | Self::List(_)
            | Self::Null
            | Self::Table(_) => None,
        }
    }

    /// What kind of value it is, for a sentence.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Float(_) | Self::Integer(_) => "a number",
            Self::List(_) => "a list",
            Self::Null => "nothing",
            Self::Table(_) => "a table",
            Self::Text(_) => "a text",
        }
    }

    /// Calls `see` with every text and number below this value and its dot path; elements of lists
    /// have their index, from 0.
    pub fn each_leaf(&self, see: &mut dyn FnMut(&str, &Self)) {
        self.leaves_at(&mut String::new(), see);
    }

    fn leaves_at(&self, path: &mut String, see: &mut dyn FnMut(&str, &Self)) {
        let length = path.len();
        let step = |path: &mut String, name: &str| {
            path.truncate(length);
            if length > 0 {
                path.push('.');
            }
            path.push_str(name);
        };
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    step(path, &index.to_string());
                    item.leaves_at(path, see);
                }
            }
            Self::Table(members) => {
                for (name, value) in members {
                    step(path, name);
                    value.leaves_at(path, see);
                }
            }
            Self::Bool(_) | Self::Float(_) | Self::Integer(_) | Self::Text(_) => see(path, self),
            Self::Null => {}
        }
        path.truncate(length);
    }

    /// Appends a form that is equal for equal values only; the order of names plays no part.
    pub(crate) fn canonical(&self, out: &mut Vec<u8>) {
        let mut put = |tag: u8, bytes: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Null => put(b'n', &[]),
            Self::Bool(value) => put(b'b', &[u8::from(*value)]),
            Self::Integer(value) => put(b'i', &value.to_le_bytes()),
            Self::Float(value) => put(b'f', &value.to_bits().to_le_bytes()),
            Self::Text(text) => put(b't', text.as_bytes()),
            Self::List(items) => {
                put(b'l', &(items.len() as u64).to_le_bytes());
                items.iter().for_each(|item| item.canonical(out));
            }
            Self::Table(members) => {
                put(b'm', &(members.len() as u64).to_le_bytes());
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
                for (name, value) in sorted {
                    Self::Text(name.clone()).canonical(out);
                    value.canonical(out);
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a number beyond 64 bits is kept as near as can be"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut table: Vec<(String, Value)> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if !names.insert(name.clone()) {
                // Its place is told; the name may be what nobody should read.
                return Err(A::Error::custom("a name stands twice in one table"));
            }
            table.push((name, value));
        }
        Ok(Value::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn canonical(json: &str) -> Vec<u8> {
        let mut out = Vec::new();
        read(json).canonical(&mut out);
        out
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let error = serde_json::from_str::<Value>(r#"{"a":{"b":1,"b":2}}"#).unwrap_err();
        assert_eq!(error.to_string(), "a name stands twice in one table at line 1 column 18");
    }

    #[test]
    fn leaves_have_their_path() {
        let mut seen = Vec::new();
        read(r#"{"a":[{"b":"x"},7,null],"c":true}"#)
            .each_leaf(&mut |path, value| seen.push(format!("{path}={value:?}")));
        assert_eq!(seen, ["a.0.b=Text(\"x\")", "a.1=Integer(7)", "c=Bool(true)"]);
    }

    #[test]
    fn only_equal_values_have_equal_canonical_forms() {
        assert_eq!(canonical(r#"{"a":1,"b":[2]}"#), canonical(r#"{"b":[2],"a":1}"#));
        for (one, other) in [("1", "1.0"), ("\"1\"", "1"), ("[1,2]", "[[1],2]"), ("null", "\"\"")] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
        assert_eq!(read("18446744073709551615"), Value::Float(1.844_674_407_370_955_2e19));
    }
}
