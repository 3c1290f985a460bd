//! `datafog doctor`: looks at everything that must be right, and says what to do where it is not.

mod binary;
mod files;
mod shells;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::hooks::git_folder_plan;
use super::init::confirm;
use super::installation;
use super::output::{Tone, plain};
use super::plan::{self, Plan, Step};
use super::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `doctor`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
Starts every shell that people and agents use and asks which program answers for each wrapped
command; looks at owners and modes, settings, policy, the ledger and the real programs.

Exit codes: 0 healthy (warnings are allowed), 1 something is wrong.

Examples:
  datafog doctor
  datafog doctor --fix          mend what can be mended, after showing it
  datafog doctor --json | jq '.checks[] | select(.level != \"ok\")'")]
pub(super) struct Doctor {
    /// Mend what can be mended
    #[arg(long)]
    fix: bool,
    /// With --fix: ask nothing
    #[arg(long, short, requires = "fix")]
    yes: bool,
    /// With --fix: show what would change, and change nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warning,
    /// Wrong: something is not protected or does not work.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) about: String,
    pub(super) level: Level,
    pub(super) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Finding {
    fn ok(about: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { about: about.into(), level: Level::Ok, detail: detail.into(), remedy: None }
    }

    fn warning(
        about: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { about: about.into(), level: Level::Warning, detail: detail.into(), remedy }
    }

    fn problem(
        about: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { level: Level::Problem, ..Self::warning(about, detail, remedy) }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    healthy: bool,
    version: &'static str,
    root: String,
    checks: &'a [Finding],
}

impl Doctor {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        if self.fix {
            self.mend(session)?;
        }
        let findings = examine(session);
        let healthy = findings.iter().all(|finding| finding.level < Level::Problem);
        if self.json {
            let root = session.layout.root().display().to_string();
            let version = env!("CARGO_PKG_VERSION");
            session.out.json(&Document { healthy, version, root, checks: &findings })?;
        } else {
            session.out.print(text(session, &findings))?;
        }
        Ok(if healthy { ExitCode::Success } else { ExitCode::Negative })
    }

    /// Completes and protects the installation, and puts our lines back where they are missing.
    /// What a person wrote, a policy with a mistake above all, is left to that person.
    fn mend(self, session: &Session) -> Result<()> {
        let make = || -> Result<Plan> {
            let mut plan = installation::plan(session, None)?;
            plan.extend(git_folder_plan(session, &session.links().names()?));
            plan.extend(session.path_setup()?.files_plan()?.into_iter().map(Step::Foreign));
            Ok(plan)
        };
        let plan = make()?;
        if plan.is_empty() {
            session.out.say("Nothing can be mended by itself.\n\n");
            return Ok(());
        }
        session.out.say(format_args!("Changes:\n{}", plan.text(session)));
        if self.dry_run {
            session.out.say("Nothing was changed (--dry-run).\n\n");
            return Ok(());
        }
        if !self.yes && session.may_ask() && !confirm(session, "Proceed?")? {
            session.out.say("Nothing was changed.\n\n");
            return Ok(());
        }
        let _lock = plan::lock(session)?;
        make()?.apply(session)
    }
}

/// Looks at everything that can be seen at once, the ground first.
pub(super) fn quick(session: &Session) -> Vec<Finding> {
    let mut findings = vec![binary::examine(session)];
    findings.extend(files::examine(session));
    findings
}

/// Looks at everything, and starts every shell.
pub(super) fn examine(session: &Session) -> Vec<Finding> {
    let mut findings = quick(session);
    findings.extend(shells::examine(session));
    findings
}

fn text(session: &Session, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (tone, word) = match finding.level {
            Level::Ok => (Tone::Good, "ok      "),
            Level::Warning => (Tone::Warning, "warning "),
            Level::Problem => (Tone::Bad, "PROBLEM "),
        };
        let (word, about) = (session.out.tone(tone, word), plain(&finding.about));
        text.push_str(&format!("{word} {about:<22} {}\n", plain(&finding.detail)));
    }
    let (mut problems, mut warnings) = (0_usize, 0_usize);
    for (number, group) in groups(findings).iter().enumerate() {
        let Some(first) = group.first() else { continue };
        let counter = if first.level == Level::Warning { &mut warnings } else { &mut problems };
        *counter = counter.saturating_add(1);
        let about: Vec<_> = group.iter().map(|finding| plain(&finding.about)).collect();
        let remedy = first.remedy.as_deref().unwrap_or_default();
        let number = number.saturating_add(1);
        text.push_str(&format!("\n{number}. {}: {}\n", about.join(", "), plain(&first.detail)));
        text.push_str(&format!("   do: {}\n", plain(remedy)));
    }
    match (problems, warnings) {
        (0, 0) => text.push_str("\nNo problems found.\n"),
        _ => text.push_str(&format!(
            "\n{}, {}.\n",
            count(problems, "problem"),
            count(warnings, "warning")
        )),
    }
    text
}

/// What is not as it should be; several shells with one trouble are one group.
fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.level > Level::Ok) {
        let same = |group: &&mut Vec<&Finding>| {
            let first = group.first();
            first.is_some_and(|one| one.remedy == finding.remedy && one.detail == finding.detail)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
