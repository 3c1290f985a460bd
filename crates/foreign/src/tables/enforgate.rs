//! Enforgate: rules, both spellings, what is missing, several policies.

use datafog_core::Verdict;
use serde_json::{Value, json};

use super::{load, refused, shell, tool};
use crate::{Call, Format, NoFiles, Policy};

fn one(rules: &str) -> Policy {
    load(
        &format!("{{\"name\":\"p\",\"defaultDecision\":\"allow\",\"rules\":[{rules}]}}"),
        Format::Enforgate,
    )
}

fn says(policy: &Policy, name: &str, arguments: Value) -> Verdict {
    policy.decide(&tool(name, arguments)).verdict
}

#[test]
fn both_spellings_load_and_say_the_same() {
    for key in ["decision", "action"] {
        let policy = one(&format!(
            "{{\"tool\":\"send_*\",\"{key}\":\"require_approval\",\"reason\":\"ask\"}}"
        ));
        let decision = policy.decide(&tool("send_mail", json!({})));
        assert_eq!((decision.verdict, &*decision.reason), (Verdict::RequireApproval, "ask"));
        assert_eq!(decision.matched[0].id, "p/1");
    }
    let said = refused(
        r#"{"rules":[{"tool":"x","decision":"allow","action":"deny"}]}"#,
        Format::Enforgate,
    );
    assert!(said.contains("differ"), "{said}");
    one(r#"{"tool":"x","decision":"deny","action":"deny"}"#);
}

#[test]
fn globs_are_whole_and_case_sensitive() {
    for (glob, name, hit) in [
        ("delete_*", "delete_user", true),
        ("delete_*", "undelete_user", false),
        ("delete_?", "delete_x", true),
        ("delete_?", "delete_xy", false),
        ("Delete", "delete", false),
        ("a.b[c]", "a.b[c]", true),
        ("a.b", "axb", false),
        ("github/*", "mcp__github__push", true),
        ("github__push", "github__push", true),
        ("push", "github__push", true),
        ("*", "anything\nat all", true),
    ] {
        let policy = one(&format!("{{\"tool\":\"{glob}\",\"decision\":\"deny\"}}"));
        assert_eq!(says(&policy, name, json!({})) == Verdict::Deny, hit, "{glob} {name}");
    }
    let policy = one(r#"{"tool":"github/push","decision":"deny"}"#);
    let call = Call { server: "github".into(), ..tool("push", json!({})) };
    assert_eq!(policy.decide(&call).verdict, Verdict::Deny);
}

#[test]
fn the_first_match_wins_then_the_default_then_no() {
    let policy = one(r#"{"tool":"read","decision":"allow"},{"tool":"*","decision":"deny"}"#);
    assert_eq!(says(&policy, "read", json!({})), Verdict::Allow);
    assert_eq!(says(&policy, "other", json!({})), Verdict::Deny);
    assert_eq!(says(&one(""), "read", json!({})), Verdict::Allow, "the policy's default");
    for text in
        ["[]", r#"{"rules":[]}"#, r#"{"enabled":false,"rules":[{"tool":"*","decision":"allow"}]}"#]
    {
        let decision = load(text, Format::Enforgate).decide(&tool("read", json!({})));
        assert_eq!(decision.verdict, Verdict::Deny, "{text}");
    }
}

#[test]
fn policies_go_by_priority() {
    let text = r#"[{"name":"low","priority":1,"rules":[{"tool":"*","decision":"deny"}]},
        {"name":"off","priority":9,"enabled":false,"rules":[{"tool":"*","decision":"allow"}]},
        {"name":"high","priority":5,"rules":[{"tool":"read","decision":"allow"}]}]"#;
    let wrapped = format!("{{\"policies\":{text}}}");
    for text in [text, &wrapped] {
        let policy = load(text, Format::Enforgate);
        let decision = policy.decide(&tool("read", json!({})));
        assert_eq!((decision.verdict, decision.matched[0].id.as_str()), (Verdict::Allow, "high/1"));
        assert_eq!(says(&policy, "write", json!({ "path": "x" })), Verdict::Deny);
        assert!(policy.notices().iter().any(|one| one.message.contains("switched off")));
    }
}

#[test]
fn conditions_by_value_and_verdict() {
    let test = |test: &str, verdict: &str, arguments: Value| {
        let rule = format!(
            "{{\"tool\":\"*\",\"decision\":\"{verdict}\",\"where\":[{{\"path\":\"a.b\",{test}}}]}}"
        );
        let text = format!(
            "{{\"defaultDecision\":\"{}\",\"rules\":[{rule}]}}",
            if verdict == "allow" { "deny" } else { "allow" }
        );
        says(&load(&text, Format::Enforgate), "x", arguments)
    };
    // test · value · what a deny rule makes of it · what an allow rule makes of it
    for (condition, value, deny, allow) in [
        (r#""matches":"^x""#, json!("xy"), Verdict::Deny, Verdict::Allow),
        (r#""matches":"^x""#, json!("yx"), Verdict::Allow, Verdict::Deny),
        (r#""matches":"^x""#, json!(1), Verdict::RequireApproval, Verdict::Deny),
        (r#""matches":"^x""#, json!(null), Verdict::RequireApproval, Verdict::Deny),
        (r#""matches":"^(?!x)""#, json!("yx"), Verdict::Deny, Verdict::Allow),
        (r#""notMatches":"^x""#, json!("yx"), Verdict::Deny, Verdict::Allow),
        (r#""notMatches":"^x""#, json!("xy"), Verdict::Allow, Verdict::Deny),
        (r#""notMatches":"^x""#, json!([]), Verdict::RequireApproval, Verdict::Deny),
        (r#""equals":1"#, json!(1.0), Verdict::Deny, Verdict::Allow),
        (r#""equals":1"#, json!("1"), Verdict::Allow, Verdict::Deny),
        (r#""equals":{"p":1,"q":[2]}"#, json!({"q": [2.0], "p": 1}), Verdict::Deny, Verdict::Allow),
        (r#""equals":[1,2]"#, json!([2, 1]), Verdict::Allow, Verdict::Deny),
        (r#""equals":null"#, json!(null), Verdict::Deny, Verdict::Allow),
        (r#""matches":"(a|b|ab)*(?>c)""#, json!("ab".repeat(5000)), Verdict::Deny, Verdict::Deny),
    ] {
        assert_eq!(
            test(condition, "deny", json!({"a": {"b": value}})),
            deny,
            "{condition} {value}"
        );
        assert_eq!(
            test(condition, "allow", json!({"a": {"b": value}})),
            allow,
            "{condition} {value}"
        );
    }
    for condition in [r#""matches":"x""#, r#""notMatches":"x""#, r#""equals":1"#] {
        for arguments in [json!({}), json!({"a": 1}), json!({"a": {"c": 1}}), json!(null)] {
            assert_eq!(
                test(condition, "deny", arguments.clone()),
                Verdict::RequireApproval,
                "{condition}"
            );
            assert_eq!(test(condition, "allow", arguments), Verdict::Deny, "{condition}");
        }
    }
}

#[test]
fn what_is_unknown_holds_even_when_a_later_rule_allows() {
    let policy = one(
        r#"{"tool":"*","decision":"deny","where":[{"path":"amount","matches":"."}]},{"tool":"*","decision":"allow"}"#,
    );
    let decision = policy.decide(&tool("pay", json!({})));
    assert_eq!(decision.verdict, Verdict::RequireApproval);
    assert_eq!(decision.matched[0].id, "p/1");
}

#[test]
fn commands_are_found_as_a_shell_reads_them() {
    let policy =
        one(r#"{"tool":"bash","decision":"deny","where":[{"path":"command","matches":"rm -rf"}]}"#);
    for text in ["rm -rf x", "rm\t-rf x", "rm \\\n -rf x", "'rm' -rf x", "sh -c \"rm  -rf x\""] {
        let call = &shell(text)[0];
        assert_eq!(policy.decide(call).verdict, Verdict::Deny, "{text}");
    }
    assert_eq!(policy.decide(&shell("ls")[0]).verdict, Verdict::Allow);
}

#[test]
fn yaml_is_read_too() {
    let text = "name: p\ndefaultDecision: deny\nrules:\n  - tool: read_*\n    decision: allow\n    where:\n      - path: path\n        notMatches: '\\.env$'\n";
    let policy = Policy::load(text.as_bytes(), "p.yaml", None, &NoFiles).unwrap();
    assert_eq!(policy.format(), Format::Enforgate);
    assert_eq!(says(&policy, "read_file", json!({ "path": "a.txt" })), Verdict::Allow);
    assert_eq!(says(&policy, "read_file", json!({ "path": "x/.env" })), Verdict::Deny);
}

#[test]
fn slips_are_refused() {
    for (rules, said) in [
        (r#"{"tool":"x","decision":"alow"}"#, "did you mean `allow`?"),
        (r#"{"tool":"x","desision":"allow"}"#, "did you mean `decision`?"),
        (r#"{"tools":"x","decision":"allow"}"#, "did you mean `tool`?"),
        (r#"{"tool":"x","decision":"allow","were":[]}"#, "did you mean `where`?"),
        (
            r#"{"tool":"x","decision":"allow","where":[{"path":"a","notmatches":"x"}]}"#,
            "did you mean `notMatches`?",
        ),
        (
            r#"{"tool":"x","decision":"deny","where":[{"path":"a","matches":"("}]}"#,
            "bad regular expression",
        ),
        (r#"{"tool":"x","decision":"deny","where":[{"path":"a"}]}"#, "one test"),
        (r#"{"tool":"x","decision":"deny","where":[{"matches":"x"}]}"#, "`path` is missing"),
        (r#"{"decision":"deny"}"#, "`tool` is missing"),
    ] {
        let told = refused(&format!("{{\n\"rules\":[{rules}]}}"), Format::Enforgate);
        assert!(told.contains(said) && told.contains("p:2:"), "{rules}: {told}");
    }
    let told = refused(r#"{"defaultDecisions":"deny","rules":[]}"#, Format::Enforgate);
    assert!(told.contains("did you mean `defaultDecision`?"), "{told}");
}
