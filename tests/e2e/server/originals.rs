//! The examples for curl of the READMEs of DataFog, AgentGov and DataGuard, typed as they stand there, and
//! what they promise.
//!
//! Names and ports are theirs: curl is told where the server is, and whose credential to send, by a file of
//! its own. What is answered otherwise on purpose is in `docs/COMPATIBILITY.md`, and asserted here as it is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use super::*;

/// A folder with the file that curl reads first, and a shell to type into.
struct Typist {
    folder: tempfile::TempDir,
}

impl Typist {
    /// For whoever has this credential, where their port is the server's.
    fn new(server: &Server, port: u16, credential: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = format!(
            "silent\nshow-error\nmax-time = 20\nnoproxy = \"*\"\n\
             connect-to = \"localhost:{port}:{}\"\nheader = \"Authorization: Bearer {credential}\"\n",
            server.socket()
        );
        std::fs::write(folder.path().join(".curlrc"), file).unwrap();
        Self { folder }
    }

    /// What a line shows.
    #[track_caller]
    fn types(&self, line: &str) -> String {
        let mut shell = Command::new("bash");
        let shell = shell.args(["-ec", line]).env_clear().current_dir(self.folder.path());
        let shell = shell.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        let shown = shell.output().unwrap();
        let talk = String::from_utf8_lossy(&shown.stderr).into_owned();
        assert!(shown.status.success(), "{line}\n{talk}");
        String::from_utf8(shown.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        let shown = self.types(line);
        serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{line}\n{shown}"))
    }
}

#[test]
fn datafogs_examples_give_what_its_readme_promises() {
    let install = Install::bare();
    let server = Server::start(&install);
    let typist = Typist::new(&server, 8080, server.first_key.as_ref().unwrap());
    let health = typist.types("curl -i http://localhost:8080/health");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    for member in ["\"status\":\"ok\"", "policy_id", "policy_version", "started_at"] {
        assert!(health.contains(member), "{health}");
    }
    let scanned = typist.json(
        r#"curl -X POST http://localhost:8080/v1/scan \
  -H "Content-Type: application/json" \
  -d '{"text":"alice@example.com - API key: SK8x... and 555-123-4567"}'"#,
    );
    // Made-up values are none: names of the net that belong to nobody, numbers that are not given out.
    assert_eq!(scanned["findings"].as_array().map(Vec::len), Some(0), "{scanned}");
    let real = typist.json(
        r#"curl -X POST http://localhost:8080/v1/scan \
  -H "Content-Type: application/json" \
  -d '{"text":"alice@posteo.de - API key: SK8x... and 212-867-5309"}'"#,
    );
    let kinds: Vec<_> = real["findings"].as_array().unwrap().iter().collect();
    for kind in ["email", "phone"] {
        assert!(kinds.iter().any(|it| it["entity_type"] == kind), "{kind}: {real}");
    }
    let decided = typist.json(
        r#"curl -X POST http://localhost:8080/v1/decide \
  -H "Content-Type: application/json" \
  -d '{
    "action": {
      "type": "file.write",
      "resource": "notes.txt"
    },
    "text": "customer email is alice@example.com"
  }'"#,
    );
    assert!(decided["decision"].is_string() && decided["receipt_id"].is_string(), "{decided}");
    // The end that it names is one letter too early.
    let masked = typist.json(
        r#"curl -X POST http://localhost:8080/v1/transform \
  -H "Content-Type: application/json" \
  -d '{
    "text": "customer email is alice@example.com",
    "findings": [{"entity_type":"email","value":"alice@example.com","start":18,"end":34,"confidence":0.99}],
    "mode":"mask"
  }'"#,
    );
    let output = masked["output"].as_str().unwrap_or_else(|| panic!("{masked}"));
    assert!(output.starts_with("customer email is ") && !output.contains("alice"), "{masked}");
    assert_eq!(masked["stats"]["entities_transformed"], 1, "{masked}");
    let events = typist.json("curl 'http://localhost:8080/v1/events?limit=20&decision=deny'");
    assert_eq!(events["total"], 0, "{events}");
    // The decision and its receipt, end to end.
    let receipt = typist.json(
        r#"RECEIPT_ID=$(curl -s -X POST http://localhost:8080/v1/decide \
  -H "Content-Type: application/json" \
  -d '{"action":{"type":"shell.exec","command":"git"},"text":"no pii here"}' \
| jq -r '.receipt_id')

curl -s http://localhost:8080/v1/receipts/$RECEIPT_ID | jq ."#,
    );
    assert_eq!(receipt["decision"], "allow", "{receipt}");
    assert_eq!(receipt["action"]["command"], "git", "{receipt}");
}

/// Answers every call that is forwarded with `true`.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut piece = [0_u8; 4096];
            let _some = stream.read(&mut piece).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                          content-length: 4\r\nconnection: close\r\n\r\ntrue";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn agentgovs_examples_give_what_its_readme_promises() {
    let install = Install::bare();
    let upstream = format!("http://{}", upstream());
    let server = Server::with(install.datafog([
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--tool-upstreams",
        &upstream,
    ]));
    let typist = Typist::new(&server, 8080, server.first_key.as_ref().unwrap());
    let call = r#"curl -X POST http://localhost:8080/tools \
  -H "Content-Type: application/json" \
  -d '{
    "tool_name": "test_tool",
    "args": {"param": "value"},
    "upstream": "http://httpbin.org/post"
  }'"#;
    // Strangers are asked only where they are listed.
    let refused = typist.json(call);
    assert_eq!(refused["success"], false, "{refused}");
    let made = typist.json(&call.replace("http://httpbin.org/post", &format!("{upstream}/post")));
    assert_eq!(
        (&made["success"], &made["result"]),
        (&Value::Bool(true), &Value::Bool(true)),
        "{made}"
    );
    let audit = typist.json("curl http://localhost:8080/audit");
    let entries = audit["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["tool_name"] == "test_tool"), "{audit}");
    let pending = typist.json("curl http://localhost:8080/pending");
    assert_eq!(pending["pending"].as_array().map(Vec::len), Some(0), "{pending}");
    let history = typist.json("curl 'http://localhost:8080/audit?limit=100&offset=0'");
    assert_eq!(history["total"], audit["total"]);
}

/// Its own policy decides besides ours.
fn guarded() -> (Install, Server) {
    let install = Install::bare();
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/foreign/policies/dataguard.json");
    let here = install.root().join("dataguard.json");
    std::fs::copy(policy, &here).unwrap();
    let settings = format!("policy = \"{}\"\n", here.display());
    std::fs::write(install.root().join("config.toml"), settings).unwrap();
    let server = Server::start(&install);
    (install, server)
}

#[test]
fn dataguards_examples_give_what_its_readme_promises() {
    let (install, server) = guarded();
    let typist = Typist::new(&server, 8000, server.first_key.as_ref().unwrap());
    let denied = typist.json(
        r#"curl -s -X POST http://localhost:8000/v1/guardian/evaluate \
  -H "Content-Type: application/json" \
  -d '{
    "proposal": {
      "tool_name": "bash",
      "tool_args": {"command": "rm -rf /var/data"}
    },
    "context": {
      "agent_id": "my-agent",
      "tenant_id": "my-project"
    }
  }' | python3 -m json.tool"#,
    );
    assert_eq!(
        (&denied["verdict"], &denied["matched_rule_id"], &denied["requires_human"]),
        (&Value::from("deny"), &Value::from("deny-rm-rf"), &Value::Bool(false)),
        "{denied}"
    );
    assert_eq!(denied["risk_score"]["final_score"], 100, "{denied}");
    // What would have to be changed first is denied, and not handed out changed.
    let changed = typist.json(
        r#"curl -s -X POST http://localhost:8000/v1/guardian/evaluate \
  -H "Content-Type: application/json" \
  -d '{
    "proposal": {
      "tool_name": "bash",
      "tool_args": {"command": "sudo apt-get install nginx"}
    },
    "context": {"agent_id": "my-agent"}
  }' | python3 -m json.tool"#,
    );
    assert_ne!(changed["verdict"], "allow", "{changed}");
    assert!(changed["rewritten_call"].is_null(), "{changed}");
    let batch = typist.json(
        r#"curl -X POST http://localhost:8000/v1/guardian/evaluate-batch \
  -H "Content-Type: application/json" \
  -d '[
    {"proposal": {"tool_name": "bash", "tool_args": {"command": "echo safe"}}, "context": {"agent_id": "a1"}},
    {"proposal": {"tool_name": "bash", "tool_args": {"command": "rm -rf /"}}, "context": {"agent_id": "a1"}}
  ]'"#,
    );
    assert_eq!(
        (&batch[0]["verdict"], &batch[1]["verdict"]),
        (&Value::from("allow"), &Value::from("deny")),
        "{batch}"
    );
    let unknown = typist.json(
        r#"curl -X POST "http://localhost:8000/v1/guardian/approve/abc-123?approved=true&reviewer=admin""#,
    );
    assert_eq!(unknown["error"]["code"], "not_found", "{unknown}");
    // A policy of one's own comes into force while it runs.
    let own = r#"{"policy_id": "my-org-policy", "version": 1, "description": "x",
        "scope": ["tool_call", "message_send"], "rules": [
            {"rule_id": "no-writes", "description": "x", "action": "deny", "reason": "not by agents",
             "match": {"tool_category": {"eq": "database"},
                       "tool_args_contains": {"pattern": "(?i)(INSERT|UPDATE|DELETE|ALTER|CREATE|DROP)"}}},
            {"rule_id": "spend", "description": "x", "action": "deny", "reason": "too much",
             "match": {"tool_category": {"eq": "payment"},
                       "tool_args_field_check": {"field": "amount", "condition": "gt", "value": 1000}}},
            {"rule_id": "no-deploys", "description": "x", "action": "deny", "reason": "not by agents",
             "match": {"tool_name": {"in": ["deploy"]}}}],
        "risk_thresholds": {"allow_max": 20, "rewrite_confirm_min": 21, "rewrite_confirm_max": 50,
                            "block_approval_min": 51}}"#;
    std::fs::create_dir(typist.folder.path().join("policies")).unwrap();
    std::fs::write(typist.folder.path().join("policies/my-org-policy.json"), own).unwrap();
    let put = typist.json(
        r#"curl -X PUT http://localhost:8000/v1/policies/active \
  -H "Content-Type: application/json" \
  -d @policies/my-org-policy.json"#,
    );
    assert_eq!(put["policy_id"], "my-org-policy", "{put}");
    let deploys = r#"curl -s -X POST http://localhost:8000/v1/guardian/evaluate -H "Content-Type: application/json" \
  -d '{"proposal": {"tool_name": "deploy", "tool_args": {}}, "context": {"agent_id": "a"}}'"#;
    assert!(eventually(|| typist.json(deploys)["verdict"] == "deny"));
    drop(install);
}
