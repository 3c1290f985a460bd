//! Recorded receipts judged again: only those that were written, and only as far as they tell.

use std::fs;
use std::path::PathBuf;

use super::{HEAD, NO_FORCE, NO_TAGS, file, work};
use crate::support::Install;

/// The one file of the ledger.
fn ledger(install: &Install) -> PathBuf {
    let entries = fs::read_dir(install.root().join("receipts")).unwrap();
    let mut files = entries.map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap()
}

#[test]
fn a_ledger_that_was_changed_is_refused_with_its_first_bad_line() {
    let install = Install::new(&["git"]);
    work(&install);
    file(&install, "draft.toml", &format!("{HEAD}{NO_FORCE}"));
    let whole = fs::read_to_string(ledger(&install)).unwrap();
    // Somebody makes a forced push look like another call; the line is still a receipt.
    fs::write(ledger(&install), whole.replacen("push --force", "push --tags ", 1)).unwrap();
    for command in [&["policy", "diff", "draft.toml"][..], &["policy", "suggest"]] {
        let told = install.datafog(command).run().ends_with(1);
        assert_eq!(told.stdout(), "");
        let told = told.stderr();
        assert!(told.contains(".jsonl:2 ") && told.contains("edited"), "{told}");
        assert!(told.contains("--unverified"), "{told}");
    }
    let anyway = ["policy", "diff", "draft.toml", "--unverified"];
    let told = install.datafog(anyway).run().ends_with(1).stdout();
    assert!(told.starts_with("NOT VERIFIED: ") && told.contains(".jsonl:2 "), "{told}");
    assert!(told.contains("5 receipts, 5 judged again"), "{told}");
    let json = install.datafog(anyway).args(["--json"]).run().ends_with(1).json();
    assert_eq!(
        (&json["ledger"]["intact"], &json["ledger"]["first_bad"]["line"]),
        (&false.into(), &2.into())
    );
    let told = install.datafog(["policy", "suggest", "--unverified"]).run().succeeds().stdout();
    assert!(told.starts_with("# NOT VERIFIED: "), "{told}");
    // A line that was taken out leaves nothing to stumble over.
    let fewer: String = whole
        .split_inclusive('\n')
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| line)
        .collect();
    fs::write(ledger(&install), fewer).unwrap();
    let told = install.datafog(["policy", "diff", "draft.toml"]).run().ends_with(1).stderr();
    assert!(told.contains("missing before it: line 3"), "{told}");
    fs::write(ledger(&install), whole).unwrap();
    let json =
        install.datafog(["policy", "diff", "draft.toml", "--json"]).run().ends_with(1).json();
    assert_eq!(json["ledger"]["intact"], true);
}

#[test]
fn a_line_that_cannot_be_read_is_counted() {
    let install = Install::new(&["git"]);
    work(&install);
    let whole = fs::read_to_string(ledger(&install)).unwrap();
    fs::write(ledger(&install), whole.replacen("\"version\"", "\"versiom\"", 1)).unwrap();
    let json =
        install.datafog(["policy", "diff", "--json", "--unverified"]).run().succeeds().json();
    assert_eq!((&json["receipts"], &json["replayed"]), (&5.into(), &4.into()), "{json}");
    assert_eq!(json["not_replayed"]["a line that cannot be read"], 1, "{json}");
}

const RULES: &str = r#"
[[rule]]
id = "no-payments"
effect = "deny"
reason = "r"
instead = "i"
[rule.when]
tool = "pay"
[[rule]]
id = "large"
effect = "deny"
reason = "r"
instead = "i"
[rule.when]
tool = "charge"
argument = { path = "amount", gt = 100 }
[[rule]]
id = "tenants"
effect = "deny"
reason = "r"
instead = "i"
[rule.when]
command = "git"
subcommand = "fetch"
tenant = "acme"
[[rule]]
id = "remotes"
effect = "deny"
reason = "r"
instead = "i"
[rule.when]
command = "git"
subcommand = "fetch"
remote = "github.com/acme/*"
"#;

#[test]
fn calls_of_tools_are_judged_again_as_far_as_receipts_tell() {
    let install = Install::new(&["git"]);
    let call = |tool: &str, arguments: &str| {
        install.datafog(["check", "--tool", tool, "--args", arguments]).run().code()
    };
    call("pay", r#"{"amount":5,"currency":"EUR"}"#);
    call("charge", r#"{"amount":500,"currency":"EUR"}"#);
    call("Glob", r#"{"pattern":"*.rs"}"#);
    call("read_file", r#"{"path":"notes.txt"}"#);
    call("Bash", r#"{"command":"git push --force"}"#);
    install.datafog(["check", "--", "git", "fetch"]).run();
    file(&install, "draft.toml", &format!("{HEAD}{NO_FORCE}{RULES}"));
    let diff = ["policy", "diff", "draft.toml", "--json"];
    let json = install.datafog(diff).run().ends_with(1).json();
    assert_eq!((&json["receipts"], &json["replayed"]), (&6.into(), &3.into()), "{json}");
    let rules: Vec<&str> = json["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["rule"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"no-payments") && rules.contains(&"no-force"), "{rules:?}");
    assert_eq!(rules.len(), 2, "{rules:?}");
    // What is not kept is said by name, and nothing is made of it.
    let left = &json["not_replayed"];
    assert_eq!(left["not in the receipt: `argument`, `content`"], 1, "{json}");
    assert_eq!(left["not in the receipt: `remote`, `tenant`"], 1, "{json}");
    let started = "what it starts cannot be told from the receipt";
    assert_eq!(left[started], 1, "a file that is read is read by a program: {json}");
    // Another system's policy sees every value of a call; here there are none.
    let other = r#"{"policy_id":"p","policy_version":"1","rules":[{"id":"all","effect":"allow"}]}"#;
    file(&install, "other.json", other);
    let json = install.datafog(["policy", "diff", "other.json", "--json"]).run().json();
    let why = "another system's policy asks for the values of a tool's arguments";
    assert_eq!(json["not_replayed"][why], 4, "{json}");
}

#[test]
fn a_tool_that_was_stopped_gets_a_suggestion_of_its_name() {
    let install = Install::new(&["git"]);
    let rule = "\n[[rule]]\nid = \"no-notes\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        [rule.when]\ntool = [\"Glob\", \"ls\"]\n";
    fs::write(install.root().join("policy.toml"), format!("{HEAD}{rule}")).unwrap();
    let check = ["check", "--tool", "Glob", "--args", r#"{"pattern":"*.rs"}"#];
    install.datafog(check).run().ends_with(1);
    let json = install.datafog(["policy", "suggest", "--json"]).run().succeeds().json();
    let toml = json["toml"].as_str().unwrap();
    assert!(toml.contains("tool = \"Glob\"\n") && !toml.contains("command"), "{toml}");
    assert_eq!((&json["stopped"], &json["passing"]), (&1.into(), &1.into()), "{json}");
}

#[test]
fn hours_are_those_of_the_receipt() {
    let install = Install::new(&["git"]);
    install.datafog(["check", "--", "git", "status"]).run().succeeds();
    // All hours but one, and that one alone, in a zone in which it is now a certain hour.
    let day = "\n[[rule]]\nid = \"days\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        [rule.when]\ncommand = \"git\"\n";
    let rules = |days: &str| format!("{HEAD}{day}time = {{ days = {days}, zone = \"UTC\" }}\n");
    file(&install, "some.toml", &rules("[\"mon\", \"tue\", \"wed\"]"));
    file(&install, "others.toml", &rules("[\"thu\", \"fri\", \"sat\", \"sun\"]"));
    let denied = |draft: &str| {
        let json = install.datafog(["policy", "diff", draft, "--json"]).run().json();
        assert_eq!(json["replayed"], 1, "{json}");
        json["changed"].as_array().unwrap().len()
    };
    assert_eq!(denied("some.toml") + denied("others.toml"), 1, "one of them holds today");
}

#[test]
fn what_a_line_starts_is_judged_again_where_its_words_tell() {
    let install = Install::new(&["git"]);
    // Outside of a repository git does not tell what a push sends, which is a fault.
    let init = ["init", "-q"].map(std::ffi::OsStr::new);
    let made = std::process::Command::new("git").args(init).arg(install.work()).status().unwrap();
    assert!(made.success());
    let check = |words: &[&str]| install.datafog(["check"]).args(words).run().code();
    check(&["--", "env", "LANG=C", "git", "push", "--force"]);
    check(&["--", "bash", "-c", "git status && git push --force"]);
    check(&["-c", "git fetch && git push --force"]);
    check(&["-c", "git status && git log"]);
    // What only the run could tell, and of which part a finding was.
    check(&["-c", "git fetch && git push $FLAGS"]);
    check(&["-c", "git status && git add *.rs"]);
    let token = crate::support::github_token(6);
    check(&["-c", &format!("git status && git commit -m {token}")]);
    file(&install, "draft.toml", &format!("{HEAD}{NO_FORCE}"));
    let json =
        install.datafog(["policy", "diff", "draft.toml", "--json"]).run().ends_with(1).json();
    assert_eq!((&json["receipts"], &json["replayed"]), (&7.into(), &4.into()), "{json}");
    assert_eq!(json["not_replayed"]["what it starts cannot be told from the receipt"], 3, "{json}");
    assert_eq!(json["changed"].as_array().unwrap().len(), 3, "{json}");
    // The same policy says the same.
    let json = install.datafog(["policy", "diff", "--json"]).run().succeeds().json();
    assert_eq!(json["replayed"], 4, "{json}");
}

#[test]
fn a_suggestion_names_the_command_that_was_stopped_and_not_what_started_it() {
    let install = Install::new(&["curl"]);
    let rule = "\n[[rule]]\nid = \"no-web\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        [rule.when]\ncommand = \"curl\"\n";
    fs::write(install.root().join("policy.toml"), format!("{HEAD}{rule}")).unwrap();
    install.datafog(["check", "-c", "date && curl https://a.example/x"]).run().ends_with(1);
    let json = install.datafog(["policy", "suggest", "--json"]).run().succeeds().json();
    let toml = json["toml"].as_str().unwrap();
    assert!(toml.contains("command = \"curl\"\nhost = \"a.example\"\n"), "{json}");
    assert_eq!((&json["stopped"], &json["passing"]), (&1.into(), &1.into()), "{json}");
}

#[test]
fn what_a_rule_decided_by_a_value_is_not_let_through_because_the_value_is_gone() {
    let install = Install::new(&["git"]);
    let keeps = "\n[[rule]]\nid = \"keeps-tables\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        match = [\"psql -c 'drop table users'\"]\n[rule.when]\ncommand = \"psql\"\n\
        content = { role = \"query\", matches = 'drop table' }\n";
    let policy = format!("{HEAD}{keeps}");
    fs::write(install.root().join("policy.toml"), &policy).unwrap();
    let denied = install.datafog(["check", "--", "psql", "-c", "drop table sessions"]).run();
    assert_eq!(denied.code(), 1, "{denied:?}");
    // Another policy is in force meanwhile, and has that rule still.
    let later = policy.replace("version = \"1\"", "version = \"2\"");
    fs::write(install.root().join("policy.toml"), &later).unwrap();
    file(&install, "draft.toml", &format!("{later}{NO_TAGS}"));
    let json = install.datafog(["policy", "diff", "draft.toml", "--json"]).run().succeeds().json();
    assert_eq!(json["not_replayed"]["not in the receipt: `content`"], 1, "{json}");
    assert_eq!(json["changed"].as_array().unwrap().len(), 0, "{json}");
    // Nor does a draft that would have asked for it let pass what was let pass before.
    let open = Install::new(&["git"]);
    fs::write(open.root().join("policy.toml"), HEAD).unwrap();
    for words in [&["psql", "-c", "drop table sessions"][..], &["psql", "-l"]] {
        open.datafog(["check", "--"]).args(words).run().succeeds();
    }
    file(&open, "draft.toml", &policy);
    let json = open.datafog(["policy", "diff", "draft.toml", "--json"]).run().succeeds().json();
    assert_eq!(json["not_replayed"]["not in the receipt: `content`"], 1, "{json}");
    assert_eq!(json["replayed"], 1, "{json}");
}
