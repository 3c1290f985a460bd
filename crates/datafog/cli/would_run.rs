//! `datafog would-run`: what a command becomes that writes and has no dry run of its own.

use anyhow::Result;
use clap::Args;

use super::command_line::CommandLine;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Arguments of `would-run`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is run. The words are written so that a shell would read them back as they are.

Examples:
  datafog would-run -- cp 'a b' c        prints: would run: cp 'a b' c")]
pub(super) struct WouldRun {
    #[command(flatten)]
    command: CommandLine,
}

impl WouldRun {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let words = self.command.words.iter().map(|word| datafog_rewrite::shell_word(word));
        let Some(words) = words.collect::<Option<Vec<_>>>() else {
            return Err(Advised::usage("a word is no text", "it cannot be shown"));
        };
        session.out.print(format!("would run: {}\n", words.join(" ")))?;
        Ok(ExitCode::Success)
    }
}
