//! Reads the roles of pi-governance's rules file.

use crate::names;
use crate::node::Node;
use crate::pattern::Pattern;
use crate::pi::paths::PathGlob;
use crate::pi::{DlpOverride, ExecutionMode, Heads, Role, ToolNames};
use crate::reader::{Reader, Table};

const ROLE_KEYS: &[&str] = &[
    "allowed_paths",
    "allowed_tools",
    "bash_overrides",
    "blocked_paths",
    "blocked_tools",
    "execution_mode",
    "human_approval",
    "prompt_template",
    "token_budget_daily",
];

/// Every role of a rules file; `mode` is that of roles that name none.
pub(super) fn read(table: &Table<'_>, mode: ExecutionMode, reader: &mut Reader<'_>) -> Vec<Role> {
    let Some(roles) = table.get("roles").and_then(|node| reader.any_table(node)) else {
        return Vec::new();
    };
    if roles.entries().is_empty() {
        reader.error(&roles.span(), "there is no role");
    }
    let all = roles.entries().iter();
    all.filter_map(|(key, node)| role(&key.text, reader.line(&key.span), node, mode, reader))
        .collect()
}

fn role(
    name: &str,
    line: u32,
    node: &Node,
    mode: ExecutionMode,
    reader: &mut Reader<'_>,
) -> Option<Role> {
    let table = reader.table(node, ROLE_KEYS)?;
    let allowed_tools = table.require("allowed_tools", reader).map(|node| tools(node, reader));
    let approval = table.table("human_approval", &["auto_approve", "required_for"], reader);
    let commands =
        table.table("bash_overrides", &["additional_allowed", "additional_blocked"], reader);
    let approval = |key: &str| approval.and_then(|table| table.get(key));
    let commands = |key: &str| commands.and_then(|table| table.get(key));
    let auto_approve = listed(approval("auto_approve"), reader, named_tools);
    let no_calls = table.get("token_budget_daily").is_some_and(|node| budget(node, reader));
    tell_of_the_rest(name, &table, reader);
    let own_mode =
        table.get("execution_mode").and_then(|node| reader.word(node, "mode", super::MODES));
    Some(Role {
        name: name.to_owned(),
        heads: Heads::new(name, line),
        mode: own_mode.unwrap_or(mode),
        blocked_tools: listed(table.get("blocked_tools"), reader, tools),
        approval: listed(approval("required_for"), reader, tools),
        auto_approve,
        allowed_paths: table.get("allowed_paths").map(|node| globs(node, false, reader)),
        blocked_paths: listed(table.get("blocked_paths"), reader, |node, reader| {
            globs(node, true, reader)
        }),
        blocked_commands: listed(commands("additional_blocked"), reader, patterns),
        allowed_commands: listed(commands("additional_allowed"), reader, patterns),
        no_calls,
        dlp: DlpOverride::default(),
        allowed_tools: allowed_tools?,
    })
}

/// What `read` makes of an entry; nothing where there is none.
fn listed<T: Default>(
    node: Option<&Node>,
    reader: &mut Reader<'_>,
    read: impl FnOnce(&Node, &mut Reader<'_>) -> T,
) -> T {
    node.map(|node| read(node, reader)).unwrap_or_default()
}

/// Says of a role what is not honoured in it, and what it leaves open.
fn tell_of_the_rest(name: &str, table: &Table<'_>, reader: &mut Reader<'_>) {
    if let Some(node) = table.get("prompt_template") {
        reader.remark(node);
        reader.not_honoured(&node.span, "prompt_template", "prompts are the agent's business");
    }
    if table.get("allowed_paths").is_none() {
        reader.warn(
            &table.span(),
            format!("the role `{name}` has no `allowed_paths`"),
            "every path that is not blocked is then allowed",
        );
    }
}

/// A list of names, `[all]`, or the word `all`.
fn tools(node: &Node, reader: &mut Reader<'_>) -> ToolNames {
    let own = ["all", "bash", "edit", "find", "grep", "ls", "read", "write"];
    let known: Vec<&str> = names::tools().into_iter().chain(own).collect();
    let names = match node.as_text() {
        Some("all") => return ToolNames::all(),
        _ => reader.texts(node),
    };
    for name in &names {
        reader.near_miss(&node.span, "tool", name, &known);
    }
    ToolNames { all: names.iter().any(|name| name == "all"), names }
}

/// A list of names where `all` is none of them.
fn named_tools(node: &Node, reader: &mut Reader<'_>) -> ToolNames {
    let names = tools(node, reader);
    if names.all {
        reader.not_honoured(
            &node.span,
            "auto_approve",
            "`all` is no tool here, as in the original; list the tools",
        );
    }
    ToolNames { all: false, ..names }
}

/// Whether the budget is zero; any other one needs a counter that is not kept here.
fn budget(node: &Node, reader: &mut Reader<'_>) -> bool {
    let number = reader.whole(node, -1..=i64::MAX);
    if number.is_some_and(|number| number > 0) {
        reader.not_honoured(
            &node.span,
            "token_budget_daily",
            "calls of a session are not counted here; a rate in a policy of datafog can",
        );
    }
    number == Some(0)
}

fn globs(node: &Node, any_case: bool, reader: &mut Reader<'_>) -> Vec<PathGlob> {
    let items = reader.list(node).unwrap_or_default();
    let mut globs = Vec::new();
    for item in items {
        let Some(text) = reader.text(item) else { continue };
        match PathGlob::new(text, any_case) {
            Ok(glob) => globs.push(glob),
            Err(message) => {
                reader.error(&item.span, format!("bad path pattern `{text}`: {message}"))
            }
        }
    }
    globs
}

fn patterns(node: &Node, reader: &mut Reader<'_>) -> Vec<Pattern> {
    let items = reader.list(node).unwrap_or_default();
    items.iter().filter_map(|item| reader.pattern(item)).collect()
}
