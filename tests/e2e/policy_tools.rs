//! The tools around a policy: test, lint, diff, suggest, schema, trust.

mod replay;
mod schema;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::Install;

const HEAD: &str = "[policy]\nid = \"mine\"\nversion = \"1\"\n";

const NO_FORCE: &str = "\n[[rule]]\nid = \"no-force\"\neffect = \"deny\"\nreason = \"history stays\"\n\
    instead = \"push without force\"\nmatch = [\"git push --force\"]\n\
    [rule.when]\ncommand = \"git\"\nsubcommand = \"push\"\noption = \"--force\"\n";

const NO_TAGS: &str = "\n[[rule]]\nid = \"no-tags\"\neffect = \"require_approval\"\nreason = \"the pipeline tags\"\n\
    instead = \"merge to main\"\n[rule.when]\ncommand = \"git\"\nsubcommand = \"tag\"\n";

fn file(install: &Install, name: &str, text: &str) -> PathBuf {
    let path = install.work().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn tests_say_what_the_whole_policy_answers() {
    let install = Install::new(&["git"]);
    file(&install, "house.toml", &format!("{HEAD}{NO_FORCE}{NO_TAGS}"));
    let good = "[[test]]\nname = \"force is stopped\"\ncall = \"git push --force\"\nexpect = \"deny\"\nrule = \"no-force\"\n\
        [[test]]\ncall = { run = \"git push\", principal = \"agent\", cwd = \"~/src\" }\nexpect = \"allow\"\nrule = \"default\"\n";
    file(&install, "house.test.toml", good);
    // The tests beside a policy are run with it; a rule that nothing tries is told.
    let told = install.datafog(["policy", "test", "house.toml"]).run().succeeds().stdout();
    assert!(told.contains("house.test.toml: 2 of 2 hold"), "{told}");
    assert!(told.contains("house.toml: 1 of 1 hold") && told.contains("never  no-tags"), "{told}");
    install.datafog(["policy", "test", "house.toml", "--require-coverage"]).run().ends_with(1);
    let bad = good.replace("expect = \"deny\"", "expect = \"require_approval\"");
    file(&install, "house.test.toml", &bad);
    let report = ["policy", "test", "house.test.toml", "--junit", "report.xml", "--json"];
    let json = install.datafog(report).run().ends_with(1).json();
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    let case = &json["suites"][0]["cases"][0];
    assert!(case["fault"].as_str().unwrap().contains("got deny by `no-force`"), "{case}");
    assert_eq!(json["suites"][0]["coverage"][0]["decided"], 1);
    let report = fs::read_to_string(install.work().join("report.xml")).unwrap();
    assert!(
        report.contains("failures=\"1\"") && report.contains("name=\"force is stopped\""),
        "{report}"
    );
    assert!(
        report.contains("<failure message=\"expected require_approval by `no-force`"),
        "{report}"
    );
    // A slip in a file of tests is an error with its line, never a test that holds.
    file(&install, "house.test.toml", &good.replace("expect", "expects"));
    let slip = install.datafog(["policy", "test", "house.test.toml"]).run().ends_with(4);
    assert!(
        slip.stderr().contains("house.test.toml:") && slip.stderr().contains("`expect`"),
        "{}",
        slip.stderr()
    );
    // An example that does not hold fails, with its line.
    let wrong = NO_FORCE.replace("[\"git push --force\"]", "[\"git push\"]");
    file(&install, "wrong.toml", &format!("{HEAD}{wrong}"));
    let told = install.datafog(["policy", "test", "wrong.toml"]).run().ends_with(1).stdout();
    assert!(told.contains("no-force: git push") && told.contains("wrong.toml:10"), "{told}");
}

#[test]
fn a_policy_of_another_system_is_tested_and_linted() {
    let install = Install::new(&["git"]);
    let rules = r#"{"policy_id":"p","policy_version":"1","rules":[
        {"id":"all","effect":"allow"},
        {"id":"no-force","effect":"deny","match":{"args":["--force"]}}]}"#;
    file(&install, "house.json", rules);
    let tests = "policy = \"house.json\"\n[[test]]\ncall = \"git push --force\"\nexpect = \"deny\"\nrule = \"no-force\"\n\
        [[test]]\ncall = \"git push\"\nexpect = \"allow\"\nrule = \"all\"\n";
    file(&install, "house.test.toml", tests);
    install.datafog(["policy", "test", "house.test.toml"]).run().succeeds();
    install.datafog(["policy", "lint", "house.json"]).run().succeeds();
    install.datafog(["policy", "lint", "house.test.toml"]).run().succeeds();
    file(&install, "house.json", &rules.replace("\"effect\":\"deny\"", "\"efect\":\"deny\""));
    let told = install.datafog(["policy", "lint", "house.json"]).run().ends_with(4).stdout();
    assert!(told.contains("house.json:3:") && told.contains("did you mean `effect`"), "{told}");
}

#[test]
fn lint_names_what_is_probably_not_meant() {
    let install = Install::new(&["git"]);
    let broad = "\n[[rule]]\nid = \"all\"\neffect = \"deny\"\nreason = \"r\"\n[rule.when]\nflow = [\"stays\", \"leaves\"]\n";
    file(&install, "broad.toml", &format!("{HEAD}{broad}"));
    let told = install.datafog(["policy", "lint", "broad.toml"]).run().succeeds().stdout();
    assert!(told.contains("very broad") && told.contains("broad.toml:"), "{told}");
    assert!(told.contains("instead"), "a denial that offers nothing: {told}");
    install.datafog(["policy", "lint", "--strict", "broad.toml"]).run().ends_with(4);
    file(
        &install,
        "costly.toml",
        &format!("{HEAD}[[detector]]\nid = \"x\"\npattern = '\\w{{80}}.*'\n"),
    );
    let told = install.datafog(["policy", "lint", "costly.toml"]).run().stdout();
    assert!(told.contains("`.*`") && told.contains("costly.toml:6"), "{told}");
}

#[test]
fn lint_names_exceptions_that_are_over_and_conditions_that_never_hold() {
    let install = Install::new(&["git"]);
    let over = "[[allow]]\npath = \"a\"\nreason = \"r\"\nexpires = \"2020-01-31\"\n";
    file(&install, "over.toml", &format!("{HEAD}{over}"));
    let told = install.datafog(["policy", "lint", "over.toml"]).run().succeeds().stdout();
    assert!(told.contains("over.toml:7:") && told.contains("expired on 2020-01-31"), "{told}");
    let rule = |when: &str| {
        format!(
            "{HEAD}[[rule]]\nid = \"r\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n[rule.when]\n{when}\n"
        )
    };
    let never = rule("command = \"git\"\nall = [{ command = \"rm\" }]");
    file(&install, "never.toml", &never);
    let told = install.datafog(["policy", "lint", "never.toml"]).run().ends_with(4).stdout();
    assert!(told.contains("this never holds: around it, `command` is `git`"), "{told}");
    let branch = rule("command = \"git\"\nany = [{ command = \"rm\" }, { subcommand = \"push\" }]");
    file(&install, "branch.toml", &branch);
    let told = install.datafog(["policy", "lint", "branch.toml"]).run().succeeds().stdout();
    assert!(told.contains("warning") && told.contains("this never holds"), "{told}");
}

/// Receipts as work leaves them: some pushes, a tag, a forced push; all observed.
fn work(install: &Install) {
    for words in
        [&["push"][..], &["push", "--force"], &["push", "--force"], &["tag", "v1"], &["status"]]
    {
        install.datafog(["check", "--", "git"]).args(words).run();
    }
}

#[test]
fn a_draft_is_tried_on_what_really_happened() {
    let install = Install::new(&["git"]);
    work(&install);
    install.datafog(["policy", "diff"]).run().succeeds();
    let draft = file(&install, "draft.toml", &format!("{HEAD}{NO_FORCE}{NO_TAGS}"));
    let diff = ["policy", "diff", "draft.toml", "--replay", "1h"];
    let told = install.datafog(diff).run().ends_with(1).stdout();
    assert!(told.contains("5 receipts, 5 judged again by mine 1"), "{told}");
    assert!(told.contains("2x  allow  ->  deny") && told.contains("3 decisions change"), "{told}");
    let json = install.datafog(diff).args(["--json"]).run().ends_with(1).json();
    let counts = json["matrix"].as_array().unwrap();
    assert!(
        counts.iter().any(|one| one["old"] == "allow" && one["new"] == "deny" && one["count"] == 2)
    );
    assert_eq!(json["changed"][0]["rule"], "no-force");
    // What gets stricter is no failure when only loosening is asked about, and then the other way.
    install.datafog(diff).args(["--only-looser"]).run().succeeds();
    fs::copy(&draft, install.root().join("policy.toml")).unwrap();
    work(&install);
    let empty = file(&install, "empty.toml", HEAD);
    let told =
        install.datafog(["policy", "diff", "--only-looser"]).args([&empty]).run().ends_with(1);
    let told = told.stdout();
    assert!(told.contains("2x  deny ") && told.contains("->  allow    git push --force"), "{told}");
    file(&install, "draft.toml", "[policy]\nid = 1\n");
    install.datafog(diff).run().ends_with(4);
}

#[test]
fn what_cannot_be_judged_again_is_counted_and_never_guessed() {
    let install = Install::new(&["git", "cat"]);
    let long = "x".repeat(2000);
    install.datafog(["check", "--", "cat", &long]).run().succeeds();
    fs::write(install.root().join("policy.toml"), "nonsense").unwrap();
    install.datafog(["check", "--", "git", "status"]).run().ends_with(4);
    fs::remove_file(install.root().join("policy.toml")).unwrap();
    install.datafog(["check", "--", "git", "status"]).run().succeeds();
    let json = install.datafog(["policy", "diff", "--json"]).run().succeeds().json();
    assert_eq!((&json["receipts"], &json["replayed"]), (&3.into(), &1.into()), "{json}");
    let left: Vec<&String> = json["not_replayed"].as_object().unwrap().keys().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn suggestions_cover_what_was_stopped_and_nothing_else() {
    let install = Install::new(&["git", "curl"]);
    let hosts = "\n[[rule]]\nid = \"no-posts\"\neffect = \"deny\"\nreason = \"nothing is posted\"\ninstead = \"ask\"\n\
        [rule.when]\ncommand = [\"curl\", \"wget\"]\nflow = \"leaves\"\n";
    fs::write(install.root().join("policy.toml"), format!("{HEAD}{hosts}")).unwrap();
    for url in ["https://a.example/x", "https://b.example/y", "https://a.example/z"] {
        install.datafog(["check", "--", "curl", "-d", "a=b", url]).run().ends_with(1);
    }
    let json = install.datafog(["policy", "suggest", "--json"]).run().succeeds().json();
    assert_eq!((&json["stopped"], &json["passing"]), (&3.into(), &3.into()), "{json}");
    let toml = json["toml"].as_str().unwrap();
    assert_eq!(toml.matches("[[rule]]").count(), 1, "{toml}");
    assert!(toml.contains("host = [\"a.example\", \"b.example\"]"), "{toml}");
    assert!(toml.contains("overrides = \"no-posts\""), "{toml}");
    // Nothing was applied; applied by hand, it does what was said.
    install.datafog(["check", "--", "curl", "-d", "a=b", "https://a.example/"]).run().ends_with(1);
    let text = install.read("policy.toml") + "\n" + toml;
    fs::write(install.root().join("policy.toml"), text).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install.datafog(["check", "--", "curl", "-d", "a=b", "https://a.example/"]).run().succeeds();
    install.datafog(["check", "--", "curl", "-d", "a=b", "https://c.example/"]).run().ends_with(1);
}

#[test]
fn suggestions_for_calls_that_reach_nobody_name_their_words() {
    let install = Install::new(&["git"]);
    let rules = "\n[[rule]]\nid = \"no-branches\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        [rule.when]\ncommand = [\"git\", \"cat\"]\n\n\
        [[rule]]\nid = \"no-files\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
        [rule.when]\noperand = \"/srv/**\"\n";
    fs::write(install.root().join("policy.toml"), format!("{HEAD}{rules}")).unwrap();
    let check = |words: &[&str]| install.datafog(["check"]).args(words).run();
    for words in [
        &["--", "git", "branch", "-D", "topic"][..],
        &["--", "git", "branch", "-D", "[x]*"],
        &["--", "cat", "/opt/a.txt"],
        &["-c", "> /srv/x"],
    ] {
        check(words).ends_with(1);
    }
    let json = install.datafog(["policy", "suggest", "--json"]).run().succeeds().json();
    let toml = json["toml"].as_str().unwrap();
    assert!(toml.contains("option = { all = \"-D\" }\noperand = { text = ["), "{toml}");
    assert!(toml.contains("operand = { path = \"/opt/a.txt\" }"), "{toml}");
    // What a shell opens by itself is no command that a rule could name.
    assert_eq!((&json["unclear"], &json["passing"]), (&1.into(), &3.into()), "{json}");
    fs::write(install.root().join("policy.toml"), install.read("policy.toml") + "\n" + toml)
        .unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    check(&["--", "git", "branch", "-D", "topic"]).succeeds();
    check(&["--", "git", "branch", "-D", "main"]).ends_with(1);
    check(&["--", "git", "branch", "topic"]).ends_with(1);
    check(&["--", "cat", "/opt/a.txt"]).succeeds();
    check(&["--", "cat", "/opt/b.txt"]).ends_with(1);
}

#[test]
fn a_command_is_named_by_any_of_its_names_and_no_program_is_a_slip() {
    let install = Install::new(&["git"]);
    let rule = |name: &str| {
        format!(
            "{HEAD}\n[[rule]]\nid = \"r\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n[rule.when]\ncommand = \"{name}\"\n"
        )
    };
    for (name, words) in [
        ("pip3", &["pip3", "list"][..]),
        ("pip3", &["pip", "list"]),
        ("tail", &["tail", "x"]),
        ("jq", &["jq", "."]),
    ] {
        file(&install, "named.toml", &rule(name));
        let check = ["check", "--policy", "named.toml", "--"];
        install.datafog(check).args(words).run().ends_with(1);
    }
    for (name, told) in [("GIT", "did you mean `git`?"), ("git push", "write `git` here")] {
        file(&install, "named.toml", &rule(name));
        let lint = install.datafog(["policy", "lint", "named.toml"]).run().ends_with(4);
        let said = lint.stdout() + &lint.stderr();
        assert!(said.contains(told), "{name}: {said}");
    }
}

#[test]
fn a_file_of_tests_that_cannot_be_read_fails_in_the_report_too() {
    let install = Install::new(&["git"]);
    file(&install, "slip.test.toml", "[[test]]\ncall = \"git status\"\nexpekt = \"allow\"\n");
    install.datafog(["policy", "test", "slip.test.toml", "--junit", "j.xml"]).run().ends_with(4);
    let report = fs::read_to_string(install.work().join("j.xml")).unwrap();
    assert!(report.contains("<failure message=\"unknown key `expekt`\"/>"), "{report}");
}

#[test]
fn what_a_critical_rule_stopped_is_only_suggested_in_comments() {
    let install = Install::new(&["curl"]);
    let token = crate::support::github_token(5);
    install.datafog(["check", "--", "curl", "-d", &token, "https://a.example/"]).run().ends_with(1);
    let told = install.datafog(["policy", "suggest"]).run().succeeds().stdout();
    assert!(told.lines().all(|line| line.is_empty() || line.starts_with('#')), "{told}");
    assert!(told.contains("no-secret-egress") && told.contains("0 of 1"), "{told}");
    assert!(!told.contains(&token));
}

#[test]
fn the_schema_knows_every_key_of_the_embedded_policies() {
    let install = Install::new(&["git"]);
    install.datafog(["policy", "init"]).run().succeeds();
    assert!(install.read("policy.toml").starts_with("#:schema ./policy.schema.json\n"));
    let schema: Value = serde_json::from_str(&install.read("policy.schema.json")).unwrap();
    let printed = install.datafog(["policy", "schema"]).run().succeeds().stdout();
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema);
    let rule = &schema["properties"]["rule"]["items"]["properties"];
    let conditions = &schema["$defs"]["conditions"]["properties"];
    for name in ["id", "effect", "when", "unless", "not_match"] {
        assert!(rule[name].is_object(), "{name}");
    }
    for name in ["command", "finding", "host", "any"] {
        assert!(conditions[name].is_object(), "{name}");
    }
    // What `effective` prints of every rule in force is known to the schema.
    let rules = install.datafog(["policy", "effective", "--json"]).run().succeeds().json();
    for rule in rules["rules"].as_array().unwrap() {
        let effects = &schema["properties"]["rule"]["items"]["properties"]["effect"]["enum"];
        assert!(effects.as_array().unwrap().contains(&rule["effect"]));
    }
    let tests = install.datafog(["policy", "schema", "--tests"]).run().succeeds().stdout();
    assert!(tests.contains("\"expect\""));
}

#[test]
fn a_project_is_trusted_as_it_is_and_only_when_it_tightens() {
    let install = Install::new(&["git"]);
    let path = file(
        &install,
        ".datafog.toml",
        &format!("[policy]\nid = \"app\"\nversion = \"1\"\n{NO_TAGS}"),
    );
    let dry = install.datafog(["policy", "trust", "--dry-run"]).run().succeeds();
    assert!(dry.stderr().contains("no-tags") && !install.root().join("trust.toml").exists());
    install.datafog(["policy", "trust"]).run().succeeds();
    let text = install.read("trust.toml");
    assert!(text.contains(&format!("path = \"{}\"", path.display())), "{text}");
    let listed = |install: &Install| {
        install.datafog(["policy", "trust", "--list", "--json"]).run().succeeds().json()
    };
    assert_eq!(listed(&install)["projects"][0]["current"], true);
    fs::write(&path, format!("{HEAD}\n")).unwrap();
    assert_eq!(listed(&install)["projects"][0]["current"], false);
    install.datafog(["policy", "trust", "--revoke"]).args([&path]).run().succeeds();
    assert_eq!(listed(&install)["projects"].as_array().unwrap().len(), 0);
    install.datafog(["policy", "trust", "--revoke"]).args([&path]).run().ends_with(2);
    // A file that would loosen cannot be trusted.
    let loosens = "[[rule]]\nid = \"open\"\neffect = \"allow\"\noverrides = [\"no-secret-egress\"]\nreason = \"r\"\n[rule.when]\ncommand = \"curl\"\n";
    fs::write(&path, format!("{HEAD}{loosens}")).unwrap();
    let refused = install.datafog(["policy", "trust"]).run().ends_with(4);
    assert!(refused.stderr().contains("cannot be overridden here"), "{}", refused.stderr());
    // An agent cannot say what is trusted.
    fs::write(&path, HEAD).unwrap();
    install.datafog(["policy", "trust"]).env("CLAUDECODE", "1").run().ends_with(1);
}

#[test]
fn a_pipe_or_a_device_is_no_policy_and_is_not_waited_for() {
    let install = Install::new(&["git"]);
    for name in ["pipe.toml", "pipe.json", "pipe.test.toml"] {
        let path = install.work().join(name);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    std::os::unix::fs::symlink("/dev/zero", install.work().join("zero.toml")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", install.work().join("zero.json")).unwrap();
    for command in ["lint", "test", "diff", "import"] {
        for name in ["pipe.toml", "pipe.json", "pipe.test.toml", "zero.toml", "zero.json"] {
            // A policy of another system carries no examples: that is said first.
            let code = if command == "test" && name.ends_with("json") { 2 } else { 5 };
            let told = install.datafog(["policy", command, name]).run().ends_with(code).stderr();
            assert!(code == 2 || told.contains("not a regular file"), "{command} {name}: {told}");
            assert!(told.contains("hint: "), "{command} {name}: {told}");
        }
    }
    let project = install.work().join(".datafog.toml");
    nix::unistd::mkfifo(&project, nix::sys::stat::Mode::S_IRWXU).unwrap();
    install.datafog(["policy", "trust"]).run().ends_with(2);
    let judged = ["check", "--policy", "pipe.toml", "--", "git", "status"];
    let told = install.datafog(judged).run();
    assert_ne!(told.code(), 0);
    let told = told.stdout() + &told.stderr();
    assert!(told.contains("not a regular file"), "{told}");
}

#[test]
fn a_policy_is_first_written_under_its_own_name_alone() {
    let install = Install::new(&["git"]);
    for name in ["policy.toml", "policy.schema.json"] {
        let (link, other) = (install.root().join(name), install.work().join("other"));
        std::os::unix::fs::symlink(&other, &link).unwrap();
        let told = install.datafog(["policy", "init"]).run().ends_with(2).stderr();
        assert!(told.contains("is a symbolic link") && told.contains("hint: "), "{told}");
        assert!(!other.exists() && link.is_symlink(), "{name}");
        fs::write(&other, "keep me").unwrap();
        install.datafog(["policy", "init"]).run().ends_with(2);
        assert_eq!(fs::read(&other).unwrap(), b"keep me", "{name}");
        fs::remove_file(&link).unwrap();
        fs::remove_file(&other).unwrap();
    }
    install.datafog(["policy", "init"]).run().succeeds();
}

/// What is probably not meant is said, and nothing that is shown hides what it says.
#[test]
fn lint_tells_of_slips_in_networks_names_and_texts() {
    let install = Install::new(&[]);
    let path = install.work().join("own.toml");
    let lint = |reason: &str, when: &str| {
        let rule = format!(
            "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\neffect = \"deny\"\n\
             reason = \"{reason}\"\ninstead = \"i\"\n[rule.when]\n{when}\n"
        );
        std::fs::write(&path, rule).unwrap();
        install.datafog(["policy", "lint", "own.toml"]).run()
    };
    for (when, said) in [
        (
            "tool = \"x\"\nargument = { path = \"ip\", cidr = \"10.1.2.3/8\" }",
            "is the network `10.0.0.0/8`",
        ),
        ("command = \"git\"\nremote = \"*\"", "fits every remote"),
        ("command = \"git\"\nsession = \"*\"", "fits every session"),
    ] {
        let told = lint("why", when).succeeds().stdout();
        assert!(told.contains(said), "{when}: {told}");
    }
    let told = lint("a \\u202E b", "command = \"git\"").ends_with(4);
    let told = told.stdout() + &told.stderr();
    assert!(told.contains("that nobody sees") && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn a_rule_names_a_program_that_the_user_wraps() {
    let install = Install::new(&[]);
    let rule = "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\neffect = \"deny\"\n\
                reason = \"why\"\ninstead = \"i\"\n[rule.when]\ncommand = \"mailer\"\n";
    std::fs::write(install.root().join("policy.toml"), rule).unwrap();
    let told = install.datafog(["policy", "lint"]).run().ends_with(4).stdout();
    assert!(told.contains("did you mean `mail`?"), "{told}");
    install.program("bin/mailer", "#!/bin/sh\nexit 0\n");
    let target = install.work().join("bin/mailer");
    std::fs::remove_file(install.root().join("policy.toml")).unwrap();
    install.datafog(["hooks", "install", "mailer", "--target"]).args([&target]).run().succeeds();
    std::fs::write(install.root().join("policy.toml"), rule).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install.shim("mailer", ["x"]).run().assert_denied(&install, "r");
}
