//! `datafog mode`: reads or sets whether decisions are carried out.

use anyhow::Result;
use clap::Args;
use datafog_config::SettingsFile;
use datafog_core::Mode;
use serde::Serialize;

use super::plan;
use super::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `mode`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
enforced   what the policy denies does not run
observe    everything runs exactly as without datafog, and receipts say what would have been denied

Examples:
  datafog mode                print the mode
  datafog mode observe        only record from now on
  datafog mode enforced")]
pub(super) struct ModeCommand {
    /// The new mode: observe or enforced
    mode: Option<Mode>,
    /// Show what would change, and change nothing
    #[arg(long, requires = "mode")]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    mode: Mode,
    changed: bool,
}

impl ModeCommand {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        let Some(mode) = self.mode else {
            return self.show(session, session.settings()?.mode, false);
        };
        let loosens = mode == Mode::Observe && session.settings()?.mode == Mode::Enforced;
        if loosens && !self.dry_run {
            session.require_person()?;
        }
        let _lock = (!self.dry_run).then(|| plan::lock(session)).transpose()?;
        let mut file = SettingsFile::read(&session.layout.settings())?;
        let before = file.settings()?.mode;
        file.set_mode(mode);
        if let Some(change) = file.change()? {
            if self.dry_run {
                session.out.say(change.diff());
            } else {
                change.apply(None)?;
            }
        }
        self.show(
            session,
            if self.dry_run { before } else { mode },
            before != mode && !self.dry_run,
        )
    }

    fn show(self, session: &Session, mode: Mode, changed: bool) -> Result<ExitCode> {
        if self.json {
            session.out.json(&Document { mode, changed })?;
        } else {
            session.out.print(format_args!("{mode}\n"))?;
        }
        Ok(ExitCode::Success)
    }
}
