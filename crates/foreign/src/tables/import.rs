//! Translations: what comes out, that it loads, and what is said to be missing.

use datafog_core::Verdict;
use datafog_policy::{AnyWord, Given, Layer};

use super::{load, shown, wrapped};
use crate::{Format, NoFiles, Policy};

#[test]
fn datafog_rules_about_commands_are_translated_and_the_others_named() {
    let policy = load(
        r#"{"policy_id":"Mine","policy_version":"7","rules":[
        {"id":"No Force","effect":"deny","description":"not \"that\" way","match":{"adapters":["vcs"],"args":["--force"]}},
        {"id":"secrets","effect":"deny","match":{"action_types":["command.exec"],"adapters":["http"]},"entity_requirements":["api_key","email"]},
        {"id":"pull","effect":"allow","match":{"tools":["git"],"commands":["pull","fetch"]}},
        {"id":"write","effect":"allow_with_redaction","match":{"action_types":["file.write"]}},
        {"id":"prefix","effect":"deny","match":{"resource_prefixes":["/etc"]}}]}"#,
        Format::DataFog,
    );
    let import = policy.import(&AnyWord).unwrap();
    assert_eq!(import.rules, 3, "{}", import.toml);
    let told = shown(&import.notices);
    assert!(
        told.contains("`write` is not translated") && told.contains("`prefix` is not translated"),
        "{told}"
    );
    let native =
        datafog_policy::Policy::parse(&import.toml, "policy.toml", Layer::User, &AnyWord).unwrap();
    let says = |words: &[&str]| {
        let facts = Given::action(datafog_core::Action {
            id: datafog_core::Id::new(0, [0; 10]),
            kind: datafog_core::ActionKind::CommandExec,
            argv: words.iter().map(Into::into).collect(),
            cwd: "/home/u/work".into(),
            invocation: wrapped(words).commands[0].invocation.clone(),
            tool: None,
            parts: Vec::new(),
        });
        (native.decide(&facts).verdict, policy.decide(&wrapped(words)).verdict)
    };
    for words in [
        &["git", "push", "--force"][..],
        &["git", "pull"],
        &["git", "-C", "x", "fetch"],
        &["git", "push"],
        &["ls"],
    ] {
        let (native, foreign) = says(words);
        assert_eq!(native, foreign, "{words:?}\n{}", import.toml);
    }
    assert_eq!(says(&["git", "pull"]).0, Verdict::Allow);
    assert!(
        import.toml.contains("id = \"no-force\"")
            && import.toml.contains(r#"reason = "not \"that\" way""#)
    );
}

#[test]
fn dataguard_keeps_what_has_a_counterpart() {
    let policy = load(include_str!("../../policies/dataguard.json"), Format::DataGuard);
    let import = policy.import(&AnyWord).unwrap();
    insta::assert_snapshot!(import.toml, @r#"
    [policy]
    id = "default"
    version = "1.0.0"
    description = "Translated from a policy of dataguard"
    extends = []
    default = "allow"

    [[rule]]
    id = "deny-rm-rf"
    effect = "deny"
    reason = "recursive or forced removal is not done by an agent"
    instead = "ask whoever keeps this policy"
    [rule.when]
    command = "rm"
    option = ["--recursive", "--force"]

    [[rule]]
    id = "require-approval-unknown-domain"
    effect = "require_approval"
    reason = "this host is not on the list"
    [rule.when]
    family = "http"
    [rule.unless]
    host = ["api.anthropic.com", "api.github.com", "api.openai.com", "github.com", "loopback"]
    "#);
    let told = shown(&import.notices);
    for id in ["deny-drop-table", "rewrite-sudo", "require-approval-payment", "risk_thresholds"] {
        assert!(told.contains(&format!("`{id}`")), "{id}: {told}");
    }
}

#[test]
fn what_cannot_be_translated_says_so() {
    let enforgate = load(r#"{"rules":[{"tool":"x","decision":"deny"}]}"#, Format::Enforgate);
    let said = enforgate.import(&AnyWord).unwrap_err().to_string();
    assert!(said.contains("`policy-1/1` is not translated") && said.contains("--policy"), "{said}");
    let rego = Policy::load(b"package p\nallow := true\n", "p.rego", None, &NoFiles);
    if let Ok(rego) = rego {
        assert!(rego.import(&AnyWord).unwrap_err().to_string().contains("a program"));
    }
    let rules = "roles:\n  a: {allowed_tools: all, blocked_paths: ['**/.env*', '/etc/**']}\n  b: {allowed_tools: all, blocked_paths: ['**/.env*']}\n";
    let pi = Policy::load(rules.as_bytes(), "r.yaml", None, &NoFiles).unwrap();
    let import = pi.import(&AnyWord).unwrap();
    assert!(import.toml.contains(r#"operand = { path = ["**/.env*"] }"#), "{}", import.toml);
    assert!(shown(&import.notices).contains("`b` is not translated"));
}
