//! Commands, lines and calls that a policy wants rewritten, through the whole gate: the rows of
//! everyday surprises, each with what comes of it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::ffi::CString;
use std::fs;
use std::path::Path;

use datafog_config::{FileIdentity, Host, Layout};
use datafog_core::{Value, Verdict};
use datafog_gate::{Call, Gate, Outcome, Purpose, Report, Request};

/// What agents are held to in the tests below: safer forms, and denials that see every form.
const POLICY: &str = r#"
[policy]
id = "own"
version = "1"
unscannable = "allow"

[[rule]]
id = "no-forced-removal"
effect = "deny"
reason = "recursive and forced"
instead = "name the files"
[rule.when]
command = "rm"
option = { all = ["--recursive", "--force"] }

[[rule]]
id = "forced"
effect = "require_approval"
reason = "forced"
[rule.when]
command = "rm"
option = { all = ["--force"], none = ["--recursive"] }

[[rule]]
id = "no-disks"
effect = "deny"
reason = "a disk"
instead = "a file"
[rule.when]
command = ["dd", "mkfs"]

[[rule]]
id = "no-force"
effect = "transform"
rewrite = "strip-force-flags"
reason = "nothing is forced"
[rule.when]
command = "git"
any = [
  { subcommand = ["push", "clean"], option = "--force" },
  { subcommand = "push", operand = { matches = '^\+' } },
]

[[rule]]
id = "no-force-of-services"
effect = "transform"
rewrite = "strip-force-flags"
reason = "nothing is forced"
[rule.when]
command = "systemctl"
option = "--force"

[[rule]]
id = "reset-is-tried-first"
effect = "transform"
rewrite = "downgrade-write-to-dryrun"
reason = "work could be lost"
[rule.when]
command = "git"
subcommand = "reset"
option = "--hard"

[[rule]]
id = "copies-are-shown"
effect = "transform"
rewrite = "downgrade-write-to-dryrun"
reason = "nothing is written yet"
[rule.when]
command = ["cp", "mv"]

[[rule]]
id = "as-oneself"
effect = "transform"
rewrite = "neutralize-sudo"
reason = "no rights beyond one's own"
[rule.when]
command = ["sudo", "doas", "pkexec"]

[[rule]]
id = "patterns-are-listed"
effect = "transform"
rewrite = "replace-wildcard-delete"
reason = "a pattern names more than one thinks"
[rule.when]
command = "rm"
option = { none = ["--force", "--recursive"] }

[[rule]]
id = "unknown-hosts"
effect = "require_approval"
reason = "an unknown host"
[rule.when]
tool = "http_request"
any = [
  { argument = { path = "url", exists = false } },
  { argument = { path = "url", domain_not_in = ["api.github.com", "localhost", "127.0.0.1", "example.org"] } },
]

[[rule]]
id = "only-https"
effect = "transform"
rewrite = "enforce-https"
reason = "plain HTTP can be read on its way"
[rule.when]
tool = "http_request"
argument = { path = "url", matches = "(?i)^\\s*http://" }
[rule.unless]
argument = { path = "url", domain_in = ["localhost", "127.0.0.1"] }

[[rule]]
id = "short-waits"
effect = "transform"
rewrite = "cap-http-timeout"
reason = "requests end"
[rule.when]
tool = "slow_request"
any = [{ argument = { path = "timeout", gt = 30000 } }, { argument = { path = "timeout", exists = false } }]

[[rule]]
id = "few-rows"
effect = "transform"
rewrite = "limit-query-rows"
reason = "tables are large"
[rule.when]
tool = "sql"
[rule.unless]
argument = { path = "query", matches = "(?i)(limit \\d+|top \\d+|fetch first \\d+ rows only)[^']*;?$" }

[[rule]]
id = "few-people"
effect = "transform"
rewrite = "truncate-recipients"
reason = "not to everybody"
[rule.when]
tool = "send_email"
argument = { path = "recipients", length_gt = 5 }
"#;

fn with_gate<T>(policy: &str, ask: impl FnOnce(&Gate<'_>, &Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let [root, home, work] = ["root", "home", "work"].map(|name| folder.path().join(name));
    for place in [&root, &home, &work] {
        fs::create_dir(place).unwrap();
    }
    for name in ["a.log", "b.log", "a b"] {
        fs::write(work.join(name), "x\n").unwrap();
    }
    fs::write(root.join("policy.toml"), policy).unwrap();
    let variables = [("HOME", home.to_str().unwrap()), ("PATH", "/usr/bin:/bin")];
    let host = Host::made_up(&["datafog"], &variables, &work);
    let (layout, user) = (Layout::at(&root), nix::unistd::geteuid().as_raw());
    let own = FileIdentity::of(&folder.path().metadata().unwrap());
    let gate = Gate::new(&host, &layout, own, user);
    ask(&gate, &root.join("bin/datafog"))
}

fn decided(gate: &Gate<'_>, request: &Request) -> Box<Report> {
    match gate.run(request) {
        Outcome::Decided(report) => {
            assert_eq!(report.fault, None);
            report
        }
        other @ (Outcome::Blocked(_)
        | Outcome::Ended(_)
        | Outcome::Missing
        | Outcome::NotRun(_)) => {
            panic!("{other:?}")
        }
    }
}

fn question(words: &[&str]) -> Request {
    let argv = words.iter().map(|word| CString::new(*word).unwrap().into()).collect();
    Request::of(argv, Call::ByPath, Purpose::Check)
}

fn line(text: &str) -> Request {
    Request { is_line: true, ..question(&["sh", "-c", text]) }
}

fn tool(name: &str, arguments: &str) -> Request {
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    Request { tool: Some((name.to_owned(), arguments)), ..question(&[]) }
}

/// The verdict, and the line that would run in the place of another.
fn answer(gate: &Gate<'_>, text: &str) -> (Verdict, Option<String>) {
    let report = decided(gate, &line(text));
    (report.decision.verdict, report.rewritten.map(|it| it.command))
}

#[test]
fn lines_are_denied_by_tokens_whatever_stands_around_them() {
    with_gate(POLICY, |gate, _| {
        for text in [
            "rm -rf /",
            "rm -fr x",
            "/bin/rm -rf x",
            "\\rm -rf x",
            "rm\t-rf /",
            "rm \\\n -rf /",
            "rm -Rf x",
            "rm -v -rf x",
            "rm --recursive --force x",
            "sudo rm -rf /",
            "env rm -rf x",
            "nohup rm -rf x",
            "time rm -rf x",
            "echo x | xargs rm -rf",
            "sh -c 'rm -rf x'",
            "sudo sh -c 'rm -rf x'",
            "dd of=/dev/sda",
            "sudo -u root env A=b rm -rf x",
            "find . -delete",
        ] {
            assert_eq!(answer(gate, text).0, Verdict::Deny, "{text}");
        }
    });
}

#[test]
fn lines_that_are_no_concern_run_as_they_are() {
    with_gate(POLICY, |gate, _| {
        for text in [
            "git rm -r --cached x",
            "docker rm -f c1",
            "perform -f x",
            "echo 'rm -rf /'",
            "git push --force-with-lease",
            "tail -f x",
            "grep -f pats x",
            "tar -x -f a.tar",
            "ps -f",
            "docker compose -f a.yml up",
            "echo sudo x",
            "git commit -m 'sudo ls'",
            "a=sudo ls",
            "visudo",
            "git reset --soft HEAD~1",
            "git push --dry-run",
            "git commit -m 'token: rm -rf'",
        ] {
            assert_eq!(answer(gate, text), (Verdict::Allow, None), "{text}");
        }
    });
}

#[test]
fn lines_are_rewritten_and_judged_anew() {
    with_gate(POLICY, |gate, own| {
        let own = own.display();
        for (before, after) in [
            ("git push -f", "git push".to_owned()),
            ("git push --force 'or  igin' main", "git push 'or  igin' main".to_owned()),
            ("git push\t--force", "git push".to_owned()),
            ("git push -fu origin x", "git push -u origin x".to_owned()),
            ("git clean -fdx", "git clean -dx".to_owned()),
            ("git push origin +main", "git push origin main".to_owned()),
            ("cd x && git push -f; git push -f a", "cd x && git push; git push a".to_owned()),
            ("cp 'a b' c", format!("{own} would-run -- cp 'a b' c")),
            ("cp x y; git push -f", format!("{own} would-run -- cp x y; git push")),
            ("rm *.log", "ls -d -- *.log".to_owned()),
            ("sudo -E make", "make".to_owned()),
            ("sudo -n true", "true".to_owned()),
            ("sudo\tls -l >x", "ls -l >x".to_owned()),
            ("doas ls; pkexec ls", "ls; ls".to_owned()),
            ("sudo systemctl restart x --force", "systemctl restart x".to_owned()),
            ("sudo git push -f", "git push".to_owned()),
            ("sh -c 'git push -f'", "sh -c 'git push'".to_owned()),
            (
                "cat <<EOF\ngit push -f\nEOF\ngit push -f",
                "cat <<EOF\ngit push -f\nEOF\ngit push".to_owned(),
            ),
        ] {
            assert_eq!(answer(gate, before), (Verdict::Rewrite, Some(after.clone())), "{before}");
            // What came of it asks for nothing more.
            let again = decided(gate, &line(&after));
            assert_eq!(again.decision.verdict, Verdict::Allow, "{after}: {:?}", again.decision);
        }
    });
}

#[test]
fn without_a_safe_form_a_person_decides() {
    with_gate(POLICY, |gate, _| {
        for text in [
            "git reset --hard HEAD~1",
            "sudo -u postgres psql",
            "sudo -i",
            "rm x",
            "rm -f x",
            "x=$(git push -f)",
            "F=--force; git push $F",
            "sudo -g wheel ls",
            "git push -f \"$(x)\" $OPTS +$B",
        ] {
            let report = decided(gate, &line(text));
            assert_eq!(report.decision.verdict, Verdict::RequireApproval, "{text}");
            assert_eq!(report.rewritten, None, "{text}");
        }
    });
}

#[test]
fn commands_that_are_executed_as_they_are_follow_the_same_rules() {
    with_gate(POLICY, |gate, own| {
        let asked = |words: &[&str]| {
            let report = decided(gate, &question(words));
            let told = report.event.rewritten.clone();
            assert_eq!(told, report.rewritten, "the receipt tells of both");
            if let Some(told) = &told {
                assert_ne!(told.action_digest, report.event.action_digest);
            }
            (report.decision.verdict, told.map(|it| it.command))
        };
        let (verdict, command) = asked(&["git", "push", "-fu", "origin", "topic"]);
        assert_eq!(
            (verdict, command.as_deref()),
            (Verdict::Rewrite, Some("git push -u origin topic"))
        );
        let (verdict, command) = asked(&["cp", "a b", "$(id)"]);
        assert_eq!(verdict, Verdict::Rewrite);
        assert!(command.unwrap().starts_with("datafog would-run -- cp"), "{}", own.display());
        assert_eq!(asked(&["rm", "*.log"]).0, Verdict::RequireApproval, "no pattern any more");
        assert_eq!(asked(&["git", "reset", "--hard"]).0, Verdict::RequireApproval);
        assert_eq!(asked(&["git", "push", "origin", "main"]), (Verdict::Allow, None));
    });
}

#[test]
fn calls_of_tools_carry_their_new_arguments() {
    with_gate(POLICY, |gate, _| {
        for (name, before, after) in [
            (
                "Bash",
                r#"{"command":"git push -f","description":"git push -f"}"#,
                r#"{"command":"git push","description":"git push -f"}"#,
            ),
            ("terminal", r#"{"cmd":["git","push","--force"]}"#, r#"{"cmd":["git","push"]}"#),
            ("run_command", r#"{"command":"cd x && sudo ls"}"#, r#"{"command":"cd x && ls"}"#),
            (
                "http_request",
                r#"{"url":" HTTP://api.github.com:80/x"}"#,
                r#"{"url":"https://api.github.com/x"}"#,
            ),
            (
                "slow_request",
                r#"{"url":"https://api.github.com/"}"#,
                r#"{"url":"https://api.github.com/","timeout":30000}"#,
            ),
            ("slow_request", r#"{"timeout":"120000"}"#, r#"{"timeout":30000}"#),
            (
                "sql",
                r#"{"query":"SELECT a FROM t -- all"}"#,
                r#"{"query":"SELECT a FROM t LIMIT 1000 -- all"}"#,
            ),
            (
                "send_email",
                r#"{"recipients":["a","b","c","d","e","f"]}"#,
                r#"{"recipients":["a","b","c","d","e"]}"#,
            ),
        ] {
            let report = decided(gate, &tool(name, before));
            assert_eq!(
                report.decision.verdict,
                Verdict::Rewrite,
                "{before}: {:?}",
                report.decision
            );
            let after: Value = serde_json::from_str(after).unwrap();
            assert_eq!(report.arguments, Some(after), "{before}");
        }
        for (name, before) in [
            ("http_request", r#"{"url":"http://localhost:3000/x"}"#),
            ("http_request", r#"{"url":"https://api.github.com/x"}"#),
            ("sql", r#"{"query":"SELECT a FROM t LIMIT 5"}"#),
            ("sql", r#"{"query":"SELECT TOP 5 a FROM t"}"#),
        ] {
            let report = decided(gate, &tool(name, before));
            assert_eq!(
                (report.decision.verdict, report.arguments),
                (Verdict::Allow, None),
                "{before}"
            );
        }
        for (name, before) in [
            ("http_request", r#"{"method":"GET"}"#),
            ("http_request", r#"{"url":"https://api.github.com.evil.com/"}"#),
            ("http_request", r#"{"url":"http://10.0.0.1:8080/"}"#),
            ("sql", r#"{"query":"DELETE FROM t"}"#),
            ("sql", r#"{"query":"SELECT a FROM t; DROP TABLE t"}"#),
            ("sql", r#"{"query":"EXPLAIN SELECT a FROM t"}"#),
        ] {
            let report = decided(gate, &tool(name, before));
            assert!(report.decision.verdict >= Verdict::RequireApproval, "{before}");
        }
    });
}

#[test]
fn an_approval_stays_wanted_and_the_safer_form_is_offered() {
    with_gate(POLICY, |gate, _| {
        let report = decided(gate, &tool("http_request", r#"{"url":"http://example.com/"}"#));
        assert_eq!(report.decision.verdict, Verdict::RequireApproval);
        assert!(report.rewritten.is_some(), "{:?}", report.decision);
    });
}

const CUSTOM: &str = r#"
[policy]
id = "own"
version = "1"

[[rewrite]]
name = "careful-curl"
steps = [
  { drop_flag = ["--insecure"] },
  { replace_scheme = { from = "http", to = "https" } },
  { cap = "--max-time", at = 20 },
]
examples = [
  { before = "curl -sk http://h.example/", after = "curl --max-time 20 -s https://h.example/" },
]

[[rule]]
id = "checked"
effect = "transform"
rewrite = "careful-curl"
reason = "certificates are checked"
match = ["curl -k https://example.com/"]
[rule.when]
command = "curl"
option = "--insecure"
"#;

#[test]
fn rewrites_of_a_policy_are_carried_out_from_the_compiled_cache_too() {
    with_gate(CUSTOM, |gate, _| {
        for _ in 0..2 {
            let (verdict, command) = answer(gate, "curl -sk http://h.example/x");
            let after = "curl --max-time 20 -s https://h.example/x".to_owned();
            assert_eq!((verdict, command), (Verdict::Rewrite, Some(after)));
        }
    });
}

#[test]
fn what_is_wrong_with_a_rewrite_is_told_with_its_line() {
    let told = |from: &str, to: &str| {
        let text = CUSTOM.replace(from, to);
        assert_ne!(text, CUSTOM);
        match datafog_gate::compile_policy(&text, Path::new("policy.toml")) {
            Ok(_) => panic!("accepted: {to}"),
            Err(error) => error.in_full(),
        }
    };
    for (from, to, line, said) in [
        ("drop_flag", "drop_flags", 9, "did you mean `drop_flag`?"),
        ("at = 20", "to = 20", 11, "at"),
        (
            "\"careful-curl\"\nreason",
            "\"careful-crul\"\nreason",
            20,
            "did you mean `careful-curl`?",
        ),
        ("name = \"careful-curl\"", "name = \"enforce-https\"", 7, "already"),
        ("curl --max-time 20 -s", "curl --max-time 21 -s", 14, "makes"),
        ("[\"--insecure\"]", "[\"insecure\"]", 9, "no option"),
    ] {
        let told = told(from, to);
        assert!(
            told.contains(&format!("policy.toml:{line}:")) && told.contains(said),
            "{to}: {told}"
        );
    }
    let project = datafog_gate::compile_policy(CUSTOM, Path::new(".datafog.toml"));
    assert!(project.unwrap_err().in_full().contains("no place in this file"));
}
