//! Translations: what comes out, that it loads, and what is said to be missing.

use datafog_core::Verdict;
use datafog_policy::{AnyWord, Given, Layer};

use super::{Words, load, shown, wrapped};
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
    assert_eq!((import.rules, import.deviations), (5, 0), "{}", import.toml);
    let told = shown(&import.notices);
    assert!(!told.contains("is not translated"), "{told}");
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
fn every_rule_of_dataguard_is_translated_and_what_is_other_is_counted() {
    let shipped = include_str!("../../policies/dataguard.json");
    let strict = include_str!("../../policies/dataguard-strict.json");
    for (text, deviations, rules) in [(shipped, 2, 13), (strict, 2, 7)] {
        let policy = load(text, Format::DataGuard);
        let import = policy.import(&Words).unwrap();
        let told = shown(&import.notices);
        assert_eq!((import.deviations, import.rules), (deviations, rules), "{told}");
        assert!(
            !told.contains("is not translated\n") && told.contains("`risk_thresholds`"),
            "{told}"
        );
        assert!(import.toml.starts_with("# Not the same as the policy"), "{}", import.toml);
    }
    let import = load(shipped, Format::DataGuard).import(&Words).unwrap();
    for rewrite in ["strip-force-flags", "enforce-https", "neutralize-sudo"] {
        assert!(import.toml.contains(&format!("rewrite = \"{rewrite}\"")), "{rewrite}");
    }
}

#[test]
fn where_the_first_match_wins_it_overrides_the_stricter_ones_behind_it() {
    let policy = load(
        r#"{"name":"p","defaultDecision":"allow","rules":[
            {"tool":"read_x","decision":"allow"},{"tool":"read_y","decision":"require_approval"},
            {"tool":"read_*","decision":"deny"},{"tool":"*","decision":"allow"}]}"#,
        Format::Enforgate,
    );
    let import = policy.import(&AnyWord).unwrap();
    assert!(import.toml.contains("overrides = [\"p-2\", \"p-3\"]"), "{}", import.toml);
    assert!(import.toml.contains("overrides = [\"p-3\"]"), "{}", import.toml);
    assert_eq!(import.toml.matches("overrides").count(), 2, "{}", import.toml);
    let native =
        datafog_policy::Policy::parse(&import.toml, "policy.toml", Layer::User, &AnyWord).unwrap();
    for (name, verdict) in [
        ("read_x", Verdict::Allow),
        ("read_y", Verdict::RequireApproval),
        ("read_z", Verdict::Deny),
        ("write", Verdict::Allow),
    ] {
        let called = datafog_core::ToolCall { name: name.into(), ..Default::default() };
        let action = datafog_core::Action {
            id: datafog_core::Id::new(0, [0; 10]),
            kind: datafog_core::ActionKind::ToolCall,
            argv: Vec::new(),
            cwd: "/".into(),
            invocation: datafog_core::Invocation {
                program: format!("tool:{name}"),
                ..Default::default()
            },
            tool: Some(Box::new(called)),
            parts: Vec::new(),
        };
        let facts = Given::action(action);
        assert_eq!(native.decide(&facts).verdict, verdict, "{name}");
        assert_eq!(policy.judge(&facts, &super::Tables, None).verdict, verdict, "{name}");
    }
}

#[test]
fn roles_become_roles() {
    let rules = "roles:\n  analyst: {allowed_tools: [read, ls], blocked_paths: ['**/.env*', '/etc/**'], execution_mode: dry_run}\n  other: {allowed_tools: all, blocked_tools: [write]}\n";
    let policy = Policy::load(rules.as_bytes(), "r.yaml", None, &NoFiles).unwrap();
    let import = policy.import(&Words).unwrap();
    let told = shown(&import.notices);
    for part in [
        "[[role]]\nname = \"analyst\"\ndefault = true",
        "blocked_paths = [\"**/.env*\", \"/etc/**\"]",
        "mode = \"dry_run\"",
        "id = \"analyst-no-commands\"",
        "id = \"dangerous-commands\"",
    ] {
        assert!(import.toml.contains(part), "{part}\n{}\n{told}", import.toml);
    }
    assert!(told.contains("`other` is not translated") && told.contains("nobody has"), "{told}");
    assert!(import.deviations > 0, "classes of commands are not all translated");
}

#[test]
fn what_cannot_be_translated_says_so() {
    let enforgate = load(
        r#"{"rules":[{"tool":"x","decision":"deny","where":[{"path":"a","matches":"(?!b)"}]}]}"#,
        Format::Enforgate,
    );
    let said = enforgate.import(&AnyWord).unwrap_err().to_string();
    assert!(said.contains("`policy-1/1` is not translated") && said.contains("--policy"), "{said}");
    let rego = Policy::load(b"package p\nallow := true\n", "p.rego", None, &NoFiles);
    if let Ok(rego) = rego {
        assert!(rego.import(&AnyWord).unwrap_err().to_string().contains("a program"));
    }
}
