//! `datafog redact`.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use super::install;
use super::terminal::Screen;

#[test]
fn the_filter_takes_findings_out_and_counts_them() {
    let (install, token) = install(&[]);
    let text = format!("a {token} b\nmail jane.doe@corp-mail.de\n");
    let plain = install.datafog(["redact"]).run_with(text.as_bytes()).succeeds();
    assert_eq!(plain.stdout(), "a [REDACTED] b\nmail [REDACTED]\n");
    let some = ["redact", "--entities", "pii.*", "--mode", "mask", "--json"];
    let some = install.datafog(some).run_with(text.as_bytes()).succeeds();
    assert_eq!(some.stdout(), format!("a {token} b\nmail {}\n", "*".repeat(21)));
    let counts: serde_json::Value = serde_json::from_str(&some.stderr()).unwrap();
    assert_eq!(
        (&counts["entities_transformed"], &counts["modes_applied"]),
        (&1.into(), &"pii.email:mask".into())
    );
    assert_eq!(counts["bytes"], text.len());
    // The same value has the same name, wherever it stands; and a second time nothing changes.
    let twice = format!("{token} {token}");
    let named = install.datafog(["redact", "--mode", "tokenize"]).run_with(twice.as_bytes());
    let named = named.succeeds().stdout();
    let names: Vec<&str> = named.split(' ').collect();
    assert!(names[0].starts_with("TOK-") && names[0] == names[1], "{named}");
    let again = install.datafog(["redact", "--mode", "tokenize"]).run_with(named.as_bytes());
    assert_eq!(again.succeeds().stdout(), named);
}

#[test]
fn mistakes_are_told_and_nothing_passes() {
    let (install, _) = install(&[]);
    for arguments in [
        ["redact", "--mode", "msak"].as_slice(),
        &["redact", "--entities", "pii.emial"],
        &["redact", "--show-chars", "4"],
    ] {
        assert_eq!(install.datafog(arguments).run_with(b"x").ends_with(2).stdout(), "");
    }
}

#[test]
fn the_filter_passes_a_prompt_on_at_once() {
    let (install, _) = install(&[]);
    let mut start = install.datafog(["redact"]);
    let mut child = start.0.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for prompt in ["Name? ", "Really? [y/N]"] {
        input.write_all(prompt.as_bytes()).unwrap();
        let mut shown = vec![0; prompt.len()];
        output.read_exact(&mut shown).unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), prompt);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn bytes_that_are_no_text_pass_as_they_are() {
    let (install, _) = install(&[]);
    let bytes: Vec<u8> =
        (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(install.work().join("bytes"), &bytes).unwrap();
    let out = install
        .bash("datafog redact < bytes")
        .env("PATH", format!("{}:/usr/bin:/bin", install.root().join("bin").display()));
    assert!(out.run().succeeds().0.stdout == bytes);
}

#[test]
fn a_vault_turns_names_back_for_a_person_only() {
    let (install, token) = install(&[]);
    let text = format!("use {token} here, and {token} there\n");
    let vault = install.work().join("names");
    let redact = ["redact", "--mode", "tokenize", "--vault", vault.to_str().unwrap()];
    let shared = install.datafog(redact).run_with(text.as_bytes()).succeeds().stdout();
    assert!(shared.contains("TOK-") && !shared.contains(token.get(8..20).unwrap()), "{shared}");
    let kept = fs::read(&vault).unwrap();
    assert!(!kept.windows(12).any(|part| part == &token.as_bytes()[8..20]), "it is encrypted");
    // A second text adds to it, and the same value keeps its name.
    let again = install.datafog(redact).run_with(format!("{token}\n").as_bytes()).succeeds();
    assert!(shared.contains(again.stdout().trim()), "{shared}");
    // Without a terminal nobody gets anything, and neither does an agent.
    let reveal = ["reveal", "--vault", vault.to_str().unwrap()];
    let refused = install.datafog(reveal).run_with(shared.as_bytes()).ends_with(2);
    assert_eq!(refused.stdout(), "");
    fs::write(install.work().join("shared"), &shared).unwrap();
    let screen = Screen::new(&install);
    let program = install.root().join("bin/datafog");
    screen.types(&format!("{} reveal --vault names < shared > back", program.display()));
    screen.shows("turned back; the vault knows 1");
    assert_eq!(fs::read_to_string(install.work().join("back")).unwrap(), text);
    // Another installation, or a byte that was changed, opens nothing.
    let mut damaged = kept;
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(install.work().join("damaged"), damaged).unwrap();
    screen.types(&format!("{} reveal --vault damaged < shared", program.display()));
    screen.shows("is no vault of this installation");
}

#[test]
fn a_redacted_text_is_not_written_back() {
    let (install, _) = install(&[]);
    fs::write(install.work().join("app.env"), "KEY=hunter2\n").unwrap();
    let write = |text: &str| {
        let arguments = serde_json::json!({ "file_path": "app.env", "content": text });
        install.datafog(["check", "--tool", "Write", "--args", &arguments.to_string()])
    };
    let refused = write("KEY=[REDACTED:0123abcd]\n").run().ends_with(1);
    assert!(refused.stdout().contains("put in the place of a value"), "{}", refused.stdout());
    write("KEY=changed\n").run().succeeds();
}
