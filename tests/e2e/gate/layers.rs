//! Policies laid over each other: the user's, a project's, one named by a variable.

use std::fs;

use crate::support::Install;

fn rule(id: &str, effect: &str, extra: &str, command: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\neffect = \"{effect}\"\nreason = \"so it is\"\n{extra}\n[rule.when]\n\
         command = \"{command}\"\n"
    )
}

fn file(id: &str, rules: &str) -> String {
    format!("[policy]\nid = \"{id}\"\nversion = \"1\"\n{rules}")
}

#[test]
fn a_projects_file_tightens_once_it_is_trusted_and_not_before() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let project = install.work().join(".datafog.toml");
    fs::write(&project, file("project", &rule("project-rule", "deny", "instead = \"x\"", "git")))
        .unwrap();
    install.shim("git", ["status"]).run().succeeds();
    install.datafog(["policy", "trust"]).args([&project]).run().succeeds();
    install.shim("git", ["status"]).run().assert_denied(&install, "project-rule");
    let shown = install.datafog(["policy", "effective"]).run().succeeds().stdout();
    let head = shown.lines().find(|line| line.contains("project-rule")).unwrap_or_default();
    assert!(head.contains("project layer") && head.contains(".datafog.toml:4"), "{shown}");
    assert!(shown.contains("no-secret-egress"), "{shown}");
    // What a change says counts when it is trusted anew; until then what was trusted stands.
    fs::write(&project, file("project", "")).unwrap();
    install.shim("git", ["status"]).run().assert_denied(&install, "project-rule");
    fs::remove_file(&project).unwrap();
    install.shim("git", ["status"]).run().assert_denied(&install, "project-rule");
}

#[test]
fn a_changed_projects_file_is_trusted_anew_where_it_stands() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let project = install.work().join(".datafog.toml");
    let once = rule("project-rule", "deny", "instead = \"x\"", "git");
    fs::write(&project, file("project", &once)).unwrap();
    install.datafog(["policy", "trust"]).run().succeeds();
    let twice = once + &rule("second", "deny", "instead = \"x\"", "curl");
    fs::write(&project, file("project", &twice)).unwrap();
    let told = install.datafog(["policy", "trust"]).run().succeeds().stderr();
    assert!(told.contains("project-rule") && told.contains("second"), "{told}");
    install.shim("git", ["status"]).run().assert_denied(&install, "project-rule");
}

#[test]
fn detectors_and_exceptions_are_refused_where_they_would_do_nothing() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let detector = "[[detector]]\nid = \"acme\"\npattern = \"ACME-[0-9]+\"\n";
    let exception = "[[allow]]\ndetector = \"github-pat\"\nreason = \"x\"\n";
    let project = install.work().join(".datafog.toml");
    for (tables, said) in [(detector, "find nothing"), (exception, "no place")] {
        fs::write(&project, file("project", tables)).unwrap();
        let refused = install.datafog(["policy", "trust"]).run().ends_with(4).stderr();
        assert!(refused.contains(".datafog.toml:4:") && refused.contains(said), "{refused}");
        assert!(refused.contains("move it to the `policy.toml`"), "{refused}");
        let linted = install.datafog(["policy", "lint", ".datafog.toml"]).run().ends_with(4);
        assert!(linted.stdout().contains(said), "{}", linted.stdout());
        let own = install.work().join("own.toml");
        fs::write(&own, file("own", tables)).unwrap();
        let shim = install.shim("git", ["status"]).env("DATAFOG_POLICY", &own).run().ends_with(125);
        assert!(shim.stderr().contains("own.toml:4: "), "{}", shim.stderr());
        let named = ["check", "--policy", "own.toml", "--", "git", "status"];
        let named = install.datafog(named).run();
        assert_ne!(named.code(), 0);
        let named = named.stdout() + &named.stderr();
        assert!(named.contains("own.toml:4: ") && named.contains(said), "{named}");
    }
}

#[test]
fn a_link_in_a_projects_place_is_not_trusted() {
    let install = Install::new(&["git"]);
    fs::write(install.work().join("rules"), file("p", &rule("no-tag", "deny", "", "git"))).unwrap();
    std::os::unix::fs::symlink("rules", install.work().join(".datafog.toml")).unwrap();
    let told = install.datafog(["policy", "trust"]).run().ends_with(2);
    assert!(told.stderr().contains("no regular file"), "{}", told.stderr());
}

#[test]
fn a_variable_names_one_more_file_that_only_tightens() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let own = install.work().join("own.toml");
    fs::write(&own, file("env", &rule("env-rule", "deny", "instead = \"x\"", "git"))).unwrap();
    install.shim("git", ["status"]).run().succeeds();
    let with = |path: &str| install.shim("git", ["status"]).env("DATAFOG_POLICY", path).run();
    with(own.to_str().unwrap()).assert_denied(&install, "env-rule");
    with("").succeeds();
    // One that is not there, or that would loosen, is no way to be judged by less.
    with("/nowhere/policy.toml").ends_with(125);
    let loose = rule("loose", "allow", "overrides = [\"no-root-removal\"]", "git");
    fs::write(&own, file("env", &loose)).unwrap();
    let refused = with(own.to_str().unwrap()).ends_with(125);
    assert!(refused.stderr().contains("own.toml:8"), "{}", refused.stderr());
}

#[test]
fn the_users_rules_are_shown_with_their_origin() {
    let install = Install::new(&[]);
    let own = rule(
        "own-rule",
        "require_approval",
        "locked = true\napproval = { timeout = \"5m\" }",
        "git",
    );
    fs::write(install.root().join("policy.toml"), file("mine", &own)).unwrap();
    let json = install.datafog(["policy", "effective", "--json"]).run().succeeds().json();
    let rules = json["rules"].as_array().unwrap();
    let mine = rules.iter().find(|rule| rule["id"] == "own-rule").unwrap();
    assert_eq!((mine["layer"].as_str(), mine["locked"].as_bool()), (Some("user"), Some(true)));
    assert!(mine["place"].as_str().unwrap().ends_with("policy.toml:4"), "{mine}");
    assert_eq!(mine["obligations"][1]["approve_within"]["seconds"], 300, "{mine}");
    let checked =
        install.datafog(["check", "--json", "--", "git", "status"]).run().ends_with(3).json();
    assert_eq!(checked["obligations"][0], "approve", "{checked}");
}
