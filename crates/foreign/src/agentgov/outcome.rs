//! What a policy gave, in any of its spellings → a verdict.

use datafog_core::Verdict;
use serde_json::Value;

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

impl Outcome {
    /// Reads a flag, a word, or a table. What is none of these, or says nothing, is a denial.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(true) => Self::new(Verdict::Allow, "the policy allows it"),
            Value::Bool(false) => Self::new(Verdict::Deny, "the policy does not allow it"),
            Value::String(word) => Self::of_word(word),
            Value::Object(table) => match table.get("decision").or_else(|| table.get("result")) {
                Some(inner @ (Value::Bool(_) | Value::String(_))) => {
                    let reason = messages(table.get("reason"));
                    Self::of(inner).because(reason)
                }
                Some(inner @ Value::Object(_)) => Self::of(inner),
                Some(_) => Self::new(Verdict::Deny, "the policy's decision cannot be read"),
                None => Self::of_table(table),
            },
            Value::Array(_) | Value::Null | Value::Number(_) => {
                Self::new(Verdict::Deny, "the policy's answer is undefined or cannot be read")
            }
        }
    }

    fn of_word(word: &str) -> Self {
        match word {
            "allow" | "allowed" => Self::new(Verdict::Allow, "the policy allows it"),
            "require_approval" | "human_required" | "ask" => {
                Self::new(Verdict::RequireApproval, "the policy asks for a person")
            }
            _ => Self::new(Verdict::Deny, "the policy does not allow it"),
        }
    }

    /// A denial beats a person, a person beats an allow: deny wins wherever it stands.
    fn of_table(table: &serde_json::Map<String, Value>) -> Self {
        let reason = messages(table.get("reason"));
        let denied = table.get("deny").is_some_and(says_something);
        if denied {
            let told = messages(table.get("deny"));
            let reason = if told.is_empty() { reason } else { told };
            return Self::new(Verdict::Deny, "the policy denies it").because(reason);
        }
        let human = ["human_required", "require_approval"]
            .iter()
            .any(|key| table.get(*key).is_some_and(says_something));
        if human {
            return Self::new(Verdict::RequireApproval, "the policy asks for a person")
                .because(reason);
        }
        let allowed = ["allow", "allowed", "is_allowed"].iter().filter_map(|key| table.get(*key));
        let flags: Vec<&Value> = allowed.collect();
        if !flags.is_empty() && flags.iter().all(|flag| **flag == Value::Bool(true)) {
            return Self::new(Verdict::Allow, "the policy allows it").because(reason);
        }
        let why = if flags.is_empty() {
            "the policy's `allow` is undefined"
        } else {
            "the policy does not allow it"
        };
        Self::new(Verdict::Deny, why).because(reason)
    }

    fn new(verdict: Verdict, reason: &str) -> Self {
        Self { verdict, reason: reason.to_owned() }
    }

    fn because(self, reason: String) -> Self {
        if reason.is_empty() { self } else { Self { reason, ..self } }
    }
}

/// Whether a flag is set or a list of messages holds one. What cannot be read counts as said.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(table) => !table.is_empty(),
        Value::Number(_) | Value::String(_) => true,
    }
}

/// Messages as one sentence, at most a few.
fn messages(value: Option<&Value>) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all: Vec<String> = match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(text).take(5).collect(),
        Some(Value::Object(table)) => table.keys().take(5).cloned().collect(),
        _ => Vec::new(),
    };
    let mut joined = all.join("; ").replace(|letter: char| letter.is_control(), " ");
    if let Some((cut, _)) = joined.char_indices().nth(500) {
        joined.truncate(cut);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_is_read_and_doubt_denies() {
        use Verdict::{Allow, Deny, RequireApproval as Ask};
        for (value, verdict) in [
            (json!(true), Allow),
            (json!(false), Deny),
            (json!("allow"), Allow),
            (json!("<undefined>"), Deny),
            (json!("true"), Deny),
            (json!(1), Deny),
            (json!(null), Deny),
            (json!([true]), Deny),
            (json!({}), Deny),
            (json!({"allow": true}), Allow),
            (json!({"allowed": true, "human_required": false, "confidence": 0.9}), Allow),
            (json!({"allow": "true"}), Deny),
            (json!({"allow": true, "allowed": false}), Deny),
            (json!({"allow": true, "deny": []}), Allow),
            (json!({"allow": true, "deny": ["no"]}), Deny),
            (json!({"allow": true, "deny": ["no"], "human_required": true}), Deny),
            (json!({"allow": true, "human_required": true}), Ask),
            (json!({"allowed": false, "human_required": true}), Ask),
            (json!({"deny": []}), Deny),
            (json!({"decision": "allow"}), Allow),
            (json!({"decision": {"allow": true}}), Allow),
            (json!({"decision": ["allow"]}), Deny),
            (json!({"decision": "deny", "allow": true}), Deny),
        ] {
            assert_eq!(Outcome::of(&value).verdict, verdict, "{value}");
        }
        let told = Outcome::of(&json!({"allow": true, "deny": ["a\nb", "c"]}));
        assert_eq!(told.reason, "a b; c");
        assert_eq!(Outcome::of(&json!({"allow": false, "reason": "late"})).reason, "late");
    }
}
