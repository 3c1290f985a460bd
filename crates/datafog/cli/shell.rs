//! `datafog shell`: passes one line for a shell through the gate.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::Mode;
use datafog_gate::{Purpose, Request};

use super::command_line::line_request;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::proxy;

/// Arguments of `shell`.
#[derive(Args, Debug)]
#[command(after_help = "\
The line is judged command by command and then run by `sh -c`, which takes the place of this
process: its exit code, signals and streams are its own. Of datafog's own codes: 126 blocked, 125
datafog itself failed, 127 there is no sh.

Examples:
  datafog shell 'make && make install'
  datafog shell --mode enforced 'curl -sS https://example.com/x | tar xz'")]
pub(super) struct Shell {
    /// The mode of this call; counts only where it is stricter than the installed one
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Ask this policy, too, ours or another system's; the stricter answer holds
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The line, as one argument
    #[arg(value_name = "LINE", allow_hyphen_values = true)]
    line: OsString,
}

impl Shell {
    /// Returns the code to exit with, when the line did not run.
    pub(super) fn run(&self, session: &Session) -> Result<u8> {
        // A fault of ours must not look like a code of the line.
        std::panic::set_hook(Box::new(|_| datafog_start::exit(ExitCode::Failed.into())));
        let request = line_request(&self.line, Purpose::Run, self.mode)?;
        let request = Request { policy: self.policy.clone(), ..request };
        Ok(proxy::answer(&request, session.judging()?.run(&request)))
    }
}
