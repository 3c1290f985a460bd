//! Facts that are simply given: for examples, tests and judging without a machine to look at.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Account, Action, ActionKind, Automation, Destination, Facts, Finding, Flows, Id, Invocation,
    LocalTime, Mode, Principal, PrincipalKind, Remote, Repository,
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
    /// The account of the process; `None` when nobody knows.
    pub account: Option<Account>,
    /// The repository of every folder; `None` when nobody knows, `Some(None)` when there is none.
    pub repository: Option<Option<Repository>>,
    /// Remotes of that repository; `None` when nobody knows.
    pub remotes: Option<Vec<Option<Remote>>>,
    /// Whether that repository has changes that no commit holds; `None` when nobody knows.
    pub uncommitted: Option<bool>,
    /// Work that the action takes away and that no commit holds; `None` when nobody knows.
    pub discarded: Option<Vec<PathBuf>>,
    /// The moment, whatever the zone; `None` when nobody knows.
    pub time: Option<LocalTime>,
    /// Whether a machine runs this by itself.
    pub automation: Automation,
    /// What every counter counted; `None` when nobody could count.
    pub calls: Option<u32>,
    /// What a scorer outside says; `None` when there is none.
    pub outside_score: Option<u32>,
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
            tool: None,
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
            account: None,
            repository: None,
            remotes: None,
            uncommitted: None,
            discarded: None,
            time: None,
            automation: Automation::Unknown,
            calls: None,
            outside_score: None,
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

    fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    fn repository(&self, _folder: &Path) -> Option<Option<Repository>> {
        self.repository.clone()
    }

    fn remotes(&self, _folder: &Path) -> Option<Vec<Option<Remote>>> {
        self.remotes.clone()
    }

    fn uncommitted(&self, _folder: &Path) -> Option<bool> {
        self.uncommitted
    }

    fn discards(&self, is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
        let discarded = self.discarded.as_ref()?;
        Some(discarded.iter().any(|path| !is_spared(path)))
    }

    fn local_time(&self, _zone: &str) -> Option<LocalTime> {
        self.time
    }

    fn automation(&self) -> Automation {
        self.automation
    }

    fn calls(&self, _counter: &str, _seconds: u32, _most: u32) -> Option<u32> {
        self.calls
    }

    fn outside_score(&self) -> Option<u32> {
        self.outside_score
    }

    fn entries(&self, folder: &Path) -> Option<usize> {
        self.entries.get(folder).copied()
    }
}
