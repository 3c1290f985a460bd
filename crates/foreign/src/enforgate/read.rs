//! Reads Enforgate policies: one, a list of them, or a table with a list `policies`.

use core::cmp::Reverse;

use datafog_core::Verdict;

use super::{Condition, Enforgate, Rule, Ruleset, Test};
use crate::answer::Head;
use crate::names;
use crate::node::{Node, Value};
use crate::pattern::Pattern;
use crate::reader::{Reader, Table};

const KEYS: &[&str] =
    &["defaultDecision", "description", "enabled", "id", "name", "priority", "rules"];

const RULE_KEYS: &[&str] = &["action", "decision", "reason", "tool", "where"];

const CONDITION_KEYS: &[&str] = &["equals", "matches", "notMatches", "path"];

const DECISIONS: &[(&str, Verdict)] = &[
    ("allow", Verdict::Allow),
    ("deny", Verdict::Deny),
    ("require_approval", Verdict::RequireApproval),
];

/// Every policy of the file.
pub(crate) fn read(root: &Node, reader: &mut Reader<'_>) -> Option<Enforgate> {
    let mut policies: Vec<Ruleset> = Vec::new();
    let items = match (&root.value, root.get("policies")) {
        (Value::List(items), _) => items.as_slice(),
        (_, Some(list)) => {
            reader.table(root, &["policies"])?;
            reader.list(list)?
        }
        _ => core::slice::from_ref(root),
    };
    for (index, item) in items.iter().enumerate() {
        policies.extend(policy(item, index.saturating_add(1), reader));
    }
    // Stable: equal priorities stay in the order of the file.
    policies.sort_by_key(|policy| Reverse(policy.priority));
    let name = policies.first().map(|policy| policy.name.clone());
    Some(Enforgate { name: name.unwrap_or_else(|| String::from("enforgate")), policies })
}

/// One policy; `None` when it is switched off or not one.
fn policy(item: &Node, number: usize, reader: &mut Reader<'_>) -> Option<Ruleset> {
    let table = reader.table(item, KEYS)?;
    let name = ["name", "id"].into_iter().find_map(|key| table.get(key));
    let name = name
        .and_then(|node| reader.text(node))
        .map_or_else(|| format!("policy-{number}"), str::to_owned);
    if let Some(node) = table.get("description") {
        reader.remark(node);
    }
    let priority = table.get("priority").and_then(|node| reader.whole(node, i64::MIN..=i64::MAX));
    let enabled = table.get("enabled").and_then(|node| reader.flag(node)).unwrap_or(true);
    let default = table.get("defaultDecision").and_then(|node| {
        let verdict = reader.word(node, "decision", DECISIONS)?;
        let reason = format!("no rule of policy `{name}` matches, and its default is {verdict}");
        Some((
            verdict,
            Head { id: format!("{name}/default"), line: reader.line(&node.span), reason },
        ))
    });
    let rules =
        table.require("rules", reader).and_then(|node| reader.list(node)).unwrap_or_default();
    if rules.is_empty() {
        let help = "its default answers every call, and without one nothing is allowed";
        reader.warn(&table.span(), format!("policy `{name}` has no rules"), help);
    }
    let rules = rules.iter().enumerate();
    let rules: Vec<Rule> = rules
        .filter_map(|(index, item)| rule(item, &name, index.saturating_add(1), reader))
        .collect();
    if !enabled {
        reader.warn(
            &table.span(),
            format!("policy `{name}` is switched off"),
            "none of its rules counts",
        );
        return None;
    }
    Some(Ruleset { name, priority: priority.unwrap_or(0), default, rules })
}

fn rule(item: &Node, policy: &str, number: usize, reader: &mut Reader<'_>) -> Option<Rule> {
    let table = reader.table(item, RULE_KEYS)?;
    let verdict = verdict(&table, reader);
    let tool = table.require("tool", reader).and_then(|node| Some((node, reader.text(node)?)));
    let conditions = match table.get("where") {
        Some(node) => reader.list(node)?.iter().map(|item| condition(item, reader)).collect(),
        None => Some(Vec::new()),
    };
    let (node, glob) = tool?;
    if !glob.contains(['*', '?']) {
        let bare = glob.rsplit('/').next().unwrap_or(glob);
        reader.near_miss(&node.span, "tool", bare, &names::tools());
    }
    let pattern =
        Pattern::new(&whole_glob(glob)).map_err(|fault| reader.error(&node.span, fault)).ok()?;
    let reason = table.get("reason").map(|node| reader.remark(node)).unwrap_or_default();
    let reason = if reason.is_empty() {
        format!("rule {number} of policy `{policy}`, on `{glob}`")
    } else {
        reason
    };
    let head = Head { id: format!("{policy}/{number}"), line: reader.line(&item.span), reason };
    Some(Rule {
        head,
        glob: glob.to_owned(),
        tool: pattern,
        verdict: verdict?,
        conditions: conditions?,
    })
}

/// The verdict under either spelling; two different ones are an error.
fn verdict(table: &Table<'_>, reader: &mut Reader<'_>) -> Option<Verdict> {
    let mut read = |key: &str| {
        let node = table.get(key)?;
        Some((node, reader.word(node, "decision", DECISIONS)))
    };
    match (read("decision"), read("action")) {
        (None, None) => {
            reader.error(&table.span(), "`decision` is missing");
            None
        }
        (Some((_, verdict)), None) | (None, Some((_, verdict))) => verdict,
        (Some((_, one)), Some((node, other))) => {
            if one != other {
                reader.error_with_help(
                    &node.span,
                    "`action` and `decision` differ",
                    "write one of them",
                );
            }
            one
        }
    }
}

/// Any run of characters for `*`, one for `?`; everything else is itself.
fn whole_glob(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    for letter in glob.chars() {
        match letter {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            plain => pattern.push_str(&fancy_regex::escape(plain.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push_str(r"\z");
    pattern
}

fn condition(item: &Node, reader: &mut Reader<'_>) -> Option<Condition> {
    let table = reader.table(item, CONDITION_KEYS)?;
    let path = table.require("path", reader).and_then(|node| reader.text(node));
    let tests: Vec<(&str, &Node)> = ["equals", "matches", "notMatches"]
        .into_iter()
        .filter_map(|key| Some((key, table.get(key)?)))
        .collect();
    let test = match tests.as_slice() {
        [("equals", node)] => match node.to_json() {
            Some(value) => Test::Equals(value),
            None => {
                reader.error(&node.span, "the value cannot be compared");
                return None;
            }
        },
        [("matches", node)] => Test::Matches(reader.pattern(node)?),
        [(_, node)] => Test::NotMatches(reader.pattern(node)?),
        _ => {
            let help =
                "write one of `equals`, `matches` and `notMatches`, and one condition for each";
            reader.error_with_help(&table.span(), "a condition has one test", help);
            return None;
        }
    };
    Some(Condition { path: path?.to_owned(), test })
}
