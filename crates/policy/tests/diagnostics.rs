//! What is said about bad policy files: every mistake, where it stands, what to write instead.

use datafog_policy::{AnyWord, Layer, Policy, Vocabulary};

/// A few words, so that slips can be told from names.
struct Words;

impl Vocabulary for Words {
    fn commands(&self) -> Vec<&str> {
        vec!["curl", "git", "rm"]
    }

    fn families(&self) -> Vec<&str> {
        vec!["http", "vcs"]
    }

    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        (command == "rm").then(|| vec![("-r", "--recursive"), ("--recursive", "--recursive")])
    }

    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        (command == "git").then(|| vec!["push", "status"])
    }

    fn entities(&self) -> Vec<&str> {
        vec!["pii.email", "secret.github.pat"]
    }

    fn rewrites(&self) -> Vec<&str> {
        vec!["dry-run"]
    }
}

fn said(text: &str) -> String {
    let shown = |all: &[datafog_policy::Diagnostic]| {
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
    };
    match Policy::parse(text, "policy.toml", Layer::User, &Words) {
        Ok(policy) => format!("loads, with:\n{}", shown(policy.warnings())),
        Err(faults) => shown(&faults),
    }
}

const HEAD: &str = "[policy]\nid = \"mine\"\nversion = \"1\"\n";

fn with_rule(rule: &str) -> String {
    said(&format!("{HEAD}\n[[rule]]\n{rule}"))
}

#[test]
fn every_mistake_of_a_file_is_reported() {
    insta::assert_snapshot!(said(
        r#"
[policy]
id = "mine"
versoin = "1"
default = "ask"

[[rule]]
id = "Bad Id"
effect = "dny"
reason = "because"
[rule.when]
comand = "git"

[[rule]]
id = "two"
effect = "deny"
severity = "hgih"
redact = ["pii.*"]
[rule.when]
command = "gti"
option = "--recusive"
operand = "etc/{passwd,shadow}"
finding = { entity = "secrte.*", confidence = 3 }
"#
    ));
}

#[test]
fn a_syntax_error_stands_alone() {
    insta::assert_snapshot!(said("[policy]\nid = \"mine\nversion = 1\n[[rule]\n"));
}

#[test]
fn rules_need_conditions() {
    insta::assert_snapshot!(with_rule("id = 'a'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n"));
    insta::assert_snapshot!(with_rule(
        "id = 'a'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n[rule.when]\n"
    ));
    insta::assert_snapshot!(with_rule(
        "id = 'a'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\nwhen = 'always'\n"
    ));
}

#[test]
fn rules_that_can_never_fire() {
    let deny = "id = 'a'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n[rule.when]\n";
    insta::assert_snapshot!(with_rule(&format!(
        "{deny}command = 'rm'\noption = {{ all = ['-r'], none = ['--recursive'] }}\n"
    )));
    insta::assert_snapshot!(with_rule(&format!("{deny}flow = []\n")));
    insta::assert_snapshot!(with_rule(&format!(
        "{deny}mode = 'observe'\ncommand = 'rm'\n[rule.unless]\nmode = 'observe'\n"
    )));
    insta::assert_snapshot!(with_rule(&format!("{deny}principal = 'human'\nagent = 'codex'\n")));
}

#[test]
fn exceptions_that_hold_whenever_the_rule_does() {
    let deny = "id = 'a'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n[rule.when]\n";
    for never in [
        "command = 'git'\nnone = [{ command = 'git' }]",
        "principal = 'human'\nnone = [{ mode = 'observe' }, { principal = 'human' }]",
        "host = 'a.example'\nnone = [{ host = '*.example' }]",
        "command = 'git'\nsubcommand = 'push'\n[rule.unless]\ncommand = ['curl', 'git']",
        "all = [{ command = 'git' }, { subcommand = 'push' }]\nnone = [{ command = 'git', subcommand = 'push' }]",
    ] {
        let told = with_rule(&format!("{deny}{never}\n"));
        assert!(told.contains("the rule can never fire"), "{never}: {told}");
    }
    for sometimes in [
        "command = ['git', 'curl']\nnone = [{ command = 'git' }]",
        "command = 'git'\nnone = [{ command = 'git', subcommand = 'push' }]",
        "host = '*.example'\nnone = [{ host = 'a.example' }]",
        "any = [{ command = 'git' }, { command = 'rm' }]\n[rule.unless]\ncommand = 'git'",
    ] {
        let told = with_rule(&format!("{deny}{sometimes}\n"));
        assert!(!told.contains("never fire"), "{sometimes}: {told}");
    }
}

#[test]
fn rules_that_never_decide() {
    insta::assert_snapshot!(said(&format!(
        "{HEAD}
[[rule]]
id = 'wide'
effect = 'deny'
reason = 'x'
instead = 'y'
[rule.when]
command = 'rm'

[[rule]]
id = 'narrow'
effect = 'require_approval'
reason = 'x'
[rule.when]
command = 'rm'
option = '-r'

[[rule]]
id = 'again'
effect = 'deny'
reason = 'x'
instead = 'y'
[rule.when]
command = 'rm'
"
    )));
}

#[test]
fn overrides_must_make_sense() {
    insta::assert_snapshot!(said(&format!(
        "{HEAD}
[[rule]]
id = 'a'
effect = 'allow'
reason = 'x'
overrides = ['no-secret-egres', 'a']
[rule.when]
command = 'rm'

[[rule]]
id = 'b'
effect = 'allow'
reason = 'x'
overrides = ['c']
[rule.when]
command = 'rm'

[[rule]]
id = 'c'
effect = 'deny'
reason = 'x'
instead = 'y'
overrides = ['b']
[rule.when]
command = 'rm'
mode = 'enforced'
"
    )));
}

#[test]
fn ids_are_taken_once() {
    let rule = |id: &str, command: &str| {
        format!(
            "[[rule]]\nid = '{id}'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n[rule.when]\ncommand = '{command}'\n"
        )
    };
    let text = HEAD.to_owned()
        + &rule("a", "rm")
        + &rule("a", "git")
        + &rule("unscannable", "rm")
        + &rule("no-root-removal", "curl");
    insta::assert_snapshot!(said(&text));
}

#[test]
fn effects_use_their_own_fields() {
    insta::assert_snapshot!(with_rule(
        "id = 'a'\neffect = 'transform'\nreason = 'x'\n[rule.when]\nmode = 'observe'\n"
    ));
    insta::assert_snapshot!(with_rule(
        "id = 'a'\neffect = 'transform'\nreason = 'x'\nrewrite = 'dry-rnu'\nredact = ['*']\n[rule.when]\nmode = 'observe'\n"
    ));
}

#[test]
fn examples_are_read_strictly() {
    insta::assert_snapshot!(with_rule(
        r#"id = 'a'
effect = 'deny'
reason = 'x'
instead = 'y'
match = ["rm 'x", "a | b", [], { run = "rm", princpal = "agent" }, { cwd = "/" }, { run = "rm", finding = "secret.githbu.pat" }]
not_match = "rm"
[rule.when]
mode = 'observe'
"#
    ));
}

#[test]
fn warnings_do_not_stop() {
    insta::assert_snapshot!(said(&format!(
        "{HEAD}
[[rule]]
id = 'idle'
effect = 'allow'
reason = 'x'
[rule.when]
command = 'terraform'

[[rule]]
id = 'curt'
effect = 'deny'
reason = 'x'
[rule.when]
command = 'rm'
"
    )));
}

#[test]
fn extends_names_embedded_policies() {
    let text = "[policy]\nid = 'a'\nversion = '1'\nextends = ['starter', 'strcit']\n";
    insta::assert_snapshot!(said(text));
    insta::assert_snapshot!(said("[policy]\nid = 'a'\nversion = '1'\nextends = []\n"));
    insta::assert_snapshot!(said("rule = 3\n"));
}

#[test]
fn files_that_are_no_policy_are_survived() {
    for text in [
        "",
        "\0",
        "[[[",
        "policy = []",
        "[policy]\n[policy]",
        "a.b.c = {",
        "\u{feff}[policy]",
        "[policy]\nid = 1",
    ] {
        assert!(Policy::parse(text, "p", Layer::User, &AnyWord).is_err(), "{text:?}");
    }
}

#[test]
fn obligations_are_read_strictly() {
    let with = |effect: &str, fields: &str| {
        said(&format!(
            "{HEAD}[[rule]]\nid = \"r\"\neffect = \"{effect}\"\nreason = \"x\"\n{fields}\n\
             [rule.when]\ncommand = \"git\"\n"
        ))
    };
    for (effect, fields, answer) in [
        (
            "require_approval",
            "approval = { scope = \"forever\" }",
            "expected one of `once`, `exact`, `session`, `repository`, `target` or `tool`",
        ),
        ("require_approval", "approval = { scpoe = \"once\" }", "did you mean `scope`?"),
        ("require_approval", "approval = { approvers = 0 }", "a whole number of at least 1"),
        ("require_approval", "approval = { approvers = 6 }", "no more than 5 persons"),
        ("require_approval", "approval = { approvers = \"2\" }", "a whole number of at least 1"),
        ("require_approval", "approval = { timeout = \"soon\" }", "`30s`, `5m`, `1h` or `1d`"),
        (
            "deny",
            "instead = \"y\"\napproval = { scope = \"once\" }",
            "belongs to `effect = \"require_approval\"`",
        ),
        ("allow", "notify = [\"ann\"]", "`effect = \"require_approval\"` and `effect = \"deny\"`"),
        (
            "allow_with_redaction",
            "redact = [{ entity = \"pii.*\", with = \"msak\" }]",
            "did you mean `mask`?",
        ),
        ("allow_with_redaction", "redact = [{ with = \"mask\" }]", "`entity` is missing"),
        ("deny", "instead = \"y\"\nlocked = \"yes\"", "`true` or `false`"),
    ] {
        let told = with(effect, fields);
        assert!(told.contains(answer), "{fields}: {told}");
    }
}

#[test]
fn what_is_locked_cannot_be_overridden() {
    let below = "[policy]\nid = \"org\"\nversion = \"1\"\nextends = []\ndefault = \"allow\"\n[[rule]]\nid = \"org-rule\"\n\
                 effect = \"deny\"\nreason = \"x\"\ninstead = \"y\"\nlocked = true\n[rule.when]\ncommand = \"git\"\n";
    let below = Policy::parse(below, "org.toml", Layer::System, &AnyWord).unwrap();
    let above = format!(
        "{HEAD}[[rule]]\nid = \"r\"\neffect = \"allow\"\nreason = \"x\"\noverrides = [\"org-rule\"]\n\
         [rule.when]\ncommand = \"git\"\n"
    );
    let faults = below.layer(&above, "policy.toml", Layer::User, &AnyWord).unwrap_err();
    let told = faults[0].to_string();
    assert!(
        told.contains("`org-rule` cannot be overridden") && told.contains("org.toml:6 locks it"),
        "{told}"
    );
    assert!(below.rules().iter().any(|rule| rule.id == "org-rule" && rule.locked));
}

#[test]
fn a_rule_that_another_always_overrides_is_told() {
    let stops = "[[rule]]\nid = \"no-push\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                 [rule.when]\ncommand = \"git\"\nsubcommand = \"push\"\n";
    let lifts = |when: &str| {
        format!(
            "[[rule]]\nid = \"open\"\neffect = \"allow\"\nreason = \"r\"\noverrides = [\"no-push\"]\n\
             [rule.when]\n{when}\n"
        )
    };
    let told = said(&format!("{HEAD}{stops}{}", lifts("command = \"git\"")));
    assert!(told.contains("loads") && told.contains("rule `no-push` never counts"), "{told}");
    assert!(told.contains("policy.toml:5:"), "{told}");
    let narrow = lifts("command = \"git\"\nsubcommand = \"push\"\nflow = \"stays\"");
    let told = said(&format!("{HEAD}{stops}{narrow}"));
    assert!(!told.contains("never counts"), "{told}");
}

#[test]
fn a_network_with_bits_of_a_host_is_told_wherever_it_stands() {
    let asks = "argument = { path = \"ip\", cidr = [\"10.1.2.3/8\"] }";
    let rule = |tables: &str| {
        format!(
            "[[rule]]\nid = \"a\"\neffect = \"deny\"\nreason = \"x\"\ninstead = \"ls\"\n{tables}"
        )
    };
    for tables in [
        rule(&format!("[rule.when]\ntool = \"x\"\n{asks}")),
        rule(&format!("[rule.when]\ntool = \"x\"\nany = [{{ {asks} }}, {{ tool = \"y\" }}]")),
        rule(&format!("[rule.when]\ntool = \"x\"\nnone = [{{ {asks} }}]")),
        rule(&format!("[rule.when]\ntool = \"x\"\n[rule.unless]\n{asks}")),
        format!(
            "[risk]\ndeny = [50, 100]\n[[risk.signal]]\nid = \"s\"\npoints = 60\nwhen = {{ tool = \"x\", {asks} }}"
        ),
    ] {
        let said = said(&format!("{HEAD}\n{tables}\n"));
        assert!(said.contains("`10.1.2.3/8` is the network `10.0.0.0/8`"), "{tables}: {said}");
    }
}

#[test]
fn a_glob_among_whole_names_is_refused_with_its_place() {
    for (key, value) in [
        ("command", "\"*\""),
        ("command", "[\"git\", \"r?\"]"),
        ("subcommand", "\"pu*\""),
        ("family", "\"*\""),
        ("option", "\"--fo*\""),
        ("role", "\"a*\""),
    ] {
        let said = with_rule(&format!(
            "id = \"a\"\neffect = \"deny\"\nreason = \"x\"\n[rule.when]\n{key} = {value}\n"
        ));
        let told = said.contains("globs mean nothing here") && said.contains("policy.toml:10:");
        assert!(told && said.contains(&format!("leave `{key}` out")), "{key}: {said}");
    }
    for key in ["tool", "agent", "user", "group", "tenant", "branch", "parent", "session"] {
        let said = with_rule(&format!(
            "id = \"a\"\neffect = \"deny\"\nreason = \"x\"\n[rule.when]\n{key} = \"a*\"\n"
        ));
        assert!(said.starts_with("loads"), "{key}: {said}");
    }
}
