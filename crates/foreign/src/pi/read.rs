//! Reads pi-governance's three files: the configuration, the rules it names, the users it names.

mod dlp;
mod role;

use std::path::Path;

use datafog_policy::SourceText;

use super::{Dlp, ExecutionMode, Pi, Role, roles};
use crate::answer::Head;
use crate::node::{LONGEST, Node, Value};
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

/// The whole policy: `root` is a configuration, or a rules file alone.
pub(crate) fn read(
    root: &Node,
    path: &str,
    files: &dyn Files,
    reader: &mut Reader<'_>,
) -> Option<Pi> {
    let mut pi = Pi::without_roles(path);
    if root.get("roles").is_some() {
        let table = reader.table(root, &["roles"])?;
        pi.roles = role::read(&table, ExecutionMode::Supervised, reader);
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
        Some(node) => dlp::read(node, &mut pi.roles, reader)?,
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

impl Pi {
    /// What holds before anything is read from the file at `path`.
    fn without_roles(path: &str) -> Self {
        Self {
            roles: Vec::new(),
            users: Vec::new(),
            fallback: String::from("analyst"),
            dlp: Dlp::builtin(),
            own_files: vec![
                path.to_owned(),
                String::from(".pi/governance.yaml"),
                String::from("governance-rules.yaml"),
            ],
            protection: Head {
                id: String::from("self-protection"),
                line: 1,
                reason: String::new(),
            },
        }
    }
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
    if let Some(table) = config.table("audit", &["sinks"], reader) {
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
    let yaml = table.table("yaml", &["rules_file"], reader)?;
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
    let local = table.table("local", &["users_file"], reader)?;
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
            Some(role::read(&table, mode, inner))
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
