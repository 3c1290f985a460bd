//! JSON text → values with their places. Strict: no comments, no trailing commas, no odd numbers.

use core::ops::Range;

use datafog_policy::{Diagnostic, Level, SourceText};
use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::node::{DEEPEST, Key, Node, Value};

/// Nothing but what RFC 8259 knows.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The one value of a JSON text.
pub(crate) fn read(source: SourceText<'_>) -> Result<Node, Diagnostic> {
    let fault = |span, message| source.diagnostic(Level::Error, span, message);
    let parsed = parse_to_ast(source.text, &CollectOptions::default(), &STRICT)
        .map_err(|error| fault(range(error.range()), format!("not JSON: {}", error.kind())))?;
    let value = parsed.value.ok_or_else(|| fault(0..0, String::from("the file is empty")))?;
    convert(value, DEEPEST).map_err(|(span, message)| fault(span, message))
}

fn convert(value: Ast<'_>, depth: usize) -> Result<Node, (Range<usize>, String)> {
    let span = range(value.range());
    let Some(depth) = depth.checked_sub(1) else {
        return Err((span, format!("nested more than {DEEPEST} deep")));
    };
    let value = match value {
        Ast::StringLit(text) => Value::Text(text.value.into_owned()),
        Ast::NumberLit(number) => Value::Number(number.value.to_owned()),
        Ast::BooleanLit(flag) => Value::Flag(flag.value),
        Ast::NullKeyword(_) => Value::Null,
        Ast::Array(array) => {
            let items = array.elements.into_iter().map(|item| convert(item, depth));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Ast::Object(object) => {
            let entries = object.properties.into_iter().map(|entry| {
                let span = range(match &entry.name {
                    ObjectPropName::String(name) => name.range,
                    ObjectPropName::Word(name) => name.range,
                });
                let key = Key { text: entry.name.into_string(), span };
                Ok((key, convert(entry.value, depth)?))
            });
            Value::Table(entries.collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { span, value })
}

const fn range(range: jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, Diagnostic> {
        read(SourceText { path: "p.json", text })
    }

    #[test]
    fn values_keep_their_places() {
        let node = parse("{\"a\": [1, \"é\\ud83d\\ude00\"]}").unwrap();
        let list = node.get("a").unwrap();
        assert_eq!(list.span, 6..27);
        assert_eq!(list.to_json().unwrap(), serde_json::json!([1, "é😀"]));
    }

    #[test]
    fn only_json_is_json() {
        for text in
            ["", "{", "{a: 1}", "[1,]", "// x\n1", "+1", "0x1", ".5", "NaN", "'a'", "1 2", "[1 2]"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        for depth in [65, 600, 100_000] {
            assert!(parse(&"[".repeat(depth)).is_err());
            let closed = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let said = parse(&closed).unwrap_err().message;
            assert!(said.contains("nest"), "{said}");
        }
    }
}
