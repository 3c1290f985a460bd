//! Reads one `[[role]]`: who has it, and what it may do.
//!
//! A role is short for rules. Each of its keys becomes an ordinary rule with the condition `role`,
//! is listed and explained like one, and adds up with all others: nothing here decides anything. A
//! role only takes away; what it does not speak of is left to the rest of the policy.

use datafog_core::{Obligation, Severity, Verdict};

use super::reader::{Fields, Item, Reader};
use super::rule::{RuleSource, required};
use crate::condition::duration;
use crate::condition::role::{Members, held};
use crate::condition::{
    calls_over, command_names, commands_named, findings_leaving, paths_touched, tools_named,
};
use crate::node::{Join, Node};

const KEYS: [&str; 15] = [
    "approve",
    "auto_approve",
    "blocked_commands",
    "blocked_paths",
    "blocked_tools",
    "calls",
    "commands",
    "default",
    "findings",
    "groups",
    "mode",
    "name",
    "paths",
    "tools",
    "users",
];

/// How a role works.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Autonomous,
    DryRun,
    Supervised,
}

/// What is done with findings that would leave.
const FINDINGS: [(&str, Verdict); 3] = [
    ("allow_with_redaction", Verdict::Redact),
    ("deny", Verdict::Deny),
    ("require_approval", Verdict::RequireApproval),
];

/// Who has which role; read before the rules, since they name roles.
pub(super) fn members(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Members> {
    let fields = reader.fields(item, &KEYS)?;
    let item = required(&fields, "name", reader)?;
    let name = reader.text(item)?.to_owned();
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if name.len() > 32 || !name.bytes().all(plain) {
        let help = "use up to 32 lower-case letters, digits, `-` and `_`";
        reader.error_with_help(item.span(), "the name cannot be used", help);
        return None;
    }
    if reader.roles.iter().any(|role| role.name == name) {
        reader.error(item.span(), format!("there are two roles `{name}`"));
        return None;
    }
    let default = fields.item("default").and_then(|item| reader.flag(item)).unwrap_or(false);
    if default && reader.roles.iter().any(|role| role.default) {
        let help = "whoever has no other role can have one only";
        reader.error_with_help(fields.key_span("default"), "there are two default roles", help);
    }
    let (users, groups) = (globs(&fields, "users", reader)?, globs(&fields, "groups", reader)?);
    if users.is_empty() && groups.is_empty() && !default {
        let help = "add `users`, `groups` or `default = true`";
        reader.error_with_help(
            fields.key_span("name"),
            format!("nobody has the role `{name}`"),
            help,
        );
    }
    Some(Members { name, users, groups, default })
}

/// Refuses a key from which nothing follows.
fn says_nothing(
    fields: &Fields<'_, '_>,
    key: &str,
    why: &str,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let help = format!("leave `{key}` out, or name less");
    reader.error_with_help(fields.key_span(key), format!("`{key}` changes nothing: {why}"), help);
    None
}

fn globs(fields: &Fields<'_, '_>, key: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    match fields.item(key) {
        Some(item) => Some(reader.names(item)?.into_iter().map(str::to_owned).collect()),
        None => Some(Vec::new()),
    }
}

fn paths(fields: &Fields<'_, '_>, key: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    match fields.item(key) {
        Some(item) => Some(reader.paths(item)?.into_iter().map(str::to_owned).collect()),
        None => Some(Vec::new()),
    }
}

/// The rules that a role stands for; nothing when a mistake was reported.
pub(super) fn rules(item: &Item<'_>, reader: &mut Reader<'_>) -> Vec<RuleSource> {
    let Some(table) = item.get_ref().as_table() else { return Vec::new() };
    let fields = Fields { table, span: item.span() };
    let Some(name) = fields.item("name").and_then(|item| item.get_ref().as_str()) else {
        return Vec::new();
    };
    let role = Role { name, fields: &fields, line: reader.source.line_of(item.span().start) };
    role.rules(reader).unwrap_or_default()
}

struct Role<'r, 'i, 'd> {
    name: &'r str,
    fields: &'r Fields<'i, 'd>,
    line: u32,
}

impl Role<'_, '_, '_> {
    fn rules(&self, reader: &mut Reader<'_>) -> Option<Vec<RuleSource>> {
        let mut rules = Vec::new();
        self.tools(reader, &mut rules)?;
        self.commands(reader, &mut rules)?;
        self.paths(reader, &mut rules)?;
        self.approvals(reader, &mut rules)?;
        if let Some(item) = self.fields.item("findings") {
            let effect = reader.word(item, "effect", &FINDINGS)?;
            let nodes = findings_leaving().into_iter().map(Node::Leaf).collect();
            rules.push(self.rule(reader, "findings", effect, "send what was found", nodes));
        }
        if let Some(item) = self.fields.item("calls") {
            rules.push(self.calls(item, reader)?);
        }
        Some(rules)
    }

    fn tools(&self, reader: &mut Reader<'_>, rules: &mut Vec<RuleSource>) -> Option<()> {
        let (only, never) =
            (globs(self.fields, "tools", reader)?, globs(self.fields, "blocked_tools", reader)?);
        if only.iter().any(|tool| tool == "*") {
            return says_nothing(self.fields, "tools", "every tool is called `*`", reader);
        }
        if !only.is_empty() {
            let any = Node::Leaf(tools_named(["*"].into_iter()));
            let others = Node::Leaf(tools_named(only.iter().map(String::as_str)));
            let nodes = vec![any, Node::Group(Join::None, vec![others])];
            rules.push(self.rule(reader, "tools", Verdict::Deny, "call this tool", nodes));
        }
        if !never.is_empty() {
            let nodes = vec![Node::Leaf(tools_named(never.iter().map(String::as_str)))];
            rules.push(self.rule(reader, "blocked-tools", Verdict::Deny, "call this tool", nodes));
        }
        Some(())
    }

    fn commands(&self, reader: &mut Reader<'_>, rules: &mut Vec<RuleSource>) -> Option<()> {
        let names = |key: &str, reader: &mut Reader<'_>| match self.fields.item(key) {
            Some(item) => command_names(item, reader),
            None => Some(Vec::new()),
        };
        let (mut only, never) = (names("commands", reader)?, names("blocked_commands", reader)?);
        if !only.is_empty() {
            // What runs no command is the business of `tools`, and a line is no command but its own.
            only.extend(["tool:", "shell:"].map(String::from));
            let others = Node::Leaf(commands_named(&only));
            let nodes = vec![Node::Group(Join::None, vec![others])];
            rules.push(self.rule(reader, "commands", Verdict::Deny, "run this command", nodes));
        }
        if !never.is_empty() {
            let nodes = vec![Node::Leaf(commands_named(&never))];
            rules.push(self.rule(
                reader,
                "blocked-commands",
                Verdict::Deny,
                "run this command",
                nodes,
            ));
        }
        Some(())
    }

    /// Paths bind what tools are given and the operands and content of commands alike.
    fn paths(&self, reader: &mut Reader<'_>, rules: &mut Vec<RuleSource>) -> Option<()> {
        let (only, never) =
            (paths(self.fields, "paths", reader)?, paths(self.fields, "blocked_paths", reader)?);
        if only.iter().any(|path| path == "/**" || path == "**") {
            return says_nothing(self.fields, "paths", "every path fits", reader);
        }
        for (key, within, except) in
            [("paths", vec![String::from("/**")], only), ("blocked-paths", never, Vec::new())]
        {
            if except.is_empty() && (key == "paths" || within.is_empty()) {
                continue;
            }
            let touched = paths_touched(&within, &except).into_iter().map(Node::Leaf).collect();
            let nodes = vec![Node::Group(Join::Any, touched)];
            rules.push(self.rule(reader, key, Verdict::Deny, "touch this path", nodes));
        }
        Some(())
    }

    fn approvals(&self, reader: &mut Reader<'_>, rules: &mut Vec<RuleSource>) -> Option<()> {
        let modes = [
            ("autonomous", Mode::Autonomous),
            ("dry_run", Mode::DryRun),
            ("supervised", Mode::Supervised),
        ];
        let mode = match self.fields.item("mode") {
            Some(item) => reader.word(item, "mode", &modes)?,
            None => Mode::Supervised,
        };
        if mode == Mode::DryRun {
            let rule =
                self.rule(reader, "dry-run", Verdict::Deny, "carry anything out", Vec::new());
            rules.push(rule);
        }
        let asked = globs(self.fields, "approve", reader)?;
        let silent = globs(self.fields, "auto_approve", reader)?;
        if asked.is_empty() {
            if !silent.is_empty() {
                let help = "`auto_approve` takes tools out of `approve`";
                let span = self.fields.key_span("auto_approve");
                reader.error_with_help(span, "`auto_approve` without `approve`", help);
            }
            return Some(());
        }
        if mode != Mode::Supervised {
            let help = "only in the mode `supervised` a person is asked";
            reader.error_with_help(self.fields.key_span("approve"), "nobody would be asked", help);
            return None;
        }
        if silent.iter().any(|tool| tool == "*") || asked.iter().all(|tool| silent.contains(tool)) {
            let why = "it takes out everything that `approve` names";
            return says_nothing(self.fields, "auto_approve", why, reader);
        }
        let mut nodes = vec![Node::Leaf(tools_named(asked.iter().map(String::as_str)))];
        if !silent.is_empty() {
            let silent = Node::Leaf(tools_named(silent.iter().map(String::as_str)));
            nodes.push(Node::Group(Join::None, vec![silent]));
        }
        let what = "call this tool without being asked";
        rules.push(self.rule(reader, "approve", Verdict::RequireApproval, what, nodes));
        Some(())
    }

    fn calls(&self, item: &Item<'_>, reader: &mut Reader<'_>) -> Option<RuleSource> {
        let terms = reader.fields(item, &["over", "per"])?;
        let over = required(&terms, "over", reader).and_then(|item| reader.count(item));
        let per = required(&terms, "per", reader)
            .and_then(|item| duration(item, reader, 7 * 24 * 60 * 60));
        let (over, per) = (over?, per?);
        if over > 10_000 {
            reader.error(item.span(), "more than 10000 calls are not counted");
            return None;
        }
        let counter = format!("role-{}-calls", self.name);
        let nodes = vec![Node::Leaf(calls_over(&counter, over, per))];
        Some(self.rule(reader, "calls", Verdict::Deny, "make so many calls", nodes))
    }

    fn rule(
        &self,
        reader: &Reader<'_>,
        key: &str,
        effect: Verdict,
        what: &str,
        mut nodes: Vec<Node>,
    ) -> RuleSource {
        let name = self.name;
        nodes.insert(0, Node::Leaf(held(&[name], &reader.roles)));
        let obligations = match effect {
            Verdict::RequireApproval => vec![Obligation::Approve],
            Verdict::Redact => vec![Obligation::Redact(vec![String::from("*")])],
            Verdict::Allow | Verdict::Rewrite | Verdict::Deny => Vec::new(),
        };
        RuleSource {
            id: format!("role-{name}-{key}"),
            id_span: self.fields.key_span("name"),
            line: self.line,
            effect,
            severity: Severity::Medium,
            reason: format!("the role `{name}` may not {what}"),
            instead: Some(format!(
                "ask whoever gives out roles, or see what `{name}` may do with `datafog policy effective`"
            )),
            overrides: Vec::new(),
            locked: false,
            obligations,
            nodes,
            examples: Vec::new(),
        }
    }
}
