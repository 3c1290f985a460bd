//! A typo in any key of a policy or of a file of tests is an error with its line and the word that
//! was meant, never a key that is passed over: every key of some embedded policies, misspelled.

#![expect(clippy::panic, reason = "helpers of tests are tests")]

use core::ops::Range;

use datafog_policy::{AnyWord, Diagnostic, Layer, Policy, TestFile};

const TESTS: &str = "policy = \"p.toml\"\n\n[[test]]\nname = \"x\"\nrule = \"r\"\nexpect = \"deny\"\n\
    call = { run = \"git push\", principal = \"agent\", cwd = \"~/x\", finding = { entity = \"secret.github.pat\", channel = \"stdin\" } }\n";

/// Every key and every name in a header, as the bytes it stands in; strings and comments hold none.
fn keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut offset = 0_usize;
    for line in text.split_inclusive('\n') {
        let header = line.starts_with('[');
        let (mut quote, mut start) = (None, 0_usize);
        for (at, letter) in line.char_indices() {
            match quote {
                Some(open) => {
                    quote = (letter != open).then_some(open);
                    start = at.saturating_add(1);
                    continue;
                }
                None if matches!(letter, '"' | '\'') => quote = Some(letter),
                None if letter == '#' => break,
                None if letter.is_ascii_alphanumeric() || letter == '_' => continue,
                None => {}
            }
            let ends = if header {
                matches!(letter, ']' | '.')
            } else {
                line.split_at(at).1.starts_with(" = ")
            };
            if ends && at > start {
                found.push(offset.saturating_add(start)..offset.saturating_add(at));
            }
            start = at.saturating_add(letter.len_utf8());
        }
        offset = offset.saturating_add(line.len());
    }
    found
}

/// The word with one slip.
fn misspelled(word: &str) -> Vec<String> {
    let (head, tail) = word.split_at(word.len() / 2);
    let swapped: String = tail.chars().rev().collect();
    let last = word.chars().last().unwrap_or('x');
    let mut all = vec![
        format!("{word}{last}"),
        format!("{head}{}", tail.split_at(1).1),
        format!("{head}{swapped}"),
    ];
    all.retain(|one| one != word && !one.is_empty());
    all
}

/// Misspells every key of `text`; `load` says what is wrong then.
fn every_slip_is_told(text: &str, least: usize, load: impl Fn(&str) -> Vec<Diagnostic>) {
    assert!(load(text).is_empty(), "the file itself loads: {:?}", load(text));
    let keys = keys(text);
    assert!(keys.len() >= least, "{} keys", keys.len());
    for key in keys {
        let (before, rest) = text.split_at(key.start);
        let (word, _) = rest.split_at(key.len());
        let line = before.matches('\n').count().saturating_add(1);
        for slip in misspelled(word) {
            let mut changed = text.to_owned();
            changed.replace_range(key.clone(), &slip);
            let faults = load(&changed);
            // One list of rules in two pieces is no TOML, which its own reader says.
            if word == "rule" && before.ends_with('[') {
                assert!(faults.iter().any(Diagnostic::is_error), "`{slip}`");
                continue;
            }
            let named = faults
                .iter()
                .find(|one| one.is_error() && one.message.contains(&format!("`{slip}`")));
            let Some(one) = named else {
                panic!("`{slip}` for `{word}` in line {line}: {faults:#?}")
            };
            assert_eq!(usize::try_from(one.line), Ok(line), "`{slip}`: {one}");
            let help = one.help.as_deref().unwrap_or_default();
            assert!(help.contains("did you mean `") || help.contains("expected one of"), "{one}");
        }
    }
}

#[test]
fn in_policies() {
    for (name, least) in [("git", 50), ("business-hours", 40), ("strict", 30)] {
        let (_, text) = Policy::packs().find(|(one, _)| *one == name).unwrap();
        every_slip_is_told(text, least, |text| {
            Policy::parse(text, name, Layer::Builtin, &AnyWord).err().unwrap_or_default()
        });
    }
}

#[test]
fn in_files_of_tests() {
    every_slip_is_told(TESTS, 10, |text| {
        TestFile::parse(text, "p.test.toml", &AnyWord).err().unwrap_or_default()
    });
}
