//! Reads a DataGuard policy file.

use datafog_core::Verdict;

use super::{Category, DataGuard, Field, Known, Names, REWRITES, Rule, Test, Thresholds};
use crate::answer::Head;
use crate::names;
use crate::node::{Node, Value};
use crate::reader::{Reader, Table};

const KEYS: &[&str] = &[
    "created_at",
    "description",
    "parent_policy_id",
    "policy_id",
    "risk_thresholds",
    "rules",
    "scope",
    "version",
];

const RULE_KEYS: &[&str] =
    &["action", "description", "match", "reason", "rewrite_rule_id", "rule_id"];

const MATCH_KEYS: &[&str] =
    &["tool_args_contains", "tool_args_field_check", "tool_category", "tool_name"];

const OPERATORS: &[&str] = &[
    "contains",
    "domain_in",
    "domain_not_in",
    "eq",
    "gt",
    "length_gt",
    "length_lt",
    "lt",
    "matches",
];

const ACTIONS: &[(&str, Verdict)] = &[
    ("allow", Verdict::Allow),
    ("deny", Verdict::Deny),
    ("require_approval", Verdict::RequireApproval),
    ("rewrite", Verdict::Rewrite),
];

const DEFAULT: Thresholds = Thresholds { allow_max: 30, rewrite_max: 60 };

/// The policy, as far as it could be read.
pub(crate) fn read(root: &Node, reader: &mut Reader<'_>) -> Option<DataGuard> {
    let table = reader.table(root, KEYS)?;
    table.not_honoured(
        reader,
        &[
            ("parent_policy_id", "the original ignores it too; layers are files of datafog"),
            (
                "scope",
                "the original ignores it too; a policy holds for everything it is asked about",
            ),
        ],
    );
    let id = table.get("policy_id").and_then(|node| reader.text(node)).map(str::to_owned);
    // The original's own example writes a number.
    let version = table.get("version").and_then(|node| match &node.value {
        Value::Number(number) => Some(number.clone()),
        Value::Flag(_) | Value::List(_) | Value::Null | Value::Table(_) | Value::Text(_) => {
            reader.text(node).map(str::to_owned)
        }
    });
    let mut remark = |key: &str| table.get(key).map(|node| reader.remark(node)).unwrap_or_default();
    let (description, _created) = (remark("description"), remark("created_at"));
    table.require("policy_id", reader);
    let thresholds = match table.get("risk_thresholds") {
        Some(node) => thresholds(node, reader)?,
        None => DEFAULT,
    };
    let rules = rules(table.require("rules", reader)?, reader)?;
    Some(DataGuard {
        id: id?,
        version: version.unwrap_or_default(),
        description,
        rules,
        thresholds,
    })
}

fn rules(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Rule>> {
    let items = reader.list(node)?;
    if items.is_empty() {
        reader.warn(
            &node.span,
            "the policy has no rules",
            "every call is judged by its risk score alone",
        );
    }
    let mut rules: Vec<Rule> = Vec::new();
    for item in items {
        let Some(rule) = rule(item, reader) else { continue };
        if let Some(first) = rules.iter().find(|one| one.head.id == rule.head.id) {
            let (message, line) =
                (format!("two rules have the id `{}`", rule.head.id), first.head.line);
            reader.error_with_help(
                &item.span,
                message,
                format!("the first one stands in line {line}"),
            );
        }
        rules.push(rule);
    }
    Some(rules)
}

fn rule(item: &Node, reader: &mut Reader<'_>) -> Option<Rule> {
    let table = reader.table(item, RULE_KEYS)?;
    let id = table.require("rule_id", reader).and_then(|node| reader.text(node)).map(str::to_owned);
    let verdict =
        table.require("action", reader).and_then(|node| reader.word(node, "action", ACTIONS));
    let mut remark = |key: &str| table.get(key).map(|node| reader.remark(node)).unwrap_or_default();
    let (description, reason) = (remark("description"), remark("reason"));
    let rewrite = rewrite(&table, verdict, reader);
    let conditions = table.require("match", reader)?;
    let conditions = reader.table(conditions, MATCH_KEYS)?;
    if conditions.entries().is_empty() {
        let help = "the original never fires such a rule; name what it is about";
        reader.error_with_help(&conditions.span(), "the rule has no condition", help);
    }
    let tool = conditions.get("tool_name").and_then(|node| listed(node, reader, &text_names));
    let category =
        conditions.get("tool_category").and_then(|node| listed(node, reader, &categories));
    let contains = conditions.get("tool_args_contains").and_then(|node| contains(node, reader));
    let field = conditions.get("tool_args_field_check").and_then(|node| field(node, reader));
    let id = id?;
    let known = contains.as_ref().and_then(|pattern| Known::of(&id, pattern));
    let reason = if reason.is_empty() { description } else { reason };
    let head = Head { id, line: reader.line(&item.span), reason };
    Some(Rule { head, verdict: verdict?, rewrite, tool, category, contains, field, known })
}

fn rewrite(table: &Table<'_>, verdict: Option<Verdict>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(node) = table.get("rewrite_rule_id").filter(|node| node.value != Value::Null) else {
        if verdict == Some(Verdict::Rewrite) {
            reader.error(
                &table.span(),
                "`rewrite_rule_id` is missing: a rewrite names its transform",
            );
        }
        return None;
    };
    let name = reader.text(node)?;
    if !REWRITES.contains(&name) {
        reader.unknown_word(&node.span, "rewrite", name, REWRITES);
    }
    if verdict.is_some_and(|verdict| verdict != Verdict::Rewrite) {
        reader.not_honoured(
            &node.span,
            "rewrite_rule_id",
            "it counts only where the action is `rewrite`",
        );
    }
    Some(name.to_owned())
}

type ReadNames<'f, T> = &'f dyn Fn(&Node, &mut Reader<'_>) -> Vec<T>;

/// `in`, `eq` or `not_in`; exactly one, where the original silently prefers one.
fn listed<T>(node: &Node, reader: &mut Reader<'_>, read: ReadNames<'_, T>) -> Option<Names<T>> {
    let table = reader.table(node, &["eq", "in", "not_in"])?;
    let [(key, value)] = table.entries() else {
        reader.error_with_help(
            &node.span,
            "one operator is expected",
            "write one of `in`, `eq` and `not_in`",
        );
        return None;
    };
    if key.text != "eq" {
        reader.list(value)?;
    }
    let all = read(value, reader);
    if all.is_empty() {
        reader.error_with_help(
            &value.span,
            "the list is empty",
            "leave the condition out for no condition",
        );
    }
    Some(if key.text == "not_in" { Names::NotIn(all) } else { Names::In(all) })
}

/// Tool names, lower case: the original lowers a call's name and not the policy's, so that a
/// capital letter would switch a rule off.
fn text_names(node: &Node, reader: &mut Reader<'_>) -> Vec<String> {
    let texts = match node.as_list() {
        Some(_) => reader.texts(node),
        None => reader.text(node).map(str::to_owned).into_iter().collect(),
    };
    for text in &texts {
        reader.near_miss(&node.span, "tool", text, &names::tools());
    }
    texts.into_iter().map(|text| text.to_lowercase()).collect()
}

fn categories(node: &Node, reader: &mut Reader<'_>) -> Vec<Category> {
    let items = node.as_list().unwrap_or_else(|| core::slice::from_ref(node));
    items.iter().filter_map(|item| reader.word(item, "category", &Category::ALL)).collect()
}

fn contains(node: &Node, reader: &mut Reader<'_>) -> Option<crate::pattern::Pattern> {
    let table = reader.table(node, &["pattern"])?;
    let pattern = table.require("pattern", reader)?;
    reader.pattern(pattern)
}

/// `{ "field": …, "gt": … }`, or the operator's name and value in fields of their own. The name's field
/// is called `condition` in an example of the original's.
fn field(node: &Node, reader: &mut Reader<'_>) -> Option<Field> {
    let spelled = ["operator", "condition"].into_iter().find(|key| node.get(key).is_some());
    let keys: Vec<&str> = match spelled {
        Some(key) => vec!["field", key, "value"],
        None => core::iter::once("field").chain(OPERATORS.iter().copied()).collect(),
    };
    let table = reader.table(node, &keys)?;
    let name = table.require("field", reader).and_then(|node| reader.text(node)).map(str::to_owned);
    let tests: Vec<Option<Test>> = if let Some(key) = spelled {
        let operator = table.require(key, reader).and_then(|node| {
            let word = reader.text(node)?;
            if !OPERATORS.contains(&word) {
                reader.unknown_word(&node.span, "operator", word, OPERATORS);
            }
            Some(word)
        });
        let value = table.require("value", reader);
        vec![operator.zip(value).and_then(|(operator, value)| test(operator, value, reader))]
    } else {
        let checks =
            table.entries().iter().filter(|(key, _)| OPERATORS.contains(&key.text.as_str()));
        checks.map(|(key, value)| test(&key.text, value, reader)).collect()
    };
    if tests.is_empty() {
        reader.error_with_help(
            &node.span,
            "the check has no operator",
            format!("write one of {}", crate::reader::quoted(OPERATORS)),
        );
    }
    Some(Field { name: name?, tests: tests.into_iter().collect::<Option<_>>()? })
}

fn test(operator: &str, value: &Node, reader: &mut Reader<'_>) -> Option<Test> {
    Some(match operator {
        "contains" => Test::Contains(reader.text(value)?.to_owned()),
        "domain_in" => Test::DomainIn(domains(value, reader)?),
        "domain_not_in" => Test::DomainNotIn(domains(value, reader)?),
        "eq" => match value.to_json() {
            Some(value) => Test::Equals(value),
            None => {
                reader.error(&value.span, "the value cannot be compared");
                return None;
            }
        },
        "gt" => Test::Greater(reader.number(value)?),
        "length_gt" => Test::LongerThan(reader.whole(value, 0..=i64::from(u32::MAX))?),
        "length_lt" => Test::ShorterThan(reader.whole(value, 1..=i64::from(u32::MAX))?),
        "lt" => Test::Less(reader.number(value)?),
        "matches" => Test::Matches(reader.pattern(value)?),
        _ => return None,
    })
}

/// Host names: no scheme, no path; `*.example.com` for every host below one.
fn domains(value: &Node, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    reader.list(value)?;
    let texts = reader.some_texts(value);
    for text in &texts {
        let odd = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '@' | '?' | '#');
        if text.contains(odd) || text.strip_prefix("*.").unwrap_or(text).contains('*') {
            let help = "write the host alone, or `*.` and a domain for every host below it";
            reader.error_with_help(&value.span, format!("`{text}` is no host"), help);
        }
    }
    Some(
        texts
            .into_iter()
            .map(|text| text.to_lowercase().trim_end_matches('.').to_owned())
            .collect(),
    )
}

fn thresholds(node: &Node, reader: &mut Reader<'_>) -> Option<Thresholds> {
    let keys = ["allow_max", "block_approval_min", "rewrite_confirm_max", "rewrite_confirm_min"];
    let table = reader.table(node, &keys)?;
    let mut number = |key: &str| table.get(key).map(|node| reader.whole(node, 0..=100));
    let (allow, from) = (number("allow_max"), number("rewrite_confirm_min"));
    let (to, block) = (number("rewrite_confirm_max"), number("block_approval_min"));
    let allow_max = allow.unwrap_or(Some(DEFAULT.allow_max))?;
    let rewrite_max = to.unwrap_or(Some(DEFAULT.rewrite_max))?;
    let mut bands = |name: &str, value: Option<Option<i64>>, after: i64| {
        let expected = after.saturating_add(1);
        if let Some(Some(value)) = value
            && value != expected
        {
            let message = format!("`{name}` is {value}, so the bands overlap or leave a gap");
            reader.error_with_help(
                &node.span,
                message,
                format!("the band before it ends at {after}: write {expected}"),
            );
        }
    };
    bands("rewrite_confirm_min", from, allow_max);
    bands("block_approval_min", block, rewrite_max);
    if allow_max > rewrite_max {
        reader.error_with_help(
            &node.span,
            format!("`allow_max` {allow_max} lies above `rewrite_confirm_max` {rewrite_max}"),
            "the bands are allowed, changed, approved, in this order",
        );
    }
    Some(Thresholds { allow_max, rewrite_max })
}
