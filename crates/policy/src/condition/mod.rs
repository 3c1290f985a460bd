//! The kinds of conditions: one file each, one line each in [`CONDITIONS`].
//!
//! A kind reads its TOML value into a few bytes when a policy is loaded, and answers from those
//! bytes when an action is judged. It sees the action only through
//! [`datafog_core::Facts`], and says what it costs to ask, so that cheap questions come first.

mod agent;
mod argument;
mod branch;
mod category;
mod channel;
mod ci;
mod command;
pub(crate) mod content;
mod cwd;
mod discards;
mod family;
mod finding;
mod flow;
mod group;
mod host;
mod mode;
pub(crate) mod operand;
mod operator;
mod option;
mod parent;
mod place;
mod principal;
mod rate;
mod remote;
mod repository;
pub(crate) mod risk;
pub(crate) mod role;
mod scorer;
mod session;
mod stdin;
mod subcommand;
mod tenant;
pub(crate) mod time;
mod tool;
mod unclear;
mod uncommitted;
mod unscanned;
mod user;
mod values;

use datafog_core::{Facts, Risk};

use crate::Truth;
use crate::bytes::{Damaged, encode};
use crate::node::Node;
use crate::read::{Item, Reader, Sense};

/// Every kind of condition, sorted by name. The position is the kind's number in compiled bytes.
pub(crate) static CONDITIONS: &[&Kind] = &[
    &agent::KIND,
    &argument::KIND,
    &branch::KIND,
    &category::KIND,
    &channel::KIND,
    &ci::KIND,
    &command::KIND,
    &content::KIND,
    &cwd::KIND,
    &discards::KIND,
    &family::KIND,
    &finding::KIND,
    &flow::KIND,
    &group::KIND,
    &host::KIND,
    &mode::KIND,
    &operand::KIND,
    &option::KIND,
    &parent::KIND,
    &principal::KIND,
    &rate::KIND,
    &remote::KIND,
    &repository::KIND,
    &risk::KIND,
    &role::KIND,
    &scorer::KIND,
    &session::KIND,
    &stdin::KIND,
    &subcommand::KIND,
    &tenant::KIND,
    &time::KIND,
    &tool::KIND,
    &unclear::KIND,
    &uncommitted::KIND,
    &unscanned::KIND,
    &user::KIND,
];

/// One kind of condition.
#[derive(Debug)]
pub(crate) struct Kind {
    /// What people read about it.
    pub(crate) about: ConditionAbout,
    /// Reads the value; `None` when it was reported as wrong.
    pub(crate) read: fn(&Item<'_>, &mut Reader<'_>, Sense) -> Option<Leaf>,
    /// Answers for an action.
    pub(crate) test: fn(&[u8], &mut Trial<'_>) -> Result<Truth, Damaged>,
    /// Says what is asked for, for `explain`: "`curl` or `wget`".
    pub(crate) describe: fn(&[u8]) -> Result<String, Damaged>,
    /// Says what the action has, for `explain`, without anything that may be secret.
    pub(crate) seen: fn(&dyn Facts) -> String,
    /// Tells the index which actions the condition can hold for at all.
    pub(crate) narrow: fn(&[u8], &mut Scope),
}

/// What people read about a kind of condition; the reference page is made of these.
#[derive(Clone, Copy, Debug)]
pub struct ConditionAbout {
    /// The key in `[rule.when]`.
    pub name: &'static str,
    /// What it holds for, in one sentence.
    pub summary: &'static str,
    /// The values it takes.
    pub form: &'static str,
    /// A line of TOML.
    pub example: &'static str,
    /// When it cannot be told.
    pub unknown: &'static str,
    /// What it costs to ask.
    pub cost: &'static str,
}

/// What it costs to ask a condition. Ordered: cheap ones are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cost {
    /// A look at the parsed command line.
    Invocation,
    /// A walk over operands, patterns or findings.
    Walk,
    /// Needs resolved destinations: perhaps a configuration file or another program's answer.
    Destinations,
    /// Needs a small file: of users, of a repository, of a time zone.
    Files,
    /// Needs the parent processes.
    Principal,
    /// Counts, so it is asked when everything else holds.
    Counter,
    /// Asks another program.
    Scorer,
}

/// A condition that was read: its value as bytes, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) kind: u8,
    pub(crate) cost: Cost,
    pub(crate) payload: Vec<u8>,
}

impl Leaf {
    fn new(kind: &'static Kind, cost: Cost, value: &impl serde::Serialize) -> Self {
        let position = CONDITIONS.iter().position(|one| core::ptr::eq(*one, kind));
        let kind = position.and_then(|position| u8::try_from(position).ok()).unwrap_or(u8::MAX);
        Self { kind, cost, payload: encode(value) }
    }
}

/// An action under test, and what came to light on the way.
pub(crate) struct Trial<'a> {
    pub(crate) facts: &'a dyn Facts,
    /// Indexes of the findings that made a condition hold.
    pub(crate) findings: Vec<usize>,
    /// The score, when a condition asked for it.
    pub(crate) risk: Option<Risk>,
    /// The score is being reckoned.
    pub(crate) scoring: bool,
}

impl<'a> Trial<'a> {
    pub(crate) const fn new(facts: &'a dyn Facts) -> Self {
        Self { facts, findings: Vec::new(), risk: None, scoring: false }
    }
}

/// Which actions a rule can hold for, as far as its conditions tell without a test.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) commands: Vec<String>,
    pub(crate) families: Vec<String>,
    /// Names of tools in lower case, or [`crate::compiled::ANY_TOOL`].
    pub(crate) tools: Vec<String>,
    /// One of these flows (as in [`possible_flows`]) is needed, when not 0.
    pub(crate) flows: u8,
    pub(crate) needs_finding: bool,
    pub(crate) needs_unscanned: bool,
}

/// For kinds that tell the index nothing.
fn anywhere(_: &[u8], _: &mut Scope) {}

/// The conditions that `[policy] unscannable` stands for: content would leave, and some of it
/// could not be judged.
pub(crate) fn unscannable() -> Vec<Node> {
    vec![Node::Leaf(flow::leaves()), Node::Leaf(unscanned::some())]
}

/// Conditions that something found would leave.
pub(crate) fn findings_leaving() -> [Leaf; 2] {
    [flow::leaves(), finding::any()]
}

/// Conditions of which one holds when a path within these, but none of `except`, is an operand,
/// content or, without exceptions, the value of an option.
pub(crate) fn paths_touched(within: &[String], except: &[String]) -> Vec<Leaf> {
    let mut leaves = vec![operand::within(within, except), content::within(within, except)];
    // What an option's value means is not known: it may be blocked by its name, but not everything
    // that is no path in the list is a path outside of it.
    if except.is_empty() {
        leaves.push(option::within(within));
    }
    leaves
}

/// The kind of that name, with its number.
pub(crate) fn by_name(name: &str) -> Option<&'static Kind> {
    let index = CONDITIONS.binary_search_by(|kind| kind.about.name.cmp(name)).ok()?;
    CONDITIONS.get(index).copied()
}

pub(crate) use command::{named as commands_named, names as command_names};
pub(crate) use finding::read_entities as entity_globs;
pub(crate) use flow::possible as possible_flows;
pub(crate) use rate::over as calls_over;
pub(crate) use tool::named as tools_named;
pub(crate) use values::duration;

/// What people read about every kind of condition, sorted by name.
pub fn conditions() -> impl Iterator<Item = &'static ConditionAbout> {
    CONDITIONS.iter().map(|kind| &kind.about)
}

#[cfg(test)]
pub(crate) mod testing {
    //! Conditions on their own: read from TOML and asked.

    use datafog_core::{Flow, Flows};

    use super::Trial;
    use crate::diagnostic::SourceText;
    use crate::read::{Reader, Sense};
    use crate::{AnyWord, Given, Truth, Vocabulary};

    /// A few words, as profiles and detectors would supply them.
    pub(crate) struct Words;

    impl Vocabulary for Words {
        fn commands(&self) -> Vec<&str> {
            vec!["curl", "git", "rm"]
        }

        fn profile_of(&self, command: &str) -> Option<&str> {
            (command == "git3").then_some("git")
        }

        fn is_program(&self, name: &str) -> bool {
            name == "gut"
        }

        fn roles(&self) -> Vec<&str> {
            vec!["body", "query"]
        }

        fn families(&self) -> Vec<&str> {
            vec!["file", "http", "vcs"]
        }

        fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
            match command {
                "rm" => Some(vec![
                    ("-r", "--recursive"),
                    ("-R", "--recursive"),
                    ("--recursive", "--recursive"),
                    ("-f", "--force"),
                    ("--force", "--force"),
                ]),
                _ => None,
            }
        }

        fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
            (command == "git").then(|| vec!["push", "remote", "status"])
        }

        fn has_subcommands(&self, command: &str) -> Option<bool> {
            Some(command == "git")
        }

        fn family(&self, command: &str) -> Option<&str> {
            match command {
                "curl" => Some("http"),
                "git" => Some("vcs"),
                "rm" => Some("file"),
                _ => None,
            }
        }

        fn flows(&self, command: &str) -> Option<Flows> {
            (command == "rm").then(|| Flows::NONE.with(Flow::Destroys))
        }

        fn entities(&self) -> Vec<&str> {
            vec!["pii.email", "secret.github.pat"]
        }
    }

    fn read(toml: &str, sense: Sense, words: &dyn Vocabulary) -> Result<Vec<u8>, String> {
        let source = SourceText { path: "policy.toml", text: toml };
        let mut reader = Reader::new(source, words);
        let table = toml::de::DeTable::parse(toml).unwrap();
        let nodes = crate::read::conditions(table.get_ref(), &mut reader, sense);
        let shown: Vec<String> = reader.diagnostics.iter().map(ToString::to_string).collect();
        let mut bytes = Vec::new();
        nodes.iter().for_each(|node| node.encode(&mut bytes));
        if shown.is_empty() { Ok(bytes) } else { Err(shown.join("\n")) }
    }

    /// The last condition of `toml`, in a rule that stops something.
    pub(crate) fn test(toml: &str, facts: &Given) -> Truth {
        test_in(toml, facts, STOPS, &AnyWord)
    }

    /// The same, with words known.
    pub(crate) fn test_known(toml: &str, facts: &Given) -> Truth {
        test_in(toml, facts, STOPS, &Words)
    }

    /// The same in a rule that lets something through.
    pub(crate) fn test_loosening(toml: &str, facts: &Given) -> Truth {
        test_in(toml, facts, Sense { loosens: true, negated: false }, &AnyWord)
    }

    const STOPS: Sense = Sense { loosens: false, negated: false };

    fn test_in(toml: &str, facts: &Given, sense: Sense, words: &dyn Vocabulary) -> Truth {
        let bytes = read(toml, sense, words).unwrap();
        let mut trial = Trial::new(facts);
        crate::node::test(&bytes, &mut trial).unwrap()
    }

    /// A call of the tool `name` with these arguments, in JSON.
    pub(crate) fn call(name: &str, arguments: &str) -> Given {
        let mut facts = Given::command(&format!("tool:{name}"), "/");
        let arguments = serde_json::from_str(arguments).unwrap();
        facts.action.kind = datafog_core::ActionKind::ToolCall;
        let categories = Vec::new();
        let tool = datafog_core::ToolCall { name: name.into(), arguments, categories };
        facts.action.tool = Some(Box::new(tool));
        facts
    }

    /// What is said against `toml` in a rule that lets something through.
    pub(crate) fn refused_loosening(toml: &str) -> String {
        read(toml, Sense { loosens: true, negated: false }, &Words).unwrap_err()
    }

    /// What is said against `toml`.
    pub(crate) fn refused(toml: &str) -> String {
        read(toml, STOPS, &Words).unwrap_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_described() {
        assert!(CONDITIONS.is_sorted_by(|one, next| one.about.name < next.about.name));
        for about in conditions() {
            assert!(about.summary.ends_with('.'), "{}", about.name);
            assert!(about.example.starts_with(about.name), "{}", about.name);
            assert_eq!(by_name(about.name).unwrap().about.name, about.name);
        }
        assert!(by_name("comand").is_none());
    }
}
