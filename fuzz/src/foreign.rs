//! What holds for the policies of every other system.

use std::ffi::OsString;

use datafog_core::{Decision, Invocation, Verdict};
use datafog_foreign::{Call, Format, Interpret, NoFiles, Policy};
use datafog_policy::{AnyWord, Level};
use serde_json::{Value, json};

use crate::{World, parts};

/// Commands by the real profiles.
struct Tables;

impl Interpret for Tables {
    fn interpret(&self, words: &[OsString]) -> Invocation {
        datafog_shim::interpret(words, &World::default())
    }
}

/// Loads the first part of the input as a policy and asks it about the second.
///
/// # Panics
/// When something does not hold: this is what the fuzzer looks for.
pub fn assert_foreign(data: &[u8], path: &str, format: Format) {
    let mut parts = parts(data);
    let bytes = parts.next().unwrap_or_default();
    match Policy::load(bytes, path, Some(format), &NoFiles) {
        Err(faults) => {
            assert!(faults.iter().any(|one| one.level == Level::Error), "a refusal has a reason");
            let lines = bytes.split(|byte| *byte == b'\n').count();
            for one in &faults {
                let line = usize::try_from(one.line).expect("a line is a small number");
                assert!(
                    (1..=lines).contains(&line) && !one.message.is_empty(),
                    "{one:?} of {lines} lines"
                );
            }
        }
        Ok(policy) => assert_decides(&policy, parts.next()),
    }
}

fn assert_decides(policy: &Policy, given: Option<&[u8]>) {
    for call in calls(given) {
        let decision = policy.decide(&call);
        let again = policy.decide(&call);
        // A program's time is bounded by the clock; what ran out of it is denied. The reason of a rule
        // may speak of time as well.
        let is_late = |one: &&Decision| {
            one.reason.starts_with("the policy failed") && one.reason.contains("time limit")
        };
        let late: Vec<_> = [&decision, &again].into_iter().filter(is_late).collect();
        assert!(late.iter().all(|one| one.verdict == Verdict::Deny), "{late:?}");
        assert!(
            !late.is_empty() || decision == again,
            "the same each time: {decision:?} {again:?}"
        );
        assert!(!decision.reason.is_empty(), "{decision:?}");
        let strictest = decision.matched.iter().map(|rule| rule.verdict).max();
        assert!(strictest.is_none_or(
            |verdict| decision.verdict >= verdict || decision.verdict != Verdict::Allow
        ));
        let indexes = decision.matched.iter().flat_map(|rule| &rule.findings);
        assert!(indexes.into_iter().all(|index| *index < call.findings.len()));
    }
    assert_judges(policy);
    if let Ok(import) = policy.import(&AnyWord) {
        // What was translated was also read by the native reader, and says when it is not the same.
        assert!(import.rules > 0 && import.toml.contains("[policy]\n"));
        assert_eq!(import.toml.starts_with("# Not the same"), import.deviations > 0);
    }
}

/// An action is judged by its call and by every command within, and never more mildly than by the call.
fn assert_judges(policy: &Policy) {
    for case in crate::judged().iter().take(4) {
        let mut facts = case.facts.clone();
        for is_tool in [false, true] {
            if is_tool {
                let line = facts.action.argv.join(std::ffi::OsStr::new(" "));
                let arguments = vec![(
                    String::from("command"),
                    datafog_core::Value::Text(line.to_string_lossy().into_owned()),
                )];
                facts.action.tool = Some(Box::new(datafog_core::ToolCall {
                    name: String::from("bash"),
                    arguments: datafog_core::Value::Table(arguments),
                    categories: vec![datafog_core::Category::CodeExecution],
                }));
                facts.action.kind = datafog_core::ActionKind::ToolCall;
            }
            let decision = policy.judge(&facts, &Tables, Some(0));
            assert!(!decision.reason.is_empty(), "{decision:?}");
            let found = facts.findings.len();
            let indexes = decision.matched.iter().flat_map(|rule| &rule.findings);
            assert!(indexes.into_iter().all(|index| *index < found), "{decision:?}");
        }
    }
}

/// Fixed calls, and one whose arguments are given.
fn calls(given: Option<&[u8]>) -> Vec<Call> {
    let mut all = vec![
        Call::tool("bash", json!({ "command": "sudo rm -rf \"$X\" | tee /etc/x" }), &Tables),
        Call::tool("http_request", json!({ "url": "http://user@host:80/?token=x" }), &Tables),
        Call::tool("send_email", json!({ "to": ["a@x.org"] }), &Tables),
        Call::tool("read_file", json!({ "path": "../.env" }), &Tables),
        Call::default(),
    ];
    let Some(given) = given else { return all };
    let arguments = serde_json::from_slice::<Value>(given).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(given).into_owned();
        json!({ "command": text, "url": text, "query": text })
    });
    for name in ["bash", "curl", "sql", "write", "anything"] {
        all.push(Call::tool(name, arguments.clone(), &Tables));
    }
    all
}
