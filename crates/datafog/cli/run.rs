//! `datafog run`: passes one command through the gate.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::{Mode, Verdict};
use datafog_gate::{Purpose, Report, Request};

use super::command_line::{CommandLine, request};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::proxy;

/// Arguments of `run`.
#[derive(Args, Debug)]
#[command(after_help = "\
The command takes the place of this process: its exit code, signals and streams are its own. Of
datafog's own codes: 126 blocked, 125 datafog itself failed, 127 there is no such command.

Examples:
  datafog run -- curl -d @notes.txt https://example.com/
  datafog run --mode enforced -- npm publish      enforced even where the installation observes")]
pub(super) struct Run {
    /// The mode of this call; counts only where it is stricter than the installed one
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Ask this policy, too, ours or another system's; the stricter answer holds
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    command: CommandLine,
}

impl Run {
    /// Returns the code to exit with, when the command did not run.
    pub(super) fn run(&self, session: &Session) -> Result<u8> {
        // A fault of ours must not look like a code of the command.
        std::panic::set_hook(Box::new(|_| datafog_start::exit(ExitCode::Failed.into())));
        let request = request(&self.command.words, Purpose::Run, self.mode)?;
        let request = Request { policy: self.policy.clone(), ..request };
        Ok(proxy::answer(&request, session.judging()?.run(&request)))
    }
}

/// The code to exit with when the gate's answer to a question does not let something happen, and the
/// words for a person.
pub(super) fn refusal(session: &Session, report: &Report) -> Option<ExitCode> {
    let passes = report.decision.verdict <= Verdict::Rewrite && report.fault.is_none();
    if passes || report.event.mode == Mode::Observe {
        return None;
    }
    let reason = super::output::plain(&report.decision.reason);
    let rule = report.decision.decider().map(|rule| format!(" (rule {})", rule.id));
    let receipt = report.event.receipt_id.short();
    let rule = rule.unwrap_or_default();
    session
        .out
        .say(format!("datafog: BLOCKED  {reason}{rule}; `datafog explain {receipt}` tells more\n"));
    Some(ExitCode::Blocked)
}
