//! Examples in policy files: command lines that a rule must match, and ones that it must not.
//!
//! They are checked whenever a file is compiled, so that a rule which does not do what its author
//! thinks is found before it bites. This crate does not know what command lines mean; whoever
//! does, implements [`Interpreter`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Account, Automation, Channel, Confidence, Facts, Finding, KeyedDigest, LocalTime, Mode,
    PrincipalKind, Remote, Repository, Severity, Span, Value,
};

use crate::diagnostic::{Diagnostic, Level, SourceText};
use crate::{Given, words};

/// Turns examples into facts: parses the command line and makes up the world that the example
/// states.
pub trait Interpreter {
    /// The facts of `example`.
    ///
    /// # Errors
    /// When the command line cannot be understood at all, in words for the author of the example.
    fn facts<'a>(&'a self, example: &'a Example) -> Result<Box<dyn Facts + 'a>, String>;
}

/// One example of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Id of the rule.
    pub rule: String,
    /// Whether the rule must match (`match`) or must not (`not_match`).
    pub matches: bool,
    /// The command line as words of a shell, program first; see [`Example::argv`]. Empty for a
    /// call of a tool.
    pub words: Vec<Word>,
    /// Name and arguments of a tool, when the example is a call of one.
    pub tool: Option<(String, Value)>,
    /// The working directory; may start with `~` or `<root>`. A project in the home when absent.
    pub cwd: Option<Word>,
    /// Who asks; a person when the example does not say.
    pub principal: PrincipalKind,
    /// Name of the agent.
    pub agent: Option<String>,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Under which circumstances it is asked.
    pub stated: Stated,
    /// What is found in the content, besides what really is there.
    pub findings: Vec<DeclaredFinding>,
    /// Whether some content cannot be scanned.
    pub unscanned: bool,
    /// Where the example stands; its message is empty.
    pub(crate) place: Diagnostic,
}

/// The circumstances that an example states; what it does not state is as for a person named
/// `example` on a quiet machine, with no repository at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Name of the user.
    pub user: Option<String>,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Names of the parent processes, nearest first.
    pub parents: Vec<String>,
    /// The agent's session.
    pub session: Option<String>,
    /// The branch of the repository at hand.
    pub branch: Option<String>,
    /// The folder of the repository at hand; may start with `~`.
    pub repository: Option<Word>,
    /// Remotes of the repository at hand, as the condition names them; one that is not read as
    /// such cannot be told.
    pub remotes: Vec<String>,
    /// The repository at hand has changes that no commit holds; unknown when not stated.
    pub uncommitted: Option<bool>,
    /// The tenant of the user; none when not stated.
    pub tenant: Option<String>,
    /// The moment, in whatever zone a rule asks for; unknown when not stated.
    pub time: Option<LocalTime>,
    /// A runner of continuous integration is a parent process.
    pub ci: bool,
    /// How many calls were counted, this one included; 1 when not stated.
    pub calls: Option<u32>,
    /// What a scorer outside says; it fails when not stated.
    pub score: Option<u32>,
}

impl Stated {
    /// The account that is stated.
    #[must_use]
    pub fn account(&self) -> Account {
        let user = self.user.clone().unwrap_or_else(|| String::from("example"));
        Account { user, groups: self.groups.clone(), tenant: Some(self.tenant.clone()) }
    }

    /// The repository that is stated; `None` for none. With a branch, remotes or changes alone it is
    /// the project in the home.
    #[must_use]
    pub fn repository(&self, home: &Path, root: &Path) -> Option<Repository> {
        let folder =
            self.repository.as_ref().map(|folder| PathBuf::from(folder.expand(home, root)));
        let implied =
            self.branch.is_some() || !self.remotes.is_empty() || self.uncommitted.is_some();
        let folder = folder.or_else(|| implied.then(|| home.join("project")));
        folder.map(|root| Repository { root, branch: self.branch.clone() })
    }

    /// Where the remotes that are stated are.
    #[must_use]
    pub fn remotes(&self) -> Vec<Option<Remote>> {
        let remote = |text: &String| {
            let (host, path) = text.split_once('/')?;
            Some(Remote { host: host.to_ascii_lowercase(), path: path.to_owned() })
        };
        self.remotes.iter().map(remote).collect()
    }

    /// Whether a machine runs it.
    #[must_use]
    pub const fn automation(&self) -> Automation {
        if self.ci { Automation::Certain } else { Automation::Absent }
    }
}

/// One word of an example's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text, without quotes.
    pub text: String,
    /// Whether a leading `~` or `<root>` stands for a folder: it was written without quotes.
    pub expands: bool,
}

/// Something that an example declares as found, since real secrets do not belong in policy files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredFinding {
    /// The entity type, for example `secret.github.pat`.
    pub entity: String,
    /// How sure the detector is.
    pub confidence: Confidence,
    /// How bad it is.
    pub severity: Severity,
    /// Where it was found.
    pub channel: Channel,
    /// Whether it would only go home; `None` leaves that to the interpreter.
    pub going_home: Option<bool>,
}

impl Word {
    /// The word with its folder filled in.
    #[must_use]
    pub fn expand(&self, home: &Path, root: &Path) -> OsString {
        for (place, folder) in [("~", home), ("<root>", root)] {
            let rest = self.text.strip_prefix(place).filter(|_| self.expands);
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                let mut whole = folder.as_os_str().to_owned();
                whole.push(rest);
                return whole;
            }
        }
        OsString::from(&self.text)
    }
}

impl Example {
    /// A person runs `line` in a project, with nothing found: an example of no rule. `None` when the
    /// line is not one plain command.
    #[must_use]
    pub fn of(line: &str) -> Option<Self> {
        let words = words::split(line).ok()?;
        let source = SourceText { path: "", text: line };
        let place = source.diagnostic(Level::Error, 0..line.len(), String::new());
        Some(Self { words, ..Self::at(place) })
    }

    /// A person in enforced mode, with nothing stated and nothing found; what is asked is to be
    /// filled in.
    pub(crate) fn at(place: Diagnostic) -> Self {
        Self {
            rule: String::new(),
            matches: true,
            words: Vec::new(),
            tool: None,
            cwd: None,
            principal: PrincipalKind::Human,
            agent: None,
            mode: Mode::Enforced,
            stated: Stated::default(),
            findings: Vec::new(),
            unscanned: false,
            place,
        }
    }

    /// The command line as the program would receive it.
    #[must_use]
    pub fn argv(&self, home: &Path, root: &Path) -> Vec<OsString> {
        self.words.iter().map(|word| word.expand(home, root)).collect()
    }

    /// The working directory; `project` in the home when the example does not say.
    #[must_use]
    pub fn cwd(&self, home: &Path, root: &Path) -> PathBuf {
        self.cwd.as_ref().map_or_else(|| home.join("project"), |cwd| cwd.expand(home, root).into())
    }

    /// The declared findings as a detector would report them; different entries have different
    /// values.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        (1..)
            .zip(&self.findings)
            .filter_map(|(number, declared)| declared.finding(number))
            .collect()
    }

    /// Puts what the example states besides its command line into `given`.
    pub fn apply(&self, given: &mut Given) {
        given.principal.kind = self.principal;
        given.principal.agent.clone_from(&self.agent);
        given.principal.session.clone_from(&self.stated.session);
        given.principal.parents.clone_from(&self.stated.parents);
        given.account = Some(self.stated.account());
        let home = given.home.clone().unwrap_or_default();
        given.repository = Some(self.stated.repository(&home, &given.root));
        given.remotes = Some(self.stated.remotes());
        given.uncommitted = self.stated.uncommitted;
        let work = || vec![given.action.cwd.join("work")];
        given.discarded = self.stated.uncommitted.map(|it| if it { work() } else { Vec::new() });
        given.time = self.stated.time;
        given.automation = self.stated.automation();
        given.calls = Some(self.stated.calls.unwrap_or(1));
        given.outside_score = self.stated.score;
        given.mode = self.mode;
        given.findings = self.findings();
        given.going_home =
            self.findings.iter().map(|declared| declared.going_home == Some(true)).collect();
        if self.unscanned {
            given.unscanned.push(String::from("declared by the example"));
        }
    }

    /// Line of the example in its file, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.place.line
    }

    /// Whether a diagnostic is about this example.
    #[must_use]
    pub fn is_at(&self, one: &Diagnostic) -> bool {
        (&one.path, one.line, one.column) == (&self.place.path, self.place.line, self.place.column)
    }

    /// The command line as it stands in the file, or the tool's name.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.tool {
            Some((name, _)) => format!("tool {name}"),
            None => words::join(&self.words),
        }
    }
}

impl DeclaredFinding {
    /// A finding of high confidence and severity in the first argument.
    #[must_use]
    pub const fn new(entity: String) -> Self {
        Self {
            entity,
            confidence: Confidence::percent(95),
            severity: Severity::High,
            channel: Channel::Argument(1),
            going_home: None,
        }
    }

    /// As a detector would report it; equal numbers stand for equal values.
    pub(crate) fn finding(&self, number: u64) -> Option<Finding> {
        Some(Finding {
            detector: "example".into(),
            entity: self.entity.clone().into(),
            channel: self.channel.clone(),
            // Examples do not say where in the channel: it is all of it.
            span: Span::at(0, usize::MAX),
            confidence: self.confidence,
            severity: self.severity,
            fingerprint: KeyedDigest::from_hex(&format!("{number:064x}"))?,
            preview: String::from("…"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unquoted_places_expand() {
        let (home, root) = (Path::new("/home/ann"), Path::new("/opt/fog"));
        let expand = |text: &str, expands| {
            let word = Word { text: text.into(), expands };
            word.expand(home, root).into_string().unwrap()
        };
        assert_eq!(expand("~", true), "/home/ann");
        assert_eq!(expand("~/x", true), "/home/ann/x");
        assert_eq!(expand("<root>/policy.toml", true), "/opt/fog/policy.toml");
        assert_eq!(expand("~x", true), "~x");
        assert_eq!(expand("~/x", false), "~/x");
    }
}
