//! The option tables of curl and wget know every option that the programs of this machine tell of.
//!
//! Each program is asked for its own help, which says which options take a value. Without the
//! program nothing is tested. An option that is missing here stops calls that are in order; one
//! with a value that is taken for one without lets content go by.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, Stdio};

use datafog_core::Invented;
use datafog_shim::{interpret, profile};

/// What a program writes when asked for help.
fn help(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).env_clear().stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The options of one line of help: spellings, and whether a value follows.
fn options(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let head = line.trim_start();
    for word in head.split([',', ' ']).filter(|word| !word.is_empty()).take(3) {
        let Some(start) = word.strip_prefix('-') else { break };
        let length = start.find(['=', '[']).unwrap_or(start.len());
        let (name, rest) = start.split_at(length);
        let spelling = format!("-{name}");
        let follows = |mark| head.contains(&format!("{word} {mark}"));
        let value = rest.starts_with('=') || follows("<") || follows("[");
        found.push((spelling, value));
    }
    // `-o, --output <file>`: the value is that of both spellings.
    let any = found.iter().any(|(_, value)| *value);
    found.into_iter().map(|(spelling, _)| (spelling, any)).collect()
}

/// What is wrong with our reading of `program option [word]`.
fn fault(program: &str, option: &str, valued: bool) -> Option<String> {
    let url = "https://h.example/";
    let argv = [program, option, "1", url].map(OsString::from);
    let invocation = interpret(&argv, &Invented::default());
    if invocation.unclear.iter().any(|why| why.contains("table") || why.contains("more than one")) {
        return Some(format!("{option}: {:?}", invocation.unclear));
    }
    let taken = !invocation.operands.iter().any(|operand| operand.text == "1");
    (taken != valued).then(|| format!("{option}: a value is expected: {valued}, taken: {taken}"))
}

fn faults(program: &str, arguments: &[&str], except: &[&str]) -> Vec<String> {
    assert!(profile(program).is_some());
    let Some(help) = help(program, arguments) else { return Vec::new() };
    let all: BTreeSet<(String, bool)> = help.lines().flat_map(options).collect();
    assert!(all.len() > 60, "{program} tells of {} options", all.len());
    let asked = all.iter().filter(|(option, _)| !except.contains(&option.as_str()));
    asked.filter_map(|(option, valued)| fault(program, option, *valued)).collect()
}

#[test]
fn every_option_that_curl_tells_of_is_known() {
    // `--help` takes all words that follow.
    assert_eq!(faults("curl", &["--help", "all"], &["--help", "-h"]), [""; 0]);
}

#[test]
fn every_option_that_wget_tells_of_is_known() {
    // The number of backups is attached, and may be left out; of the two others the help does not
    // say that they take a value, though they do.
    let special = ["--backups", "--hsts-file", "--max-redirect"];
    assert_eq!(faults("wget", &["--help"], &special), [""; 0]);
    for option in ["--hsts-file", "--max-redirect"] {
        assert_eq!(fault("wget", option, true), None);
    }
}
