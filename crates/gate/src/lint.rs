//! What is odd about a policy that loads: rules that are broader than anybody means, exceptions that
//! switch a rule off, and patterns that cost too much.
//!
//! Breadth is measured, not guessed: each rule is asked about commands that everybody runs all day,
//! and about the examples of the rules that it overrides.

use std::path::Path;

use datafog_core::{RuleOrigin, Verdict};
use datafog_policy::{
    Diagnostic, Example, Layer, Level, Policy, Rule, RuleTrace, SourceText, costly_patterns,
    expired_exceptions,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::example::in_invented_world;
use crate::vocabulary::KnownWords;

/// What everybody runs all day, and no rule should stop at large.
const EVERYDAY: [&str; 32] = [
    "aws s3 ls",
    "cargo build --release",
    "cargo test",
    "cat README.md",
    "cp notes.txt notes.bak",
    "curl -I https://example.com/",
    "curl -sSL https://example.com/data.json -o data.json",
    "docker build -t app .",
    "docker compose up -d",
    "docker ps -a",
    "env LANG=C sort names.txt",
    "git add -A",
    "git checkout -b topic",
    "git commit -m 'Say why'",
    "git diff --stat",
    "git fetch origin",
    "git log --oneline -5",
    "git pull --rebase",
    "git push origin topic",
    "git status",
    "head -20 log.txt",
    "kubectl get pods",
    "kubectl logs web-1",
    "mv a.txt b.txt",
    "npm install",
    "npm run build",
    "pip install -r requirements.txt",
    "psql -c 'SELECT 1'",
    "rm build/out.o",
    "rsync -a src/ backup/",
    "ssh build.example.com uptime",
    "wget -q https://example.com/data.csv",
];

/// From this many of [`EVERYDAY`] on, a rule that stops something is called broad.
const BROAD: usize = 8;

/// Warnings about `policy`, whose own file is `text` at `path`. Errors are the loader's business.
#[must_use]
pub fn lint_policy(policy: &Policy, text: &str, path: &Path) -> Vec<Diagnostic> {
    let path = path.to_string_lossy();
    let lines = Lines { text, path: &path };
    let own: Vec<Rule> = policy.rules().into_iter().filter(|rule| lines.has(rule)).collect();
    let mut warnings = broad(policy, &own, lines);
    warnings.extend(switches_off(policy, &own, lines));
    warnings.extend(idle(policy, &own, lines));
    warnings.extend(costly_patterns(text, &path));
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date().to_string();
    warnings.extend(expired_exceptions(text, &path, &today));
    warnings.sort_by_key(|one| (one.line, one.column));
    warnings
}

/// The text of the file that is looked at.
#[derive(Clone, Copy)]
struct Lines<'a> {
    text: &'a str,
    path: &'a str,
}

impl Lines<'_> {
    fn has(self, rule: &Rule) -> bool {
        matches!(&rule.origin, RuleOrigin::File { path, .. } if path == self.path)
    }

    /// A warning about a rule, at the line that it begins on.
    fn warning(self, rule: &Rule, message: String, help: String) -> Diagnostic {
        let line = match rule.origin {
            RuleOrigin::File { line, .. } => usize::try_from(line).unwrap_or(1),
            RuleOrigin::Builtin => 1,
        };
        let before = self.text.split_inclusive('\n').take(line.saturating_sub(1));
        let start: usize = before.map(str::len).sum();
        let source = SourceText { path: self.path, text: self.text };
        let width = self.text.lines().nth(line.saturating_sub(1)).map_or(0, str::len);
        let end = start.saturating_add(width);
        let warning = source.diagnostic(Level::Warning, start..end, message);
        Diagnostic { help: Some(help), ..warning }
    }
}

/// Rules that stop a good part of what everybody does.
fn broad(policy: &Policy, own: &[Rule], lines: Lines<'_>) -> Vec<Diagnostic> {
    let mut examples: Vec<Example> = EVERYDAY.iter().filter_map(|line| Example::of(line)).collect();
    // A scorer outside finds nothing about them; without an answer its rules would match them all.
    examples.iter_mut().for_each(|example| example.stated.score = Some(0));
    let mut hits: Vec<Vec<&str>> = own.iter().map(|_| Vec::new()).collect();
    for (example, line) in examples.iter().zip(EVERYDAY) {
        let matching = matching(policy, example);
        for (rule, hits) in own.iter().zip(&mut hits) {
            if matching.contains(&rule.id) {
                hits.push(line);
            }
        }
    }
    let warn = |(rule, hits): (&Rule, Vec<&str>)| {
        if rule.effect == Verdict::Allow || hits.len() < BROAD {
            return None;
        }
        let shown: Vec<String> = hits.iter().take(3).map(|line| format!("`{line}`")).collect();
        let (id, count, all) = (&rule.id, hits.len(), EVERYDAY.len());
        let message = format!(
            "rule `{id}` is very broad: it matches {count} of {all} everyday commands, among them {}",
            shown.join(", ")
        );
        let help = "name the commands, hosts, paths or findings that it is about; \
                    to stop everything else, set `default = \"deny\"`";
        Some(lines.warning(rule, message, help.to_owned()))
    };
    own.iter().zip(hits).filter_map(warn).collect()
}

/// Exceptions that match every example of a rule that they override.
fn switches_off(policy: &Policy, own: &[Rule], lines: Lines<'_>) -> Vec<Diagnostic> {
    let mut known: Vec<Example> = policy.examples().to_vec();
    for (name, text) in Policy::packs() {
        let pack = Policy::parse(text, name, Layer::Builtin, &KnownWords);
        known.extend(pack.iter().flat_map(|pack| pack.examples().to_vec()));
    }
    let mut warnings = Vec::new();
    for rule in own {
        for overridden in &rule.overrides {
            let stopped: Vec<&Example> =
                known.iter().filter(|one| one.matches && one.rule == *overridden).collect();
            let lifts = |example: &&Example| matching(policy, example).contains(&rule.id);
            if stopped.len() < 2 || !stopped.iter().all(lifts) {
                continue;
            }
            let message = format!(
                "rule `{}` switches `{overridden}` off: it matches all of its {} examples",
                rule.id,
                stopped.len()
            );
            let help = "name the host, the path or the kind of finding that the exception is for";
            warnings.push(lines.warning(rule, message, help.to_owned()));
        }
    }
    warnings
}

/// Rules that let through what nothing stops.
fn idle(policy: &Policy, own: &[Rule], lines: Lines<'_>) -> Vec<Diagnostic> {
    let allows = |rule: &&Rule| rule.effect == Verdict::Allow && rule.overrides.is_empty();
    let settles = policy.default_verdict() > Verdict::Allow;
    let useless = own.iter().filter(allows).filter(|rule| rule.only_tightens || !settles);
    let warn = |rule: &Rule| {
        let message = format!("rule `{}` lets nothing through that would be stopped", rule.id);
        let help = if rule.only_tightens {
            "a file of this layer only makes decisions stricter; take the rule out"
        } else {
            "the default is `allow`; name in `overrides` the rules that it makes an exception of"
        };
        lines.warning(rule, message, help.to_owned())
    };
    useless.map(warn).collect()
}

/// Ids of the rules that match an example, overridden or not.
fn matching(policy: &Policy, example: &Example) -> Vec<String> {
    let explanation = in_invented_world(example, |facts, _| policy.explain(facts));
    let traces = explanation.parts.into_iter().flat_map(|part| part.rules);
    let fires = |trace: &RuleTrace| trace.truth.counts_for(trace.rule.effect);
    traces.filter(fires).map(|trace| trace.rule.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::diagnose;

    fn warnings(rules: &str) -> Vec<String> {
        let text = format!("[policy]\nid = \"p\"\nversion = \"1\"\n{rules}");
        let path = Path::new("p.toml");
        let (policy, problems) = diagnose(&text, path);
        let policy = policy.unwrap_or_else(|| panic!("{}", problems[0]));
        lint_policy(&policy, &text, path).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_that_stops_everyday_work_is_broad() {
        let told = warnings(
            "[[rule]]\nid = \"all\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
             [rule.when]\nflow = [\"stays\", \"leaves\", \"enters\"]\n",
        );
        assert!(told[0].contains("p.toml:4") && told[0].contains("very broad"), "{told:?}");
        let narrow = "[[rule]]\nid = \"one\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                      [rule.when]\ncommand = \"git\"\nsubcommand = \"push\"\noption = \"--force\"\n";
        assert_eq!(warnings(narrow), Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_asks_a_scorer_is_not_broad() {
        let rule = "[[rule]]\nid = \"r\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                    [rule.when]\ncommand = \"git\"\nscorer = { at_least = 5 }\n";
        assert_eq!(warnings(rule), Vec::<String>::new());
        let without = rule.replace("scorer = { at_least = 5 }\n", "");
        assert!(warnings(&without)[0].contains("very broad"));
    }

    #[test]
    fn an_exception_that_lifts_everything_is_told() {
        let exception = |when: &str| {
            format!(
                "[[rule]]\nid = \"open\"\neffect = \"allow\"\noverrides = [\"no-secret-egress\"]\n\
                 reason = \"r\"\n[rule.when]\n{when}\n"
            )
        };
        let told = warnings(&exception(
            "flow = [\"leaves\", \"stays\", \"enters\", \"loopback\", \"destroys\"]",
        ));
        assert!(told.iter().any(|one| one.contains("switches `no-secret-egress` off")), "{told:?}");
        assert_eq!(warnings(&exception("host = \"vault.example.com\"")), Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_lets_through_what_nothing_stops_is_told() {
        let allows = "[[rule]]\nid = \"open\"\neffect = \"allow\"\nreason = \"r\"\n[rule.when]\n\
                      command = \"git\"\n";
        let told = warnings(allows);
        assert!(told[0].contains("p.toml:4") && told[0].contains("overrides"), "{told:?}");
        assert_eq!(warnings(&format!("default = \"deny\"\n{allows}")), Vec::<String>::new());
    }

    #[test]
    fn what_everybody_runs_can_be_read() {
        assert!(EVERYDAY.iter().all(|line| Example::of(line).is_some()));
        assert!(EVERYDAY.is_sorted());
    }
}
