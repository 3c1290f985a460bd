//! DataFog's rules, in native TOML: strictness decides in both.

use datafog_core::Verdict;

use super::when::{self, Condition};
use super::{Draft, Sheet, list, quote};
use crate::datafog::{DataFog, Rule, UNSEEN, entity_globs};
use crate::names::{self, Class};

pub(super) fn translate(policy: &DataFog, sheet: &mut Sheet<'_>) {
    sheet.default = "deny";
    for rule in &policy.rules {
        match conditions(rule, sheet) {
            Ok(when) if when.is_empty() && rule.effect == Verdict::Allow => sheet.default = "allow",
            Ok(when) => add(rule, &when, sheet),
            Err(why) => sheet.leave_out(&rule.head.id, rule.head.line, why),
        }
    }
}

fn add(rule: &Rule, when: &[Condition], sheet: &mut Sheet<'_>) {
    let head = &rule.head;
    let globs: Vec<&str> = match rule.effect {
        Verdict::Redact | Verdict::Rewrite if rule.transforms.is_empty() => vec!["*"],
        Verdict::Rewrite => {
            let globs = rule.transforms.iter().flat_map(|(entity, _)| entity_globs(entity));
            globs.copied().filter(|glob| glob.contains('.')).collect()
        }
        Verdict::Allow | Verdict::Redact | Verdict::RequireApproval | Verdict::Deny => Vec::new(),
    };
    let verdict = match rule.effect {
        Verdict::Rewrite => {
            let message = format!("`{}` becomes `allow_with_redaction`", head.id);
            let why = "what its transforms change is removed instead";
            sheet.deviate(head.line, message, why);
            Verdict::Redact
        }
        Verdict::Allow | Verdict::Deny | Verdict::Redact | Verdict::RequireApproval => rule.effect,
    };
    let extra = match globs.as_slice() {
        [] => Vec::new(),
        globs => vec![format!("redact = {}", list(globs))],
    };
    let anything = [when::any(&[when::tool(&["*"]), when::no_tool()])];
    let when = when::all(if when.is_empty() { &anything } else { when });
    sheet.rule(&Draft {
        id: &head.id,
        line: head.line,
        verdict,
        reason: &head.reason,
        when,
        extra,
    });
}

/// The conditions, or why there are none.
fn conditions(rule: &Rule, sheet: &mut Sheet<'_>) -> Result<Vec<Condition>, &'static str> {
    if rule.entities.iter().any(|entity| UNSEEN.contains(entity)) {
        return Err("it needs an entity type that nobody looks for");
    }
    let mut when = Vec::new();
    let kinds: Vec<Condition> =
        rule.action_types.iter().filter_map(|kind| of_kind(kind, rule.effect)).collect();
    if kinds.is_empty() && !rule.action_types.is_empty() {
        return Err("it is about kinds of action that are never asked about here");
    }
    if kinds.len() < rule.action_types.len() {
        let message = format!("`{}` is translated without some kinds of action", rule.head.id);
        let why = "what no tool and no command is called is never asked about here";
        sheet.deviate(rule.head.line, message, why);
    }
    if !kinds.is_empty() {
        when.push(when::any(&kinds));
    }
    if !rule.tools.is_empty() {
        when.push(by_tool(&rule.tools, rule, sheet));
    }
    if !rule.adapters.is_empty() {
        when.push(by_tool(&rule.adapters, rule, sheet));
    }
    if !rule.commands.is_empty() {
        when.push(by_command(rule, sheet)?);
    }
    when.extend(rule.args.iter().map(|arg| has_word(arg)));
    if !rule.resource_prefixes.is_empty() {
        when.push(by_resource(rule)?);
    }
    if rule.sensitive_only {
        let message = format!("`{}` counts findings alone as sensitive", rule.head.id);
        sheet.deviate(rule.head.line, message, "no caller says that a call is sensitive");
        when.push(String::from("{ finding = \"*\" }"));
    }
    when.extend(rule.entities.iter().map(|entity| {
        let globs: Vec<&&str> = entity_globs(entity).iter().filter(|it| it.contains('.')).collect();
        format!("{{ finding = {} }}", list(&globs.into_iter().copied().collect::<Vec<_>>()))
    }));
    Ok(when)
}

/// Calls of that kind; `None` for what never comes here.
fn of_kind(kind: &str, effect: Verdict) -> Option<Condition> {
    let class = match kind.trim().to_lowercase().as_str() {
        "command.exec" => return Some(when::no_tool()),
        "file.read" => Class::Read,
        "file.write" => Class::Write,
        "http.request" => Class::Http,
        "shell.exec" => Class::Shell,
        _ => return None,
    };
    // A server's tool may be called like one that does this: enough to deny, not to let through.
    Some(match effect {
        Verdict::Deny => when::tool(&when::tools_of(class)),
        Verdict::Allow | Verdict::Redact | Verdict::RequireApproval | Verdict::Rewrite => {
            when::tool(names::tools_of(class))
        }
    })
}

/// Commands of these adapters, and tools of these names.
fn by_tool(wanted: &[String], rule: &Rule, sheet: &mut Sheet<'_>) -> Condition {
    let of = |name: &String| -> Vec<String> {
        let canonical = names::adapter(name);
        let known = names::ADAPTERS.iter().find(|(adapter, _)| *adapter == canonical);
        known.map_or_else(
            || vec![canonical],
            |(_, all)| all.iter().map(|one| (*one).to_owned()).collect(),
        )
    };
    let mut programs: Vec<String> = wanted.iter().flat_map(of).collect();
    programs.sort_unstable();
    programs.dedup();
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    let known = sheet.known_commands(&programs, &rule.head.id, rule.head.line);
    let tools: Vec<String> = wanted
        .iter()
        .flat_map(|name| match name.trim().to_lowercase().as_str() {
            "fs" => [when::tools_of(Class::Read), when::tools_of(Class::Write)].concat(),
            "shell" => when::tools_of(Class::Shell),
            other => vec![other.to_owned()],
        })
        .collect();
    match known.as_slice() {
        [] => when::tool(&tools),
        known => when::any(&[when::command(known), when::tool(&tools)]),
    }
}

/// The first argument of a wrapped command: a subcommand, or an option.
fn by_command(rule: &Rule, sheet: &Sheet<'_>) -> Result<Condition, &'static str> {
    let option = |word: &String| word.starts_with('-');
    let (options, subcommands): (Vec<&String>, Vec<&String>) =
        rule.commands.iter().partition(|word| option(word));
    let mut meant = Vec::new();
    if !subcommands.is_empty() {
        meant.push(format!("{{ subcommand = {} }}", list(&subcommands)));
    }
    for word in options {
        if rule.effect != Verdict::Deny {
            return Err("it lets an option through in first place, and options have no place here");
        }
        let is_known = !sheet.commands_with(word).is_empty();
        // An option that no table knows is one of those that were not understood.
        let unknown = || String::from("{ unclear = true }");
        meant.push(if is_known { format!("{{ option = {} }}", quote(word)) } else { unknown() });
    }
    Ok(when::any(&meant))
}

/// A word among the arguments: an option, a subcommand or an operand.
fn has_word(word: &str) -> Condition {
    if word.starts_with('-') {
        return format!("{{ option = {} }}", quote(word));
    }
    let text = format!("{{ operand = {{ text = {} }} }}", quote(word));
    when::any(&[text, format!("{{ subcommand = {} }}", quote(word))])
}

/// What lies below one of the prefixes: paths by whole names, URLs by their text.
fn by_resource(rule: &Rule) -> Result<Condition, &'static str> {
    let mut meant = Vec::new();
    for prefix in &rule.resource_prefixes {
        if prefix.contains("://") {
            let pattern = format!("^{}", escaped(prefix));
            let ending =
                if rule.effect == Verdict::Allow && !prefix.ends_with('/') { "(/|$)" } else { "" };
            let test = when::matches(&format!("{pattern}{ending}"));
            meant.push(when::arguments(names::URL_FIELDS, &test));
            meant.push(format!("{{ operand = {{ {test} }} }}"));
        } else if prefix.starts_with(['/', '~']) {
            let whole = prefix.trim_end_matches('/');
            let paths = if rule.effect == Verdict::Allow {
                vec![whole.to_owned(), format!("{whole}/**")]
            } else if prefix.ends_with('/') {
                vec![format!("{whole}/**")]
            } else {
                vec![format!("{whole}*"), format!("{whole}*/**")]
            };
            meant.push(format!("{{ operand = {} }}", list(&paths)));
        } else {
            return Err("its prefix is neither a path nor a URL");
        }
    }
    Ok(when::any(&meant))
}

/// The text as a regular expression for itself.
fn escaped(text: &str) -> String {
    fancy_regex::escape(text).into_owned()
}
