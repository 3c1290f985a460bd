/*!
pi-governance's YAML: a configuration, rules by role, and users with roles.

A call passes the checks of its user's role: the policy's own files, `dry_run`, tools, the class of a
shell command, paths, content, approval. All of them count and the strictest wins, so that an
approval asked for early never hides a denial that comes later.

Ours differs from the original where that was open: the role comes from the users file and never from
a variable that the governed process sets; commands are classified as parsed, not by patterns over
their text; paths bind the operands of shell commands too, absolute and without `..`; an approval
that nobody can give is not given; what the files do not say is never an allow.
*/

mod classify;
mod evaluate;
mod paths;
mod read;
mod roles;
mod safe;

use datafog_core::{Severity, Verdict};

use crate::answer::Head;
use crate::pattern::Pattern;

pub(crate) use classify::{DANGEROUS, DANGEROUS_WORDS};
pub(crate) use paths::PathGlob;
pub(crate) use safe::SAFE;

pub(crate) use read::read;

/// A configuration with its rules and users.
#[derive(Clone, Debug)]
pub(crate) struct Pi {
    pub(crate) roles: Vec<Role>,
    pub(crate) users: Vec<(String, String)>,
    /// The role of a user who is not listed.
    pub(crate) fallback: String,
    pub(crate) dlp: Dlp,
    /// Files that nothing governed may change.
    pub(crate) own_files: Vec<String>,
    /// The rule that stands for the protection of these files.
    pub(crate) protection: Head,
}

/// What one role may do.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) heads: Heads,
    pub(crate) mode: ExecutionMode,
    pub(crate) allowed_tools: ToolNames,
    pub(crate) blocked_tools: ToolNames,
    pub(crate) approval: ToolNames,
    pub(crate) auto_approve: ToolNames,
    /// `None`: no list, every path.
    pub(crate) allowed_paths: Option<Vec<PathGlob>>,
    pub(crate) blocked_paths: Vec<PathGlob>,
    pub(crate) blocked_commands: Vec<Pattern>,
    pub(crate) allowed_commands: Vec<Pattern>,
    /// Whether the role's budget of calls is zero.
    pub(crate) no_calls: bool,
    pub(crate) dlp: DlpOverride,
}

/// The rules that a role's checks stand for in a decision.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    pub(crate) allow: Head,
    pub(crate) approval: Head,
    pub(crate) budget: Head,
    pub(crate) command: Head,
    pub(crate) content: Head,
    pub(crate) mode: Head,
    pub(crate) path: Head,
    pub(crate) tool: Head,
}

impl Heads {
    pub(crate) fn new(role: &str, line: u32) -> Self {
        let head =
            |check: &str| Head { id: format!("{role}/{check}"), line, reason: String::new() };
        Self {
            allow: head("allowed_tools"),
            approval: head("human_approval"),
            budget: head("token_budget_daily"),
            command: head("bash"),
            content: head("dlp"),
            mode: head("execution_mode"),
            path: head("paths"),
            tool: head("blocked_tools"),
        }
    }
}

/// A list of tool names, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ToolNames {
    pub(crate) all: bool,
    pub(crate) names: Vec<String>,
}

impl ToolNames {
    pub(crate) fn all() -> Self {
        Self { all: true, names: Vec::new() }
    }

    pub(crate) fn of(names: &[&str]) -> Self {
        Self { all: false, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// Whether one of these names of a tool is on the list.
    pub(crate) fn has(&self, names: &[String]) -> bool {
        self.all || names.iter().any(|name| self.names.contains(name))
    }
}

/// How a role's calls are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutionMode {
    Autonomous,
    DryRun,
    Supervised,
}

/// What happens to content with findings.
#[derive(Clone, Debug)]
pub(crate) struct Dlp {
    pub(crate) enabled: bool,
    pub(crate) mode: Verdict,
    pub(crate) on_input: Option<Verdict>,
    pub(crate) threshold: Severity,
    pub(crate) secrets: bool,
    pub(crate) pii: bool,
    pub(crate) custom: Vec<Custom>,
}

/// A pattern of the user's own.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    pub(crate) severity: Severity,
    pub(crate) action: Option<Verdict>,
}

/// What a role changes of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DlpOverride {
    pub(crate) enabled: Option<bool>,
    pub(crate) mode: Option<Verdict>,
    pub(crate) on_input: Option<Verdict>,
}

/// What content with findings leads to, by the names of the configuration.
pub(crate) const ACTIONS: &[(&str, Verdict)] =
    &[("audit", Verdict::Allow), ("block", Verdict::Deny), ("mask", Verdict::Redact)];
