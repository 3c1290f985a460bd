//! The transcripts of the README are what happens.
//!
//! Every `console` block is typed, line by line, into a fresh installation with its wrappers first
//! on PATH. Ids, hashes and times may differ; `[..]` stands for anything within a line, a line `...`
//! for any lines, `>` for a command that goes on, and `? N` for the exit code when it is not 0. `$TOKEN` is a made-up token.

use std::fs;

use crate::support::{Install, github_token};

struct Step {
    command: String,
    code: i32,
    expected: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.into(), code: 0, expected: String::new() });
                continue;
            }
            let step = steps.last_mut().unwrap();
            if let Some(more) = line.strip_prefix('>') {
                step.command.push_str(&format!("\n{}", more.strip_prefix(' ').unwrap_or(more)));
                continue;
            }
            match line.strip_prefix("? ") {
                Some(code) => step.code = code.parse().unwrap(),
                None => step.expected.push_str(&format!("{line}\n")),
            }
        }
    }
    steps
}

/// Runs a line as it stands there, both streams as one.
fn typed(install: &Install, line: &str, token: &str) -> (i32, String) {
    let bin = install.root().join("bin");
    let script = format!("exec 2>&1; PATH='{}':$PATH; {line}", bin.display());
    let ended = install.bash(&script).env("TOKEN", token).run();
    (ended.code(), ended.stdout())
}

/// The text with ids, hashes and times made equal.
fn settled(text: &str) -> String {
    let mut settled = String::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == ':' || c == '-';
    for word in text.split_inclusive(|c| !is_word(c)) {
        let (body, rest) = word.split_at(word.trim_end_matches(|c| !is_word(c)).len());
        let hex = body.bytes().all(|byte| byte.is_ascii_hexdigit());
        let time = body.len() == 19 && body.as_bytes()[10] == b'T';
        let known = time || (hex && matches!(body.len(), 8 | 32 | 64));
        settled.push_str(&if known { "x".repeat(body.len()) } else { body.to_owned() });
        settled.push_str(rest);
    }
    settled
}

#[test]
fn every_transcript_of_the_readme_is_what_happens() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let steps = steps(&fs::read_to_string(readme).unwrap());
    assert!(steps.len() >= 6, "the README lost its transcripts");
    let (install, token) = (Install::new(&["curl", "git"]), github_token(11));
    for step in steps {
        let (code, shown) = typed(&install, &step.command, &token);
        assert!(!shown.contains(&token), "{shown}");
        assert_eq!(code, step.code, "$ {}\n{shown}", step.command);
        let expected = snapbox::Data::text(settled(step.expected.trim_end()));
        snapbox::assert_data_eq!(settled(shown.trim_end()), expected);
    }
}
