//! `datafog uninstall`: takes back what `init` did; with `--purge`, what was recorded too.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_shim::{CommandName, LinkState};

use super::init::confirm;
use super::plan::{self, Contents, Plan, Step};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Arguments of `uninstall`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
Removes the wrapper links, our lines in the start files of shells, the scripts, the cache, the
links to git's programs and the binary. Settings, policy, key, receipts and backups stay, unless --purge is given. Nothing else in
your files changes, and no folder goes that holds something that is not ours.

Examples:
  datafog uninstall --dry-run
  datafog uninstall
  datafog uninstall --purge --yes     the receipts too: this cannot be undone")]
pub(super) struct Uninstall {
    /// Remove settings, policy, key, receipts and backups too
    #[arg(long)]
    purge: bool,
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

impl Uninstall {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        if !self.dry_run {
            session.require_person()?;
        }
        let plan = self.plan(session)?;
        if !self.json {
            let verb = if self.dry_run { "Would change" } else { "Changes" };
            session.out.print(format_args!("{verb}:\n{}", plan.text(session)))?;
        }
        if self.dry_run {
            session.out.say("Nothing was changed (--dry-run).\n");
        } else {
            if !self.is_agreed(session)? {
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
            self.say_what_stays(session);
        }
        Ok(ExitCode::Success)
    }

    /// Whether it may go ahead. Receipts are gone for good, so purging wants a word from somebody.
    fn is_agreed(self, session: &Session) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if session.may_ask() {
            let purge = "Remove all this, the receipts included? It cannot be undone.";
            return Ok(confirm(session, if self.purge { purge } else { "Proceed?" })?);
        }
        if self.purge {
            let message = "`--purge` removes the receipts for good, and nobody is here to ask";
            return Err(Advised::usage(message, "add `--yes` if that is what you want"));
        }
        Ok(true)
    }

    fn plan(self, session: &Session) -> Result<Plan> {
        let (layout, mut plan) = (&session.layout, Plan::default());
        let links = session.links();
        let own = Some(CommandName::own()).filter(|name| links.state(name) == LinkState::Ours);
        for name in links.names()?.into_iter().chain(own) {
            plan.push(Step::Unlink(name, false));
        }
        let setup = session.path_setup()?;
        plan.extend(setup.undo_files_plan()?.into_iter().map(Step::Undo));
        let emptied = |path: PathBuf| Step::RemoveFolder(path, Contents::Kept);
        plan.extend(setup.made_folders().into_iter().map(emptied));
        plan.extend(setup.undo_scripts_plan()?.into_iter().map(Step::Own));
        let state = Some(layout.cache().join("state")).filter(|path| path.exists());
        plan.extend(state.map(Step::RemoveFile));
        let git = Some(layout.git()).filter(|path| path.exists());
        plan.extend(git.map(|path| Step::RemoveFolder(path, Contents::Removed)));
        if self.purge {
            let files = [
                layout.settings(),
                layout.policy(),
                layout.schema(),
                layout.trust(),
                layout.counting(),
                layout.key(),
            ];
            plan.extend(files.into_iter().filter(|path| path.exists()).map(Step::RemoveFile));
            let folders = [layout.receipts(), layout.approvals(), layout.rate(), layout.backups()]
                .into_iter();
            let removed = |path: PathBuf| Step::RemoveFolder(path, Contents::Removed);
            plan.extend(folders.filter(|path| path.exists()).map(removed));
        }
        // The running binary last: until then the command can be given again.
        let binary = Some(layout.binary()).filter(|path| path.exists());
        plan.extend(binary.map(Step::RemoveFile));
        let root = layout.root().to_owned();
        let folders = [layout.cache(), layout.shims(), root.join("bin"), root];
        plan.extend(folders.into_iter().filter(|path| path.exists()).map(emptied));
        Ok(plan)
    }

    fn say_what_stays(self, session: &Session) {
        let root = session.layout.root();
        let stays = if root.exists() {
            format!("What was recorded and set is still below `{}`.", root.display())
        } else {
            format!("Nothing is left of `{}`.", root.display())
        };
        session.out.say(format_args!("Done. {stays} Shells that are open keep their PATH.\n"));
    }
}
