//! A policy that a server hands out: pulled, believed, and asked for again by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::SystemTime;

use super::*;

/// A policy that denies one command, which stays the same under every version.
fn policy(version: &str, command: &str) -> String {
    format!(
        "[policy]\nid = \"house\"\nversion = \"{version}\"\n\n[[rule]]\nid = \"no-{command}\"\n\
         effect = \"deny\"\nreason = \"not here\"\ninstead = \"ask\"\nmatch = [\"{command} x\"]\n\
         not_match = [\"ls\"]\n[rule.when]\ncommand = \"{command}\"\n"
    )
}

/// A server with that policy, and an installation that has a key of it in a file.
struct Pair {
    of_server: Install,
    server: Server,
    install: Install,
}

impl Pair {
    fn new() -> Self {
        let of_server = Install::bare();
        fs::write(of_server.root().join("policy.toml"), policy("1", "cat")).unwrap();
        let server = Server::start(&of_server);
        let install = Install::new(&["cat", "find"]);
        let token = install.root().join("token");
        fs::write(&token, key(&of_server, &["laptop", "--role", "agent"])).unwrap();
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
        Self { of_server, server, install }
    }

    fn signer(&self) -> String {
        self.of_server.datafog(["policy", "signer"]).run().succeeds().stdout().trim().to_owned()
    }

    fn pull(&self, more: &[&str]) -> crate::support::Ended {
        let (signer, token) = (self.signer(), self.install.root().join("token"));
        let named = ["policy", "pull", &self.server.address, "--key", &signer, "--token-file"];
        self.install.datafog(named).args([token.to_str().unwrap()]).args(more).run()
    }

    /// As if the server had been asked so long ago.
    fn asked(&self, ago: Duration) {
        let record = fs::File::options().append(true).open(self.install.root().join("pulled.json"));
        let then = SystemTime::now().checked_sub(ago).unwrap();
        record.unwrap().set_modified(then).unwrap();
    }

    fn is_denied(&self, command: &str) -> bool {
        self.install.shim(command, ["x"]).run().code() == 126
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_the_named_key_signed_comes_into_force_and_nothing_else() {
    let pair = Pair::new();
    let other = Install::bare();
    let stranger = other.datafog(["policy", "signer"]).run().succeeds().stdout().trim().to_owned();
    let token = pair.install.root().join("token");
    let refused = pair
        .install
        .datafog(["policy", "pull", &pair.server.address, "--key", &stranger, "--token-file"])
        .args([token.to_str().unwrap()])
        .run();
    assert_eq!(refused.code(), 5, "{refused:?}");
    assert!(refused.stderr().contains("signature"), "{refused:?}");
    assert!(!pair.is_denied("cat"), "nothing changed");
    pair.pull(&["--dry-run"]).succeeds();
    assert!(!pair.is_denied("cat"), "nothing changed");
    pair.pull(&[]).succeeds();
    assert!(pair.is_denied("cat") && !pair.is_denied("find"));
    let said = pair.pull(&[]).succeeds();
    assert!(said.stderr().contains("Nothing to do"), "{said:?}");
}

#[test]
fn calls_ask_again_by_themselves_and_live_without_the_server_for_a_while() {
    let pair = Pair::new();
    pair.pull(&["--remember"]).succeeds();
    fs::write(pair.of_server.root().join("policy.toml"), policy("2", "find")).unwrap();
    assert!(pair.is_denied("cat"), "the last one holds while it is young");
    pair.asked(DAY);
    assert!(pair.is_denied("find"), "it was asked for again");
    assert!(!pair.is_denied("cat"));
    let Pair { server, install, of_server } = pair;
    server.kill();
    let pair = Pair { server: Server::start(&of_server), install, of_server };
    // The address that is set has nobody behind it now.
    pair.asked(DAY);
    assert!(pair.is_denied("find") && !pair.is_denied("cat"), "the last one holds");
    assert!(!pair.install.read("pulled.failed").is_empty());
    pair.asked(DAY.saturating_mul(8));
    let denied = pair.install.shim("cat", ["x"]).run();
    assert_eq!(denied.code(), 125, "{denied:?}");
    assert!(denied.stderr().contains("too old"), "{denied:?}");
}

#[test]
fn the_policy_in_force_is_asked_before_another_takes_its_place_and_a_receipt_tells_of_it() {
    let pair = Pair::new();
    pair.pull(&["--remember"]).succeeds();
    let told = |install: &Install| {
        let all = install.receipts();
        all.iter().filter(|one| one["tool"] == "policy").cloned().collect::<Vec<_>>()
    };
    assert!(told(&pair.install).is_empty(), "a person named the server: that is the receipt");
    let keep = "\n[[rule]]\nid = \"keep\"\neffect = \"deny\"\nreason = \"this one stays\"\n\
                [rule.when]\ntool = \"policy\"\n";
    fs::write(pair.of_server.root().join("policy.toml"), policy("2", "find") + keep).unwrap();
    pair.asked(DAY);
    assert!(pair.is_denied("find"), "it was asked for again");
    let seen = told(&pair.install);
    assert!(seen.len() == 1 && seen[0]["decision"] == "allow", "{seen:?}");
    let reason = seen[0]["reason"].as_str().unwrap();
    assert!(reason.contains(&pair.server.address), "{reason}");
    // The one in force does not let another take its place.
    fs::write(pair.of_server.root().join("policy.toml"), policy("3", "cat")).unwrap();
    let refused = pair.install.datafog(["policy", "pull"]).run();
    assert_eq!(refused.code(), 5, "{refused:?}");
    assert!(refused.stderr().contains("this one stays"), "{refused:?}");
    pair.asked(DAY);
    assert!(pair.is_denied("find") && !pair.is_denied("cat"), "it stays");
    let seen = told(&pair.install);
    assert!(seen.len() == 3 && seen.iter().skip(1).all(|it| it["decision"] == "deny"), "{seen:?}");
    pair.pull(&["--replace"]).succeeds();
    assert!(pair.is_denied("cat"), "a person may");
}

#[test]
fn what_a_person_wrote_stays_until_they_say_otherwise() {
    let pair = Pair::new();
    let own = policy("mine", "find");
    fs::write(pair.install.root().join("policy.toml"), &own).unwrap();
    let refused = pair.pull(&[]);
    assert_eq!(refused.code(), 5, "{refused:?}");
    assert!(refused.stderr().contains("--replace"), "{refused:?}");
    assert_eq!(pair.install.read("policy.toml"), own);
    pair.pull(&["--replace"]).succeeds();
    assert!(pair.is_denied("cat") && !pair.is_denied("find"));
    assert!(pair.install.holds(own.as_bytes()), "a copy is kept");
}

#[test]
fn an_older_policy_and_one_that_does_not_load_change_nothing() {
    let pair = Pair::new();
    pair.pull(&["--remember"]).succeeds();
    fs::write(pair.of_server.root().join("policy.toml"), policy("3", "find")).unwrap();
    pair.pull(&[]).succeeds();
    // The server's memory goes: its first version is from now on, which is not older.
    let mut record: Value = serde_json::from_str(&pair.install.read("pulled.json")).unwrap();
    record["issued_at"] = Value::from(i64::MAX);
    fs::write(pair.install.root().join("pulled.json"), record.to_string()).unwrap();
    fs::write(pair.of_server.root().join("policy.toml"), policy("4", "cat")).unwrap();
    let refused = pair.pull(&[]);
    assert!(refused.code() == 5 && refused.stderr().contains("older"), "{refused:?}");
    assert!(pair.is_denied("find"), "the one that was there holds");
    let readable = pair.install.root().join("token");
    fs::set_permissions(&readable, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = pair.pull(&[]);
    assert!(refused.stderr().contains("chmod 600"), "{refused:?}");
}

#[test]
fn a_server_whose_policy_comes_from_another_asks_for_it_too() {
    let pair = Pair::new();
    pair.pull(&["--remember"]).succeeds();
    let second = Server::start(&pair.install);
    let key = second.first_key.clone().unwrap();
    let version = || second.get(&key, "/health").json()["policy_version"].clone();
    assert!(eventually(|| version() == "1"), "{}", version());
    second.kill();
    fs::write(pair.of_server.root().join("policy.toml"), policy("2", "find")).unwrap();
    pair.asked(DAY);
    let second = Server::start(&pair.install);
    let version = || second.get(&key, "/health").json()["policy_version"].clone();
    assert!(eventually(|| version() == "2"), "{}", version());
    drop(second);
    let Pair { server, install, of_server } = pair;
    server.kill();
    let pair = Pair { server: Server::start(&of_server), install, of_server };
    pair.asked(DAY.saturating_mul(8));
    let second = Server::start(&pair.install);
    let health = || curl(&[&*format!("{}/health", second.address)]).json();
    assert!(eventually(|| health()["stale"].is_string()), "{}", health());
}
