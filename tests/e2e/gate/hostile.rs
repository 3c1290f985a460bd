//! Lines that are made to wear a gate out are judged or stopped, never waved through.

use std::fs;

use crate::support::Install;

#[path = "../../../benches/hostile_lines.rs"]
mod hostile_lines;

use hostile_lines::hostile_lines;

#[test]
fn a_line_made_to_wear_the_gate_out_is_stopped_each_time() {
    let install = Install::new(&[]);
    for hostile in hostile_lines() {
        for attempt in 1..=2 {
            let json = install.datafog(["check", "--json", "-c", &hostile.line]).run().json();
            let stopped = json["decision"] == "deny";
            assert_eq!(stopped, hostile.stopped, "{} ({attempt}): {json}", hostile.name);
            let unread = json["rule"] == "unscannable" && json["destinations"][0].is_string();
            assert!(unread || !hostile.unread, "{} ({attempt}): {json}", hostile.name);
        }
    }
}

/// A policy that lets pass what is not understood says nothing of what nobody looked at.
#[test]
fn a_line_that_is_cut_short_is_stopped_by_every_policy() {
    let install = Install::new(&[]);
    let policy =
        "[policy]\nid = \"lax\"\nversion = \"1\"\ndefault = \"allow\"\nunscannable = \"allow\"\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let many = |count: u32, last: &str| {
        (0..count).map(|at| format!("echo {at}; ")).collect::<String>() + last
    };
    let deep = (0..30).fold(String::from("true"), |inner, _| format!("env nice {inner}"));
    let lines = [
        (many(300, "echo end"), "allow"),
        (many(600, "rm -rf /srv/x"), "deny"),
        (many(4000, "rm -rf /srv/x"), "deny"),
        (many(4000, "echo end"), "deny"),
        (deep, "deny"),
        (String::from("$(cat unknown) x"), "allow"),
    ];
    for (line, decision) in lines {
        let json = install.datafog(["check", "--json", "-c", &line]).run().json();
        assert_eq!(
            json["decision"],
            decision,
            "{}: {json}",
            line.chars().take(60).collect::<String>()
        );
    }
    let ended = install.datafog(["shell", &many(4000, "touch ran")]).run().ends_with(126);
    assert!(ended.stderr().contains("more than can be looked at"), "{}", ended.stderr());
    assert!(!install.work().join("ran").exists());
}
