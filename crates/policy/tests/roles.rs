//! Roles: who has one, and what it takes away.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod support;

use datafog_core::{Account, Value, Verdict};
use datafog_policy::{AnyWord, Given, Layer, Policy};
use support::{Profiles, line, tool};

const FILE: &str = r#"
[policy]
id = "roles"
version = "1"

[[role]]
name = "analyst"
groups = ["analysts"]
tools = ["Read", "Grep", "Bash"]
commands = ["cat", "git"]
paths = ["~/project/**"]
blocked_paths = ["**/.env", "~/project/secret/**"]
approve = ["*"]
auto_approve = ["Read"]

[[role]]
name = "auditor"
users = ["eve", "audit-*"]
mode = "dry_run"

[[role]]
name = "developer"
default = true
blocked_tools = ["mcp__payments__*"]
blocked_commands = ["ssh"]
calls = { over = 100, per = "1d" }

[[rule]]
id = "developers-push"
effect = "require_approval"
reason = "a developer's push is looked at"
match = [{ run = "git push", user = "ann" }]
not_match = [{ run = "git push", user = "bob", group = "analysts" }, { run = "git push", user = "eve" }]
[rule.when]
role = "developer"
command = "git"
subcommand = "push"
"#;

fn policy() -> Policy {
    let policy = Policy::parse(FILE, "roles.toml", Layer::User, &Profiles);
    policy.unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn by(mut facts: Given, user: &str, groups: &[&str]) -> Given {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    facts.account = Some(Account { user: user.to_owned(), groups, tenant: None });
    facts.calls = Some(1);
    facts
}

fn call(name: &str, path: &str) -> Given {
    let arguments = Value::Table(vec![("file_path".into(), Value::Text(path.into()))]);
    tool(name, arguments, "/home/example/project".as_ref())
}

fn said(facts: &Given) -> (Verdict, String) {
    let decision = policy().decide(facts);
    (decision.verdict, decision.decider().map_or(String::new(), |rule| rule.id.clone()))
}

#[test]
fn a_role_takes_away_what_it_does_not_list() {
    let analyst = |facts: Given| said(&by(facts, "bob", &["users", "analysts"]));
    let denied = |key: &str| (Verdict::Deny, format!("role-analyst-{key}"));
    assert_eq!(analyst(call("Read", "notes.txt")).0, Verdict::Allow);
    assert_eq!(analyst(call("Write", "notes.txt")), denied("tools"));
    assert_eq!(
        analyst(call("Grep", "notes.txt")),
        (Verdict::RequireApproval, "role-analyst-approve".into())
    );
    assert_eq!(analyst(call("Read", "/etc/passwd")), denied("paths"));
    assert_eq!(analyst(call("Read", "../project/../../other/x")), denied("paths"));
    assert_eq!(analyst(call("Read", "config/.env")), denied("blocked-paths"));
    assert_eq!(analyst(line("curl https://example.com/")), denied("commands"));
    assert_eq!(analyst(line("git status")).0, Verdict::Allow);
}

#[test]
fn paths_bind_commands_and_what_tools_run() {
    let analyst = |facts: Given| said(&by(facts, "bob", &["analysts"]));
    let denied = |key: &str| (Verdict::Deny, format!("role-analyst-{key}"));
    assert_eq!(analyst(line("cat notes.txt")).0, Verdict::Allow);
    assert_eq!(analyst(line("cat /etc/passwd")), denied("paths"));
    assert_eq!(analyst(line("cat secret/plan")), denied("blocked-paths"));
    let run = |command: &str| {
        let arguments = Value::Table(vec![("command".into(), Value::Text(command.into()))]);
        analyst(tool("Bash", arguments, "/home/example/project".as_ref()))
    };
    assert_eq!(run("cat /etc/passwd"), denied("paths"));
    assert_eq!(run("rm notes.txt"), denied("commands"));
}

#[test]
fn whoever_has_no_role_has_the_default_one() {
    for (user, groups, verdict, rule) in [
        ("ann", vec![], Verdict::Deny, "role-developer-blocked-commands"),
        ("eve", vec![], Verdict::Deny, "role-auditor-dry-run"),
        ("audit-1", vec!["analysts"], Verdict::Deny, "role-analyst-commands"),
    ] {
        let facts = by(line("ssh example.com"), user, &groups);
        assert_eq!(said(&facts), (verdict, rule.to_owned()), "{user}");
    }
    assert_eq!(said(&by(line("git push"), "ann", &[])).1, "developers-push");
    let mut many = by(line("git status"), "ann", &[]);
    assert_eq!(said(&many).0, Verdict::Allow);
    many.calls = Some(101);
    assert_eq!(said(&many).1, "role-developer-calls");
}

#[test]
fn an_unknown_user_has_every_role_that_takes_away() {
    let mut facts = by(line("git status"), "", &[]);
    facts.account = None;
    assert_eq!(said(&facts).0, Verdict::Deny);
}

#[test]
fn examples_of_rules_about_roles_hold() {
    let faults = policy().check_examples(&support::Nowhere);
    assert!(faults.is_empty(), "{}", faults[0]);
}

#[test]
fn slips_are_named() {
    for (role, answer) in [
        ("name = 'a'\nusers = ['x']\nblocked_tool = ['y']", "did you mean `blocked_tools`?"),
        ("name = 'A b'\nusers = ['x']", "the name cannot be used"),
        ("name = 'a'\ntools = ['x']", "nobody has the role `a`"),
        ("users = ['x']", "`name` is missing"),
        (
            "name = 'a'\nusers = ['x']\nmode = 'autonomous'\napprove = ['y']",
            "nobody would be asked",
        ),
        ("name = 'a'\nusers = ['x']\nauto_approve = ['y']", "`auto_approve` without `approve`"),
        ("name = 'a'\nusers = ['x']\nmode = 'dryrun'", "did you mean `dry_run`?"),
        ("name = 'a'\nusers = ['x']\nblocked_commands = ['gti']", "did you mean `git`?"),
        ("name = 'a'\nusers = ['x']\nblocked_paths = ['secrets']", "where it starts"),
        ("name = 'a'\nusers = ['x']\ncalls = { over = 5 }", "`per` is missing"),
        ("name = 'a'\nusers = ['x']\nfindings = 'block'", "unknown effect `block`"),
        ("name = 'a'\nusers = ['x']\n[[role]]\nname = 'a'\nusers = ['y']", "two roles `a`"),
        ("name = 'a'\ndefault = true\n[[role]]\nname = 'b'\ndefault = true", "two default roles"),
        (
            "name = 'a'\nusers = ['x']\n[[rule]]\nid = 'r'\neffect = 'deny'\nreason = 'x'\n[rule.when]\nrole = 'aa'",
            "did you mean `a`?",
        ),
    ] {
        let text = format!("[policy]\nid = 'p'\nversion = '1'\n[[role]]\n{role}\n");
        let faults = Policy::parse(&text, "p.toml", Layer::User, &Profiles).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|one| one.contains(answer)), "{role}: {}", told.join("\n"));
    }
    let text = "[policy]\nid = 'p'\nversion = '1'\n[[rule]]\nid = 'r'\neffect = 'deny'\nreason = 'x'\n\
                [rule.when]\nrole = 'a'\n";
    let faults = Policy::parse(text, "p.toml", Layer::User, &AnyWord).unwrap_err();
    assert!(faults.iter().any(|one| one.to_string().contains("this file has no roles")));
}
