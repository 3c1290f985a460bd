//! Enforgate's rules: a tool's name, conditions on its arguments, the first match wins.

use datafog_core::Verdict;

use super::when::{self, Condition};
use super::{Draft, Sheet, quote};
use crate::enforgate::{Enforgate, Rule, Test};
use crate::names;

pub(super) fn translate(policy: &Enforgate, sheet: &mut Sheet<'_>) {
    let default = policy.policies.iter().find_map(|one| one.default.as_ref());
    let verdict = default.map_or(Verdict::Deny, |(verdict, _)| *verdict);
    sheet.default = verdict.name();
    let why = "a tool of the same name in other letters is the same one here";
    sheet.deviate(1, String::from("names of tools are compared in any case of letters"), why);
    for rule in policy.policies.iter().flat_map(|policy| &policy.rules) {
        match conditions(rule) {
            Ok((holds, missing)) => add(rule, &holds, &missing, sheet),
            Err(why) => sheet.leave_out(&rule.head.id, rule.head.line, why),
        }
    }
}

/// The rule, and where a condition asks for an argument that is not there, a person is asked.
fn add(rule: &Rule, holds: &[Condition], missing: &[Condition], sheet: &mut Sheet<'_>) {
    let draft = Draft {
        id: &rule.head.id,
        line: rule.head.line,
        verdict: rule.verdict,
        reason: &rule.head.reason,
        when: when::all(holds),
        ..Draft::default()
    };
    let is_there = sheet.first_wins(&draft);
    if is_there && rule.verdict > Verdict::Allow && !missing.is_empty() {
        let id = format!("{}-missing", rule.head.id);
        let reason = "an argument that the rule asks for is missing";
        let named = holds.first().cloned().unwrap_or_default();
        let when = when::all(&[named, when::any(missing)]);
        let verdict = Verdict::RequireApproval;
        sheet.rule(&Draft { id: &id, verdict, reason, when, ..draft });
    }
}

/// What must hold, the tool first, and what tells that an argument is missing.
fn conditions(rule: &Rule) -> Result<(Vec<Condition>, Vec<Condition>), &'static str> {
    let (mut holds, mut missing) = (vec![tool(&rule.glob)], Vec::new());
    for condition in &rule.conditions {
        let path = path(&condition.path)?;
        missing.push(format!("{{ argument = {{ path = {}, exists = false }} }}", quote(path)));
        if names::COMMAND_FIELDS.contains(&path) {
            // The words of a command, which no pattern sees together here.
            missing.push(when::argument(&format!("{path}.0"), ""));
        }
        match &condition.test {
            Test::Equals(value) => {
                holds.push(when::argument(path, &format!("eq = {}", scalar(value)?)));
                if value.is_number() && rule.verdict > Verdict::Allow {
                    // A text is no number, and not one of which nobody knows.
                    holds.push(when::none(&[when::argument(path, "length_gte = 1")]));
                }
            }
            Test::Matches(pattern) => {
                holds.push(when::argument(path, &when::matches(pattern.text())));
            }
            Test::NotMatches(pattern) => {
                holds.push(when::argument(path, ""));
                holds.push(when::none(&[when::argument(path, &when::matches(pattern.text()))]));
            }
        }
    }
    Ok((holds, missing))
}

/// The tool by every name that the glob means. What no tool asks for has none, and is meant by `*`
/// alone.
fn tool(glob: &str) -> Condition {
    let meant = match glob.split_once('/') {
        Some((server, tool)) => vec![format!("{server}__{tool}"), format!("mcp__{server}__{tool}")],
        None if glob.contains("__") => vec![glob.to_owned(), format!("mcp__{glob}")],
        None => vec![glob.to_owned(), format!("*__{glob}")],
    };
    match glob {
        "*" => when::any(&[when::tool(&meant), when::no_tool()]),
        _ => when::tool(&meant),
    }
}

fn path(path: &str) -> Result<&str, &'static str> {
    if path.split('.').any(|step| step.is_empty() || step.contains(['[', ']', '*'])) {
        return Err("its path is none of datafog's: names and numbers with dots between them");
    }
    Ok(path)
}

/// A value that can be compared.
fn scalar(value: &serde_json::Value) -> Result<String, &'static str> {
    match value {
        serde_json::Value::String(text) => Ok(quote(text)),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Ok(value.to_string()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err("it compares with a list, a table or null")
        }
    }
}
