//! A typo in any key of any format is an error with its line and the word that was meant, never a
//! key that is passed over.
//!
//! Every key of the sample files is misspelled in turn: two letters swapped, one left out, one
//! doubled. Rego has no keys, and WebAssembly no words.

use std::io;
use std::path::Path;

use datafog_policy::Diagnostic;

use crate::{Files, Format, Policy};

const CONFIGURATION: &str = include_str!("../../policies/pi-governance.yaml");
const RULES: &str = include_str!("../../policies/pi-rules.yaml");
const USERS: &str = include_str!("../../policies/pi-users.yaml");

const ENFORGATE: &str = r#"{
  "policies": [
    { "name": "p", "enabled": true, "priority": 3, "defaultDecision": "deny", "rules": [
      { "tool": "mail/*", "decision": "allow", "reason": "r",
        "where": [ { "path": "to", "notMatches": "@x" }, { "path": "n", "equals": 1 }, { "path": "s", "matches": "^a" } ] }
    ] }
  ]
}"#;

/// The files of pi-governance, one of them in another form.
struct Folder<'a> {
    name: &'a str,
    text: &'a str,
}

impl Files for Folder<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let known = [("pi-rules.yaml", RULES), ("pi-users.yaml", USERS)];
        let found = known.iter().find(|(one, _)| *one == name);
        match found {
            _ if name == self.name => Ok(self.text.into()),
            Some((_, text)) => Ok((*text).into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Words that name roles and users: keys of the author's own. What misspells `users` is read as the
/// name of one.
const OWN: [&str; 8] =
    ["admin", "analyst", "ann", "aud", "auditor", "lea", "project_lead", "users"];

/// Every key of a JSON or YAML text, as the bytes it stands in.
fn keys(text: &str) -> Vec<core::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, letter) in text.char_indices() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            continue;
        }
        let (before, rest) = text.split_at(at);
        let (before, word) = before.split_at(start);
        let rest = rest.trim_start_matches('"');
        let before = before.chars().last().unwrap_or('\n');
        let begins = matches!(before, '"' | ' ' | '\n' | '{');
        let value = rest.strip_prefix(':').is_some_and(|rest| rest.starts_with([' ', '\n']));
        if value && begins && at > start && !OWN.contains(&word) {
            found.push(start..at);
        }
        start = at.saturating_add(letter.len_utf8());
    }
    found
}

/// The word with one slip.
fn misspelled(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut all = Vec::new();
    let last = letters.len().saturating_sub(1);
    for at in [last / 2, last] {
        let mut doubled = letters.clone();
        doubled.insert(at, letters[at]);
        let mut shorter = letters.clone();
        shorter.remove(at);
        let mut swapped = letters.clone();
        swapped.swap(at, at.saturating_sub(1));
        all.extend([doubled, shorter, swapped].map(|it| it.into_iter().collect::<String>()));
    }
    all.retain(|one| one != word && !one.is_empty());
    all
}

fn assert_told(faults: &[Diagnostic], line: usize, slip: &str, word: &str) {
    let here = |one: &&Diagnostic| one.is_error() && usize::try_from(one.line).unwrap() == line;
    let named = faults.iter().filter(here).find(|one| one.message.contains(&format!("`{slip}`")));
    let Some(one) = named else { panic!("`{slip}` for `{word}` in line {line}: {faults:#?}") };
    let help = one.help.as_deref().unwrap_or_default();
    let offered = help.contains("did you mean `") || help.contains("expected one of");
    assert!(offered, "`{slip}` for `{word}`: {help}");
}

/// Misspells every key of `text`; `load` says what is wrong then.
fn every_slip_is_told(text: &str, least: usize, load: impl Fn(&str) -> Vec<Diagnostic>) {
    assert!(load(text).iter().all(|one| !one.is_error()), "the file itself loads");
    let keys = keys(text);
    assert!(keys.len() >= least, "{} keys", keys.len());
    for key in keys {
        let (before, rest) = text.split_at(key.start);
        let word = rest.split_at(key.len()).0;
        let line = before.matches('\n').count().saturating_add(1);
        for slip in misspelled(word) {
            let mut changed = text.to_owned();
            changed.replace_range(key.clone(), &slip);
            assert_told(&load(&changed), line, &slip, word);
        }
    }
}

fn faults(text: &str, path: &str, format: Option<Format>, files: &dyn Files) -> Vec<Diagnostic> {
    Policy::load(text.as_bytes(), path, format, files).err().unwrap_or_default()
}

#[test]
fn datafog() {
    let text = include_str!("../../policies/datafog-demo.json");
    for format in [Some(Format::DataFog), None] {
        every_slip_is_told(text, 30, |text| faults(text, "p.json", format, &crate::NoFiles));
    }
}

#[test]
fn dataguard() {
    let text = include_str!("../../policies/dataguard.json");
    for format in [Some(Format::DataGuard), None] {
        every_slip_is_told(text, 40, |text| faults(text, "p.json", format, &crate::NoFiles));
    }
}

#[test]
fn enforgate() {
    for format in [Some(Format::Enforgate), None] {
        every_slip_is_told(ENFORGATE, 15, |text| faults(text, "p.json", format, &crate::NoFiles));
    }
}

#[test]
fn pi_governance() {
    let folder = Folder { name: "", text: "" };
    for format in [Some(Format::PiGovernance), None] {
        every_slip_is_told(CONFIGURATION, 25, |text| faults(text, "c.yaml", format, &folder));
    }
    every_slip_is_told(RULES, 15, |text| {
        faults(CONFIGURATION, "c.yaml", None, &Folder { name: "pi-rules.yaml", text })
    });
    let with_users =
        |text: &str| faults(CONFIGURATION, "c.yaml", None, &Folder { name: "pi-users.yaml", text });
    every_slip_is_told(USERS, 5, with_users);
    let mistaken = with_users(&USERS.replace("users:", "usres:"));
    assert!(mistaken.iter().any(Diagnostic::is_error), "it would be a user without a role");
}
