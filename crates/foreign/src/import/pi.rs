//! pi-governance's roles as roles of our own.

use core::fmt::Write as _;

use datafog_core::Verdict;

use super::when::{self, Condition};
use super::{Draft, Sheet, list, quote};
use crate::names::{self, Class};
use crate::pi::{DANGEROUS, DANGEROUS_WORDS, ExecutionMode, PathGlob, Pi, Role, SAFE, ToolNames};

pub(super) fn translate(policy: &Pi, sheet: &mut Sheet<'_>) {
    dangerous(sheet);
    for role in &policy.roles {
        let line = role.heads.tool.line;
        sheet.role(&role.name, line, table(policy, role));
        rest(role, sheet);
    }
    let own: Vec<&String> = policy.own_files.iter().filter(|file| file.starts_with('/')).collect();
    if !own.is_empty() {
        let touched = format!("{{ operand = {{ path = {}, flow = \"destroys\" }} }}", list(&own));
        let reason = "these files are part of the policy itself";
        sheet.rule(&Draft { id: "self-protection", reason, when: touched, ..Draft::default() });
    }
    let why = "what a command is taken for by its words alone, and what lets an approval pass, stays with `--policy`";
    sheet.deviate(1, String::from("the classes of commands are translated by program alone"), why);
    if policy.dlp.enabled {
        let why =
            "what is found is the business of `findings` of a role and of detectors of your own";
        sheet.deviate(1, String::from("`dlp` is not translated"), why);
    }
}

/// A key with its value, as text.
type Line = (&'static str, String);

/// One `[[role]]`.
fn table(policy: &Pi, role: &Role) -> String {
    let mut text = String::from("[[role]]\n");
    let lines = holders(policy, role).into_iter().chain(tools(role)).chain(paths(role));
    for (key, value) in lines.chain(mode(role)) {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{key} = {value}");
    }
    text
}

/// The role's name and who has it.
fn holders(policy: &Pi, role: &Role) -> Vec<Line> {
    let mut lines = vec![("name", quote(&plain(&role.name)))];
    let users: Vec<&String> =
        policy.users.iter().filter(|(_, name)| *name == role.name).map(|(user, _)| user).collect();
    if !users.is_empty() {
        lines.push(("users", list(&users)));
    }
    if policy.fallback == role.name {
        lines.push(("default", String::from("true")));
    }
    lines
}

fn tools(role: &Role) -> Vec<Line> {
    let mut lines = Vec::new();
    if !role.allowed_tools.all {
        lines.push(("tools", list(&globs(&role.allowed_tools))));
    }
    if !role.blocked_tools.names.is_empty() {
        lines.push(("blocked_tools", list(&globs(&role.blocked_tools))));
    }
    lines
}

fn paths(role: &Role) -> Vec<Line> {
    let native =
        |globs: &[PathGlob]| -> Vec<String> { globs.iter().filter_map(PathGlob::native).collect() };
    // What lies in a folder includes the folder there.
    let folders = |globs: &[PathGlob]| -> Vec<String> {
        let with = |path: String| {
            let folder = path.strip_suffix("/**").filter(|it| !it.is_empty()).map(str::to_owned);
            core::iter::once(path).chain(folder).collect::<Vec<_>>()
        };
        native(globs).into_iter().flat_map(with).collect()
    };
    let mut lines = Vec::new();
    let blocked = native(&role.blocked_paths);
    if !blocked.is_empty() {
        lines.push(("blocked_paths", list(&blocked)));
    }
    let allowed = role.allowed_paths.as_deref().map(folders).unwrap_or_default();
    if !allowed.is_empty() && !allowed.iter().any(|path| path == "**" || path == "/**") {
        lines.push(("paths", list(&allowed)));
    }
    lines
}

fn mode(role: &Role) -> Vec<Line> {
    match role.mode {
        ExecutionMode::DryRun => vec![("mode", quote("dry_run"))],
        ExecutionMode::Autonomous => vec![("mode", quote("autonomous"))],
        ExecutionMode::Supervised => asked(role),
    }
}

/// Tools that are asked about. Commands are asked about by what they are: see [`of_commands`].
fn asked(role: &Role) -> Vec<Line> {
    let mut asked = globs(&role.approval);
    if !role.approval.all {
        let shells = globs(&ToolNames::of(&["bash"]));
        asked.retain(|tool| !shells.contains(tool));
    }
    if asked.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![("approve", list(&asked))];
    let silent = globs(&role.auto_approve);
    if !silent.is_empty() {
        lines.push(("auto_approve", list(&silent)));
    }
    lines
}

/// What a role binds that is no tool.
fn rest(role: &Role, sheet: &mut Sheet<'_>) {
    let held = format!("{{ role = {} }}", quote(&plain(&role.name)));
    of_commands(role, &held, sheet);
    let line = role.heads.tool.line;
    if role.allowed_paths.is_some() || !role.blocked_paths.is_empty() {
        let id = format!("{}-which-path", role.name);
        let (reason, verdict) =
            ("it does not say which path it is about", Verdict::RequireApproval);
        let touching = globs(&ToolNames::of(&["edit", "read", "write"]));
        let told = when::arguments(names::PATH_FIELDS, "");
        let when = when::all(&[held.clone(), when::tool(&touching), when::none(&[told])]);
        sheet.rule(&Draft { id: &id, line, verdict, reason, when, ..Draft::default() });
    }
    if role.no_calls {
        let id = format!("{}-no-calls", role.name);
        let reason = "the role has a budget of no calls";
        let when = when::all(&[held, when::any(&[when::tool(&["*"]), when::no_tool()])]);
        sheet.rule(&Draft { id: &id, line, reason, when, ..Draft::default() });
    }
    for pattern in &role.blocked_commands {
        let message = format!("a blocked command of `{}` is not translated", role.name);
        let why =
            format!("`{}` is searched in a text; write a rule on the command", pattern.text());
        sheet.deviate(line, message, &why);
    }
}

/// Commands, which are `bash` to the original, where the role is `held`.
fn of_commands(role: &Role, held: &Condition, sheet: &mut Sheet<'_>) {
    let bash = [String::from("bash")];
    let line = role.heads.tool.line;
    if role.blocked_tools.has(&bash) || !role.allowed_tools.has(&bash) {
        let id = format!("{}-no-commands", role.name);
        let reason = "the role may not run commands";
        let when = when::all(&[held.clone(), when::no_tool()]);
        sheet.rule(&Draft { id: &id, line, reason, when, ..Draft::default() });
    } else if role.mode == ExecutionMode::Supervised
        && role.approval.has(&bash)
        && !role.auto_approve.has(&bash)
    {
        let id = format!("{}-asks-for-commands", role.name);
        let (reason, verdict) =
            ("the role asks before it runs a command", Verdict::RequireApproval);
        let shells = when::tool(&globs(&ToolNames::of(&["bash"])));
        let looks = when::command(&sheet.known_commands(SAFE, &id, line));
        let verbs = list(&["log", "status", "diff", "show", "blame"]);
        let reads = format!("{{ command = \"git\", subcommand = {verbs} }}");
        let runs = when::any(&[when::no_tool(), shells]);
        let when = when::all(&[held.clone(), runs, when::none(&[looks, reads])]);
        sheet.rule(&Draft { id: &id, line, verdict, reason, when, ..Draft::default() });
    }
}

/// Programs that no role may run, whatever their arguments are.
fn dangerous(sheet: &mut Sheet<'_>) {
    let programs = sheet.known_commands(DANGEROUS, "dangerous-commands", 1);
    let reason = "a command of this kind is run by no role";
    let id = "dangerous-commands";
    if !programs.is_empty() {
        sheet.rule(&Draft { id, reason, when: when::command(&programs), ..Draft::default() });
    }
    let with = |command: &str, what: &str| {
        when::all(&[when::command(&[command]), format!("{{ {what} }}")])
    };
    let mut meant = vec![with("rm", "option = [\"--recursive\", \"--force\"]")];
    meant.push(with("git", "subcommand = \"push\", option = \"--force\""));
    meant.push(with("git", "subcommand = \"reset\", option = \"--hard\""));
    meant.push(with("git", "subcommand = \"clean\", option = \"--force\""));
    for (program, words) in DANGEROUS_WORDS {
        if sheet.has_subcommands(program) {
            let known = words.iter().filter(|word| sheet.can_say_subcommand(program, word));
            let known: Vec<&str> = known.copied().collect();
            if !known.is_empty() {
                meant.push(with(program, &format!("subcommand = {}", list(&known))));
            }
        }
    }
    let when = when::any(&meant);
    sheet.rule(&Draft { id: "dangerous-operations", reason, when, ..Draft::default() });
}

/// Tools by every name that a role's list means.
fn globs(tools: &ToolNames) -> Vec<String> {
    if tools.all {
        return vec![String::from("*")];
    }
    let mut all: Vec<String> = Vec::new();
    for name in &tools.names {
        let class = match name.as_str() {
            "bash" => Some(Class::Shell),
            "read" => Some(Class::Read),
            "edit" | "write" => Some(Class::Write),
            _ => None,
        };
        let own = class.map(names::tools_of).unwrap_or_default();
        let is_edit =
            |tool: &str| ["edit", "patch", "replace"].iter().any(|part| tool.contains(part));
        let fits = |tool: &&str| match name.as_str() {
            "edit" => is_edit(tool),
            "write" => !is_edit(tool),
            _ => true,
        };
        let others: &[&str] = match name.as_str() {
            "grep" => &["ripgrep", "search", "search_files"],
            "find" => &["find_files", "glob"],
            "ls" => &["list", "list_dir", "list_directory", "list_files"],
            _ => &[],
        };
        let alike = own.iter().copied().filter(fits).chain(others.iter().copied());
        for tool in core::iter::once(name.as_str()).chain(alike) {
            all.extend([tool.to_owned(), format!("*__{tool}")]);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A role's name in the letters that one may have.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        fine if fine.is_ascii_lowercase() || fine.is_ascii_digit() || fine == '_' => fine,
        _ => '-',
    };
    name.chars().map(letter).take(32).collect()
}
