//! `datafog init`: shows what an installation needs, and does it.

use std::io;

use anyhow::Result;
use clap::Args;
use datafog_core::Mode;
use datafog_shim::CommandName;

use super::hooks::{links_plan, parse_names, usual_and_present};
use super::plan::{self, Plan, Step};
use super::session::Session;
use super::{installation, output::Tone};
use crate::exit_code::ExitCode;

/// Arguments of `init`.
#[derive(Args, Debug)]
#[command(after_help = "\
Makes the folders, the key, the settings and the wrapper links below the root, and adds one marked
line to the start files of your shells, so that the wrappers come first on PATH. It is safe to run
again: what stands is left alone. `datafog uninstall` takes all of it back.

Examples:
  datafog init                        wrap the usual commands that are on this machine
  datafog init --observe              only record; nothing is ever blocked
  datafog init --shims git,curl       wrap these two
  datafog init --dry-run              show every change, make none
  datafog init --no-path --yes        leave the shells' files alone, ask nothing")]
pub(super) struct Init {
    /// Only record what would be denied
    #[arg(long, conflicts_with = "enforce")]
    observe: bool,
    /// Carry decisions out (what a new installation does anyway)
    #[arg(long)]
    enforce: bool,
    /// Commands to wrap, separated by commas; `none` for none
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    shims: Vec<String>,
    /// Leave the start files of shells alone
    #[arg(long)]
    no_path: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Ask nothing
    #[arg(long, short)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        // A new installation has nothing to loosen yet.
        let stands = session.layout.settings().exists();
        if self.observe && !self.dry_run && stands && session.settings()?.mode == Mode::Enforced {
            session.require_person()?;
        }
        let plan = self.plan(session)?;
        if !self.json {
            self.show(session, &plan)?;
        }
        if self.dry_run {
            session.out.say("Nothing was changed (--dry-run).\n");
        } else if !plan.is_empty() {
            if !self.yes && session.may_ask() && !confirm(session, "Proceed?")? {
                session.out.say("Nothing was changed.\n");
                return Ok(ExitCode::Negative);
            }
            let _lock = plan::lock(session)?;
            // Another command may have been at work while the plan was read.
            self.plan(session)?.apply(session)?;
        }
        if self.json {
            session.out.json(&plan.document(session, !self.dry_run))?;
        } else if !self.dry_run {
            self.say_what_next(session);
        }
        Ok(ExitCode::Success)
    }

    fn plan(&self, session: &Session) -> Result<Plan> {
        let mode = match (self.observe, self.enforce) {
            (true, _) => Some(Mode::Observe),
            (false, true) => Some(Mode::Enforced),
            (false, false) => None,
        };
        let mut plan = installation::plan(session, mode)?;
        let mut names = match self.shims.as_slice() {
            [] => usual_and_present(session)?,
            [none] if none == "none" => Vec::new(),
            names => parse_names(names)?,
        };
        names.push(CommandName::own());
        plan.extend(links_plan(session, &names, false)?);
        if !self.no_path {
            plan.extend(session.path_setup()?.files_plan()?.into_iter().map(Step::Foreign));
        }
        Ok(plan)
    }

    fn show(&self, session: &Session, plan: &Plan) -> io::Result<()> {
        let root = session.layout.root().display();
        if plan.is_empty() {
            return session.out.print(format_args!("Everything below `{root}` is in place.\n"));
        }
        let verb = if self.dry_run { "Would change" } else { "Changes" };
        session.out.print(format_args!("{verb}:\n{}", plan.text(session)))
    }

    fn say_what_next(&self, session: &Session) {
        let script = session.layout.root().join("env");
        let where_to = if self.no_path {
            format!("Put the wrappers first on PATH yourself:  . '{}'", script.display())
        } else {
            format!("Open a new terminal, or in this one:  . '{}'", script.display())
        };
        let done = session.out.talk_tone(Tone::Good, "Done.");
        session.out.say(format_args!("{done} {where_to}\nThen:  datafog doctor\n"));
        if !session.layout.policy().exists() {
            let line = "Agents run commands here?  datafog policy init --packs agents\n";
            session.out.say(line);
        }
    }
}

/// Asks a question that `y` answers with yes. Only asked of a terminal.
pub(super) fn confirm(session: &Session, question: &str) -> io::Result<bool> {
    session.out.say(format_args!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
