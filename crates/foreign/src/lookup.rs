//! Values inside a tool call's arguments: by dot path, compared by meaning.

use datafog_core::Value as Argument;
use serde_json::{Number, Value};

/// The value at a dot path: keys of tables and, where a part is a number, places in a list. A key
/// that itself holds dots is found too.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut here = value;
    let mut rest = path;
    loop {
        if let Some(found) = here.as_object().and_then(|table| table.get(rest)) {
            return Some(found);
        }
        let (part, after) =
            rest.split_once('.').map_or((rest, None), |(part, after)| (part, Some(after)));
        here = match here {
            Value::Object(table) => table.get(part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => return None,
        };
        match after {
            Some(after) => rest = after,
            None => return Some(here),
        }
    }
}

/// The arguments of a tool, as the other systems know them.
pub(crate) fn plain(value: &Argument) -> Value {
    match value {
        Argument::Bool(flag) => Value::Bool(*flag),
        Argument::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Argument::Integer(number) => Value::Number((*number).into()),
        Argument::List(items) => Value::Array(items.iter().map(plain).collect()),
        Argument::Null => Value::Null,
        Argument::Table(members) => {
            Value::Object(members.iter().map(|(name, one)| (name.clone(), plain(one))).collect())
        }
        Argument::Text(text) => Value::String(text.clone()),
    }
}

/// Equal by meaning: 1 is 1.0, 1 is not "1" and not true, tables have no order.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other
                || match (one.as_i128(), other.as_i128()) {
                    (Some(one), Some(other)) => one == other,
                    // A fraction, or a number beyond 64 bits, which JSON's readers take as one.
                    _ => one
                        .as_f64()
                        .zip(other.as_f64())
                        .is_some_and(|(one, other)| one.total_cmp(&other).is_eq()),
                }
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| equal(value, other)))
        }
        (
            Value::Array(_)
            | Value::Bool(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_)
            | Value::String(_),
            _,
        ) => one == other,
    }
}

/// Every text among the arguments, keys left out, with the name of the field at the top that it
/// stands in. Bounded in depth.
pub(crate) fn texts(value: &Value) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    match value.as_object() {
        Some(table) => {
            for (key, value) in table {
                collect(value, key, DEEPEST, &mut found);
            }
        }
        None => collect(value, "", DEEPEST, &mut found),
    }
    found
}

/// How deep texts are looked for; JSON's own reader stops at 128.
const DEEPEST: usize = 130;

fn collect<'v>(
    value: &'v Value,
    field: &'v str,
    depth: usize,
    found: &mut Vec<(&'v str, &'v str)>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) => found.push((field, text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, field, depth, found)),
        Value::Object(table) => table.values().for_each(|item| collect(item, field, depth, found)),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_keep_their_values() {
        let text = r#"{"a":[1,-2.5,true,null,"x"],"b":{"c":9007199254740993}}"#;
        let argument: Argument = serde_json::from_str(text).unwrap();
        assert_eq!(plain(&argument), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn dot_paths() {
        let value = json!({"a": {"b": [1, {"c": "x"}]}, "d.e": 2});
        for (path, expected) in [
            ("a.b.0", json!(1)),
            ("a.b.1.c", json!("x")),
            ("d.e", json!(2)),
            ("a.b", json!([1, {"c": "x"}])),
        ] {
            assert_eq!(at(&value, path), Some(&expected), "{path}");
        }
        for path in ["", "a.x", "a.b.9", "a.b.c", "d", "a.b.0.c"] {
            assert_eq!(at(&value, path), None, "{path}");
        }
    }

    #[test]
    fn equality_is_of_meaning() {
        for (one, other) in [
            ("1", "1.0"),
            ("1e2", "100"),
            ("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}"),
            ("null", "null"),
        ] {
            let parse = |text| serde_json::from_str::<Value>(text).unwrap();
            assert!(equal(&parse(one), &parse(other)), "{one} {other}");
        }
        for (one, other) in [
            ("1", "\"1\""),
            ("0", "false"),
            ("1", "true"),
            ("[1,2]", "[2,1]"),
            ("null", "0"),
            ("{}", "[]"),
            ("9007199254740993", "9007199254740992"),
        ] {
            let parse = |text| serde_json::from_str::<Value>(text).unwrap();
            assert!(!equal(&parse(one), &parse(other)), "{one} {other}");
        }
    }
}
