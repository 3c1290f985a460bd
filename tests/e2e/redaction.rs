//! What a command writes with findings taken out of it: through pipes and files, on a terminal, and
//! by the filter; and what is judged while it flows in.

mod database;
mod ends;
mod filter;
mod flowing;
mod input;
mod terminal;

use std::fs;

use crate::support::{Install, random_token};

/// Secrets are taken out of what these commands write.
const POLICY: &str = "[policy]\nid = \"own\"\nversion = \"1\"\n\
    [[rule]]\nid = \"redact-output\"\neffect = \"allow_with_redaction\"\n\
    reason = \"secrets are taken out of what is shown\"\nredact = [\"secret.*\"]\n\
    [rule.when]\ncommand = [\"cat\", \"env\", \"git\", \"python\"]\n";

/// An installation with that policy, and a file that holds a token.
fn install(commands: &[&str]) -> (Install, String) {
    let (install, token) = (Install::new(commands), random_token());
    fs::write(install.root().join("policy.toml"), POLICY).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    fs::write(install.work().join("secret"), format!("one\nkey={token}\nthree\n")).unwrap();
    (install, token)
}

#[test]
fn what_a_command_writes_holds_no_finding_and_every_other_byte() {
    let (install, token) = install(&["cat", "env"]);
    let shown = install.shim("cat", ["secret"]).run().succeeds();
    assert_eq!(
        (shown.stdout().as_str(), shown.stderr().as_str()),
        ("one\nkey=[REDACTED]\nthree\n", "")
    );
    let both = install.shim("env", ["sh", "-c", "cat secret >&2; echo out"]).run().succeeds();
    assert_eq!(
        (both.stdout().as_str(), both.stderr().as_str()),
        ("out\n", "one\nkey=[REDACTED]\nthree\n")
    );
    install.bash("cat secret > copy; cat secret 2>&1 | tr a-z A-Z > upper").run().succeeds();
    let read = |name: &str| fs::read_to_string(install.work().join(name)).unwrap();
    assert_eq!(read("copy"), "one\nkey=[REDACTED]\nthree\n");
    assert_eq!(read("upper"), "ONE\nKEY=[REDACTED]\nTHREE\n");
    assert_eq!(install.leak_of(&token), None);
    let receipts = install.receipts();
    let decided = receipts.iter().find(|it| it["enforcement"] == "filter").unwrap();
    assert_eq!(decided["decision"], "allow_with_redaction");
    let after = receipts.iter().find(|it| it["follows"] == decided["receipt_id"]).unwrap();
    assert!(
        after["reason"].as_str().unwrap().contains("1 × secret.github.pat (redact)"),
        "{after}"
    );
}

#[test]
fn observing_changes_no_byte() {
    let install = Install::observing(&["cat"]);
    fs::write(install.root().join("policy.toml"), POLICY).unwrap();
    let token = random_token();
    fs::write(install.work().join("secret"), format!("key={token}\n")).unwrap();
    assert_eq!(install.shim("cat", ["secret"]).run().succeeds().stdout(), format!("key={token}\n"));
    let receipt = install.receipts().pop().unwrap();
    assert_eq!(
        (&receipt["decision"], &receipt["enforcement"]),
        (&"allow_with_redaction".into(), &"exec".into())
    );
}

#[test]
fn large_output_arrives_whole_and_in_order() {
    let (install, _) = install(&["cat", "env"]);
    let text: String = (0..200_000).map(|n| format!("line {n} of ordinary text\n")).collect();
    fs::write(install.work().join("big"), &text).unwrap();
    assert!(install.shim("cat", ["big"]).run().succeeds().stdout() == text);
    // A reader that takes its time makes the writer wait, and loses nothing.
    let slow =
        install.bash("cat big | { sleep 0.3; cksum; }; cksum < big").run().succeeds().stdout();
    let sums: Vec<&str> = slow.lines().collect();
    assert_eq!(sums[0], sums[1]);
    // What goes to the same place keeps its order.
    let mixed = "env sh -c 'for n in 1 2 3 4; do echo o$n; echo e$n >&2; done' 2>&1";
    assert_eq!(install.bash(mixed).run().succeeds().stdout(), "o1\ne1\no2\ne2\no3\ne3\no4\ne4\n");
}

#[test]
fn what_is_asked_for_each_kind_is_what_stands_there() {
    let (install, token) = install(&["cat"]);
    let policy = POLICY.replace(
        "redact = [\"secret.*\"]",
        "redact = [{ entity = \"secret.*\", with = \"partial\", show_chars = 3 }, { entity = \"pii.email\", with = \"mask\" }]",
    );
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    fs::write(install.work().join("both"), format!("{token} jane.doe@corp-mail.de\n")).unwrap();
    let shown = install.shim("cat", ["both"]).run().succeeds().stdout();
    let last = token.get(token.len() - 3..).unwrap();
    assert_eq!(shown, format!("***{last} {}\n", "*".repeat("jane.doe@corp-mail.de".len())));
}
