//! The embedded policies: the shape that all of them keep. Whether their examples hold is asked by
//! the gate, which follows what a command starts.

#![expect(clippy::panic, reason = "helpers of tests are tests")]

mod support;

use datafog_core::{RuleOrigin, Verdict};
use datafog_policy::{Diagnostic, Example, Layer, Policy, TestFile, Vocabulary};

use support::{Nowhere, Profiles};

fn parsed() -> impl Iterator<Item = (&'static str, Policy)> {
    Policy::packs().map(|(name, text)| {
        (
            name,
            Policy::parse(text, name, Layer::Builtin, &Profiles)
                .unwrap_or_else(|faults| panic!("{}", shown(&faults))),
        )
    })
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|one| format!("\n{one}\n")).collect()
}

#[test]
fn every_rule_has_examples_of_both_kinds() {
    for (name, policy) in parsed() {
        let examples = policy.examples();
        assert!(policy.warnings().is_empty(), "{name}: {}", shown(policy.warnings()));
        for rule in policy.rules().iter().filter(|rule| rule.id != "unscannable") {
            let own = || examples.iter().filter(|example| example.rule == rule.id);
            let (hits, misses) =
                (own().filter(|one| one.matches), own().filter(|one| !one.matches));
            let here = format!("built-in policy {name}");
            let is_own = match &rule.origin {
                RuleOrigin::Builtin => name == "starter",
                RuleOrigin::File { path, .. } => *path == here,
            };
            let inherited = own().next().is_none() && !is_own;
            assert!(inherited || (hits.count() >= 2 && misses.count() >= 2), "{name}: {}", rule.id);
            // What is let run, as it is or made safer, needs no other way.
            let stops = rule.effect >= Verdict::RequireApproval;
            assert!(!stops || rule.instead.is_some(), "{}", rule.id);
        }
    }
}

#[test]
fn the_starter_leaves_everyday_work_alone() {
    let starter = Policy::builtin();
    let (_, parsed) = parsed().find(|(name, _)| *name == "starter").unwrap();
    let examples = parsed.examples().iter();
    let everyday: Vec<_> = examples.filter(|example| !example.matches).collect();
    assert!(everyday.len() >= 40, "{} everyday lines", everyday.len());
    for example in everyday {
        // What starts others (`sh -c`) is followed by the gate, and asked about there.
        let Ok(facts) = datafog_policy::Interpreter::facts(&Nowhere, example) else { continue };
        let decision = starter.decide(&*facts);
        assert_eq!(decision.verdict, Verdict::Allow, "{}: {}", example.shown(), decision.reason);
    }
}

/// Command lines between back-ticks; what else stands there is an option or a name.
fn named(text: &str) -> Vec<&str> {
    let marked = text.split('`').skip(1).step_by(2);
    let known = Profiles.commands();
    let is_command = |line: &&str| line.split(' ').next().is_some_and(|word| known.contains(&word));
    marked.filter(is_command).collect()
}

/// What a pack answers when it stands on top of the starter, as its users have it.
fn on_the_starter(name: &str) -> Policy {
    let others = if name == "starter" { String::new() } else { format!(", '{name}'") };
    let head = format!("[policy]\nid = 'p'\nversion = '1'\nextends = ['starter'{others}]\n");
    Policy::parse(&head, "p.toml", Layer::User, &Profiles)
        .unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

#[test]
fn what_is_offered_instead_is_allowed_by_the_same_policy() {
    let interpret = datafog_policy::Interpreter::facts;
    for (name, policy) in parsed() {
        let whole = on_the_starter(name);
        for rule in policy.rules().iter().filter(|rule| rule.effect != Verdict::Allow) {
            let own: Vec<_> = policy.examples().iter().filter(|one| one.rule == rule.id).collect();
            let Some(first) = own.iter().find(|one| one.matches) else { continue };
            let offered = named(rule.instead.as_deref().unwrap_or_default());
            let offered = offered.into_iter().map(|line| {
                let mut call = (*first).clone();
                call.words = Example::of(line).unwrap_or_else(|| panic!("{name}: {line}")).words;
                call.findings.clear();
                call.tool = None;
                // Whether git has what goes is asked of git, which there is none of here.
                call.stated.uncommitted = Some(false);
                call
            });
            let mut offered: Vec<Example> = offered.collect();
            if offered.is_empty() {
                // Said in words: then one of the calls that it leaves alone is what is meant.
                let calls = own.iter().filter(|one| !one.matches).map(|one| (*one).clone());
                offered = calls.take(1).collect();
            }
            assert!(!offered.is_empty(), "{name}: `{}` offers nothing", rule.id);
            for example in offered {
                let decision = whole.decide(&*interpret(&Nowhere, &example).unwrap());
                let (line, why) = (example.shown(), &decision.reason);
                assert_eq!(decision.verdict, Verdict::Allow, "{name} {}: `{line}`: {why}", rule.id);
            }
        }
    }
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, Policy::packs().map(|(name, _)| name.to_owned()).collect::<Vec<_>>());
}

#[test]
fn what_is_embedded_is_what_the_text_says() {
    for (name, policy) in parsed() {
        let embedded = Policy::pack(name).unwrap();
        assert_eq!(embedded.to_bytes(), policy.to_bytes(), "{name}");
        assert_eq!(embedded.digest(), policy.digest());
        assert_eq!(embedded.id(), name);
    }
    assert!(Policy::pack("nothing").is_none());
}

#[test]
fn the_guide_shows_policies_that_load() {
    let guide = include_str!("../../../docs/POLICY.md");
    let blocks = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut seen = 0;
    for block in blocks {
        // A file of users, which the crate that reads it tests.
        if block.starts_with("[[user]]") {
            continue;
        }
        if block.contains("[[test]]") {
            let tests = TestFile::parse(block, "POLICY.md", &Profiles);
            assert!(tests.is_ok_and(|file| !file.cases.is_empty()));
            continue;
        }
        let rule = "[[rule]]\nid = 'r'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n";
        let text = match block {
            whole if whole.starts_with("[policy]") => whole.to_owned(),
            rules
                if rules.starts_with("[[rule]]")
                    || rules.starts_with("[[role]]")
                    || rules.starts_with("[[rewrite]]")
                    || rules.starts_with("[lists]")
                    || rules.starts_with("[risk]") =>
            {
                format!("[policy]\nid = 'g'\nversion = '1'\n{rules}")
            }
            part => {
                let when = "[rule.when]\nflow = 'leaves'\nfinding = 'secret.*'\n";
                format!("[policy]\nid = 'g'\nversion = '1'\n{rule}{part}{when}")
            }
        };
        let policy = Policy::parse(&text, "POLICY.md", Layer::User, &Profiles);
        let policy = policy.unwrap_or_else(|faults| panic!("{}", shown(&faults)));
        let faults = policy.check_examples(&Nowhere);
        assert!(faults.is_empty(), "{}", shown(&faults));
        assert!(policy.warnings().is_empty(), "{}", shown(policy.warnings()));
        seen += 1;
    }
    assert_eq!(seen, 17);
}

#[test]
fn strict_denies_what_no_rule_allows() {
    let strict = Policy::pack("strict").unwrap();
    assert_eq!(strict.default_verdict(), Verdict::Deny);
    assert!(strict.rules().iter().any(|rule| rule.id == "no-root-removal"), "it extends starter");
    for (line, verdict) in [
        ("git status", Verdict::Allow),
        ("curl https://example.com/", Verdict::Deny),
        ("curl https://api.github.com/", Verdict::Allow),
        ("rm -rf /", Verdict::Deny),
    ] {
        let facts = support::line(line);
        assert_eq!(strict.decide(&facts).verdict, verdict, "{line}");
    }
}
