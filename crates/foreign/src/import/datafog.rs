//! DataFog's rules about wrapped commands, in native TOML.

use datafog_core::Verdict;

use super::{Sheet, list, quote};
use crate::datafog::{DataFog, Rule, entity_globs};
use crate::names;

pub(super) fn translate(policy: &DataFog, sheet: &mut Sheet<'_>) {
    sheet.default = "deny";
    for rule in &policy.rules {
        match conditions(rule, sheet) {
            Ok(when) if when.is_empty() && rule.effect == Verdict::Allow => sheet.default = "allow",
            Ok(when) if when.is_empty() => {
                let why = "it matches everything, which a rule of datafog must not; `default` says what happens otherwise";
                sheet.leave_out(&rule.head.id, rule.head.line, why);
            }
            Ok(when) => add(rule, &when, sheet),
            Err(why) => sheet.leave_out(&rule.head.id, rule.head.line, why),
        }
    }
}

fn add(rule: &Rule, when: &[String], sheet: &mut Sheet<'_>) {
    let (effect, redact) = match rule.effect {
        Verdict::Allow => ("allow", None),
        Verdict::Deny => ("deny", None),
        Verdict::RequireApproval => ("require_approval", None),
        Verdict::Redact => ("allow_with_redaction", Some(vec!["*"])),
        Verdict::Rewrite => {
            let entities: Vec<&str> = rule
                .transforms
                .iter()
                .flat_map(|(entity, _)| entity_globs(entity))
                .copied()
                .collect();
            ("allow_with_redaction", Some(if entities.is_empty() { vec!["*"] } else { entities }))
        }
    };
    if rule.effect == Verdict::Rewrite {
        let message = format!("`{}` becomes `allow_with_redaction`", rule.head.id);
        sheet.notice(rule.head.line, message, "what its transforms change is removed instead");
    }
    let extra: Vec<String> =
        redact.map(|globs| format!("redact = {}", list(&globs))).into_iter().collect();
    sheet.rule(&rule.head.id, effect, &rule.head.reason, &extra, when, &[]);
}

/// The conditions, or why there are none.
fn conditions(rule: &Rule, sheet: &mut Sheet<'_>) -> Result<Vec<String>, &'static str> {
    let about_commands = rule.action_types.is_empty()
        || rule.action_types.iter().any(|kind| kind.eq_ignore_ascii_case("command.exec"));
    if !about_commands {
        return Err("it is about another kind of action than a command");
    }
    if !rule.resource_prefixes.is_empty() {
        return Err(
            "for a command the resource is its program, and a prefix of a program's name has no meaning here",
        );
    }
    if rule.sensitive_only {
        return Err("no caller says of a command that it is sensitive");
    }
    if rule.entities.iter().any(|entity| crate::datafog::UNSEEN.contains(entity)) {
        return Err("it needs an entity type that nobody looks for");
    }
    let mut when = Vec::new();
    if !rule.tools.is_empty() || !rule.adapters.is_empty() {
        let commands = commands(rule, sheet);
        if commands.is_empty() {
            return Err("none of its commands is wrapped");
        }
        when.push(format!("command = {}", list(&commands)));
    }
    words(rule, &mut when)?;
    let findings: Vec<String> = rule
        .entities
        .iter()
        .map(|entity| {
            let globs: Vec<&&str> =
                entity_globs(entity).iter().filter(|glob| glob.contains('.')).collect();
            format!("finding = {}", list(&globs.into_iter().copied().collect::<Vec<_>>()))
        })
        .collect();
    match findings.as_slice() {
        [] => {}
        [one] => when.push(one.clone()),
        several => {
            let tables: Vec<String> = several.iter().map(|one| format!("{{ {one} }}")).collect();
            when.push(format!("all = [{}]", tables.join(", ")));
        }
    }
    Ok(when)
}

/// Commands by tool and adapter: those that both allow.
fn commands(rule: &Rule, sheet: &mut Sheet<'_>) -> Vec<String> {
    let expand = |names: &[String]| -> Vec<String> {
        let of = |name: &String| -> Vec<String> {
            let canonical = names::adapter(name);
            let known = names::ADAPTERS.iter().find(|(adapter, _)| *adapter == canonical);
            known.map_or_else(
                || vec![canonical],
                |(_, all)| all.iter().map(|one| (*one).to_owned()).collect(),
            )
        };
        names.iter().flat_map(of).collect()
    };
    let mut all =
        if rule.adapters.is_empty() { expand(&rule.tools) } else { expand(&rule.adapters) };
    if !rule.adapters.is_empty() && !rule.tools.is_empty() {
        let tools = expand(&rule.tools);
        all.retain(|one| tools.contains(one));
    }
    all.sort_unstable();
    all.dedup();
    let wanted: Vec<&str> = all.iter().map(String::as_str).collect();
    sheet.known_commands(&wanted, &rule.head.id, rule.head.line)
}

/// The first word and further arguments, as subcommand and options.
fn words(rule: &Rule, when: &mut Vec<String>) -> Result<(), &'static str> {
    let is_option = |word: &String| word.starts_with('-');
    let (options, subcommands): (Vec<&String>, Vec<&String>) =
        rule.commands.iter().partition(|word| is_option(word));
    match (options.as_slice(), subcommands.as_slice()) {
        ([], []) => {}
        ([], subcommands) => when.push(format!("subcommand = {}", list(subcommands))),
        (options, []) if rule.effect != Verdict::Allow => {
            when.push(format!("option = {}", list(options)))
        }
        _ => return Err("an option in first place means less here, where options have no place"),
    }
    let tables: Vec<String> =
        rule.args.iter().map(|arg| format!("{{ option = {} }}", quote(arg))).collect();
    if rule.args.iter().any(|arg| !is_option(arg)) {
        return Err("it names an argument that is no option");
    }
    match tables.as_slice() {
        [] => Ok(()),
        _ if !rule.commands.is_empty() => Err("it names options twice"),
        tables => {
            when.push(format!("all = [{}]", tables.join(", ")));
            Ok(())
        }
    }
}
