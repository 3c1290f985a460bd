//! Reads pi-governance's three files: the configuration, the rules it names, the users it names.

use std::path::Path;

use datafog_core::{Severity, Verdict};
use datafog_policy::SourceText;

use super::paths::PathGlob;
use super::{ACTIONS, Custom, Dlp, DlpOverride, ExecutionMode, Heads, Pi, Role, ToolNames, roles};
use crate::answer::Head;
use crate::names;
use crate::node::{LONGEST, Node, Value};
use crate::pattern::Pattern;
use crate::policy::Files;
use crate::reader::{Reader, Table};
use crate::yaml;

const KEYS: &[&str] =
    &["audit", "auth", "dependency_guardian", "dlp", "hitl", "org_units", "policy", "templates"];

const MODES: &[(&str, ExecutionMode)] = &[
    ("autonomous", ExecutionMode::Autonomous),
    ("dry_run", ExecutionMode::DryRun),
    ("supervised", ExecutionMode::Supervised),
];

const SEVERITIES: &[(&str, Severity)] = &[
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
];

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

/// The whole policy: `root` is a configuration, or a rules file alone.
pub(crate) fn read(
    root: &Node,
    path: &str,
    files: &dyn Files,
    reader: &mut Reader<'_>,
) -> Option<Pi> {
    let mut pi = Pi {
        roles: Vec::new(),
        users: Vec::new(),
        fallback: String::from("analyst"),
        dlp: Dlp::builtin(),
        own_files: vec![
            path.to_owned(),
            String::from(".pi/governance.yaml"),
            String::from("governance-rules.yaml"),
        ],
        protection: Head { id: String::from("self-protection"), line: 1, reason: String::new() },
    };
    if root.get("roles").is_some() {
        let table = reader.table(root, &["roles"])?;
        pi.roles = read_roles(&table, ExecutionMode::Supervised, reader);
        return Some(pi);
    }
    let config = reader.table(root, KEYS)?;
    let named = Named { files, base: path };
    let default_mode =
        config.get("hitl").and_then(|node| hitl(node, reader)).unwrap_or(ExecutionMode::Supervised);
    let rules = config.get("policy").and_then(|node| policy(node, reader));
    let users = config.get("auth").and_then(|node| auth(node, reader));
    pi.roles = named.roles(rules, default_mode, &mut pi.own_files, reader);
    named.users(users, &mut pi, reader);
    pi.dlp = match config.get("dlp") {
        Some(node) => dlp(node, &mut pi.roles, reader)?,
        None => {
            reader.warn(
                &config.span(),
                "there is no `dlp` section",
                "as in the original, content is then not judged by this policy",
            );
            Dlp { enabled: false, ..Dlp::builtin() }
        }
    };
    not_here(&config, reader);
    Some(pi)
}

/// Sections that are read for their spelling and have no meaning for a decision.
fn not_here(config: &Table<'_>, reader: &mut Reader<'_>) {
    config.not_honoured(
        reader,
        &[
            ("audit", "decisions are recorded in datafog's own ledger"),
            ("dependency_guardian", "packages are not looked up: a gate does not use the network"),
            ("org_units", "it has no effect in the original either"),
            ("templates", "prompts are the agent's business"),
        ],
    );
    if let Some(node) = config.get("templates") {
        reader.table(node, &["default", "directory"]);
    }
    if let Some(table) = config.get("audit").and_then(|node| reader.table(node, &["sinks"])) {
        for sink in table.get("sinks").and_then(|node| reader.list(node)).unwrap_or_default() {
            reader.table(
                sink,
                &["api_key", "api_key_id", "connection", "dsn", "path", "token", "type", "url"],
            );
        }
    }
    if let Some(node) = config.get("dependency_guardian") {
        let keys = [
            "allowlist",
            "blocklist",
            "blocklist_patterns",
            "checks",
            "custom_registry_bypass",
            "enabled",
            "on_risk",
            "risk_thresholds",
        ];
        reader.table(node, &keys);
    }
    if let Some(node) = config.get("org_units") {
        reader.any_table(node);
    }
}

/// The mode of roles that name none.
fn hitl(node: &Node, reader: &mut Reader<'_>) -> Option<ExecutionMode> {
    let table =
        reader.table(node, &["approval_channel", "default_mode", "timeout_seconds", "webhook"])?;
    table.not_honoured(
        reader,
        &[
            ("approval_channel", "approvals are given to datafog"),
            ("timeout_seconds", "datafog's own time for an approval holds"),
            ("webhook", "approvals are given to datafog"),
        ],
    );
    if let Some(node) = table.get("approval_channel") {
        reader.word(node, "channel", &[("cli", ()), ("webhook", ())]);
    }
    if let Some(node) = table.get("timeout_seconds") {
        reader.whole(node, 10..=3600);
    }
    if let Some(node) = table.get("webhook") {
        reader.table(node, &["url"]);
    }
    table.get("default_mode").and_then(|node| reader.word(node, "mode", MODES))
}

/// The place of the rules file, when one is named.
fn policy<'n>(node: &'n Node, reader: &mut Reader<'_>) -> Option<&'n Node> {
    let table = reader.table(node, &["engine", "oso", "yaml"])?;
    if let Some(node) = table.get("engine")
        && reader.word(node, "engine", &[("oso", true), ("yaml", false)]) == Some(true)
    {
        reader.not_honoured(
            &node.span,
            "engine",
            "the original's extension uses the YAML rules whatever this says",
        );
    }
    if let Some(node) = table.get("oso") {
        reader.table(node, &["polar_files"]);
        reader.not_honoured(&node.span, "oso", "Polar files are not read");
    }
    let yaml = table.get("yaml").and_then(|node| reader.table(node, &["rules_file"]))?;
    yaml.get("rules_file")
}

/// The place of the users file, when one is named.
fn auth<'n>(node: &'n Node, reader: &mut Reader<'_>) -> Option<&'n Node> {
    let table = reader.table(node, &["env", "local", "provider"])?;
    if let Some(node) = table.get("provider") {
        let known = [("env", false), ("local", true), ("oidc", false)];
        if reader.word(node, "provider", &known) == Some(false) {
            reader.not_honoured(
                &node.span,
                "provider",
                "a role is taken from the users file, never from what a governed process can set",
            );
        }
    }
    if let Some(node) = table.get("env") {
        reader.table(node, &["org_unit_var", "role_var", "user_var"]);
        reader.not_honoured(&node.span, "env", "a governed process can set its variables");
    }
    let local = table.get("local").and_then(|node| reader.table(node, &["users_file"]))?;
    local.get("users_file")
}

/// Files that the configuration names.
struct Named<'a> {
    files: &'a dyn Files,
    base: &'a str,
}

impl Named<'_> {
    /// Where a named file may stand: beside the configuration, or beside the folder `.pi` it is in.
    fn places(&self, name: &str) -> Vec<String> {
        let name = name.strip_prefix("./").unwrap_or(name);
        let folder = Path::new(self.base).parent().unwrap_or_else(|| Path::new(""));
        let mut places = vec![folder.join(name)];
        if folder.file_name().is_some_and(|name| name == ".pi") {
            places.extend(folder.parent().map(|above| above.join(name)));
        }
        places.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// The text of the named file; `None`, reported where it must be there, when it is not.
    fn text(
        &self,
        name: &str,
        required: Option<&Node>,
        reader: &mut Reader<'_>,
    ) -> Option<(String, String)> {
        for place in self.places(name) {
            match self.files.read(Path::new(&place)) {
                Ok(bytes) if bytes.len() <= LONGEST => match String::from_utf8(bytes) {
                    Ok(text) => return Some((place, text)),
                    Err(_) => reader.error(&(0..0), format!("{place} is not UTF-8")),
                },
                Ok(_) => reader.error(&(0..0), format!("{place} is longer than {LONGEST} bytes")),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => reader.error(&(0..0), format!("{place} cannot be read: {error}")),
            }
            return None;
        }
        if let Some(node) = required {
            reader.error_with_help(
                &node.span,
                format!("there is no file `{name}`"),
                "it is looked for beside this file",
            );
        }
        None
    }

    fn roles(
        &self,
        named: Option<&Node>,
        mode: ExecutionMode,
        own: &mut Vec<String>,
        reader: &mut Reader<'_>,
    ) -> Vec<Role> {
        let name = named.and_then(|node| reader.text(node)).unwrap_or("./governance-rules.yaml");
        let Some((place, text)) = self.text(name, named, reader) else { return roles::builtin() };
        own.push(place.clone());
        let read = |inner: &mut Reader<'_>, root: &Node| {
            let table = inner.table(root, &["roles"])?;
            table.require("roles", inner)?;
            Some(read_roles(&table, mode, inner))
        };
        further(&place, &text, reader, read).unwrap_or_default()
    }

    fn users(&self, named: Option<&Node>, pi: &mut Pi, reader: &mut Reader<'_>) {
        let name = named.and_then(|node| reader.text(node)).unwrap_or("./users.yaml");
        let Some((place, text)) = self.text(name, named, reader) else {
            let help = "every user then has the role `analyst`, as in the original";
            return reader.warn(&(0..0), "there is no users file", help);
        };
        pi.own_files.push(place.clone());
        let known: Vec<String> = pi.roles.iter().map(|role| role.name.clone()).collect();
        let read = |inner: &mut Reader<'_>, root: &Node| read_users(root, &known, inner);
        if let Some((users, fallback)) = further(&place, &text, reader, read) {
            pi.users = users;
            pi.fallback = fallback.unwrap_or_else(|| String::from("analyst"));
        }
    }
}

/// Reads a further file; its diagnostics join those of the first.
fn further<T>(
    path: &str,
    text: &str,
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>, &Node) -> Option<T>,
) -> Option<T> {
    let source = SourceText { path, text };
    let mut inner = Reader::new(source);
    let found = match yaml::read(source) {
        Ok(root) => read(&mut inner, &root),
        Err(fault) => {
            inner.diagnostics.push(fault);
            None
        }
    };
    reader.diagnostics.append(&mut inner.diagnostics);
    found
}

type Users = (Vec<(String, String)>, Option<String>);

/// A flat map of names, or the documented layout with `users` and `default`.
fn read_users(root: &Node, known: &[String], reader: &mut Reader<'_>) -> Option<Users> {
    let whole = reader.any_table(root)?;
    let (list, fallback) = match whole.get("users") {
        Some(users) => {
            let table = reader.table(root, &["default", "users"])?;
            (reader.any_table(users)?, table.get("default"))
        }
        // A name that is nearly `users` and holds no role is meant to be that.
        None => match whole.entries().iter().find(|(key, node)| is_misspelt(&key.text, node)) {
            Some((_, users)) => {
                let table = reader.table(root, &["default", "users"])?;
                (reader.any_table(users)?, table.get("default"))
            }
            None => (whole, None),
        },
    };
    let mut role = |node: &Node| {
        let table = reader.table(node, &["org_unit", "role"])?;
        let node = table.require("role", reader)?;
        let name = reader.text(node)?;
        if !known.iter().any(|one| one == name) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            reader.unknown_word(&node.span, "role", name, &known);
        }
        Some(name.to_owned())
    };
    let users = list
        .entries()
        .iter()
        .filter_map(|(key, node)| Some((key.text.clone(), role(node)?)))
        .collect();
    Some((users, fallback.and_then(role)))
}

fn is_misspelt(key: &str, node: &Node) -> bool {
    let Value::Table(entries) = &node.value else { return false };
    let has_role = entries.iter().any(|(key, _)| key.text == "role");
    !has_role && datafog_policy::nearest(key, ["users"]).is_some()
}

fn read_roles(table: &Table<'_>, mode: ExecutionMode, reader: &mut Reader<'_>) -> Vec<Role> {
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
    let allowed = table.require("allowed_tools", reader).map(|node| tools(node, reader));
    let approval = table
        .get("human_approval")
        .and_then(|node| reader.table(node, &["auto_approve", "required_for"]));
    let part = |key: &str| approval.as_ref().and_then(|table| table.get(key));
    let overrides = table
        .get("bash_overrides")
        .and_then(|node| reader.table(node, &["additional_allowed", "additional_blocked"]));
    let auto_approve = part("auto_approve").map(|node| {
        let names = tools(node, reader);
        if names.all {
            reader.not_honoured(
                &node.span,
                "auto_approve",
                "`all` is no tool here, as in the original; list the tools",
            );
        }
        ToolNames { all: false, ..names }
    });
    let no_calls = table.get("token_budget_daily").is_some_and(|node| budget(node, reader));
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
    let commands = |key: &str| overrides.as_ref().and_then(|table| table.get(key));
    Some(Role {
        name: name.to_owned(),
        heads: Heads::new(name, line),
        mode: table
            .get("execution_mode")
            .and_then(|node| reader.word(node, "mode", MODES))
            .unwrap_or(mode),
        blocked_tools: table
            .get("blocked_tools")
            .map(|node| tools(node, reader))
            .unwrap_or_default(),
        approval: part("required_for").map(|node| tools(node, reader)).unwrap_or_default(),
        auto_approve: auto_approve.unwrap_or_default(),
        allowed_paths: table.get("allowed_paths").map(|node| globs(node, false, reader)),
        blocked_paths: table
            .get("blocked_paths")
            .map(|node| globs(node, true, reader))
            .unwrap_or_default(),
        blocked_commands: commands("additional_blocked")
            .map(|node| patterns(node, reader))
            .unwrap_or_default(),
        allowed_commands: commands("additional_allowed")
            .map(|node| patterns(node, reader))
            .unwrap_or_default(),
        no_calls,
        dlp: DlpOverride::default(),
        allowed_tools: allowed?,
    })
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

impl Dlp {
    /// What holds where there is no configuration at all.
    fn builtin() -> Self {
        Self {
            enabled: true,
            mode: Verdict::Allow,
            on_input: Some(Verdict::Deny),
            threshold: Severity::Low,
            secrets: true,
            pii: true,
            custom: Vec::new(),
        }
    }
}

const DLP_KEYS: &[&str] = &[
    "allowlist",
    "built_in",
    "custom_patterns",
    "enabled",
    "masking",
    "mode",
    "on_input",
    "on_output",
    "role_overrides",
    "severity_threshold",
];

fn dlp(node: &Node, roles: &mut [Role], reader: &mut Reader<'_>) -> Option<Dlp> {
    let table = reader.table(node, DLP_KEYS)?;
    table.not_honoured(
        reader,
        &[
            ("allowlist", "a finding is known here without its value; name detectors to leave out in datafog's settings"),
            ("masking", "findings are removed in datafog's own form"),
            ("on_output", "what a tool returns is not judged by this policy"),
        ],
    );
    let action = |table: &Table<'_>, key: &str, reader: &mut Reader<'_>| {
        table.get(key).and_then(|node| reader.word(node, "action", ACTIONS))
    };
    for item in table.get("allowlist").and_then(|node| reader.list(node)).unwrap_or_default() {
        let entry = reader.table(item, &["pattern"]);
        entry
            .and_then(|entry| entry.require("pattern", reader))
            .and_then(|node| reader.pattern(node));
    }
    if let Some(masking) = table
        .get("masking")
        .and_then(|node| reader.table(node, &["placeholder", "show_chars", "strategy"]))
        && let Some(node) = masking.get("strategy")
    {
        reader.word(node, "strategy", &[("full", ()), ("hash", ()), ("partial", ())]);
    }
    action(&table, "on_output", reader);
    let built_in = table.get("built_in").and_then(|node| reader.table(node, &["pii", "secrets"]));
    let mut family = |key: &str| {
        built_in
            .as_ref()
            .and_then(|table| table.get(key))
            .and_then(|node| reader.flag(node))
            .unwrap_or(true)
    };
    let (secrets, pii) = (family("secrets"), family("pii"));
    if let Some(overrides) = table.get("role_overrides").and_then(|node| reader.any_table(node)) {
        role_overrides(&overrides, roles, reader);
    }
    Some(Dlp {
        enabled: table.get("enabled").and_then(|node| reader.flag(node)).unwrap_or(false),
        mode: action(&table, "mode", reader).unwrap_or(Verdict::Allow),
        on_input: action(&table, "on_input", reader),
        threshold: table
            .get("severity_threshold")
            .and_then(|node| reader.word(node, "severity", SEVERITIES))
            .unwrap_or(Severity::Low),
        secrets,
        pii,
        custom: table.get("custom_patterns").map(|node| custom(node, reader)).unwrap_or_default(),
    })
}

fn role_overrides(overrides: &Table<'_>, roles: &mut [Role], reader: &mut Reader<'_>) {
    for (key, node) in overrides.entries() {
        let Some(role) = roles.iter_mut().find(|role| role.name == key.text) else {
            let known: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
            reader.unknown_word(&key.span, "role", &key.text, &known);
            continue;
        };
        let Some(table) = reader.table(node, &["enabled", "mode", "on_input", "on_output"]) else {
            continue;
        };
        table.not_honoured(
            reader,
            &[("on_output", "what a tool returns is not judged by this policy")],
        );
        let mut action =
            |key: &str| table.get(key).and_then(|node| reader.word(node, "action", ACTIONS));
        let (mode, on_input) = (action("mode"), action("on_input"));
        let enabled = table.get("enabled").and_then(|node| reader.flag(node));
        role.dlp = DlpOverride { enabled, mode, on_input };
    }
}

fn custom(node: &Node, reader: &mut Reader<'_>) -> Vec<Custom> {
    let mut all = Vec::new();
    for item in reader.list(node).unwrap_or_default() {
        let Some(table) = reader.table(item, &["action", "name", "pattern", "severity"]) else {
            continue;
        };
        let name =
            table.require("name", reader).and_then(|node| reader.text(node)).map(str::to_owned);
        let pattern = table.require("pattern", reader).and_then(|node| reader.pattern(node));
        let severity = table
            .require("severity", reader)
            .and_then(|node| reader.word(node, "severity", SEVERITIES));
        let action = table.get("action").and_then(|node| reader.word(node, "action", ACTIONS));
        if let (Some(name), Some(pattern), Some(severity)) = (name, pattern, severity) {
            all.push(Custom { name, pattern, severity, action });
        }
    }
    all
}
