//! Translations through the whole program: what is printed, what is said, and that the two decide alike.

use std::fs;
use std::path::Path;

use super::shipped;
use crate::support::Install;

fn import(install: &Install, file: &Path, further: &[&str], code: i32) -> (String, String) {
    let verbs = ["policy", "import"].map(std::ffi::OsStr::new);
    let told = install.datafog(verbs).args(further).args([file]).run().ends_with(code);
    (told.stdout(), told.stderr())
}

#[test]
fn a_translation_that_is_not_the_same_says_so_and_fails_unless_that_is_wanted() {
    let install = Install::new(&["git"]);
    // File · calls of all that are alike · whether anything is looser than the original.
    let plain = install.work().join("plain.json");
    let rules = r#"{"policy_id":"plain","policy_version":"1","rules":[
        {"id":"tags","effect":"deny","match":{"adapters":["vcs"],"commands":["tag"]}},
        {"id":"read","effect":"deny","match":{"action_types":["file.read"],"resource_prefixes":["/etc/"]}},
        {"id":"all","effect":"allow"}]}"#;
    fs::write(&plain, rules).unwrap();
    let (_, said) = import(&install, &plain, &[], 0);
    assert!(said.contains("130 calls: 130 alike"), "{said}");
    for (name, code, alike, looser) in [
        ("datafog-second.json", 1, 129, 0),
        ("datafog-first.json", 1, 130, 0),
        ("datafog-demo.json", 1, 129, 0),
        ("dataguard-strict.json", 1, 128, 2),
        ("dataguard.json", 1, 126, 2),
    ] {
        let (toml, said) = import(&install, &shipped(name), &[], code);
        let count = |word: &str| -> usize {
            let line = said.lines().find(|line| line.starts_with("compared over")).unwrap();
            let before = line.split(word).next().unwrap().trim_end();
            before.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(said.contains("compared over 130 calls"), "{name}: {said}");
        assert!(count("alike") >= alike && count("looser") <= looser, "{name}: {said}");
        assert_eq!(said.contains("is not the same as the original"), code == 1, "{name}: {said}");
        let (again, _) = import(&install, &shipped(name), &["--partial"], 0);
        assert_eq!(again, toml, "{name}");
        let file = install.work().join("policy.toml");
        fs::write(&file, &toml).unwrap();
        let lint = ["policy", "lint"].map(std::ffi::OsStr::new);
        install.datafog(lint).args([&file]).run().succeeds();
    }
}

#[test]
fn what_is_looser_is_shown_first_with_the_call() {
    let install = Install::new(&["git"]);
    let file = install.work().join("p.json");
    let rules =
        r#"{"name":"p","defaultDecision":"deny","rules":[{"tool":"bash","decision":"allow"}]}"#;
    fs::write(&file, rules).unwrap();
    let (toml, said) = import(&install, &file, &[], 1);
    assert!(toml.contains("default = \"deny\"") && toml.contains("effect = \"allow\""), "{toml}");
    assert!(said.contains("names of tools are compared in any case of letters"), "{said}");
    assert!(said.contains("deny there, allow here: Bash {\"command\": \"ls\"}"), "{said}");
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all[usize::try_from(self.0 >> 33).unwrap().checked_rem(all.len()).unwrap()]
    }
}

/// Calls put together of what policies speak of, as a file of tests.
fn generated(count: usize) -> String {
    let mut pick = Numbers(11);
    let programs = ["git", "rm", "ls", "curl", "psql", "npm", "kubectl", "cat", "claude", "codex"];
    let words = [
        "push",
        "status",
        "--force",
        "-f",
        "-rf",
        "-r",
        "--help",
        "x",
        "/etc/passwd",
        "src/a.rs",
        "https://api.github.com/x",
        "https://elsewhere.example/",
        "origin",
        "delete",
        "install",
    ];
    let tools = [
        "bash",
        "exec",
        "mcp__ops__run",
        "http_request",
        "WebFetch",
        "send_email",
        "sql",
        "read_file",
        "write_file",
        "create_payment",
        "update_user_role",
        "note",
        "lookup",
        "mcp__files__read_file",
    ];
    let fields =
        ["command", "cmd", "url", "path", "query", "to", "amount", "text", "content", "role"];
    let values = [
        "\"ls -la\"",
        "\"rm -rf x\"",
        "\"git status\"",
        "\"https://api.github.com/x\"",
        "\"https://elsewhere.example/\"",
        "\"SELECT 1\"",
        "\"insert into t values (1)\"",
        "\"notes.txt\"",
        "\"/etc/shadow\"",
        "\"a@x.example\"",
        "5",
        "true",
        "[\"ls\", \"-l\"]",
        "\"hello\"",
    ];
    let mut text = String::new();
    for number in 0..count {
        let call = if number % 2 == 0 {
            let (one, two) = (pick.of(&words), pick.of(&words));
            format!("\"{} {one} {two}\"", pick.of(&programs))
        } else {
            let (first, second) = (pick.of(&fields[..5]), pick.of(&fields[5..]));
            let (one, two) = (pick.of(&values), pick.of(&values));
            let tool = pick.of(&tools);
            format!("{{ tool = \"{tool}\", args = {{ {first} = {one}, {second} = {two} }} }}")
        };
        text.push_str(&format!("[[test]]\nname = '{call}'\ncall = {call}\nexpect = \"allow\"\n"));
    }
    text
}

#[test]
fn translations_are_never_looser_over_generated_calls() {
    let install = Install::new(&["git"]);
    let calls = install.work().join("calls.test.toml");
    fs::write(&calls, generated(600)).unwrap();
    for name in ["datafog-first.json", "datafog-second.json", "datafog-demo.json"] {
        let with = ["--partial", "--calls", calls.to_str().unwrap()];
        let (_, said) = import(&install, &shipped(name), &with, 0);
        assert!(said.contains("730 calls: 7") && said.contains(" 0 looser here"), "{name}: {said}");
    }
    fs::write(&calls, "[[test]]\ncal = \"ls\"\n").unwrap();
    let with = ["--calls", calls.to_str().unwrap()];
    let (_, said) = import(&install, &shipped("datafog-second.json"), &with, 4);
    assert!(said.contains("did you mean `call`?"), "{said}");
}
