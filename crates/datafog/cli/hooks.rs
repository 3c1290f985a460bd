//! `datafog hooks`: the wrapper links, which commands go through the gate.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use datafog_config::Hook;
use datafog_core::Mode;
use datafog_shim::{CommandName, LinkState, Profile};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::plan::{self, Plan, Step};
use super::session::Session;
use super::{installation, status};
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Which commands go through the gate.
#[derive(Debug, Subcommand)]
pub(super) enum Hooks {
    /// Wrap commands: make links that stand before the real programs on PATH.
    #[command(after_help = "\
Examples:
  datafog hooks install                       the usual commands that are on this machine
  datafog hooks install git curl              these two
  datafog hooks install git --target /usr/bin/git
                                              always run this program as git
  datafog hooks install git --mode observe    only record what git does
  datafog hooks install --all --dry-run       show what wrapping every known command would do")]
    Install(Install),
    /// Unwrap commands; without names, all of them.
    #[command(after_help = "\
Examples:
  datafog hooks uninstall git                 git runs as before
  datafog hooks uninstall                     every command runs as before")]
    Uninstall(Uninstall),
    /// List wrapped commands, the programs behind them and their modes.
    List(Read),
    /// The same, and whether the wrappers come first on PATH.
    Status(Read),
}

/// Arguments of `hooks install`.
#[derive(Args, Debug)]
pub(super) struct Install {
    /// Commands to wrap; without any, the usual ones that are on this machine
    names: Vec<String>,
    /// The real program, absolute; without it the program is looked for on PATH at every call
    #[arg(long, value_name = "PATH")]
    target: Option<PathBuf>,
    /// The mode of these commands alone: observe or enforced
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Every known command, whether it is on this machine or not
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Move a foreign file that is in the way to the backups
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    how: Write,
}

/// Arguments of `hooks uninstall`.
#[derive(Args, Debug)]
pub(super) struct Uninstall {
    /// Commands to unwrap; without any, all
    names: Vec<String>,
    /// All wrapped commands (the same as no name)
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Move a foreign file that stands in a wrapper's place to the backups
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    how: Write,
}

/// How a writing subcommand works.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Write {
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a reading subcommand works.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Read {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// One wrapped command.
#[derive(Debug, Serialize)]
struct Wrapped {
    command: String,
    target: Option<String>,
    target_recorded: bool,
    mode: Mode,
}

impl Hooks {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Install(arguments) => arguments.run(session),
            Self::Uninstall(arguments) => arguments.run(session),
            Self::List(arguments) => list(session, *arguments),
            Self::Status(arguments) => show_status(session, *arguments),
        }
    }
}

impl Install {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let names = self.names(session)?;
        let hook = Hook { target: self.checked_target(session)?, mode: self.mode };
        if hook.target.is_some() && names.len() != 1 {
            return Err(Advised::usage(
                "`--target` goes with exactly one command",
                "datafog hooks install git --target /usr/bin/git",
            ));
        }
        let loosens = hook.mode == Some(Mode::Observe) || hook.target.is_some();
        if loosens && !self.how.dry_run {
            session.require_person()?;
        }
        self.how.carry_out(session, || self.plan(session, &names, &hook))?;
        if !self.how.dry_run && !self.how.json {
            remind_of_path(session);
        }
        Ok(ExitCode::Success)
    }

    fn plan(&self, session: &Session, names: &[CommandName], hook: &Hook) -> Result<Plan> {
        let mut plan = installation::plan(session, None)?;
        plan.extend(links_plan(session, names, self.force)?);
        if *hook != Hook::default() {
            let settings = session.settings()?;
            let recorded = |name: &CommandName| {
                let standing = settings.hooks.get(name.as_str());
                standing.is_some_and(|standing| covers(standing, hook))
            };
            let missing = names.iter().filter(|name| !recorded(name)).cloned();
            plan.extend(missing.map(|name| Step::Record(name, hook.clone())));
        }
        Ok(plan)
    }

    fn names(&self, session: &Session) -> Result<Vec<CommandName>> {
        if !self.names.is_empty() {
            return parse_names(&self.names);
        }
        if self.target.is_some() {
            return Ok(Vec::new());
        }
        if self.all { Ok(names_of(|_| true)) } else { usual_and_present(session) }
    }

    /// The target, refused when it cannot be what stands behind a wrapper.
    fn checked_target(&self, session: &Session) -> Result<Option<PathBuf>> {
        let Some(target) = &self.target else { return Ok(None) };
        let target = session.host.cwd().join(target);
        let refuse = |why: &str| {
            let message = format!("`{}` cannot be a target: {why}", target.display());
            Err(Advised::usage(message, "name the real program, for example `/usr/bin/git`"))
        };
        let Ok(metadata) = target.metadata() else { return refuse("there is no such file") };
        if !metadata.is_file() {
            return refuse("it is not a regular file");
        }
        if metadata.permissions().mode() & 0o111 == 0 {
            return refuse("it is not executable");
        }
        if session.links().is_ours(&target) || in_folder(&target, &session.layout.shims()) {
            return refuse("it is datafog itself");
        }
        Ok(Some(target))
    }
}

impl Uninstall {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let names = match self.names.as_slice() {
            [] => session.links().names()?,
            names => parse_names(names)?,
        };
        if !self.how.dry_run {
            session.require_person()?;
        }
        self.how.carry_out(session, || self.plan(session, &names))?;
        Ok(ExitCode::Success)
    }

    fn plan(&self, session: &Session, names: &[CommandName]) -> Result<Plan> {
        let (links, settings) = (session.links(), session.settings()?);
        let mut plan = Plan::default();
        for name in names {
            match links.state(name) {
                LinkState::Absent => {}
                LinkState::Foreign if !self.force => return Err(foreign(&links.path(name))),
                LinkState::Ours | LinkState::Foreign => {
                    plan.push(Step::Unlink(name.clone(), self.force));
                }
            }
            if settings.hooks.contains_key(name.as_str()) {
                plan.push(Step::Forget(name.clone()));
            }
        }
        Ok(plan)
    }
}

impl Write {
    /// Whether nothing is to change.
    pub(super) const fn is_dry_run(self) -> bool {
        self.dry_run
    }

    /// Whether the answer is to be JSON.
    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// Shows the plan and, unless this is a rehearsal, carries it out.
    ///
    /// It is made again once the lock is held: another command may have been at work meanwhile.
    pub(super) fn carry_out(
        self,
        session: &Session,
        make: impl Fn() -> Result<Plan>,
    ) -> Result<()> {
        let plan = make()?;
        if !self.dry_run && !plan.is_empty() {
            let _lock = plan::lock(session)?;
            make()?.apply(session)?;
        }
        if self.json {
            session.out.json(&plan.document(session, !self.dry_run))?;
        } else if plan.is_empty() {
            session.out.say("Nothing to do.\n");
        } else {
            session.out.print(plan.text(session))?;
            if self.dry_run {
                session.out.say("Nothing was changed (--dry-run).\n");
            }
        }
        Ok(())
    }
}

/// The steps that make the links which do not stand yet.
pub(super) fn links_plan(
    session: &Session,
    names: &[CommandName],
    force: bool,
) -> Result<Vec<Step>> {
    let links = session.links();
    let mut steps = Vec::new();
    for name in names {
        match links.state(name) {
            LinkState::Ours => {}
            LinkState::Foreign if !force => return Err(foreign(&links.path(name))),
            LinkState::Absent | LinkState::Foreign => steps.push(Step::Link(name.clone(), force)),
        }
    }
    steps.extend(git_folder_plan(session, names));
    Ok(steps)
}

/// The step that lets git find us below itself, where it is wrapped and none was made yet.
pub(super) fn git_folder_plan(session: &Session, names: &[CommandName]) -> Option<Step> {
    let wrapped = names.iter().any(|name| name.as_str() == "git");
    (wrapped && !session.layout.git().exists()).then_some(Step::GitFolder)
}

/// The usual commands whose real program is on this machine.
pub(super) fn usual_and_present(session: &Session) -> Result<Vec<CommandName>> {
    let gate = session.gate()?;
    let mut names = names_of(|profile| profile.usual);
    names.retain(|name| gate.real_program(name.as_str().as_ref(), None).is_some());
    Ok(names)
}

/// The names of these profiles, and the other names of the same commands.
fn names_of(wanted: impl Fn(&Profile) -> bool) -> Vec<CommandName> {
    let names = datafog_shim::profiles()
        .filter(|profile| wanted(profile))
        .flat_map(|profile| std::iter::once(profile.name).chain(profile.aliases.iter().copied()));
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Reads names that were typed; each once, in the order given.
pub(super) fn parse_names(texts: &[String]) -> Result<Vec<CommandName>> {
    let mut names = Vec::new();
    for text in texts {
        let name: CommandName = text.parse()?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn covers(standing: &Hook, wanted: &Hook) -> bool {
    let target = wanted.target.is_none() || wanted.target == standing.target;
    target && (wanted.mode.is_none() || wanted.mode == standing.mode)
}

fn in_folder(program: &Path, folder: &Path) -> bool {
    let parent = program.parent().and_then(|parent| parent.canonicalize().ok());
    parent.is_some_and(|parent| folder.canonicalize().is_ok_and(|folder| folder == parent))
}

fn foreign(path: &Path) -> anyhow::Error {
    datafog_shim::LinkError::Foreign { path: path.to_owned() }.into()
}

fn list(session: &Session, how: Read) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        hooks: Vec<Wrapped>,
    }
    let hooks = wrapped(session)?;
    if how.json {
        session.out.json(&Document { hooks })?;
    } else {
        session.out.print(rows(session, &hooks))?;
    }
    Ok(ExitCode::Success)
}

fn show_status(session: &Session, how: Read) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        shims_first_on_path: bool,
        hooks: Vec<Row>,
    }
    #[derive(Serialize)]
    struct Row {
        #[serde(flatten)]
        wrapped: Wrapped,
        /// What answers when the command is typed here.
        answers: Option<String>,
        covered: bool,
    }
    let order = status::PathOrder::of(session);
    let rows_of = |wrapped: Wrapped| {
        let answers = order.answer(&wrapped.command);
        let covered = answers.as_ref().is_some_and(|path| session.links().is_ours(path));
        Row { wrapped, answers: answers.map(|path| path.display().to_string()), covered }
    };
    let hooks: Vec<Row> = wrapped(session)?.into_iter().map(rows_of).collect();
    let document = Document { shims_first_on_path: order.shims_first, hooks };
    let all_covered = document.hooks.iter().all(|row| row.covered);
    if how.json {
        session.out.json(&document)?;
    } else {
        let cells = |row: &Row| {
            let name = Cell::new(&row.wrapped.command);
            if row.covered {
                let target = row.wrapped.target.as_deref().unwrap_or("(no real program)");
                return vec![name, Cell::toned(Tone::Good, "covered"), Cell::new(target)];
            }
            let answers = row.answers.as_deref().unwrap_or("nothing");
            let detail = Cell::new(format_args!("{answers} answers"));
            vec![name, Cell::toned(Tone::Bad, "BYPASSED"), detail]
        };
        let cells: Vec<_> = document.hooks.iter().map(cells).collect();
        session.out.print(session.out.table(&cells))?;
        if !all_covered {
            remind_of_path(session);
        }
    }
    Ok(if all_covered { ExitCode::Success } else { ExitCode::Negative })
}

fn wrapped(session: &Session) -> Result<Vec<Wrapped>> {
    let (gate, settings) = (session.gate()?, session.settings()?);
    let names = session.links().names().context("cannot list the wrappers")?;
    let of = |name: CommandName| {
        let hook = settings.hooks.get(name.as_str());
        let recorded = hook.and_then(|hook| hook.target.as_deref());
        let target = gate.real_program(name.as_str().as_ref(), recorded);
        Wrapped {
            target: target.map(|program| program.display().to_string()),
            target_recorded: recorded.is_some(),
            mode: settings.mode_for(name.as_str(), None),
            command: name.as_str().to_owned(),
        }
    };
    Ok(names.into_iter().map(of).collect())
}

fn rows(session: &Session, hooks: &[Wrapped]) -> String {
    let cells = |hook: &Wrapped| {
        let target = hook.target.as_ref().map(Cell::new);
        let note = if hook.target_recorded { "recorded" } else { "" };
        vec![
            Cell::new(&hook.command),
            target.unwrap_or_else(|| Cell::toned(Tone::Bad, "not found")),
            Cell::new(hook.mode),
            Cell::toned(Tone::Dim, note),
        ]
    };
    session.out.table(&hooks.iter().map(cells).collect::<Vec<_>>())
}

/// Says how the wrappers come first on PATH, when they do not.
fn remind_of_path(session: &Session) {
    if !status::PathOrder::of(session).shims_first {
        let script = session.layout.root().join("env");
        session.out.say(format_args!(
            "The wrappers are not first on PATH in this shell.  Now: . '{}'   For good: datafog init\n",
            script.display()
        ));
    }
}
