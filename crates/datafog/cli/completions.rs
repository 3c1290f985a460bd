//! `datafog completions`: a completion script, made from the definition of the command line.

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use super::app::definition;
use super::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `completions`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
Examples:
  datafog completions bash > ~/.local/share/bash-completion/completions/datafog
  datafog completions fish > ~/.config/fish/completions/datafog.fish
  datafog completions zsh > \"${fpath[1]}/_datafog\"")]
pub(super) struct Completions {
    /// The shell the script is for
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut definition(), "datafog", &mut script);
        session.out.print(String::from_utf8_lossy(&script))?;
        Ok(ExitCode::Success)
    }
}
