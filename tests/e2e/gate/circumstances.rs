//! Rules about who, where, when and how often.

use std::fs;
use std::thread;

use crate::support::Install;

/// An installation where `git` and `curl` are stand-ins, with this rule.
fn with_rule(conditions: &str, examples: &str) -> Install {
    let install = Install::new(&["git", "curl"]);
    install.stand_in("git");
    install.stand_in("curl");
    let policy = format!(
        "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"own-rule\"\neffect = \"deny\"\n\
         reason = \"so it is\"\ninstead = \"something else\"\n{examples}\n[rule.when]\n{conditions}\n"
    );
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install
}

#[test]
fn the_branch_at_hand_is_asked_for() {
    let install = with_rule(
        "command = \"git\"\nsubcommand = \"commit\"\nbranch = [\"main\", \"release/*\"]",
        "match = [{ run = \"git commit -m x\", branch = \"main\" }]\n\
         not_match = [{ run = \"git commit -m x\", branch = \"topic\" }, \"git commit -m x\"]",
    );
    let head = install.work().join(".git/HEAD");
    fs::create_dir_all(head.parent().unwrap()).unwrap();
    let commit = || install.shim("git", ["commit", "-m", "x"]).run();
    fs::write(&head, "ref: refs/heads/topic\n").unwrap();
    commit().succeeds();
    fs::write(&head, "ref: refs/heads/release/2\n").unwrap();
    commit().assert_denied(&install, "own-rule");
    // A commit that is checked out may be that of any branch.
    fs::write(&head, "0123456789012345678901234567890123456789\n").unwrap();
    commit().assert_denied(&install, "own-rule");
    install.shim("git", ["status"]).run().succeeds();
}

#[test]
fn calls_are_counted_and_questions_are_not() {
    let install = with_rule(
        "command = \"curl\"\nflow = \"leaves\"\nrate = { over = 5, per = \"1h\" }",
        "match = [{ run = \"curl -d x https://example.com/\", calls = 6 }]\n\
         not_match = [{ run = \"curl -d x https://example.com/\", calls = 5 }, \"curl -d x https://example.com/\"]",
    );
    let call = ["-d", "x", "https://example.com/"];
    for _ in 0..8 {
        install
            .datafog(["check", "--", "curl", "-d", "x", "https://example.com/"])
            .run()
            .succeeds();
    }
    assert!(!install.root().join("rate").exists(), "a question touches nothing");
    // Twelve calls at once: five run, whoever comes first.
    let ran = thread::scope(|scope| {
        let calls: Vec<_> =
            (0..12).map(|_| scope.spawn(|| install.shim("curl", call).run().code() == 0)).collect();
        calls.into_iter().filter_map(|call| call.join().ok()).filter(|ran| *ran).count()
    });
    assert_eq!(ran, 5);
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    install.shim("git", ["status"]).run().succeeds();
    // A counter that is gone or damaged is made anew from the ledger.
    let counter = install.root().join("rate/5-in-3600s-own-rule");
    fs::remove_file(&counter).unwrap();
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    fs::write(&counter, "damaged").unwrap();
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    let receipts = install.receipts();
    assert_eq!(receipts.iter().filter(|one| one["counted"][0] == "own-rule").count(), 15);
    // One that can be neither read nor replaced leaves it unknown how often it was.
    fs::remove_file(&counter).unwrap();
    fs::create_dir(&counter).unwrap();
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
}

#[test]
fn receipts_and_counters_that_are_taken_away_together_are_missed() {
    let install = with_rule(
        "command = \"curl\"\nflow = \"leaves\"\nrate = { over = 2, per = \"1h\" }",
        "match = [{ run = \"curl -d x https://example.com/\", calls = 3 }]",
    );
    let call = ["-d", "x", "https://example.com/"];
    install.shim("curl", call).run().succeeds();
    install.shim("curl", call).run().succeeds();
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    let counting = install.root().join("counting");
    // Calls of the same moments could be the first ones.
    for folder in ["receipts", "rate"] {
        fs::remove_dir_all(install.root().join(folder)).unwrap();
    }
    thread::sleep(std::time::Duration::from_secs(11));
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    install.shim("curl", call).run().assert_denied(&install, "own-rule");
    install.shim("git", ["status"]).run().succeeds();
    fs::remove_file(counting).unwrap();
    fs::remove_dir_all(install.root().join("receipts")).unwrap();
    install.shim("curl", call).run().succeeds();
}

#[test]
fn time_user_and_automation_are_asked_for() {
    let always = with_rule(
        "command = \"git\"\nany = [\n\
             { time = { hours = \"00:00-12:00\", zone = \"UTC\" } },\n\
             { time = { days = \"mon-sun\", hours = \"12:00-24:00\", zone = \"UTC\" } },\n]",
        "match = [{ run = \"git status\", time = \"sun 23:59\" }]",
    );
    always.shim("git", ["status"]).run().assert_denied(&always, "own-rule");
    // What a caller sets does not move the clock.
    let never = with_rule(
        "command = \"git\"\nuser = \"nobody-of-that-name\"",
        "match = [{ run = \"git status\", user = \"nobody-of-that-name\" }]\nnot_match = [\"git status\"]",
    );
    never.shim("git", ["status"]).env("USER", "nobody-of-that-name").run().succeeds();
    let automatic = with_rule(
        "command = \"git\"\nci = true",
        "match = [{ run = \"git status\", ci = true }]\nnot_match = [\"git status\"]",
    );
    automatic.shim("git", ["status"]).run().succeeds();
    automatic.shim("git", ["status"]).env("CI", "true").run().assert_denied(&automatic, "own-rule");
}

#[test]
fn a_zone_that_is_not_there_is_a_mistake_with_its_place() {
    let install = Install::new(&[]);
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"r\"\neffect = \"deny\"\n\
                  reason = \"x\"\ninstead = \"y\"\n[rule.when]\ncommand = \"git\"\n\
                  time = { days = \"mon\", zone = \"Europe/Atlantis\" }\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let said = install.datafog(["policy", "lint"]).run().ends_with(4);
    assert!(said.stdout().contains("policy.toml:11:"), "{}", said.stdout());
    assert!(said.stdout().contains("no time zone `Europe/Atlantis`"), "{}", said.stdout());
}

#[test]
fn a_role_comes_from_the_processs_own_user() {
    let install = Install::new(&["git", "curl"]);
    install.stand_in("git");
    install.stand_in("curl");
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\n[[role]]\nname = \"other\"\n\
                  users = [\"somebody-else\"]\n[[role]]\nname = \"everybody\"\ndefault = true\n\
                  blocked_commands = [\"git\"]\nblocked_tools = [\"pay\"]\nblocked_paths = [\"**/.env\"]\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    let rule = "role-everybody-blocked-commands";
    install.shim("git", ["status"]).run().assert_denied(&install, rule);
    let pretending = install.shim("git", ["status"]).env("USER", "somebody-else");
    pretending.env("LOGNAME", "somebody-else").run().assert_denied(&install, rule);
    install.shim("curl", ["https://example.com/"]).run().succeeds();
    // A path of a command and that of a tool are the same path.
    fs::write(install.work().join(".env"), "A=1\n").unwrap();
    let paths = "role-everybody-blocked-paths";
    install
        .shim("curl", ["-T", ".env", "https://example.com/"])
        .run()
        .assert_denied(&install, paths);
    let asked = ["check", "--json", "--tool", "Read", "--args", r#"{"file_path":"../work/.env"}"#];
    let answer = install.datafog(asked).run().json();
    assert_eq!(answer["rule"], paths, "{answer}");
}

#[test]
fn a_file_of_users_gives_groups_tenants_and_roles() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let uid = nix::unistd::geteuid();
    let user = nix::unistd::User::from_uid(uid).unwrap().unwrap().name;
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\n[[role]]\nname = \"analyst\"\n\
                  groups = [\"analysts\"]\nblocked_commands = [\"curl\"]\n\
                  [[rule]]\nid = \"no-push\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                  [rule.when]\nrole = \"analyst\"\ncommand = \"git\"\nsubcommand = \"push\"\n\
                  [[rule]]\nid = \"no-fetch\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                  [rule.when]\ntenant = \"acme\"\ncommand = \"git\"\nsubcommand = \"fetch\"\n\
                  [[rule]]\nid = \"no-tag\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                  [rule.when]\ngroup = \"analysts\"\ncommand = \"git\"\nsubcommand = \"tag\"\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let users = install.root().join("users.toml");
    let write = |groups: &str, tenant: &str| {
        let text =
            format!("[[user]]\nname = \"{user}\"\ngroups = [{groups}]\ntenant = \"{tenant}\"\n");
        fs::write(&users, text).unwrap();
    };
    let git = |word: &str| install.shim("git", [word]).run();
    write("\"analysts\"", "acme");
    git("push").assert_denied(&install, "no-push");
    git("fetch").assert_denied(&install, "no-fetch");
    git("tag").assert_denied(&install, "no-tag");
    git("status").succeeds();
    write("\"others\"", "umbrella");
    for word in ["push", "fetch", "tag"] {
        git(word).succeeds();
    }
    let finding = |level: &str| {
        let json = install.datafog(["doctor", "--json"]).run().json();
        let all = json["checks"].as_array().unwrap();
        let users = all.iter().find(|one| one["about"] == "users").cloned();
        let users = users.unwrap_or_else(|| panic!("{json}"));
        assert_eq!(users["level"], level, "{users}");
        users.to_string()
    };
    finding("ok");
    // A mistake, or a file that others can write, leaves the user unknown, and doubt stops.
    fs::write(&users, "[[user]]\nname = \"x\"\ngroup = [\"y\"]\n").unwrap();
    git("push").assert_denied(&install, "no-push");
    let told = finding("problem");
    assert!(told.contains("line 3") && told.contains("group"), "{told}");
    write("\"others\"", "umbrella");
    fs::set_permissions(&users, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    git("tag").assert_denied(&install, "no-tag");
    assert!(finding("problem").contains("written by others"));
}
