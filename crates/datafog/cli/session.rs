//! What every management command works with: the process, the installation, the way to speak.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use datafog_config::{
    EnvVars, FileIdentity, Host, Identity, Layout, PathSetup, Settings, make_folder, read_small,
};
use datafog_gate::{Gate, Notice, Outcome, Purpose, Request};
use datafog_shim::Links;

use super::command_line::request;
use super::output::Output;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;
use crate::tty::Tty;

/// No settings that a person wrote are larger, in bytes.
const MOST_SETTINGS: u64 = 1 << 20;

/// One run of the management command.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) host: Host,
    pub(super) user: u32,
    pub(super) layout: Layout,
    pub(super) out: Output,
}

impl Session {
    /// The session for the installation that this process is meant to manage: that of the running
    /// binary, else the one named by `DATAFOG_HOME`, else `~/.datafog`.
    pub(super) fn new(host: Host, out: Output) -> Result<Self> {
        let user = host.user()?;
        let layout = Layout::for_management(&host)?;
        Ok(Self { host, user, layout, out })
    }

    /// The settings in the file, or the defaults when there is none.
    pub(super) fn settings(&self) -> Result<Settings> {
        let path = self.layout.settings();
        if Identity::at(&path)?.file.is_none() {
            return Ok(Settings::default());
        }
        let text = read_small(&path, MOST_SETTINGS)
            .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        match text {
            Ok(text) => Ok(Settings::parse(&text, &path)?),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// The wrapper links of the installation.
    pub(super) fn links(&self) -> Links {
        Links::new(self.layout.shims(), self.layout.binary(), self.layout.backups())
    }

    /// The PATH set-up of the installation.
    pub(super) fn path_setup(&self) -> Result<PathSetup> {
        Ok(PathSetup::new(self.layout.clone(), &self.host)?)
    }

    /// The identity of the binary that gates: the installed one, or this one where none is.
    pub(super) fn binary_identity(&self) -> Result<FileIdentity> {
        let installed = self.layout.binary().metadata();
        let metadata = installed.or_else(|_| std::env::current_exe()?.metadata());
        Ok(FileIdentity::of(&metadata.context("cannot look at the running binary")?))
    }

    /// Makes the installation's folder where none is yet, so that one may ask, and serve, before
    /// anything is installed.
    pub(super) fn make_root(&self) -> Result<()> {
        let root = self.layout.root();
        make_folder(root).with_context(|| format!("cannot make `{}`", root.display()))
    }

    /// The gate of the installation.
    pub(super) fn gate(&self) -> Result<Gate<'_>> {
        let gate = Gate::new(&self.host, &self.layout, self.binary_identity()?, self.user);
        Ok(gate.with_foreign(&Systems).with_terminal(&Tty))
    }

    /// The same for those who ask what would happen to a call: an installation that others could
    /// change gives no answer, as its shims run nothing.
    pub(super) fn judging(&self) -> Result<Gate<'_>> {
        self.make_root()?;
        self.layout.require_trusted(self.user)?;
        self.gate()
    }

    /// Refuses an agent what only a person may do: to make this installation guard less. The gate
    /// decides it, and leaves a receipt.
    pub(super) fn require_person(&self) -> Result<()> {
        if self.gate()?.is_asked_by_an_agent() { self.require_person_and_record() } else { Ok(()) }
    }

    /// The same, and a receipt also for a person.
    pub(super) fn require_person_and_record(&self) -> Result<()> {
        self.require_person_for(None)
    }

    /// The same where somebody asks for something over the server that this process is.
    pub(super) fn require_person_for(&self, said: Option<String>) -> Result<()> {
        let asked = request(&self.host.argv(), Purpose::Loosen, None)?;
        match self.gate()?.run(&Request { said, ..asked }) {
            Outcome::Decided(_) => Ok(()),
            Outcome::Blocked(notice) => Err(refused(&notice)),
            // Neither can come of a question; were they to, the answer is not a yes.
            Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => {
                Err(Advised::usage("nobody could say who asks", "run `datafog doctor`"))
            }
        }
    }

    /// Whether somebody is there to answer a question.
    pub(super) fn may_ask(&self) -> bool {
        let set = |name| self.host.variable(name).is_some_and(|value| !value.is_empty());
        let silent = set(EnvVars::NO_INPUT) || set("CI");
        !silent && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// The error for what an agent may not do.
fn refused(notice: &Notice) -> anyhow::Error {
    let receipt = notice.receipt.map(|id| format!(" (receipt {})", id.short()));
    let message = format!("{}{}", notice.what, receipt.unwrap_or_default());
    let hint = notice.instead.clone().unwrap_or_default();
    Advised { message, hint, code: ExitCode::Negative }.into()
}
