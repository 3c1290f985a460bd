//! Decides by a pi-governance configuration.

use std::path::PathBuf;

use datafog_core::{ActionKind, Finding, Obligation, OperandKind, Verdict};

use super::classify::{CommandClass, classify};
use super::{Dlp, ExecutionMode, Pi, Role};
use crate::answer::{Answer, Head, Hit};
use crate::call::Call;
use crate::lookup;
use crate::names::{self, Class};

impl Pi {
    pub(crate) fn decide(&self, call: &Call) -> Answer<'_> {
        let name = self.role_of(call);
        let Some(role) = self.roles.iter().find(|role| role.name == name) else {
            let known: Vec<&str> = self.roles.iter().map(|role| role.name.as_str()).collect();
            let reason =
                format!("the role `{name}` is not defined; there are {}", known.join(", "));
            return Answer::default(Verdict::Deny, reason);
        };
        let tools = tool_names(call);
        let mut said: Vec<(Hit<'_>, String)> = Vec::new();
        let mut say = |head, verdict, why: String| said.push((Hit::new(head, verdict), why));
        let touched = self.touched(call, role);
        if let Some(path) = touched {
            say(&self.protection, Verdict::Deny, format!("`{path}` is part of the policy itself"));
        }
        if role.mode == ExecutionMode::DryRun {
            say(
                &role.heads.mode,
                Verdict::Deny,
                format!("the role `{}` only tries things out (dry_run)", role.name),
            );
        }
        if role.no_calls {
            say(
                &role.heads.budget,
                Verdict::Deny,
                format!("the role `{}` has a budget of no calls", role.name),
            );
        }
        role.tools(&tools, &mut say);
        role.commands(&tools, call, &mut say);
        role.paths(&tools, call, &mut say);
        said.extend(self.dlp.ask(role, call));
        finish(role, said)
    }

    /// The role of the call's user, by the users file.
    fn role_of(&self, call: &Call) -> &str {
        let listed =
            self.users.iter().find(|(name, _)| *name == call.user && !call.user.is_empty());
        listed.map_or(self.fallback.as_str(), |(_, role)| role)
    }

    /// A file of the policy that the call would change.
    fn touched(&self, call: &Call, role: &Role) -> Option<String> {
        let own: Vec<PathBuf> = self.own_files.iter().map(|path| call.absolute(path)).collect();
        let is_own = |path: &str| own.contains(&call.absolute(path));
        if names::likely(&call.tool) == Some(Class::Write) {
            return paths_of(call).into_iter().find(|path| is_own(path));
        }
        if let Some(path) = call.written.iter().find(|path| is_own(path)) {
            return Some(path.clone());
        }
        // Whoever only looks may look.
        let changes = classify(call, role) != CommandClass::Safe;
        let mut words = call.commands.iter().flat_map(|one| one.arguments());
        words.find(|word| changes && is_own(word)).map(str::to_owned)
    }
}

/// The strictest answer, with its reason; without one the role allows the tool.
fn finish<'a>(role: &'a Role, said: Vec<(Hit<'a>, String)>) -> Answer<'a> {
    let strictest = said.iter().map(|(hit, _)| hit.verdict).max();
    let reason =
        said.iter().find(|(hit, _)| Some(hit.verdict) == strictest).map(|(_, why)| why.clone());
    let hits: Vec<Hit<'_>> = said.into_iter().map(|(hit, _)| hit).collect();
    let mut answer = Answer::strictest(hits).unwrap_or_else(|| Answer {
        hits: vec![Hit::new(&role.heads.allow, Verdict::Allow)],
        ..Answer::default(Verdict::Allow, "")
    });
    answer.reason = reason.unwrap_or_else(|| format!("the role `{}` may do this", role.name));
    answer
}

impl Role {
    fn tools<'a>(&'a self, tools: &[String], say: &mut impl FnMut(&'a Head, Verdict, String)) {
        let name = tools.first().map_or("", String::as_str);
        if self.blocked_tools.has(tools) {
            say(
                &self.heads.tool,
                Verdict::Deny,
                format!("the role `{}` may not use `{name}`", self.name),
            );
        } else if !self.allowed_tools.has(tools) {
            say(
                &self.heads.allow,
                Verdict::Deny,
                format!("`{name}` is none of the tools of the role `{}`", self.name),
            );
        }
    }

    fn commands<'a>(
        &'a self,
        tools: &[String],
        call: &Call,
        say: &mut impl FnMut(&'a Head, Verdict, String),
    ) {
        let asks = self.approval.has(tools) && !self.auto_approve.has(tools);
        let is_shell = tools.first().is_some_and(|name| name == "bash");
        let class = if is_shell { classify(call, self) } else { CommandClass::Review };
        if is_shell && class == CommandClass::Dangerous {
            say(
                &self.heads.command,
                Verdict::Deny,
                String::from("a command of this kind is run by no role"),
            );
        } else if asks && class == CommandClass::Review {
            let name = tools.first().map_or("", String::as_str);
            say(
                &self.heads.approval,
                Verdict::RequireApproval,
                format!("the role `{}` needs approval for `{name}`", self.name),
            );
        }
    }

    fn paths<'a>(
        &'a self,
        tools: &[String],
        call: &Call,
        say: &mut impl FnMut(&'a Head, Verdict, String),
    ) {
        let tool = tools.first().map_or("", String::as_str);
        let bound = ["bash", "edit", "find", "grep", "ls", "read", "write"].contains(&tool);
        if !bound || (self.allowed_paths.is_none() && self.blocked_paths.is_empty()) {
            return;
        }
        let (asked, mentioned) =
            if tool == "bash" { shell_paths(call) } else { tool_paths(tool, call) };
        if asked.is_empty() && matches!(tool, "edit" | "read" | "write") {
            say(
                &self.heads.path,
                Verdict::RequireApproval,
                format!("`{tool}` does not say which path it is about"),
            );
        }
        let home = call.home.as_deref();
        for path in asked.iter().chain(&mentioned) {
            if self.blocked_paths.iter().any(|glob| glob.matches(path, &call.cwd, home)) {
                let why = format!("the role `{}` may not touch {}", self.name, path.display());
                return say(&self.heads.path, Verdict::Deny, why);
            }
        }
        let Some(allowed) = &self.allowed_paths else { return };
        for path in &asked {
            if !allowed.iter().any(|glob| glob.matches(path, &call.cwd, home)) {
                let why =
                    format!("{} is none of the paths of the role `{}`", path.display(), self.name);
                return say(&self.heads.path, Verdict::Deny, why);
            }
        }
    }
}

/// The tool by every name that a role may list, the system's own name first.
fn tool_names(call: &Call) -> Vec<String> {
    // What a tool runs is a command of that tool.
    let raw = if call.within.is_empty() { &call.tool } else { &call.within };
    let raw = raw.trim().to_owned();
    let bare = raw.rsplit("__").next().unwrap_or_default().to_owned();
    let lower = bare.to_lowercase();
    let own = match names::class(&lower) {
        _ if call.kind == ActionKind::CommandExec.name() => "bash",
        Some(Class::Shell) => "bash",
        Some(Class::Read) => "read",
        Some(Class::Write)
            if ["edit", "patch", "replace"].iter().any(|part| lower.contains(part)) =>
        {
            "edit"
        }
        Some(Class::Write) => "write",
        Some(Class::Database | Class::Http | Class::Mail) | None => match lower.as_str() {
            "grep" | "ripgrep" | "search_files" | "search" => "grep",
            "find" | "glob" | "find_files" => "find",
            "ls" | "list" | "list_dir" | "list_directory" | "list_files" => "ls",
            _ => return vec![bare, raw],
        },
    };
    vec![own.to_owned(), bare, raw]
}

fn paths_of(call: &Call) -> Vec<String> {
    let fields = names::PATH_FIELDS.iter().filter_map(|field| call.arguments.get(*field));
    fields
        .flat_map(|value| lookup::texts(value).into_iter().map(|(_, text)| text.to_owned()))
        .collect()
}

/// Paths of a file tool: what it is about, and nothing more. Tools that search look where they are.
fn tool_paths(tool: &str, call: &Call) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = paths_of(call).iter().map(|path| call.absolute(path)).collect();
    if paths.is_empty() && matches!(tool, "find" | "grep" | "ls") {
        paths.push(call.cwd.clone());
    }
    (paths, Vec::new())
}

/// Paths that a shell line opens, and words that may be paths.
fn shell_paths(call: &Call) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut asked: Vec<PathBuf> = call.written.iter().map(|path| call.absolute(path)).collect();
    let mut mentioned = Vec::new();
    for command in &call.commands {
        for operand in
            command.invocation.operands.iter().filter(|one| one.kind == OperandKind::Path)
        {
            let text = operand.text.to_string_lossy();
            asked.push(operand.canonical.clone().unwrap_or_else(|| call.absolute(&text)));
        }
        for word in command.arguments() {
            // `--file=/x` names one as well.
            let value = word
                .split_once('=')
                .filter(|_| word.starts_with('-'))
                .map_or(word, |(_, value)| value);
            let looks = value.starts_with(['/', '~'])
                || value.starts_with("./")
                || value.starts_with("../");
            let path = call.absolute(value);
            if looks && !command.invocation.known { asked.push(path) } else { mentioned.push(path) }
        }
    }
    (asked, mentioned)
}

impl Dlp {
    /// What the content's findings lead to for this role.
    fn ask<'a>(&self, role: &'a Role, call: &Call) -> Vec<(Hit<'a>, String)> {
        if !role.dlp.enabled.unwrap_or(self.enabled) {
            return Vec::new();
        }
        let action = self.action(role);
        let counts = |finding: &Finding| {
            finding.severity >= self.threshold
                && ((self.secrets && finding.entity.starts_with("secret."))
                    || (self.pii && finding.entity.starts_with("pii.")))
        };
        let found = call.findings.iter().enumerate().filter(|(_, one)| counts(one));
        let found: Vec<(usize, String)> =
            found.map(|(index, one)| (index, one.entity.clone().into_owned())).collect();
        let mut said = Vec::new();
        if !found.is_empty() {
            let (indexes, entities): (Vec<usize>, Vec<String>) = found.into_iter().unzip();
            let why = format!("the content holds {}", distinct(&entities).join(", "));
            let redact =
                (action == Verdict::Redact).then(|| Obligation::Redact(distinct(&entities)));
            let hit = Hit { findings: indexes, ..Hit::new(&role.heads.content, action) };
            said.push((hit.with(redact), why));
        }
        let texts = lookup::texts(&call.arguments);
        for custom in self.custom.iter().filter(|custom| custom.severity >= self.threshold) {
            if texts
                .iter()
                .any(|(_, text)| custom.pattern.search(text) != crate::pattern::Search::Missed)
            {
                // What a pattern of the user's own finds can be named, but not cut out here.
                let asked = custom.action.unwrap_or(action);
                let verdict =
                    if asked == Verdict::Redact { Verdict::RequireApproval } else { asked };
                said.push((
                    Hit::new(&role.heads.content, verdict),
                    format!("the content matches `{}`", custom.name),
                ));
            }
        }
        said.retain(|(hit, _)| hit.verdict > Verdict::Allow);
        said
    }

    /// The action on input: the role's own, never below what the direction says for all.
    fn action(&self, role: &Role) -> Verdict {
        let global = self.on_input.unwrap_or(self.mode);
        match (role.dlp.on_input, role.dlp.mode) {
            (Some(own), _) => own,
            (None, Some(own)) if self.on_input.is_some() => own.max(global),
            (None, Some(own)) => own,
            (None, None) => global,
        }
    }
}

fn distinct(texts: &[String]) -> Vec<String> {
    let mut all = texts.to_vec();
    all.sort_unstable();
    all.dedup();
    all
}
