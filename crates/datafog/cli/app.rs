//! The command line as a whole: what is typed, and which subcommand it means.

use anyhow::Result;
use clap::{ColorChoice as ClapColor, CommandFactory, FromArgMatches, Parser, Subcommand};
use datafog_config::{EnvVars, Host};

use super::output::{ColorChoice, Output};
use super::session::Session;
use super::{
    approvals, channels, check, completions, demo, detectors, doctor, explain, hooks, init, keep,
    key, mode, paths, policy, receipts, redact, reveal, run as run_one, scan, serve, shell,
    show_script, status, trash, uninstall, user, would_run,
};
use crate::exit_code::ExitCode;
use crate::report::report;

const EXAMPLES: &str = "\
Examples:
  datafog init                              set everything up; prints each change first
  datafog status                            what protects this shell
  datafog check -- git push origin main     what would be decided; nothing runs
  datafog explain                           why the newest decision was as it was
  datafog receipts list                     what was decided lately
  datafog approvals list                    what waits for your answer
  datafog uninstall                         take it all back

`datafog COMMAND --help` shows the examples of a command.";

/// A data firewall for a developer's machine and the AI agents on it.
///
/// Commands such as git and curl are wrapped: what they are about to send, read or destroy is
/// judged by a policy, recorded in a ledger that shows every later change, and then run as it is
/// or blocked. Allowed commands behave as if datafog were not there.
#[derive(Debug, Parser)]
#[command(name = "datafog", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct App {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

/// The subcommands, in the order in which they are met.
#[derive(Debug, Subcommand)]
enum Command {
    /// Set up: folders, key, settings, wrappers, PATH
    Init(init::Init),
    /// Wrap and unwrap commands
    #[command(subcommand)]
    Hooks(hooks::Hooks),
    /// Show or set whether decisions are carried out
    Mode(mode::ModeCommand),
    /// Say what protects this shell
    Status(status::Status),
    /// Look for what is wrong, and mend it
    Doctor(doctor::Doctor),
    /// Say what would be decided about a command; run nothing
    Check(check::Check),
    /// Pass one command through the gate
    Run(run_one::Run),
    /// Pass one line for a shell through the gate
    Shell(shell::Shell),
    /// Move files to the trash and back
    #[command(subcommand)]
    Trash(trash::TrashCommand),
    /// Set uncommitted work aside, then run a git command that would discard it
    Keep(keep::Keep),
    /// Keep a script in a file and show it; run nothing
    ShowScript(show_script::ShowScript),
    /// Show a command; run nothing
    WouldRun(would_run::WouldRun),
    /// Say why a decision is as it is
    Explain(explain::Explain),
    /// Look for secrets and personal data in files
    Scan(scan::Scan),
    /// Take secrets and personal data out of what flows through
    Redact(redact::Redact),
    /// Turn the names of a vault back; for a person at a terminal
    Reveal(reveal::Reveal),
    /// Name and try what can be found
    #[command(subcommand)]
    Detectors(detectors::Detectors),
    /// Write, check and show the policy
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Read and verify what was recorded
    #[command(subcommand)]
    Receipts(receipts::Receipts),
    /// Answer what waits for a person
    #[command(subcommand)]
    Approvals(approvals::Approvals),
    /// Answer questions of others over HTTP
    Serve(Box<serve::Serve>),
    /// Show the server with made-up data, in a folder of its own
    Demo(demo::Demo),
    /// Make, list and revoke credentials of the server
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Add, list and change those who log in to the server
    #[command(subcommand)]
    User(user::UserCommand),
    /// Put the secrets of the server's channels under another key
    #[command(subcommand)]
    Channels(channels::ChannelsCommand),
    /// Show where everything is
    Paths(paths::Paths),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Take back what init did
    Uninstall(uninstall::Uninstall),
}

/// Reads the command line, does what it says, and returns the code to exit with.
pub(crate) fn run(host: Host) -> u8 {
    if let Some(code) = scan::quick(&host) {
        return code;
    }
    let typed = typed_color(&host);
    let out = Output::new(typed, &host);
    let matches = definition().color(clap_color(typed, out)).try_get_matches_from(host.argv());
    let app = match matches.and_then(|matches| App::from_arg_matches(&matches)) {
        Ok(app) => app,
        Err(error) => return usage(out, &error),
    };
    let out = Output::new(app.color, &host);
    match Session::new(host, out).and_then(|session| app.command.run(&session)) {
        Ok(code) => code,
        Err(error) => report(&error).into(),
    }
}

impl Command {
    fn run(&self, session: &Session) -> Result<u8> {
        let code = match self {
            Self::Init(command) => command.run(session),
            Self::Hooks(command) => command.run(session),
            Self::Mode(command) => command.run(session),
            Self::Status(command) => command.run(session),
            Self::Doctor(command) => command.run(session),
            Self::Check(command) => command.run(session),
            // The commands whose code may be that of the program they became.
            Self::Run(command) => return command.run(session),
            Self::Shell(command) => return command.run(session),
            Self::Keep(command) => return command.run(session),
            Self::Trash(command) => command.run(session),
            Self::ShowScript(command) => command.run(session),
            Self::WouldRun(command) => command.run(session),
            Self::Explain(command) => command.run(session),
            Self::Scan(command) => command.run(session),
            Self::Redact(command) => command.run(session),
            Self::Reveal(command) => command.run(session),
            Self::Detectors(command) => command.run(session),
            Self::Policy(command) => command.run(session),
            Self::Receipts(command) => command.run(session),
            Self::Approvals(command) => command.run(session),
            Self::Serve(command) => command.run(session),
            Self::Demo(command) => command.run(session),
            Self::Key(command) => command.run(session),
            Self::User(command) => command.run(session),
            Self::Channels(command) => command.run(session),
            Self::Paths(command) => command.run(session),
            Self::Completions(command) => command.run(session),
            Self::Uninstall(command) => command.run(session),
        };
        Ok(code?.into())
    }
}

/// Help and version are data; anything else that the parser says is a mistake.
fn usage(out: Output, error: &clap::Error) -> u8 {
    let text = error.render();
    let styled = if error.use_stderr() { out.talk_in_color() } else { out.data_in_color() };
    let text = if styled { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        out.say(text);
        return ExitCode::Usage.into();
    }
    match out.print(text) {
        Ok(()) => ExitCode::Success.into(),
        Err(error) => report(&error.into()).into(),
    }
}

/// The command line with the examples, and in the long help the tables that hold for all commands.
pub(super) fn definition() -> clap::Command {
    let codes = ExitCode::ALL.iter().map(|row| {
        format!("  {:>3}  {} ({})\n", row.code as u8, row.meaning, row.used_by.replace('`', ""))
    });
    let variables =
        EnvVars::ALL.iter().map(|variable| format!("  {:<17}  {}\n", variable.name, variable.does));
    let codes: String = codes.collect();
    let variables: String = variables.collect();
    let long = format!("{EXAMPLES}\n\nExit codes:\n{codes}\nEnvironment:\n{variables}");
    App::command().after_help(EXAMPLES).after_long_help(long)
}

/// The choice of colour as typed, for the parser's own words, which come before its result. A
/// mistake here is reported by the parser itself.
fn typed_color(host: &Host) -> ColorChoice {
    let words = host.argv();
    let mut own = words.iter().map(|word| word.to_str().unwrap_or_default());
    while let Some(word) = own.next() {
        let value = match word.strip_prefix("--color") {
            _ if word == "--" => break,
            Some("") => own.next(),
            Some(rest) => rest.strip_prefix('='),
            None => continue,
        };
        match value {
            Some("always") => return ColorChoice::Always,
            Some("never") => return ColorChoice::Never,
            _ => {}
        }
    }
    ColorChoice::Auto
}

fn clap_color(choice: ColorChoice, out: Output) -> ClapColor {
    match choice {
        ColorChoice::Always => ClapColor::Always,
        ColorChoice::Never => ClapColor::Never,
        ColorChoice::Auto if out.data_in_color() || out.talk_in_color() => ClapColor::Always,
        ColorChoice::Auto => ClapColor::Never,
    }
}
