//! The smallest set of exceptions that would have let recorded calls pass, as rules in TOML.
//!
//! Each rule lets through what was seen and nothing beside it: calls are put together only where they
//! differ in one respect alone. What a critical rule stopped comes out commented: a person has to
//! look before such an exception stands. Nothing is applied here, and nothing is judged.

use std::collections::{BTreeMap, BTreeSet};

use datafog_core::Id;

/// Calls that one exception would cover: every combination of what stands here was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The rules that stopped them; empty when the default did.
    pub rules: BTreeSet<String>,
    /// Whether any of these is critical.
    pub critical: bool,
    /// Names of tools; empty for commands.
    pub tools: BTreeSet<String>,
    /// Names of commands.
    pub programs: BTreeSet<String>,
    /// First words of their subcommands.
    pub subcommands: BTreeSet<String>,
    /// Whom they reach.
    pub hosts: BTreeSet<String>,
    /// Options, all of which such a call had, by canonical name.
    pub options: BTreeSet<String>,
    /// Path patterns of their operands; empty when these are no paths, or play no part.
    pub paths: BTreeSet<String>,
    /// Globs of their operands as they were written; empty when `paths` names them.
    pub texts: BTreeSet<String>,
    /// Types of what was found in them.
    pub entities: BTreeSet<String>,
    /// How often such a call was seen.
    pub count: u64,
    /// The newest of them.
    pub receipt: Id,
    /// How it looked.
    pub command: String,
}

/// Calls that were stopped, those of one kind together.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    seen: BTreeMap<Key, Suggestion>,
}

impl Suggestions {
    /// Adds what would cover one more call; the newest of a kind comes first.
    pub fn note(&mut self, one: Suggestion) {
        let Suggestion { rules, tools, programs, subcommands, hosts, entities, .. } = &one;
        let Suggestion { options, paths, texts, .. } = &one;
        let key = [rules, tools, programs, subcommands, hosts, entities, options, paths, texts];
        let key = key.map(Clone::clone);
        match self.seen.get_mut(&key) {
            Some(known) => known.count = known.count.saturating_add(one.count),
            None => {
                self.seen.insert(key, one);
            }
        }
    }

    /// As few as cover all, the most frequent first. What was seen less often than `at_least` is
    /// left out.
    #[must_use]
    pub fn finish(self, at_least: u64) -> Vec<Suggestion> {
        let seen = self.seen.into_values().filter(|one| one.count >= at_least);
        let mut all: Vec<Suggestion> = seen.collect();
        merge(&mut all);
        all.sort_by(|one, other| other.count.cmp(&one.count).then(one.command.cmp(&other.command)));
        all
    }
}

/// The rules as TOML, without a `[policy]` head.
#[must_use]
pub fn suggested_rules(suggestions: &[Suggestion]) -> String {
    let mut text = String::new();
    for (number, suggestion) in (1_u32..).zip(suggestions) {
        let rule = rule(suggestion, number);
        if suggestion.critical {
            text.push_str(
                "# A critical rule stopped this: look twice before you take the marks off.\n",
            );
            for line in rule.lines() {
                text.push_str(&format!("# {line}\n"));
            }
        } else {
            text.push_str(&rule);
        }
        text.push('\n');
    }
    text
}

/// What tells suggestions apart.
type Key = [BTreeSet<String>; 9];

/// Puts suggestions together that differ in one respect alone, until none do: then every combination
/// that the joined suggestion names was seen in one of its halves.
fn merge(suggestions: &mut Vec<Suggestion>) {
    while let Some((first, second, joined)) = pair(suggestions) {
        suggestions.remove(second);
        if let Some(slot) = suggestions.get_mut(first) {
            *slot = joined;
        }
    }
}

fn pair(suggestions: &[Suggestion]) -> Option<(usize, usize, Suggestion)> {
    suggestions.iter().enumerate().find_map(|(first, one)| {
        let after = suggestions.iter().enumerate().skip(first.saturating_add(1));
        let mut joined =
            after.filter_map(|(second, other)| Some((first, second, join(one, other)?)));
        joined.next()
    })
}

fn join(one: &Suggestion, other: &Suggestion) -> Option<Suggestion> {
    let pairs = [
        (&one.tools, &other.tools),
        (&one.programs, &other.programs),
        (&one.subcommands, &other.subcommands),
        (&one.hosts, &other.hosts),
        (&one.entities, &other.entities),
        (&one.paths, &other.paths),
        (&one.texts, &other.texts),
    ];
    let differ = pairs.iter().filter(|(one, other)| one != other).count();
    // Something beside nothing: the joined rule would ask for less than the one that names it.
    let loses = pairs.iter().any(|(one, other)| one.is_empty() != other.is_empty());
    // Options are asked for together, so none of another call may stand among them.
    if one.rules != other.rules || one.options != other.options || differ != 1 || loses {
        return None;
    }
    let [tools, programs, subcommands, hosts, entities, paths, texts] =
        pairs.map(|(one, other)| one | other);
    let count = one.count.saturating_add(other.count);
    let joined = Suggestion { tools, programs, subcommands, hosts, count, ..one.clone() };
    Some(Suggestion { entities, paths, texts, ..joined })
}

fn rule(suggestion: &Suggestion, number: u32) -> String {
    let Suggestion { count, receipt, command, .. } = suggestion;
    let times = if *count == 1 { String::from("once") } else { format!("{count} times") };
    let names = suggestion.programs.first().or_else(|| suggestion.tools.first());
    let program = names.map_or_else(String::new, |name| name.to_ascii_lowercase());
    let plain: String = program
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
        .collect();
    let mut text = format!("# Seen {times} (receipt {}): {}\n", receipt.short(), one_line(command));
    text.push_str(&format!("[[rule]]\nid = \"suggested-{plain}-{number}\"\neffect = \"allow\"\n"));
    if !suggestion.rules.is_empty() {
        text.push_str(&format!("overrides = {}\n", listed(&suggestion.rules)));
    }
    text.push_str(&format!("reason = \"seen {times} in recorded calls\"\n[rule.when]\n"));
    let keys = [
        ("tool", &suggestion.tools),
        ("command", &suggestion.programs),
        ("subcommand", &suggestion.subcommands),
        ("host", &suggestion.hosts),
    ];
    for (key, names) in keys {
        if !names.is_empty() {
            text.push_str(&format!("{key} = {}\n", listed(names)));
        }
    }
    if !suggestion.options.is_empty() {
        text.push_str(&format!("option = {{ all = {} }}\n", listed(&suggestion.options)));
    }
    for (key, names) in [("path", &suggestion.paths), ("text", &suggestion.texts)] {
        if !names.is_empty() {
            text.push_str(&format!("operand = {{ {key} = {} }}\n", listed(names)));
        }
    }
    if !suggestion.entities.is_empty() {
        text.push_str(&format!("finding = {{ entity = {} }}\n", listed(&suggestion.entities)));
    }
    text
}

/// A TOML list of strings; one alone stands by itself.
fn listed(names: &BTreeSet<String>) -> String {
    let quoted: Vec<String> =
        names.iter().map(|name| toml::Value::from(name.as_str()).to_string()).collect();
    match quoted.as_slice() {
        [one] if !names.is_empty() => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(programs: &[&str], hosts: &[&str], count: u64) -> Suggestion {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Suggestion {
            rules: set(&["r"]),
            critical: false,
            tools: BTreeSet::new(),
            programs: set(programs),
            subcommands: BTreeSet::new(),
            hosts: set(hosts),
            options: BTreeSet::new(),
            paths: BTreeSet::new(),
            texts: BTreeSet::new(),
            entities: BTreeSet::new(),
            count,
            receipt: Id::new(1, [0; 10]),
            command: String::from("curl h"),
        }
    }

    #[test]
    fn only_calls_that_differ_in_one_respect_are_put_together() {
        let mut all = vec![
            suggestion(&["curl"], &["a"], 1),
            suggestion(&["curl"], &["b"], 2),
            suggestion(&["wget"], &["a", "b"], 3),
            suggestion(&["ssh"], &["c"], 1),
        ];
        merge(&mut all);
        let shown: Vec<_> =
            all.iter().map(|one| (one.programs.len(), one.hosts.len(), one.count)).collect();
        assert_eq!(shown, [(2, 2, 6), (1, 1, 1)], "curl and wget to a and b; never ssh to a");
        assert_eq!(
            join(&suggestion(&["curl"], &[], 1), &suggestion(&["curl"], &["a"], 1)),
            None,
            "no host is no host more"
        );
    }

    #[test]
    fn options_are_never_put_together_and_operands_are() {
        let with = |option: &str, text: &str| {
            let set = |name: &str| BTreeSet::from([name.to_owned()]);
            Suggestion { options: set(option), texts: set(text), ..suggestion(&["git"], &[], 1) }
        };
        let mut all = vec![with("-D", "a"), with("-D", "b"), with("-d", "a")];
        merge(&mut all);
        let told = suggested_rules(&all);
        assert_eq!(all.len(), 2, "{told}");
        let wanted = "option = { all = \"-D\" }\noperand = { text = [\"a\", \"b\"] }\n";
        assert!(told.contains(wanted), "{told}");
    }

    #[test]
    fn rules_are_toml_and_critical_ones_are_commented() {
        let mut one = suggestion(&["curl"], &["a\"b"], 1);
        assert!(suggested_rules(&[one.clone()]).contains("host = 'a\"b'\n"));
        one.critical = true;
        let text = suggested_rules(&[one]);
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    }
}
