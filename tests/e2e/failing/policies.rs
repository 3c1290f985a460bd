//! Policies that do not hold: refused with file and line, and nothing is lost when they are mended.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::failing::{
    assert_fails_closed, assert_refused, assert_untouched, call, enforced, observing,
};

/// The head of a policy, three lines.
const HEAD: &str = "[policy]\nid = \"x\"\nversion = \"1\"\n";

/// A rule without conditions, four lines.
const RULE: &str = "[[rule]]\nid = \"a\"\neffect = \"deny\"\nreason = \"r\"\n";

/// What is wrong, the text with `{head}` and `{rule}` filled in, the line that it stands in, and a
/// word of the explanation.
const BROKEN: &[(&str, &str, usize, &str)] = &[
    ("no TOML", "{head}[[rule]\n", 4, ""),
    ("key", "{head}noise = 1\n", 4, "noise"),
    ("condition", "{head}{rule}[rule.when]\ncomand = \"git\"\n", 9, "did you mean `command`"),
    (
        "effect",
        "{head}[[rule]]\nid = \"a\"\neffect = \"dny\"\nreason = \"r\"\n[rule.when]\ncommand = \"git\"\n",
        6,
        "dny",
    ),
    ("glob", "{head}{rule}[rule.when]\noperand = \"/src/{a\"\n", 9, "braces"),
    ("regex", "{head}{rule}[rule.when]\noperand = { matches = \"(\" }\n", 9, "("),
    (
        "never fires",
        "{head}{rule}[rule.when]\noption = { all = [\"-a\"], none = [\"-a\"] }\n",
        9,
        "never fire",
    ),
    ("nothing", "{head}{rule}", 5, "no conditions"),
    (
        "same id",
        "{head}{rule}[rule.when]\ncommand = \"git\"\n{rule}[rule.when]\ncommand = \"git\"\n",
        11,
        "`a`",
    ),
    (
        "example",
        "{head}{rule}match = [\"git status\"]\n[rule.when]\ncommand = \"curl\"\n",
        8,
        "git status",
    ),
];

fn filled(text: &str) -> String {
    text.replace("{head}", HEAD).replace("{rule}", RULE)
}

#[test]
fn a_policy_that_does_not_hold_stops_everything_until_it_is_mended() {
    let install = enforced();
    let path = install.root().join("policy.toml");
    let mut wrong = Vec::new();
    for (name, text, line, word) in BROKEN {
        fs::write(&path, filled(text)).unwrap();
        let refused = call(&install).run();
        let stderr = refused.stderr();
        if !stderr.contains(&format!("policy.toml:{line}:")) || !stderr.contains(word) {
            wrong.push(format!("{name}: {stderr}"));
            continue;
        }
        assert_refused(refused, "datafog policy lint");
        let receipt = install.receipts().pop().unwrap();
        assert_eq!(
            (&receipt["decision"], &receipt["enforcement"]),
            (&"deny".into(), &"block".into())
        );
        assert!(receipt["faults"].to_string().contains("policy.toml"), "{name}: {receipt}");
        assert_eq!(install.datafog(["policy", "lint"]).run().code(), 4, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    fs::write(&path, HEAD).unwrap();
    call(&install).run().ends_with(1);
    assert_eq!(install.receipts().len(), BROKEN.len() + 1, "every refusal is on record");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn observing_goes_on_with_a_policy_that_does_not_hold() {
    let install = observing();
    for (name, text, _, _) in BROKEN {
        fs::write(install.root().join("policy.toml"), filled(text)).unwrap();
        assert_untouched(&install, &call(&install).run());
        let receipt = install.receipts().pop().unwrap();
        assert_eq!(
            (&receipt["decision"], &receipt["enforcement"]),
            (&"deny".into(), &"exec".into())
        );
        assert!(receipt["faults"].to_string().contains("policy.toml"), "{name}: {receipt}");
    }
}

#[test]
fn a_policy_that_is_no_file_or_not_utf_8_or_open_to_others_is_refused() {
    assert_fails_closed("policy.toml", |root| fs::create_dir(root.join("policy.toml")).unwrap());
    assert_fails_closed("policy.toml", |root| {
        fs::write(root.join("policy.toml"), b"\xff").unwrap()
    });
    for mode in [0o664, 0o646, 0o666] {
        assert_fails_closed("can be written by others", |root| {
            fs::write(root.join("policy.toml"), "").unwrap();
            fs::set_permissions(root.join("policy.toml"), fs::Permissions::from_mode(mode))
                .unwrap();
        });
    }
}

#[test]
fn settings_that_do_not_hold_are_named_and_the_last_mode_stays() {
    for text in ["mode = \"enforced\"\nmoed = 1\n", "mode = \"observe\"\n[limits]\nx = 1\n", "= 1"]
    {
        assert_fails_closed("config.toml", |root| {
            fs::write(root.join("config.toml"), text).unwrap()
        });
    }
    assert_fails_closed("config.toml", |root| {
        fs::remove_file(root.join("config.toml")).unwrap();
        fs::create_dir(root.join("config.toml")).unwrap();
    });
    assert_fails_closed("can be written by others", |root| {
        let path = root.join("config.toml");
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    });
}

#[test]
fn without_settings_that_were_ever_read_the_mode_is_enforced() {
    let install = observing();
    fs::remove_dir_all(install.root().join("cache")).ok();
    fs::write(install.root().join("config.toml"), "mode = \"observe\"\nmoed = 1\n").unwrap();
    assert_refused(call(&install).run(), "config.toml");
    fs::remove_file(install.root().join("config.toml")).unwrap();
    call(&install).run().ends_with(1);
    assert_eq!(install.receipts().pop().unwrap()["mode"], "enforced", "the default");
}
