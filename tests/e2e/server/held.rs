//! A command that is held on one machine, and a person who answers on a server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::*;
use crate::approvals::tmux::Terminal;
use crate::support::Ended;

const RUN: &str = "kubectl delete pod x";

/// A server, and an installation that tells it of held calls.
struct Pair {
    server: Server,
    /// Of an administrator of the server.
    admin: String,
    of_server: Install,
    install: Install,
}

fn signer(install: &Install) -> String {
    install.datafog(["policy", "signer"]).run().succeeds().stdout().trim().to_owned()
}

impl Pair {
    fn new(timeout: &str) -> Self {
        let of_server = Install::bare();
        let server = Server::start(&of_server);
        let admin = server.first_key.clone().unwrap();
        let install = Install::bare();
        install.stand_in("kubectl");
        let policy = format!(
            "[policy]\nid = \"mine\"\nversion = \"1\"\n[[rule]]\nid = \"ask-first\"\n\
             effect = \"require_approval\"\nreason = \"deleting is for a person to say\"\n\
             instead = \"kubectl get\"\napproval = {{ timeout = \"{timeout}\" }}\n\
             match = [\"{RUN}\"]\n[rule.when]\ncommand = \"kubectl\"\n"
        );
        fs::write(install.root().join("policy.toml"), policy).unwrap();
        let pair = Self { server, admin, of_server, install };
        pair.told(&signer(&pair.of_server));
        pair
    }

    /// Writes the server into the settings, with that key of its answers.
    fn told(&self, signer: &str) {
        let token = self.install.root().join("token");
        fs::write(&token, key(&self.of_server, &["laptop", "--role", "agent"])).unwrap();
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
        let (address, token) = (&self.server.address, token.display());
        let settings = self.install.read("config.toml");
        let remote = format!(
            "\n[remote]\nurl = \"{address}\"\nkey = \"{signer}\"\ntoken_file = \"{token}\"\n\
             refresh_minutes = 0\napproval_url = \"{address}\"\n"
        );
        fs::write(self.install.root().join("config.toml"), settings + &remote).unwrap();
    }

    fn run(&self) -> Ended {
        self.install.shim("kubectl", ["delete", "pod", "x"]).run()
    }

    /// The requests that the server knows of, newest first.
    fn listed(&self) -> Vec<Value> {
        let listed = self.server.get(&self.admin, "/v1/approvals").json();
        listed["approvals"].as_array().unwrap().clone()
    }

    /// What the server knows of the newest request.
    fn there(&self) -> Value {
        self.listed().into_iter().next().unwrap_or_default()
    }

    /// Says something to the newest request on the server.
    fn say(&self, what: &Value) -> Answer {
        let id = self.there()["id"].as_str().unwrap().to_owned();
        self.server.post(&self.admin, &format!("/v1/approvals/{id}/decision"), what)
    }

    /// How the newest request stands here.
    fn here(&self) -> Value {
        let listed = self.install.datafog(["approvals", "list", "--all", "--json"]);
        let listed = listed.run().succeeds().json();
        listed["approvals"].as_array().unwrap().last().unwrap().clone()
    }

    fn is_whole(&self) {
        self.install.datafog(["receipts", "verify"]).run().succeeds();
        self.of_server.datafog(["receipts", "verify", "--store"]).run().succeeds();
    }
}

#[test]
fn a_yes_on_the_server_lets_it_run_once() {
    let pair = Pair::new("30s");
    pair.run().ends_with(126);
    let (there, here) = (pair.there(), pair.here());
    assert_eq!((&there["id"], &there["state"]), (&here["id"], &json!("pending")));
    assert!(there["command"].as_str().unwrap().ends_with(RUN), "{there}");
    assert_eq!(there["rules"][0], "ask-first");
    assert_eq!(there["reason"], "deleting is for a person to say");
    pair.run().ends_with(126);
    assert_eq!(pair.listed().len(), 1, "asking again joins the request that waits");
    let said = pair.say(&json!({ "decision": "approve", "note": "go" }));
    assert_eq!(said.status, 200, "{said:?}");
    pair.run().succeeds();
    assert_eq!(pair.install.ran(), format!("{RUN}\n"));
    let receipts = pair.install.receipts();
    let [.., approved, used] = receipts.as_slice() else { panic!("{receipts:?}") };
    let (approved, used) = (&approved["approval"], &used["approval"]);
    assert_eq!((&approved["state"], &approved["way"]), (&json!("approved"), &json!("server")));
    let by = approved["by"].as_str().unwrap();
    assert!(by.starts_with("key ") && by.ends_with(&pair.server.address), "{by}");
    assert_eq!((&approved["note"], &used["state"]), (&json!("go"), &json!("used")));
    assert_eq!(pair.there()["state"], "used", "the server is told");
    pair.run().ends_with(126);
    assert_eq!((pair.install.ran().as_str(), pair.listed().len()), ("", 2), "it was for one call");
    pair.is_whole();
}

#[test]
fn a_no_on_the_server_stays_a_no() {
    let pair = Pair::new("30s");
    pair.run().ends_with(126);
    assert_eq!(pair.say(&json!({ "decision": "deny", "note": "use the pipeline" })).status, 200);
    for _ in 0..2 {
        let denied = pair.run().ends_with(126);
        assert!(denied.stderr().contains("said no: use the pipeline"), "{denied:?}");
    }
    assert_eq!((pair.install.ran().as_str(), &pair.here()["state"]), ("", &json!("denied")));
    assert_eq!(pair.there()["state"], "denied");
    pair.is_whole();
}

#[test]
fn who_waits_at_a_terminal_goes_on_when_the_server_says_so() {
    let pair = Pair::new("60s");
    let terminal = Terminal::new(&pair.install, "there");
    terminal.types(RUN);
    terminal.sees("Run it?");
    assert!(eventually(|| pair.there()["state"] == "pending"), "{:?}", pair.listed());
    assert_eq!(pair.say(&json!({ "decision": "approve" })).status, 200);
    terminal.sees("no answer here");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(pair.install.ran(), format!("{RUN}\n"));
    terminal.is_as_before();
    pair.is_whole();
}

#[test]
fn an_answer_here_takes_the_question_back_there() {
    let pair = Pair::new("60s");
    pair.run().ends_with(126);
    let id = pair.there()["id"].as_str().unwrap().to_owned();
    pair.install.datafog(["approvals", "deny", &id]).run().succeeds();
    let there = pair.there();
    assert_eq!(there["state"], "revoked", "{there}");
    assert!(there["answer"]["note"].as_str().unwrap().contains("denied"), "{there}");
    assert_eq!(pair.say(&json!({ "decision": "approve" })).status, 409);
    pair.run().ends_with(126);
    let terminal = Terminal::new(&pair.install, "here");
    terminal.types("kubectl delete pod y");
    terminal.sees("Run it?");
    assert!(eventually(|| pair.listed().len() == 2));
    terminal.answers("y");
    terminal.sees("Run it? yes, once");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(pair.install.ran(), "kubectl delete pod y\n");
    assert!(eventually(|| pair.there()["state"] == "revoked"), "{}", pair.there());
    pair.is_whole();
}

#[test]
fn what_another_key_signed_counts_for_nothing() {
    let pair = Pair::new("30s");
    let settings = pair.install.read("config.toml");
    let (ours, other) = (signer(&pair.of_server), signer(&Install::bare()));
    let other = settings.replace(&ours, &other);
    fs::write(pair.install.root().join("config.toml"), other).unwrap();
    pair.run().ends_with(126);
    assert_eq!(pair.say(&json!({ "decision": "approve" })).status, 200);
    pair.run().ends_with(126);
    assert_eq!((pair.install.ran().as_str(), &pair.here()["state"]), ("", &json!("pending")));
    let terminal = Terminal::new(&pair.install, "forged");
    terminal.types(RUN);
    terminal.answers("n");
    terminal.sees("said no");
    assert_eq!(pair.install.ran(), "", "a person here still has the word");
}

#[test]
fn without_the_server_the_queue_here_is_all_there_is() {
    let pair = Pair::new("6s");
    let Pair { server, install, .. } = pair;
    server.kill();
    let run = || install.shim("kubectl", ["delete", "pod", "x"]).run();
    let held = run().ends_with(126);
    assert!(held.stderr().contains("datafog approvals approve"), "{held:?}");
    let terminal = Terminal::new(&install, "gone");
    terminal.types("kubectl delete pod y");
    terminal.sees("nobody answered in time");
    assert_eq!(terminal.ended(), 126);
    assert_eq!(install.ran(), "");
    terminal.clear();
    terminal.types(RUN);
    terminal.answers("y");
    terminal.sees("Run it? yes, once");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(install.ran(), format!("{RUN}\n"));
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn nobody_who_answers_in_time_is_a_no_on_both_sides() {
    let pair = Pair::new("2s");
    let terminal = Terminal::new(&pair.install, "late");
    terminal.types(RUN);
    terminal.sees("nobody answered in time");
    assert_eq!(terminal.ended(), 126);
    let there = pair.there();
    assert!(["expired", "revoked"].contains(&there["state"].as_str().unwrap()), "{there}");
    assert_eq!(pair.say(&json!({ "decision": "approve" })).status, 409);
    assert_eq!((pair.install.ran().as_str(), &pair.here()["state"]), ("", &json!("expired")));
    pair.is_whole();
}

#[test]
fn what_a_rule_asks_two_persons_about_takes_two_on_the_server() {
    let pair = Pair::new("30s\", approvers = 2, scope = \"once");
    pair.run().ends_with(126);
    assert_eq!(pair.there()["needed"], 2, "{}", pair.there());
    let bob = key(&pair.of_server, &["bob", "--role", "approver"]);
    let one = pair.say(&json!({ "decision": "approve" })).json();
    assert_eq!(one["state"], "pending", "{one}");
    pair.run().ends_with(126);
    assert_eq!(pair.install.ran(), "");
    let path = format!("/v1/approvals/{}/decision", pair.there()["id"].as_str().unwrap());
    let two = pair.server.post(&bob, &path, &json!({ "decision": "approve" })).json();
    assert_eq!(two["state"], "approved", "{two}");
    pair.run().succeeds();
    assert_eq!(pair.install.ran(), format!("{RUN}\n"));
    pair.run().ends_with(126);
    pair.is_whole();
}
