//! YAML text → values with their places: YAML 1.2 and its core schema.
//!
//! Anchors, aliases, tags and further documents are refused by name: a policy says what it means
//! where it means it, and an alias could make a small file large.

use core::ops::Range;

use datafog_policy::{Diagnostic, Level, SourceText};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::node::{DEEPEST, Key, Node, Value};

/// A list or table that is not closed yet.
enum Open {
    List(Range<usize>, Vec<Node>),
    Table(Range<usize>, Vec<(Key, Node)>, Option<Key>),
}

/// What is wrong, and where.
type Fault = (Range<usize>, String);

/// The one document of a YAML text.
pub(crate) fn read(source: SourceText<'_>) -> Result<Node, Diagnostic> {
    document(source.text).map_err(|(span, message)| source.diagnostic(Level::Error, span, message))
}

fn document(text: &str) -> Result<Node, Fault> {
    // The parser counts characters; a byte order mark is not one for it.
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
    let bytes = |span: Span| at(span.start.index())..at(span.end.index());
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let start = at(error.marker().index());
            (start..start, format!("not YAML: {}", error.info()))
        })?;
        builder.take(event, bytes(span))?;
    }
    builder.root.ok_or_else(|| (0..0, String::from("the file is empty")))
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Fault> {
        match event {
            Event::Alias(_) => {
                Err((span, String::from("aliases are not read: write the value out")))
            }
            Event::Scalar(_, _, 1.., _)
            | Event::SequenceStart(1.., _)
            | Event::MappingStart(1.., _) => Err((
                span,
                String::from("anchors are not read: write the value out where it is meant"),
            )),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err((span, String::from("tags are not read"))),
            Event::Scalar(text, style, ..) => {
                let value = match style {
                    ScalarStyle::Plain => {
                        plain(&text).map_err(|message| (span.clone(), message))?
                    }
                    ScalarStyle::DoubleQuoted
                    | ScalarStyle::Folded
                    | ScalarStyle::Literal
                    | ScalarStyle::SingleQuoted => Value::Text(text.into_owned()),
                };
                self.add(Node { span, value })
            }
            Event::SequenceStart(..) => self.begin(Open::List(span, Vec::new())),
            Event::MappingStart(..) => self.begin(Open::Table(span, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err((span, String::from("the file holds more than one document")))
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd => Ok(()),
        }
    }

    fn begin(&mut self, open: Open) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            let (Open::List(span, _) | Open::Table(span, ..)) = open;
            return Err((span, format!("nested more than {DEEPEST} deep")));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Fault> {
        match self.open.pop() {
            Some(Open::List(span, items)) => {
                self.add(Node { span: span.start..end, value: Value::List(items) })
            }
            Some(Open::Table(span, entries, _)) => {
                self.add(Node { span: span.start..end, value: Value::Table(entries) })
            }
            None => Ok(()),
        }
    }

    fn add(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Table(_, entries, key)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(as_key(node)?),
            },
        }
        Ok(())
    }
}

/// A key; `404:` and `yes:` are keys as written.
fn as_key(node: Node) -> Result<Key, Fault> {
    let text = match node.value {
        Value::Text(text) | Value::Number(text) => text,
        Value::Flag(flag) => flag.to_string(),
        Value::Null => String::from("null"),
        Value::List(_) | Value::Table(_) => {
            return Err((node.span, String::from("a key must be a plain word")));
        }
    };
    Ok(Key { text, span: node.span })
}

/// What a scalar without quotes is, by the core schema (YAML 1.2.2 §10.3.2).
fn plain(text: &str) -> Result<Value, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Flag(true),
        "false" | "False" | "FALSE" => Value::Flag(false),
        _ if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") => {
            return Err(format!("`{text}` is no number that a policy can use"));
        }
        _ => match integer(text)
            .or_else(|| float(digits).then(|| text.trim_start_matches('+').to_owned()))
        {
            Some(number) => Value::Number(number),
            None => Value::Text(text.to_owned()),
        },
    })
}

/// Octal and hexadecimal integers as decimal ones.
fn integer(text: &str) -> Option<String> {
    let (digits, radix) = match text.split_at_checked(2)? {
        ("0x", digits) => (digits, 16),
        ("0o", digits) => (digits, 8),
        _ => return None,
    };
    u64::from_str_radix(digits, radix).ok().map(|number| number.to_string())
}

/// Whether it is written as a number: digits, one dot, an exponent.
fn float(digits: &str) -> bool {
    let (mantissa, exponent) =
        digits.split_once(['e', 'E']).map_or((digits, None), |(left, right)| (left, Some(right)));
    let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_sound = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && all(text)
    });
    all(whole) && all(part) && !(whole.is_empty() && part.is_empty()) && exponent_is_sound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> serde_json::Value {
        document(text).unwrap().to_json().unwrap()
    }

    #[test]
    fn the_core_schema_is_read() {
        let text = "a: 1\nb: [yes, true, ~, 'x', 1.5, 0x10, 12:30, \"\\u00e9\"]\nc:\n  - d: |\n      two\n      lines\n";
        let expected = serde_json::json!({
            "a": 1, "b": ["yes", true, null, "x", 1.5, 16, "12:30", "é"], "c": [{"d": "two\nlines\n"}],
        });
        assert_eq!(json(text), expected);
        assert_eq!(document("é: ü").unwrap().get("é").unwrap().span, 4..6);
    }

    #[test]
    fn what_could_mislead_is_refused() {
        for text in [
            "",
            "a: &x 1",
            "a: *x",
            "&x a: 1\nb: *x",
            "a: !!str 1",
            "--- 1\n--- 2",
            "a: .nan",
            "a: [",
            "? [a]\n: b",
        ] {
            assert!(document(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        for depth in [65, 5_000] {
            assert!(document(&"[".repeat(depth)).is_err());
            assert!(document(&format!("{}1{}", "[".repeat(depth), "]".repeat(depth))).is_err());
        }
    }
}
