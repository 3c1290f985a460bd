//! `datafog keep`: sets uncommitted work aside before git discards it.
//!
//! It is what `git reset --hard` becomes where the policy wants the work to be kept. The command is
//! judged as it is, then what it could discard is kept as an entry of the stash, and then it runs.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use clap::Args;
use datafog_gate::{Outcome, Purpose, Request};

use super::command_line::{CommandLine, request, unanswered};
use super::run::refusal;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::proxy;
use crate::report::Advised;

/// Arguments of `keep`.
#[derive(Args, Debug)]
#[command(after_help = "\
The working tree and the index are kept as they are, then the command runs in the place of this
process. Before `git clean`, files that git does not know are kept, too. When the work cannot be
kept, nothing runs.

Examples:
  datafog keep -- git reset --hard HEAD~1
  git stash list; git stash apply          what was kept, and how to have it back")]
pub(super) struct Keep {
    #[command(flatten)]
    command: CommandLine,
}

/// Options of git itself whose value stands in a word of its own.
const VALUED: [&str; 7] =
    ["-C", "-c", "--attr-source", "--config-env", "--git-dir", "--namespace", "--work-tree"];

impl Keep {
    /// Returns the code to exit with, when the command did not run.
    pub(super) fn run(&self, session: &Session) -> Result<u8> {
        // A fault of ours must not look like a code of the command.
        std::panic::set_hook(Box::new(|_| datafog_start::exit(ExitCode::Failed.into())));
        let words = &self.by_name(session);
        let name = words.first().and_then(|name| Path::new(name).file_name());
        if name != Some(OsStr::new("git")) {
            return Err(Advised::usage(
                "only what git discards can be kept",
                "write `git …` behind `--`",
            ));
        }
        let gate = session.gate()?;
        let asked = |purpose| -> Result<Request> {
            Ok(Request { fulfilled: Some("stash-first"), ..request(words, purpose, None)? })
        };
        match gate.run(&asked(Purpose::Check)?) {
            Outcome::Decided(report) => {
                if let Some(code) = refusal(session, &report) {
                    return Ok(code.into());
                }
            }
            Outcome::Blocked(notice) => return Err(unanswered(&notice)),
            Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => {
                return Ok(ExitCode::Failed.into());
            }
        }
        let (before, subcommand) = parted(words);
        let settings = session.settings()?;
        let target = settings.hooks.get("git").and_then(|hook| hook.target.as_deref());
        let git = Git { program: gate.real_program(OsStr::new("git"), target), before };
        if let Err(error) = git.keep(subcommand, session) {
            session
                .out
                .say(format!("datafog: nothing was run: the work could not be kept: {error:#}\n"));
            return Ok(ExitCode::Blocked.into());
        }
        let asked = asked(Purpose::Run)?;
        Ok(proxy::answer(&asked, gate.run(&asked)))
    }
}

impl Keep {
    /// The words, with the name of the program in the place of our own link to it.
    fn by_name(&self, session: &Session) -> Vec<OsString> {
        let mut words = self.command.words.clone();
        if let Some(first) = words.first_mut()
            && Path::new(first).parent() == Some(&session.layout.shims())
        {
            *first = OsString::from("git");
        }
        words
    }
}

/// The options of git itself, and its subcommand with all behind it.
fn parted(words: &[OsString]) -> (&[OsString], &[OsString]) {
    let mut at = 1_usize;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        if !word.starts_with('-') {
            break;
        }
        at = at.saturating_add(if VALUED.contains(&word) { 2 } else { 1 });
    }
    let at = at.min(words.len());
    let (before, rest) = words.split_at_checked(at).unwrap_or((words, &[]));
    (before.get(1..).unwrap_or_default(), rest)
}

/// The real git, in the repository that the command is about.
struct Git<'a> {
    program: Option<PathBuf>,
    before: &'a [OsString],
}

impl Git<'_> {
    fn keep(&self, command: &[OsString], session: &Session) -> Result<()> {
        let subcommand = command.first().and_then(|word| word.to_str()).unwrap_or_default();
        let message = format!("datafog: before git {subcommand}");
        let kept = if subcommand == "clean" || self.stands_for_clean(subcommand) {
            self.keep_unknown(command, &message)?
        } else {
            self.keep_changes(&message)?
        };
        if kept {
            session.out.say(format!(
                "datafog: uncommitted work is kept in the stash (`{message}`); `git stash apply` brings it back\n"
            ));
        }
        Ok(())
    }

    /// Whether it is an alias in which `clean` is named.
    fn stands_for_clean(&self, subcommand: &str) -> bool {
        let alias = self.run(&["config", "--get", &format!("alias.{subcommand}")]);
        alias.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("clean"))
    }

    /// An entry of what is changed; the working tree is not touched.
    fn keep_changes(&self, message: &str) -> Result<bool> {
        let made = self.run(&["stash", "create", message])?;
        let commit = String::from_utf8(made.stdout).context("git named no commit")?;
        let commit = commit.trim();
        if commit.is_empty() {
            return Ok(false);
        }
        self.run(&["stash", "store", "-m", message, commit])?;
        Ok(true)
    }

    /// An entry of what git does not know, too. Such an entry is only made by taking the files away, so
    /// they are put back at once.
    fn keep_unknown(&self, command: &[OsString], message: &str) -> Result<bool> {
        let ignored = command.iter().any(|word| {
            let letters = word.to_str().filter(|it| it.starts_with('-') && !it.starts_with("--"));
            letters.is_some_and(|it| it.contains(['x', 'X']))
        });
        let which = if ignored { "--all" } else { "--include-untracked" };
        let before = self.stashed();
        self.run(&["stash", "push", "--quiet", which, "-m", message])?;
        if self.stashed() == before {
            return Ok(false);
        }
        self.run(&["stash", "apply", "--quiet", "--index"])?;
        Ok(true)
    }

    /// The newest entry; nothing where there is none.
    fn stashed(&self) -> Vec<u8> {
        self.run(&["rev-parse", "--quiet", "--verify", "refs/stash"])
            .map_or(Vec::new(), |it| it.stdout)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let program =
            self.program.as_ref().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let output = Command::new(program).args(self.before).args(arguments).output()?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = super::output::plain(said.lines().next().unwrap_or_default());
        anyhow::bail!("git {}: {said}", arguments.first().copied().unwrap_or_default())
    }
}
