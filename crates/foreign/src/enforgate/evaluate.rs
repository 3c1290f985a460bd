//! Decides by Enforgate policies.

use datafog_core::Verdict;
use datafog_policy::Truth;
use serde_json::Value;

use super::{Condition, Enforgate, Rule, Test};
use crate::answer::{Answer, Hit};
use crate::call::Call;
use crate::lookup;
use crate::pattern::{Pattern, Search};

impl Enforgate {
    pub(crate) fn decide(&self, call: &Call) -> Answer<'_> {
        let names = tool_names(call);
        // Rules that could not be told hold the call, whatever a later rule lets through.
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for rule in self.policies.iter().flat_map(|policy| &policy.rules) {
            match rule.ask(&names, call) {
                Truth::True => {
                    hits.push(Hit::new(&rule.head, rule.verdict));
                    return finish(hits);
                }
                Truth::Unknown if rule.verdict != Verdict::Allow => {
                    hits.push(Hit::new(&rule.head, Verdict::RequireApproval));
                }
                Truth::False | Truth::Unknown => {}
            }
        }
        if let Some((verdict, head)) =
            self.policies.iter().find_map(|policy| policy.default.as_ref())
        {
            hits.push(Hit::default(head, *verdict));
            return finish(hits);
        }
        let mut answer =
            Answer::default(Verdict::Deny, "no rule matches, and no policy has a default");
        answer.hits = hits;
        answer
    }
}

fn finish(hits: Vec<Hit<'_>>) -> Answer<'_> {
    Answer::strictest(hits).unwrap_or_else(|| Answer::default(Verdict::Deny, "no rule matches"))
}

/// Every name that a glob may mean: the tool alone, and with the server it is of.
fn tool_names(call: &Call) -> Vec<String> {
    let whole = call.tool.strip_prefix("mcp__").unwrap_or(&call.tool);
    let (server, tool) = match whole.split_once("__") {
        _ if !call.server.is_empty() => {
            let prefix = format!("{}__", call.server);
            (call.server.as_str(), whole.strip_prefix(&prefix).unwrap_or(whole))
        }
        Some((server, tool)) => (server, tool),
        None => ("", whole),
    };
    let mut names = vec![tool.to_owned()];
    if !server.is_empty() {
        names.extend([format!("{server}/{tool}"), format!("{server}__{tool}"), call.tool.clone()]);
    }
    // A wrapped command is known by its program as well as by its adapter.
    if call.kind == datafog_core::ActionKind::CommandExec.name() {
        names.push(call.resource.clone());
    }
    names
}

impl Rule {
    fn ask(&self, names: &[String], call: &Call) -> Truth {
        let stricter = self.verdict != Verdict::Allow;
        let named = names
            .iter()
            .fold(Truth::False, |so_far, name| so_far.or(truth(self.tool.search(name), stricter)));
        let mut conditions = self.conditions.iter().map(|condition| condition.ask(call, stricter));
        conditions
            .try_fold(named, |so_far, next| {
                Some(so_far.and(next)).filter(|one| *one != Truth::False)
            })
            .unwrap_or(Truth::False)
    }
}

impl Condition {
    fn ask(&self, call: &Call, stricter: bool) -> Truth {
        let Some(value) = lookup::at(&call.arguments, &self.path) else { return Truth::Unknown };
        match (&self.test, value) {
            (Test::Equals(wanted), value) => Truth::of(lookup::equal(wanted, value)),
            (Test::Matches(pattern), Value::String(text)) => {
                let found = truth(pattern.search(text), stricter);
                // What a shell would read alike is found alike: tabs, continued lines, quotes.
                if stricter && found == Truth::False && is_command(&self.path) {
                    return any_command(pattern, call);
                }
                found
            }
            (Test::NotMatches(pattern), Value::String(text)) => match pattern.search(text) {
                Search::Found => Truth::False,
                Search::Missed => Truth::True,
                Search::GivenUp => Truth::of(stricter),
            },
            // The words of a command are its text as well.
            (Test::Matches(pattern), Value::Array(words))
                if stricter && is_command(&self.path) && words.iter().all(Value::is_string) =>
            {
                any_command(pattern, call)
            }
            (
                Test::Matches(_) | Test::NotMatches(_),
                Value::Array(_)
                | Value::Bool(_)
                | Value::Null
                | Value::Number(_)
                | Value::Object(_),
            ) => Truth::Unknown,
        }
    }
}

fn is_command(path: &str) -> bool {
    crate::names::COMMAND_FIELDS.contains(&path)
}

fn any_command(pattern: &Pattern, call: &Call) -> Truth {
    let mut renderings = call.commands.iter().map(|one| one.words.join(" "));
    Truth::of(renderings.any(|text| pattern.search(&text) != Search::Missed))
}

/// A search that was given up counts for what is stricter than allow, and not for allow.
const fn truth(search: Search, stricter: bool) -> Truth {
    match search {
        Search::Found => Truth::True,
        Search::Missed => Truth::False,
        Search::GivenUp => Truth::of(stricter),
    }
}
