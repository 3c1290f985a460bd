//! `datafog user` as it is used, and what comes of it while a server runs.

use serde_json::json;

use super::*;

const PASSWORD: &str = "correct horse battery";

fn create(install: &Install, arguments: &[&str]) {
    let line = format!("{PASSWORD}\n");
    install.datafog(["user", "create"]).args(arguments).run_with(line.as_bytes()).succeeds();
}

fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password }).to_string();
    server.curl("/login", &["-H", "Content-Type: application/json", "-d", &body])
}

#[test]
fn somebody_logs_in_until_they_are_disabled() {
    let install = Install::bare();
    let server = Server::start(&install);
    create(&install, &["Ann@example.com", "--role", "approver", "--name", "Ann"]);
    let listed = install.datafog(["user", "list", "--json"]).run().succeeds().json();
    let ann = &listed["users"][0];
    assert_eq!((&ann["login"], &ann["role"]), (&json!("ann@example.com"), &json!("approver")));
    assert_eq!(log_in(&server, "ann@example.com", "wrong").status, 401);
    let told = log_in(&server, "ann@example.com", PASSWORD).json();
    let token = told["token"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&token, "/me").json()["name"], "Ann");
    assert_eq!(server.get(&token, "/pending").status, 200);
    let key = key(&install, &["hers", "--user", "ann@example.com", "--role", "viewer"]);
    assert_eq!(server.get(&key, "/pending").status, 200);
    install.datafog(["user", "disable", "ann@example.com"]).run().succeeds();
    for credential in [&token, &key] {
        assert!(eventually(|| server.get(credential, "/me").status == 401));
    }
    assert_eq!(log_in(&server, "ann@example.com", PASSWORD).status, 401);
    install.datafog(["user", "enable", "ann@example.com"]).run().succeeds();
    assert_eq!(log_in(&server, "ann@example.com", PASSWORD).status, 200);
    assert_eq!(server.get(&token, "/me").status, 401, "what was issued before stays void");
    assert!(!install.holds(PASSWORD.as_bytes()), "the password itself is stored");
}

#[test]
fn an_agent_adds_nobody_and_short_passwords_are_refused() {
    let install = Install::bare();
    let short = install.datafog(["user", "create", "bob"]).run_with(b"short\n").ends_with(2);
    assert!(short.stderr().contains("12 letters"), "{}", short.stderr());
    let line = format!("{PASSWORD}\n");
    let agent = install.datafog(["user", "create", "bob"]).env("CLAUDECODE", "1");
    agent.run_with(line.as_bytes()).ends_with(1);
    let listed = install.datafog(["user", "list", "--json"]).run().succeeds().json();
    assert_eq!(listed["users"], json!([]));
    let none = install.datafog(["user", "disable", "bob"]).run().ends_with(1);
    assert!(none.stderr().contains("nobody logs in as `bob`"), "{}", none.stderr());
    create(&install, &["bob"]);
    let twice = install.datafog(["user", "create", "bob"]).run_with(line.as_bytes()).ends_with(5);
    assert!(twice.stderr().contains("there already"), "{}", twice.stderr());
}

#[test]
fn a_key_is_made_with_a_policy_that_there_is_alone() {
    let install = Install::bare();
    let create = || install.datafog(["key", "create", "crm", "--policy", "crm"]).run();
    let refused = create().ends_with(4);
    assert!(refused.stderr().contains("the policy `crm` is not there"), "{refused:?}");
    let folder = install.root().join("policies");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("crm.toml"), "[policy]\nid = 5\n").unwrap();
    let broken = create();
    assert!(broken.code() == 4 && broken.stderr().contains("crm.toml"), "{broken:?}");
    std::fs::write(folder.join("crm.toml"), "[policy]\nid = \"crm\"\nversion = \"1\"\n").unwrap();
    assert!(create().succeeds().stdout().starts_with("dfg_"));
    let listed = install.datafog(["key", "list", "--json"]).run().succeeds().json();
    assert_eq!(listed["keys"][0]["policy"], "crm", "{listed}");
    install.datafog(["key", "create", "x", "--policy", "../policy"]).run().ends_with(4);
}

#[test]
fn what_is_done_at_the_command_line_stands_in_the_servers_chain() {
    let install = Install::bare();
    let admin = key(&install, &["admin", "--role", "admin"]);
    key(&install, &["ann", "--role", "viewer"]);
    create(&install, &["ann@example.com", "--role", "approver"]);
    install.datafog(["user", "disable", "ann@example.com"]).run().succeeds();
    let listed = install.datafog(["key", "list", "--json"]).run().succeeds().json();
    let ids: Vec<&str> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["name"] == "ann")
        .map(|key| key["id"].as_str().unwrap())
        .collect();
    // What makes less possible is done even where the policy does not load.
    std::fs::write(install.root().join("policy.toml"), "nonsense").unwrap();
    let revoked = install.datafog(["key", "revoke", ids[0]]).run().succeeds();
    assert!(revoked.stderr().contains("no line of it"), "{revoked:?}");
    install.datafog(["key", "create", "x"]).run().ends_with(4);
    std::fs::remove_file(install.root().join("policy.toml")).unwrap();
    let server = Server::start(&install);
    let told = server.get(&admin, "/v1/receipts").json();
    let lines: Vec<&str> = told["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["action"]["command"].as_str())
        .collect();
    let expected = [
        "disable user ann@example.com",
        "add user ann@example.com",
        "make key ann",
        "make key admin",
    ];
    assert_eq!(lines, expected.map(|what| format!("tool:server {what}")), "{told}");
    install.datafog(["receipts", "verify", "--store"]).run().succeeds();
}
