//! Named lists: what they hold stands where they are asked for, and nothing else changes.

use datafog_policy::{AnyWord, Layer, Policy};

const HEAD: &str = "[policy]\nid = \"mine\"\nversion = \"1\"\nextends = []\ndefault = \"allow\"\n";

fn parsed(text: &str) -> Result<Policy, String> {
    Policy::parse(&format!("{HEAD}{text}"), "policy.toml", Layer::User, &AnyWord)
        .map_err(|faults| faults.iter().map(|one| format!("{one}\n\n")).collect())
}

fn rule(when: &str) -> String {
    format!(
        "[[rule]]\nid = \"one\"\neffect = \"deny\"\nreason = \"because\"\ninstead = \"that\"\n\
         [rule.when]\n{when}\n"
    )
}

/// The same rule, its conditions written out and by the list `keys`, in the same line.
#[test]
fn what_is_compiled_is_what_would_stand_there() {
    for (listed, written) in [
        (r#"operand = { list = "keys" }"#, r#"operand = ["/srv/a", "/srv/b"]"#),
        (
            r#"operand = { path = { list = "keys" } }"#,
            r#"operand = { path = ["/srv/a", "/srv/b"] }"#,
        ),
        (
            r#"operand = { path = ["/x", { list = "keys" }, "/y"] }"#,
            r#"operand = { path = ["/x", "/srv/a", "/srv/b", "/y"] }"#,
        ),
        // What a list brings again counts once.
        (
            r#"operand = ["/srv/b", { list = "keys" }, { list = "more" }]"#,
            r#"operand = ["/srv/b", "/srv/a", "/srv/c"]"#,
        ),
        (
            r#"any = [{ cwd = { list = "keys" } }, { none = [{ operand = { list = "keys" } }] }]"#,
            r#"any = [{ cwd = ["/srv/a", "/srv/b"] }, { none = [{ operand = ["/srv/a", "/srv/b"] }] }]"#,
        ),
    ] {
        let both = format!("{listed}\nuser = {{ list = \"more\" }}");
        let lists = "[lists]\nkeys = [\"/srv/a\", \"/srv/b\"]\nmore = [\"/srv/a\", \"/srv/c\"]\n";
        let with = format!("{lists}{}", rule(&both));
        let both = format!("{written}\nuser = [\"/srv/a\", \"/srv/c\"]");
        let without = format!("#\n#\n#\n{}", rule(&both));
        let bytes = |text: &str| parsed(text).map(|policy| policy.to_bytes().to_vec());
        assert_eq!(bytes(&with), bytes(&without), "{listed}");
    }
}

#[test]
fn a_role_takes_them_too() {
    let text = "[lists]\nkeys = [\"/srv/**\"]\n[[role]]\nname = \"all\"\ndefault = true\n\
                blocked_paths = [{ list = \"keys\" }]\n";
    parsed(text).unwrap();
}

#[test]
fn slips_are_named() {
    let list = "[lists]\nkeys = [\"/srv/a\"]\n";
    for (text, wanted) in [
        (format!("{list}{}", rule(r#"operand = { list = "kyes" }"#)), "did you mean `keys`?"),
        (format!("{list}{}", rule(r#"command = "rm""#)), "nothing asks for the list `keys`"),
        (rule(r#"operand = { list = "keys" }"#), "unknown list `keys`"),
        (format!("[lists]\n{}", rule(r#"command = "rm""#)), "a table of lists"),
        (
            format!("[lists]\nkeys = []\n{}", rule(r#"cwd = { list = "keys" }"#)),
            "the list is empty",
        ),
        (format!("[lists]\nkeys = \"a\"\n{}", rule(r#"cwd = { list = "keys" }"#)), "is no list"),
        (
            format!("[lists]\nkeys = [\"a/{{b,c}}\"]\n{}", rule(r#"cwd = { list = "keys" }"#)),
            "keys = [\"a/{b,c}\"]",
        ),
        (
            format!("{list}{}", rule(r#"operand = { list = "keys", and = 1 }"#)),
            "nothing stands beside `list`",
        ),
        (
            format!("{list}{}", rule(r#"operand = ["/srv/b", "/srv/b", { list = "keys" }]"#)),
            "`/srv/b` is listed twice",
        ),
        (rule(r#"operand = { list = "keys" }"#), "the file has none"),
    ] {
        let said = parsed(&text).unwrap_err();
        assert!(said.contains(wanted) && said.contains("--> policy.toml:"), "{text}\n{said}");
    }
}

/// A list that is no list is told once, and one that nothing asks for hides no other slip.
#[test]
fn every_slip_is_told_and_each_once() {
    let text = format!("[lists]\nkeys = \"a\"\n{}", rule(r#"cwd = { list = "keys" }"#));
    assert_eq!(parsed(&text).unwrap_err().matches("error").count(), 1);
    let text = format!("[lists]\nkeys = [\"a\"]\n{}", rule(r#"comand = "rm""#));
    let said = parsed(&text).unwrap_err();
    assert!(said.contains("nothing asks") && said.contains("did you mean `command`?"), "{said}");
}

/// A call in an example may have an argument of that name.
#[test]
fn examples_are_left_alone() {
    let text = r#"[[rule]]
id = "one"
effect = "deny"
reason = "because"
instead = "that"
match = [{ tool = "pick", args = { of = { list = "keys" } } }]
[rule.when]
argument = { path = "of.list", eq = "keys" }
"#;
    parsed(text).unwrap();
}

/// What is written once is not kept a million times.
#[test]
fn lists_have_a_limit() {
    let texts: String = (0..5000).map(|n| format!("\"/srv/{n}\",")).collect();
    let tables = r#"{ operand = { list = "keys" } },"#.repeat(20);
    assert!(
        parsed(&format!(
            "[lists]\nkeys = [\"{}\"]\n{}",
            "a".repeat(300_000),
            rule(&format!("any = [{tables}]"))
        ))
        .unwrap_err()
        .contains("bytes")
    );
    let text = format!("[lists]\nkeys = [{texts}]\n{}", rule(&format!("any = [{tables}]")));
    assert!(parsed(&text).unwrap_err().contains("more than 4194304 bytes"));
}
