//! Calls that wait for a person: who may answer, what an answer counts for, and what it does not.
//!
//! What stands for the held command only notes that it ran. Prompts are answered under tmux, whose
//! server is nobody's child, so that whatever runs these tests is not among the parents.

mod prompt;
mod races;
pub(crate) mod tmux;

use std::fs;

use crate::support::{Ended, Install};

/// Asks before a pod is deleted; nobody waits.
const RULE: &str = "\
[policy]
id = \"mine\"
version = \"1\"
[[rule]]
id = \"ask-first\"
effect = \"require_approval\"
reason = \"deleting is for a person to say\"
instead = \"kubectl get\"
approval = { timeout = \"30s\" }
match = [\"kubectl delete pod x\"]
[rule.when]
command = [\"kubectl\", \"curl\"]
";

/// An installation where `kubectl` and `curl` are held, and only note that they ran.
fn installation() -> Install {
    let install = Install::bare();
    install.stand_in("kubectl");
    install.stand_in("curl");
    with_timeout(&install, "30s");
    install
}

fn with_timeout(install: &Install, timeout: &str) {
    let rule = RULE.replace("30s", timeout);
    fs::write(install.root().join("policy.toml"), rule).unwrap();
}

fn delete(install: &Install) -> Ended {
    install.shim("kubectl", ["delete", "pod", "x"]).run()
}

/// The short id that a held call names.
fn id_of(ended: &Ended) -> String {
    let stderr = ended.stderr();
    let after = stderr.split("datafog approvals ").nth(1).unwrap_or_else(|| panic!("{stderr}"));
    after.split_ascii_whitespace().nth(1).unwrap().to_owned()
}

/// What `approvals list --all` knows.
fn listed(install: &Install) -> Vec<serde_json::Value> {
    let json = install.datafog(["approvals", "list", "--all", "--json"]).run().succeeds().json();
    json["approvals"].as_array().unwrap().clone()
}

fn state(install: &Install, id: &str) -> String {
    let json = install.datafog(["approvals", "show", id, "--json"]).run().succeeds().json();
    json["state"].as_str().unwrap().to_owned()
}

#[test]
fn without_a_terminal_a_held_call_returns_at_once_with_its_id() {
    let install = installation();
    let started = std::time::Instant::now();
    let held = delete(&install).ends_with(126);
    assert!(started.elapsed().as_secs() < 10, "nobody waits");
    let stderr = held.stderr();
    assert!(stderr.contains(" decision=require_approval rule=ask-first"), "{stderr}");
    assert!(stderr.contains("datafog: HELD  kubectl"), "{stderr}");
    assert_eq!(stderr.lines().count(), 5, "{stderr}");
    let id = id_of(&held);
    assert!(stderr.contains(&format!("datafog approvals approve {id}")), "{stderr}");
    assert_eq!(install.ran(), "");
    let receipts = install.receipts();
    let last = receipts.last().unwrap();
    assert_eq!((&last["enforcement"], &last["kind"]), (&"hold".into(), &"action".into()));
    // Asking again joins the request that waits.
    assert_eq!(id_of(&delete(&install).ends_with(126)), id);
    let all = listed(&install);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((&all[0]["state"], &all[0]["uses"]), (&"pending".into(), &0.into()));
    let table = install.datafog(["approvals", "list"]).run().succeeds().stdout();
    assert!(table.contains(&id) && table.contains("kubectl delete pod x"), "{table}");
    let status = install.datafog(["status", "--json"]).run().succeeds().json();
    assert_eq!(status["approvals"]["waiting"], 1);
    let doctor = install.datafog(["doctor"]).run().stdout();
    assert!(doctor.contains("1 waiting"), "{doctor}");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn a_no_holds_on_every_retry_until_a_person_takes_it_back() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let deny = ["approvals", "deny", &id, "--note", "open a ticket"];
    install.datafog(deny).run().succeeds();
    for _ in 0..3 {
        let denied = delete(&install).ends_with(126);
        let stderr = denied.stderr();
        assert!(stderr.contains("said no: open a ticket"), "{stderr}");
        assert!(!stderr.contains("approvals approve"), "{stderr}");
        let receipt = install.receipts().pop().unwrap();
        assert_eq!(receipt["enforcement"], "block");
        assert_eq!(
            (&receipt["approval"]["state"], &receipt["approval"]["way"]),
            (&"denied".into(), &"command".into())
        );
    }
    // Nobody approves what was denied, and nobody without a terminal takes a no back.
    install.datafog(["approvals", "deny", &id]).run().ends_with(1);
    let refused = install.datafog(["approvals", "revoke", &id]).run();
    assert_eq!(refused.code(), 1, "{}", refused.stderr());
    assert_eq!((install.ran().as_str(), state(&install, &id).as_str()), ("", "denied"));
}

#[test]
fn an_agent_and_whoever_has_no_terminal_approve_nothing() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let approve = ["approvals", "approve", &id, "--scope", "once"];
    let none = install.datafog(approve).run().ends_with(1);
    let said = none.stderr();
    assert!(said.contains("terminal") || said.contains("only a person"), "{said}");
    let agent = install.datafog(approve).env("CLAUDECODE", "1").run().ends_with(1);
    assert!(agent.stderr().contains("claude-code"), "{}", agent.stderr());
    // The word of the agent that asked is in the environment of the process that asks for it.
    let line = format!(
        "env -i HOME=/ '{}' approvals approve {id}; true",
        install.root().join("bin/datafog").display()
    );
    let hidden = install.bash(&line).env("GEMINI_CLI", "1").run().succeeds();
    assert!(hidden.stderr().contains("gemini"), "{}", hidden.stderr());
    assert_eq!(state(&install, &id), "pending");
    assert_eq!(install.ran(), "");
}

#[test]
fn observing_asks_nobody() {
    let install = installation();
    install.datafog(["mode", "observe"]).run().succeeds();
    delete(&install).succeeds();
    assert_eq!(install.ran(), "kubectl delete pod x\n");
    assert_eq!(listed(&install).len(), 0);
    assert!(!install.root().join("approvals").exists());
}

#[test]
fn a_forged_record_answers_for_nothing_and_doctor_names_it() {
    let install = installation();
    delete(&install).ends_with(126);
    let full = listed(&install)[0]["id"].as_str().unwrap().to_owned();
    let path = install.root().join("approvals").join(&full);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"state\":\"pending\"", "\"state\":\"approved\"")).unwrap();
    delete(&install).ends_with(126);
    assert_eq!(install.ran(), "");
    let doctor = install.datafog(["doctor"]).run().stdout();
    assert!(doctor.contains("is no request of ours"), "{doctor}");
    install.datafog(["approvals", "show", &full]).run().ends_with(1);
}

#[test]
fn more_than_may_wait_are_not_asked() {
    let install = installation();
    for number in 0..64 {
        install.shim("kubectl", ["delete", "pod", &number.to_string()]).run().ends_with(126);
    }
    let crowded = delete(&install);
    assert!(crowded.stderr().contains("64 requests wait"), "{}", crowded.stderr());
    assert_eq!(crowded.code(), 126);
    assert_eq!(install.ran(), "");
}

#[test]
fn what_two_persons_have_to_say_is_not_asked_of_one() {
    let install = installation();
    let rule = RULE.replace("timeout = \"30s\"", "timeout = \"0s\", approvers = 2");
    fs::write(install.root().join("policy.toml"), rule).unwrap();
    let held = delete(&install).ends_with(126);
    assert!(
        held.stderr().contains("when 2 different persons have approved it"),
        "{}",
        held.stderr()
    );
    let id = id_of(&held);
    let shown = install.datafog(["approvals", "show", &id]).run().succeeds().stdout();
    assert!(shown.contains("2 different persons have to say yes"), "{shown}");
    let listed = install.datafog(["approvals", "list"]).run().succeeds().stdout();
    assert!(listed.contains("pending 0/2"), "{listed}");
}
