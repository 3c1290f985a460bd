//! A thousand everyday command lines through the whole gate: what the starter policy stops of them.
//!
//! Each line is asked about as `check` would ask, with everything that is real (profiles, detectors,
//! files, the policy) and nobody known at a terminal, so the rules for agents count, too. What is
//! stopped must be what `docs/ACCURACY.md` says, and less than one in a thousand.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::borrow::Cow;
use std::ffi::CString;
use std::fs;
use std::path::Path;

use datafog_config::{FileIdentity, Host, Layout};
use datafog_core::Verdict;
use datafog_gate::{Call, Gate, Outcome, Purpose, Request};
use datafog_policy::Example;

const CORPUS: &str = include_str!("../../../tests/corpus/everyday.txt");

/// Lines that are more; `\n` stands for the end of a line.
const LINES: &str = include_str!("../../../tests/corpus/lines.txt");

const PAGE: &str = include_str!("../../../docs/ACCURACY.md");

fn lines() -> impl Iterator<Item = &'static str> {
    CORPUS.lines().filter(|line| !line.starts_with('#'))
}

fn question(argv: Vec<Cow<'static, std::ffi::CStr>>) -> Request {
    Request::of(argv, Call::ByPath, Purpose::Check)
}

/// The plain commands of a line.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split(" | ").flat_map(|part| part.split(" && "))
}

/// The argument list that a shell would make of a plain command; what stands within quotes is left
/// as it is.
fn argv(part: &str, home: &Path) -> Vec<Cow<'static, std::ffi::CStr>> {
    let example = Example::of(part).unwrap_or_else(|| panic!("`{part}` is no plain command"));
    let words = example.argv(home, Path::new("/root-of-none"));
    let word = |word: &std::ffi::OsString| CString::new(word.as_encoded_bytes()).unwrap().into();
    words.iter().map(word).collect()
}

/// The rule that stops what is asked about; `None` when it runs.
fn decider(gate: &Gate<'_>, request: &Request) -> Option<String> {
    match gate.run(request) {
        Outcome::Decided(report) if report.decision.verdict == Verdict::Allow => None,
        Outcome::Decided(report) => {
            Some(report.decision.decider().map_or_else(String::new, |rule| rule.id.clone()))
        }
        Outcome::Blocked(_) | Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => {
            panic!("{request:?} could not be asked about")
        }
    }
}

/// Why a line is stopped when its commands are asked about one by one.
fn stopped(gate: &Gate<'_>, line: &str, home: &Path) -> Option<String> {
    parts(line).find_map(|part| decider(gate, &question(argv(part, home))))
}

/// Why it is stopped as a line for a shell.
fn stopped_as_line(gate: &Gate<'_>, line: &str) -> Option<String> {
    let words = ["sh", "-c", &line.replace("\\n", "\n")].map(str::to_owned);
    let words = words.map(|word| CString::new(word).unwrap().into());
    decider(gate, &Request { is_line: true, ..question(words.into()) })
}

/// Asks the gate of an installation of its own, with some files to work with.
fn with_gate<T>(ask: impl FnOnce(&Gate<'_>, &Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let [root, home, work] = ["root", "home", "work"].map(|name| folder.path().join(name));
    for place in [&root, &home, &work] {
        fs::create_dir(place).unwrap();
    }
    for (name, text) in [
        ("README.md", "Read me.\n"),
        ("data.csv", "a,b\n1,2\n"),
        ("notes.txt", "x\n"),
        ("urls.txt", "https://example.com/a\n"),
    ] {
        fs::write(work.join(name), text).unwrap();
    }
    let variables = [("HOME", home.to_str().unwrap()), ("PATH", "/usr/bin:/bin")];
    let host = Host::made_up(&["datafog"], &variables, &work);
    let (layout, user) = (Layout::at(root), nix::unistd::geteuid().as_raw());
    let own = FileIdentity::of(&folder.path().metadata().unwrap());
    let gate = Gate::new(&host, &layout, own, user);
    ask(&gate, &home)
}

#[test]
fn the_starter_policy_stops_fewer_than_one_in_a_thousand() {
    let all = lines().count();
    assert!(all >= 1000, "{all} lines");
    let stops: Vec<(&str, String)> = with_gate(|gate, home| {
        lines().filter_map(|line| Some((line, stopped(gate, line, home)?))).collect()
    });
    assert!(stops.len() * 1000 < all, "{} of {all}: {stops:#?}", stops.len());
    let told = format!("{} of {all} command lines", stops.len());
    assert!(PAGE.contains(&told), "docs/ACCURACY.md does not say `{told}`");
    for (line, rule) in stops {
        assert!(PAGE.contains(&format!("`{line}`")) && PAGE.contains(&rule), "{line}: {rule}");
    }
}

#[test]
fn as_lines_for_a_shell_no_more_of_them_are_stopped() {
    let more: Vec<&str> = LINES.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(more.len() >= 100, "{} lines", more.len());
    let stops: Vec<(&str, String)> = with_gate(|gate, _| {
        let all = lines().chain(more);
        all.filter_map(|line| Some((line, stopped_as_line(gate, line)?))).collect()
    });
    let all = lines().count() + LINES.lines().filter(|line| !line.starts_with('#')).count();
    assert!(stops.len() * 1000 < all, "{} of {all}: {stops:#?}", stops.len());
    let told = format!("Of these {all} lines {} is stopped", stops.len());
    assert!(PAGE.contains(&told), "docs/ACCURACY.md does not say `{told}`");
    for (line, rule) in stops {
        let cell = line.replace('|', "\\|");
        assert!(PAGE.contains(&format!("| `{cell}` | `{rule}`")), "{line}: {rule}");
    }
}

#[test]
fn no_line_stands_twice_and_many_programs_are_among_them() {
    let mut all: Vec<&str> = lines().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    let mut programs: Vec<&str> = all.iter().filter_map(|line| line.split(' ').next()).collect();
    programs.dedup();
    assert!(programs.len() > 200, "{}", programs.len());
}
