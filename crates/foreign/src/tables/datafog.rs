//! DataFog: its three starter policies and the behaviours that its own tests hold.

use datafog_core::{Obligation, Verdict};
use serde_json::json;

use super::{finding, load, refused, shell, shown, tool, wrapped};
use crate::{Call, Format, Policy};

const FIRST: &str = include_str!("../../policies/datafog-first.json");
const SECOND: &str = include_str!("../../policies/datafog-second.json");
const DEMO: &str = include_str!("../../policies/datafog-demo.json");

fn policy(rules: &str) -> Policy {
    load(
        &format!("{{\"policy_id\":\"p\",\"policy_version\":\"1\",\"rules\":[{rules}]}}"),
        Format::DataFog,
    )
}

fn with(mut call: Call, entities: &[&'static str]) -> Call {
    call.findings = entities.iter().map(|entity| finding(entity)).collect();
    call
}

fn ids(policy: &Policy, call: &Call) -> (Verdict, Vec<String>) {
    let decision = policy.decide(call);
    (decision.verdict, decision.matched.into_iter().map(|rule| rule.id).collect())
}

#[test]
fn the_starter_policies_decide_their_examples() {
    let (first, second, demo) =
        (load(FIRST, Format::DataFog), load(SECOND, Format::DataFog), load(DEMO, Format::DataFog));
    let all = ["pii.email", "pii.phone", "pii.ssn", "secret.github.pat", "pii.credit_card"];
    for call in shell("deploy --token x") {
        for policy in [&first, &second, &demo] {
            let call = with(call.clone(), &["secret.generic.api_key"]);
            let (verdict, ids) = ids(policy, &call);
            assert_eq!((verdict, ids[0].as_str()), (Verdict::Deny, "deny-shell-api-key"));
        }
        assert_eq!(ids(&demo, &call), (Verdict::Allow, vec!["allow-shell".into()]));
        assert_eq!(first.decide(&call).reason, "no matching rule");
        assert_eq!(first.decide(&with(call.clone(), &all)).verdict, Verdict::Deny);
    }
    let write = || tool("write_file", json!({ "path": "notes.txt", "content": "x" }));
    let read = || tool("read_file", json!({ "path": "notes.txt" }));
    assert_eq!(first.decide(&with(write(), &all)).verdict, Verdict::Redact);
    assert_eq!(first.decide(&with(write(), &all[..4])).verdict, Verdict::Deny, "all are required");
    assert_eq!(ids(&demo, &write()), (Verdict::Redact, vec!["redact-file-write".into()]));
    assert_eq!(ids(&demo, &read()), (Verdict::Redact, vec!["redact-file-read".into()]));
    assert_eq!(ids(&first, &read()), (Verdict::Allow, vec!["allow-file-read".into()]));
    for (words, second_says, demo_says) in [
        (&["claude", "--help"][..], Verdict::Allow, Verdict::Allow),
        (&["codex-cli", "--help"], Verdict::Allow, Verdict::Allow),
        (&["claude", "-lc", "ls"], Verdict::Deny, Verdict::Deny),
        (&["git", "status"], Verdict::Deny, Verdict::Deny),
        (&["git", "--help"], Verdict::Deny, Verdict::Deny),
    ] {
        assert_eq!(second.decide(&wrapped(words)).verdict, second_says, "{words:?}");
        assert_eq!(demo.decide(&wrapped(words)).verdict, demo_says, "{words:?}");
    }
    let annotate = Call { kind: "annotation.create".into(), ..tool("annotate", json!({})) };
    assert_eq!(demo.decide(&annotate).verdict, Verdict::Allow);
}

#[test]
fn effects_beat_each_other_and_priority_only_orders() {
    let policy = policy(
        r#"{"id":"t","priority":9,"effect":"transform","match":{"action_types":["file.write"]},"entity_requirements":["email"],
            "entity_transforms":[{"entity_type":" Email ","mode":"mask"}]},
           {"id":"r","priority":5,"effect":"allow_with_redaction","match":{"action_types":["file.write"]}},
           {"id":"d","priority":1,"effect":"deny","description":"no","match":{"action_types":["file.write"]},"entity_requirements":["ssn"]},
           {"id":"a","effect":"allow","match":{"action_types":["file.read"]}}"#,
    );
    let write = |entities: &[&'static str]| with(tool("write", json!({ "path": "x" })), entities);
    assert_eq!(
        ids(&policy, &write(&["pii.email"])),
        (Verdict::Rewrite, vec!["t".into(), "r".into()])
    );
    let decision = policy.decide(&write(&["pii.email"]));
    let plan = decision
        .obligations
        .iter()
        .find(|one| matches!(one, Obligation::Redact(types) if types == &["pii.email"]));
    assert!(plan.is_some(), "{decision:?}");
    let both = ids(&policy, &write(&["pii.email", "pii.ssn"]));
    assert_eq!(both, (Verdict::Deny, vec!["d".into(), "t".into(), "r".into()]));
    assert_eq!(policy.decide(&write(&["pii.ssn"])).reason, "no");
    assert_eq!(policy.decide(&tool("read", json!({ "path": "x" }))).verdict, Verdict::Allow);
    assert_eq!(policy.decide(&tool("frobnicate", json!({}))).verdict, Verdict::Deny);
    let blank = Call { kind: " ".into(), ..tool("read", json!({})) };
    assert_eq!(policy.decide(&blank).reason, "action.type is required");
}

#[test]
fn the_six_match_keys() {
    let says = |matching: &str, call: &Call| {
        policy(&format!("{{\"id\":\"r\",\"effect\":\"deny\",\"match\":{{{matching}}}}},{{\"id\":\"a\",\"effect\":\"allow\"}}"))
            .decide(call)
            .verdict
            == Verdict::Deny
    };
    let push = wrapped(&["git", "-C", "x", "push", "--force", "origin"]);
    for matching in [
        r#""action_types":["COMMAND.exec"]"#,
        r#""tools":["git"]"#,
        r#""tools":["vcs"]"#,
        r#""adapters":["hg"]"#,
        r#""adapters":["vcs"]"#,
        r#""commands":["push"]"#,
        r#""commands":["-C"]"#,
        r#""args":["--force","ORIGIN"]"#,
        r#""args":[]"#,
    ] {
        assert!(says(matching, &push), "{matching}");
    }
    for matching in [
        r#""action_types":["shell.exec"]"#,
        r#""tools":["hg"]"#,
        r#""adapters":["docker"]"#,
        r#""commands":["pull"]"#,
        r#""args":["--force","upstream"]"#,
        r#""resource_prefixes":["/etc"]"#,
    ] {
        assert!(!says(matching, &push), "{matching}");
    }
    assert!(says(r#""args":["--force"]"#, &wrapped(&["git", "push", "-f"])));
    let read = |path: &str| tool("read", json!({ "path": path }));
    for path in ["/etc/passwd", "/etcetera", "../../../etc/shadow"] {
        assert!(says(r#""resource_prefixes":["/etc"]"#, &read(path)), "{path}");
    }
    assert!(!says(r#""resource_prefixes":["/etc"]"#, &read("/home/etc")));
    assert!(says(r#""resource_prefixes":["/etc"]"#, &wrapped(&["cat", "/etc/shadow"])));
    for text in
        ["cat < /etc/shadow", "dd if=/etc/shadow", "grep x --file=/etc/shadow", "ls > /etc/x"]
    {
        assert!(says(r#""resource_prefixes":["/etc/"]"#, &shell(text)[0]), "{text}");
    }
}

#[test]
fn adapters_are_known_by_every_name() {
    let policy = policy(
        r#"{"id":"agents","effect":"allow","match":{"adapters":["claude","codex"]}},
           {"id":"any","effect":"deny","match":{"adapters":[],"commands":["-lc"]}}"#,
    );
    for program in ["claude", "claude-code", "codex", "codex-cli"] {
        let (verdict, ids) = ids(&policy, &wrapped(&[program, "--help"]));
        assert_eq!((verdict, ids[0].as_str()), (Verdict::Allow, "agents"), "{program}");
        assert_eq!(policy.decide(&wrapped(&[program, "-lc"])).verdict, Verdict::Deny);
    }
    assert_eq!(policy.decide(&wrapped(&["git", "--help"])).verdict, Verdict::Deny, "unrelated");
    let (_, ids) = ids(&policy, &wrapped(&["git", "-lc"]));
    assert_eq!(ids, ["any"], "an empty list of adapters means all of them");
}

#[test]
fn to_allow_a_prefix_means_whole_components() {
    let policy = policy(
        r#"{"id":"a","effect":"allow","match":{"resource_prefixes":["/srv/data","https://api.github.com"]}}"#,
    );
    let says = |name: &str, field: &str, value: &str| {
        policy.decide(&tool(name, json!({ field: value }))).verdict
    };
    assert_eq!(says("read", "path", "/srv/data/x"), Verdict::Allow);
    assert_eq!(says("http_request", "url", "https://api.github.com/user"), Verdict::Allow);
    for (name, field, value) in [
        ("read", "path", "/srv/database"),
        ("read", "path", "/srv/data/../../etc/shadow"),
        ("http_request", "url", "https://api.github.com.evil.net/"),
        ("http_request", "url", "https://api.github.com@evil.net/"),
        ("read", "path", ""),
    ] {
        assert_eq!(says(name, field, value), Verdict::Deny, "{value}");
    }
}

#[test]
fn sensitive_is_what_the_caller_says_or_the_findings_show() {
    let policy = policy(
        r#"{"id":"d","effect":"deny","require_sensitive_only":true},{"id":"a","effect":"allow"}"#,
    );
    let call = tool("read", json!({ "path": "x" }));
    assert_eq!(policy.decide(&call).verdict, Verdict::Allow);
    assert_eq!(policy.decide(&Call { sensitive: true, ..call.clone() }).verdict, Verdict::Deny);
    assert_eq!(policy.decide(&with(call, &["pii.ssn"])).verdict, Verdict::Deny);
}

#[test]
fn what_nobody_looks_for_is_told_and_never_allows() {
    let policy = policy(
        r#"{"id":"d","effect":"deny","match":{"action_types":["file.write"]},"entity_requirements":["person"]},
           {"id":"a","effect":"allow","entity_requirements":["date"]}"#,
    );
    let notices = shown(policy.notices());
    assert!(
        notices.contains("`person` is not looked for") && notices.contains("`date`"),
        "{notices}"
    );
    assert_eq!(policy.decide(&tool("write", json!({ "path": "x" }))).verdict, Verdict::Deny);
    assert_eq!(ids(&policy, &tool("read", json!({ "path": "x" }))), (Verdict::Deny, vec![]));
    let told = with(tool("read", json!({ "path": "x" })), &["date"]);
    assert_eq!(policy.decide(&told).verdict, Verdict::Allow);
}

#[test]
fn slips_are_refused_with_line_and_remedy() {
    let file = |rules: &str| {
        format!("{{\n\"policy_id\":\"p\",\n\"policy_version\":\"1\",\n\"rules\":[{rules}]}}")
    };
    for (rules, said) in [
        ("", "at least one rule"),
        (r#"{"id":"a","effect":"alow"}"#, "did you mean `allow`?"),
        (r#"{"id":"a","effect":"Allow"}"#, "did you mean `allow`?"),
        (
            r#"{"id":"a","effect":"allow"},{"id":" a ","effect":"deny"}"#,
            "two rules have the id `a`",
        ),
        (r#"{"id":"","effect":"allow"}"#, "the text is empty"),
        (r#"{"effect":"allow"}"#, "`id` is missing"),
        (r#"{"id":"a"}"#, "`effect` is missing"),
        (r#"{"id":"a","effect":"allow","match":{"comands":["x"]}}"#, "did you mean `commands`?"),
        (r#"{"id":"a","effect":"allow","mach":{}}"#, "did you mean `match`?"),
        (r#"{"id":"a","effect":"allow","Match":{}}"#, "did you mean `match`?"),
        (r#"{"id":"a","effect":"allow","match":{"tools":[" "]}}"#, "the text is empty"),
        (r#"{"id":"a","effect":"allow","match":{"tools":"git"}}"#, "expected a list"),
        (r#"{"id":"a","effect":"allow","match":{"tools":["*"]}}"#, "no wildcards"),
        (r#"{"id":"a","effect":"allow","priority":-1}"#, "from 0"),
        (r#"{"id":"a","effect":"allow","priority":1e99}"#, "a whole number"),
        (r#"{"id":"a","effect":"allow","entity_requirements":["emial"]}"#, "did you mean `email`?"),
        (
            r#"{"id":"a","effect":"transform","entity_transforms":[{"entity_type":"email","mode":"blur"}]}"#,
            "unknown mode",
        ),
        (
            r#"{"id":"a","effect":"transform","entity_transforms":[{"mode":"mask"}]}"#,
            "`entity_type` is missing",
        ),
        (
            r#"{"id":"a","effect":"transform","entity_transforms":[{"entity_type":"iban","mode":"mask"}]}"#,
            "unknown entity",
        ),
        (r#"{"id":"a","id":"b","effect":"allow"}"#, "stands twice"),
    ] {
        let text = refused(&file(rules), Format::DataFog);
        assert!(text.contains(said) && text.contains("p:4:"), "{rules}: {text}");
    }
    for (text, said) in [
        (
            r#"{"policy_version":"1","rules":[{"id":"a","effect":"deny"}]}"#,
            "`policy_id` is missing",
        ),
        (
            r#"{"policy_id":"p","rules":[{"id":"a","effect":"deny"}]}"#,
            "`policy_version` is missing",
        ),
        (
            r#"{"policy_id":"p","policy_version":"1","rules":[{"id":"a","effect":"deny"}],"updated_at":"soon"}"#,
            "expected a time",
        ),
        ("[]", "expected a table"),
        ("{", "not JSON"),
    ] {
        let told = refused(text, Format::DataFog);
        assert!(told.contains(said), "{text}: {told}");
    }
}
