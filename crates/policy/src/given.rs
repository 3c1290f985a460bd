//! Facts that are simply given: for examples, tests and judging without a machine to look at.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Destination, Facts, Finding, Flows, Id, Invocation, Mode, Principal,
    PrincipalKind,
};

/// [`Facts`] made of plain values. Nothing is looked up.
#[derive(Clone, Debug)]
pub struct Given {
    /// What is asked.
    pub action: Action,
    /// Which way data moves; `None` follows from the invocation and the destinations.
    pub flows: Option<Flows>,
    /// What was found, and whether it would only go home.
    pub findings: Vec<Finding>,
    /// Whether the finding of the same index is going home; a missing entry means no.
    pub going_home: Vec<bool>,
    /// What could not be judged.
    pub unscanned: Vec<String>,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Who asks.
    pub principal: Principal,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The folder that `$HOME` names, where it is another one.
    pub named_home: Option<PathBuf>,
    /// Root of the installation.
    pub root: PathBuf,
    /// How many entries folders have; of any other nobody knows.
    pub entries: BTreeMap<PathBuf, usize>,
}

impl Given {
    /// A person in enforced mode runs `program`, without arguments, in `cwd`.
    #[must_use]
    pub fn command(program: &str, cwd: impl Into<PathBuf>) -> Self {
        let invocation =
            Invocation { program: program.to_owned(), known: true, ..Invocation::default() };
        Self::action(Action {
            id: Id::new(0, [0; 10]),
            kind: ActionKind::CommandExec,
            argv: vec![OsString::from(program)],
            cwd: cwd.into(),
            invocation,
            parts: Vec::new(),
        })
    }

    /// A person in enforced mode asks for `action`; home is `/home/user`, nothing was found.
    #[must_use]
    pub fn action(action: Action) -> Self {
        Self {
            action,
            flows: None,
            findings: Vec::new(),
            going_home: Vec::new(),
            unscanned: Vec::new(),
            mode: Mode::Enforced,
            principal: Principal { kind: PrincipalKind::Human, ..Principal::default() },
            home: Some(PathBuf::from("/home/user")),
            named_home: None,
            root: PathBuf::from("/home/user/.datafog"),
            entries: BTreeMap::new(),
        }
    }

    /// With this home.
    #[must_use]
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// With this root of the installation.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = root.into();
        self
    }

    /// The invocation, to be filled in.
    pub const fn invocation(&mut self) -> &mut Invocation {
        &mut self.action.invocation
    }
}

impl Facts for Given {
    fn action(&self) -> &Action {
        &self.action
    }

    fn flows(&self) -> Flows {
        let implied = self.action.invocation.flows.toward(self.destinations());
        self.flows.unwrap_or(implied)
    }

    fn destinations(&self) -> &[Destination] {
        &self.action.invocation.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let index = self.findings.iter().position(|one| one == finding);
        index.and_then(|index| self.going_home.get(index)).copied().unwrap_or(false)
    }

    fn unscanned(&self) -> &[String] {
        &self.unscanned
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn principal(&self) -> &Principal {
        &self.principal
    }

    fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    fn named_home(&self) -> Option<&Path> {
        self.named_home.as_deref()
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn entries(&self, folder: &Path) -> Option<usize> {
        self.entries.get(folder).copied()
    }
}
