//! Reads a file of tests (`*.test.toml`): calls, and what a policy must answer to each.

use datafog_core::Verdict;
use toml::de::{DeTable, DeValue};

use super::examples::example;
use super::reader::{Item, Reader};
use super::rule::EFFECTS;
use crate::Vocabulary;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::test_file::{TestCase, TestFile};

/// What stands for the rule when none decides.
const NO_RULE: &str = "default";

/// Reads `source`; `None` when it cannot be used.
pub(crate) fn read(
    source: SourceText<'_>,
    vocabulary: &dyn Vocabulary,
) -> (Option<TestFile>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source, vocabulary);
    let (table, faults) = DeTable::parse_recoverable(source.text);
    for fault in faults {
        reader.error(fault.span().unwrap_or_default(), fault.message().replace('\n', " "));
    }
    if reader.has_errors() {
        return (None, reader.diagnostics);
    }
    let file = file(table.get_ref(), &mut reader);
    let sound = !reader.has_errors();
    (file.filter(|_| sound), reader.diagnostics)
}

fn file(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<TestFile> {
    reader.check_keys(table, &["policy", "test"]);
    let policy = match table.get("policy") {
        Some(item) => Some(reader.text(item)?.to_owned()),
        None => None,
    };
    let Some(tests) = table.get("test") else {
        let help = "write `[[test]]`, `call = \"git push\"` and `expect = \"allow\"`";
        reader.error_with_help(0..0, "there is no test", help);
        return None;
    };
    let DeValue::Array(items) = tests.get_ref() else {
        let help = "write `[[test]]` with two brackets for each test";
        reader.error_with_help(tests.span(), "tests are a list of tables", help);
        return None;
    };
    if items.is_empty() {
        let help = "write `[[test]]`, `call = \"git push\"` and `expect = \"allow\"`";
        reader.error_with_help(tests.span(), "there is no test", help);
    }
    let cases = items.iter().filter_map(|item| case(item, reader)).collect();
    Some(TestFile { policy, cases })
}

fn case(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<TestCase> {
    let fields = reader.fields(item, &["call", "expect", "name", "rule"])?;
    let mut required = |key: &str| {
        let found = fields.item(key);
        if found.is_none() {
            reader.error(fields.span.clone(), format!("`{key}` is missing"));
        }
        found
    };
    let (call, expect) = (required("call"), required("expect"));
    let (call, expect) = (call?, expect?);
    let example = example(call, reader)?;
    let expect: Verdict = reader.word(expect, "decision", &EFFECTS)?;
    let mut text = |key: &str| match fields.item(key) {
        Some(item) => reader.text(item).map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    let (name, rule) = (text("name")?, text("rule")?);
    let rule = rule.map(|rule| if rule == NO_RULE { String::new() } else { rule });
    let name = name.unwrap_or_else(|| example.shown());
    let line = reader.source.line_of(fields.span.start);
    Some(TestCase { name, example, expect, rule, line })
}
