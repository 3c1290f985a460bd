//! `datafog policy`: writes, checks and shows the policy.

use core::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;
use datafog_core::Obligation;
use datafog_gate::Replay;
use datafog_policy::{Policy, Rule};
use serde::Serialize;

use super::output::{Cell, Tone, plain};
use super::session::Session;
use super::{check, foreign, hooks, scan, status};
use crate::exit_code::ExitCode;
use crate::report::Advised;

mod diff;
mod init;
mod lint;
mod pull;
mod recorded;
mod schema;
mod subject;
mod suggest;
mod test;
mod trust;

use diff::moment;
pub(super) use trust::gone;

/// The policy: what is allowed, held and denied.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Write a policy file to begin with, every part explained
    Init(init::Init),
    /// Check a policy file and show every mistake with its place and remedy
    #[command(after_help = "\
Warnings name what is probably not meant: rules that are very broad, exceptions that switch a rule
off, costly patterns, denials that say nothing about what would pass.

Exit codes: 0 it can be used, 4 it cannot, or --strict and there are warnings.

Examples:
  datafog policy lint
  datafog policy lint draft.toml --json
  datafog policy lint --strict policies/house.json")]
    Lint(lint::Lint),
    /// Show every rule in force and where it stands
    #[command(after_help = "\
Examples:
  datafog policy effective
  datafog policy effective --json | jq '.rules[] | select(.effect == \"deny\") | .id'")]
    Effective(hooks::Read),
    /// Translate a policy of another system
    Import(foreign::ImportCommand),
    /// Judge recorded receipts again with a draft, and show what would change
    #[command(after_help = "\
Receipts hold no values, so some cannot be judged again; how many, and why, is said. They are
verified first: a ledger that was changed is refused, with its first bad line.

Exit codes: 0 no decision changes, 1 some do or the ledger is damaged, 4 the draft cannot be used.

Examples:
  datafog policy diff draft.toml --replay 7d
  datafog policy diff draft.toml --replay 30d --only-looser --json
  datafog policy diff house.json              what another system's policy would have changed")]
    Diff(diff::Diff),
    /// Take the policy from a server, signed
    #[command(after_help = "\
The policy is believed when the key that you name signed it, and tried before it takes the place of
the one that is in force. With --remember, calls ask for it again by themselves: at most once an
hour, within 300 ms, and what was there holds while nobody answers, for a week (`[remote]` in
config.toml sets both). `datafog policy signer` prints the key on the server.

Exit codes: 0 it is in force, 2 no server is named, 5 there is none; what was in force stays.

Examples:
  datafog policy pull https://gate.example.com --key ed25519:… --token-file ~/.gate.key --remember
  datafog policy pull --dry-run
  datafog policy pull --replace               give up what stands in policy.toml; a copy is kept")]
    Pull(pull::Pull),
    /// Print the JSON Schema of policy files, for editors
    #[command(after_help = "\
Name the file in the first line of a policy, and editors offer keys and find misspelled ones:
  #:schema ./policy.schema.json

Examples:
  datafog policy schema > policy.schema.json
  datafog policy schema --tests > tests.schema.json")]
    Schema(schema::Schema),
    /// Print the key that the policies of this server are signed with
    #[command(after_help = "\
Whoever takes the policy from `datafog serve` of this installation names it: see `datafog policy pull`.
It is public.

Examples:
  datafog policy signer")]
    Signer(hooks::Read),
    /// Print the smallest set of exceptions that recorded calls would need
    #[command(after_help = "\
Nothing is changed. What a critical rule stopped comes out commented. The receipts are verified
first: a ledger that was changed is refused, with its first bad line.

Examples:
  datafog policy suggest
  datafog policy suggest --since 30d --at-least 3
  datafog policy suggest --for strict-draft.toml    what work needs under a stricter policy")]
    Suggest(suggest::Suggest),
    /// Run the examples that the rules carry, and files of tests
    #[command(after_help = "\
A file of tests says what the whole policy must answer (docs/POLICY.md):
  [[test]]
  call = \"git push --force\"
  expect = \"deny\"
  rule = \"no-force-push\"

Exit codes: 0 all hold, 1 one does not, 4 the policy or a file of tests cannot be used.

Examples:
  datafog policy test
  datafog policy test draft.toml
  datafog policy test policies/*.test.toml --junit report.xml --require-coverage")]
    Test(test::Test),
    /// Let a project's own policy file tighten what happens there
    #[command(after_help = "\
A project's `.datafog.toml` is read only when you have trusted it, as it is now, and can only make
decisions stricter.

Examples:
  datafog policy trust                        the one in this folder
  datafog policy trust ~/src/app --dry-run
  datafog policy trust --list
  datafog policy trust --revoke ~/src/app")]
    Trust(trust::TrustCommand),
}

/// The policy in a few words, for `status` and `doctor`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    id: String,
    version: String,
    rules: usize,
    file: Option<String>,
    digest: String,
    /// The policy of another system that the settings name, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<String>,
    /// Why the policy in the file is not in force, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Summary {
    pub(super) fn of(session: &Session) -> Self {
        let path = session.layout.policy();
        let (policy, problem) = match in_force(session) {
            Ok(policy) => (policy, None),
            Err(error) => (Policy::builtin(), Some(format!("{error:#}"))),
        };
        let named = session.settings().ok().and_then(|settings| settings.policy);
        let (beside, fault) = match named.map(|path| subject::described(&path)) {
            Some(Ok(text)) => (Some(text), None),
            Some(Err(fault)) => (None, Some(fault)),
            None => (None, None),
        };
        Self {
            beside,
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            rules: policy.rules().len(),
            file: path.exists().then(|| path.display().to_string()),
            digest: policy.digest().to_string(),
            problem: fault.or(problem),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem.is_some() {
            return match &self.file {
                Some(file) => write!(f, "`{file}` cannot be used"),
                None => f.write_str("cannot be used"),
            };
        }
        let place = self.file.as_deref().unwrap_or("built in");
        write!(f, "{} {}, {} rules ({place})", self.id, self.version, self.rules)?;
        self.beside.iter().try_for_each(|beside| write!(f, ", and {beside}"))
    }
}

impl PolicyCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Init(command) => command.run(session),
            Self::Lint(command) => command.run(session),
            Self::Diff(command) => command.run(session),
            Self::Pull(command) => command.run(session),
            Self::Schema(command) => command.run(session),
            Self::Signer(how) => pull::signer(session, *how),
            Self::Suggest(command) => command.run(session),
            Self::Trust(command) => command.run(session),
            Self::Effective(how) => effective(session, how.json),
            Self::Import(command) => command.run(session),
            Self::Test(command) => command.run(session),
        }
    }
}

/// The file that is meant: the one named, else the user's own.
fn file(session: &Session, named: Option<&Path>) -> Result<PathBuf> {
    let path = named.map_or_else(|| session.layout.policy(), Path::to_owned);
    // Without a file of one's own the built-in policy stands, and it is tested at build.
    if named.is_none() && !path.exists() {
        let message = format!("there is no `{}`", path.display());
        return Err(Advised::usage(message, "`datafog policy init` writes one to begin with"));
    }
    Ok(path)
}

/// Whether the file is one of our own language, by its name.
fn is_native(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// Whether the file holds tests, by its name.
fn is_tests(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(".test.toml"))
}

/// What recorded receipts are judged again with.
fn replay(session: &Session) -> Result<Replay> {
    let home = session.host.home().map(Path::to_owned);
    let root = session.layout.root().to_owned();
    Ok(Replay::new(home, root, session.gate()?.custom(&scan::key_to_read(session)?)?))
}

/// The policy that the gate would use for a command started here.
fn in_force(session: &Session) -> Result<Policy> {
    if is_installed(session) { Ok(session.gate()?.policy()?) } else { Ok(Policy::builtin()) }
}

/// Before there is an installation, what is embedded is all there is.
fn is_installed(session: &Session) -> bool {
    session.layout.root().exists() || session.layout.system_policy().exists()
}

fn effective(session: &Session, json: bool) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        id: String,
        version: String,
        digest: String,
        default: datafog_core::Verdict,
        rules: Vec<RuleDocument>,
    }
    let policy = in_force(session)?;
    for folder in gone(session) {
        session.out.say(format_args!(
            "the trusted project `{}` is gone: what was moved is another folder, to be trusted anew\n",
            plain(folder.display())
        ));
    }
    if json {
        session.out.json(&Document {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_string(),
            default: policy.default_verdict(),
            rules: policy.rules().into_iter().map(RuleDocument::of).collect(),
        })?;
        return Ok(ExitCode::Success);
    }
    session.out.print(readable(&policy, session))?;
    Ok(ExitCode::Success)
}

/// Every rule with what it needs to fire and what it asks for.
fn readable(policy: &Policy, session: &Session) -> String {
    let mut text = format!("{} {}\n", policy.id(), policy.version());
    for rule in policy.rules() {
        let locked = if rule.locked { ", locked" } else { "" };
        let origin = format!("{} layer, {}{locked}", rule.layer, status::place(&rule.origin));
        let head = [vec![
            Cell::toned(Tone::Bold, &rule.id),
            check::verdict(rule.effect),
            Cell::toned(Tone::Dim, origin),
        ]];
        text.push_str(&session.out.table(&head));
        let lines = std::iter::once(&rule.reason).chain(&rule.conditions);
        lines.for_each(|line| text.push_str(&format!("  {line}\n")));
        let needs = rule.obligations.iter();
        needs.for_each(|one| text.push_str(&format!("  needs: {one}\n")));
    }
    text.push_str(&format!("otherwise  {}\n", policy.default_verdict()));
    text
}

#[derive(Serialize)]
struct RuleDocument {
    id: String,
    effect: datafog_core::Verdict,
    severity: datafog_core::Severity,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<String>,
    overrides: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    obligations: Vec<Obligation>,
    locked: bool,
    place: String,
    layer: &'static str,
    conditions: Vec<String>,
}

impl RuleDocument {
    fn of(rule: Rule) -> Self {
        Self {
            place: status::place(&rule.origin),
            layer: rule.layer.name(),
            id: rule.id,
            effect: rule.effect,
            severity: rule.severity,
            reason: rule.reason,
            instead: rule.instead,
            overrides: rule.overrides,
            obligations: rule.obligations,
            locked: rule.locked,
            conditions: rule.conditions,
        }
    }
}
