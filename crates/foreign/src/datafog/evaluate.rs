//! Decides by a DataFog policy.

use datafog_core::{ActionKind, Category, Obligation, Verdict};
use datafog_policy::Truth;

use super::{DataFog, Rule, UNSEEN, entity_globs, is_entity};
use crate::answer::{Answer, Hit};
use crate::call::Call;
use crate::names;

impl DataFog {
    pub(crate) fn decide(&self, call: &Call) -> Answer<'_> {
        if call.kind.trim().is_empty() {
            return Answer::default(Verdict::Deny, "action.type is required");
        }
        // Rules that name the action's type come first, then those that name none.
        let typed = self.rules.iter().filter(|rule| !rule.action_types.is_empty());
        let untyped = self.rules.iter().filter(|rule| rule.action_types.is_empty());
        let hits = typed.chain(untyped).filter_map(|rule| rule.ask(call)).collect();
        Answer::strictest(hits).unwrap_or_else(|| {
            let mut answer = Answer::default(Verdict::Deny, "no matching rule");
            answer.instead =
                Some(String::from("allow it by a rule; this policy denies what no rule names"));
            answer
        })
    }
}

impl Rule {
    fn ask<'a>(&'a self, call: &Call) -> Option<Hit<'a>> {
        let (entities, findings) = self.findings(call);
        let truth = Truth::of(self.matches_action(call))
            .and(self.resource(call))
            .and(Truth::of(!self.sensitive_only || call.sensitive || !call.findings.is_empty()))
            .and(entities);
        if !truth.counts_for(self.effect) {
            return None;
        }
        let redact = match self.effect {
            Verdict::Redact => Some(Obligation::Redact(vec![String::from("*")])),
            Verdict::Rewrite if self.transforms.is_empty() => {
                Some(Obligation::Redact(vec![String::from("*")]))
            }
            Verdict::Rewrite => {
                let globs = self.transforms.iter().flat_map(|(entity, _)| entity_globs(entity));
                Some(Obligation::Redact(globs.map(|glob| (*glob).to_owned()).collect()))
            }
            Verdict::Allow | Verdict::Deny | Verdict::RequireApproval => None,
        };
        Some(Hit { findings, ..Hit::new(&self.head, self.effect) }.with(redact))
    }

    fn matches_action(&self, call: &Call) -> bool {
        any(&self.action_types, |kind| is_kind(kind, call, self.effect))
            && any(&self.tools, |tool| is_tool(tool, call))
            && any(&self.adapters, |adapter| is_adapter(adapter, call))
            && any(&self.commands, |command| is_command(command, call))
            && self.args.iter().all(|arg| has_arg(arg, call))
    }

    /// Whether the resource lies below one of the prefixes.
    ///
    /// To stop something, the raw text's beginning is enough, and every path the call names counts.
    /// To let something through, whole components of the path as it would be opened must fit.
    fn resource(&self, call: &Call) -> Truth {
        if self.resource_prefixes.is_empty() {
            return Truth::True;
        }
        if self.effect == Verdict::Allow {
            return Truth::of(
                self.resource_prefixes
                    .iter()
                    .any(|prefix| lies_within(&call.resource, prefix, call)),
            );
        }
        let operands = call.commands.iter().flat_map(|one| one.operands());
        // `if=/etc/x` and `--file=/etc/x` name a file as well.
        let words = call.commands.iter().flat_map(|one| one.arguments());
        let values = words.filter_map(|word| word.split_once('=').map(|(_, value)| value));
        let redirected = call.written.iter().chain(&call.read).map(String::as_str);
        let named = core::iter::once(call.resource.as_str())
            .chain(operands)
            .chain(values)
            .chain(redirected)
            .filter(|text| !text.is_empty());
        let hit = named.into_iter().any(|text| {
            let opened = call.absolute(text);
            self.resource_prefixes.iter().any(|prefix| {
                text.starts_with(prefix.as_str())
                    || opened.to_string_lossy().starts_with(prefix.as_str())
            })
        });
        Truth::of(hit)
    }

    /// Whether every required entity is there, and the findings that are.
    fn findings(&self, call: &Call) -> (Truth, Vec<usize>) {
        let (mut truth, mut all) = (Truth::True, Vec::new());
        for entity in &self.entities {
            let found =
                call.findings.iter().enumerate().filter(|(_, one)| is_entity(entity, &one.entity));
            let found: Vec<usize> = found.map(|(index, _)| index).collect();
            truth = truth.and(match found.is_empty() {
                false => Truth::True,
                // Nobody looked for it, so its absence proves nothing, unless there is nothing at
                // all that could hold one.
                true if UNSEEN.contains(entity) && has_content(call) => Truth::Unknown,
                true => Truth::False,
            });
            all.extend(found);
        }
        all.sort_unstable();
        all.dedup();
        (truth, all)
    }
}

fn has_content(call: &Call) -> bool {
    !call.context.is_empty() || call.arguments.as_object().is_some_and(|table| !table.is_empty())
}

fn any(wanted: &[String], test: impl Fn(&str) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(|one| test(one))
}

/// The kind of the action; to stop something, also what a tool of such a name may do.
fn is_kind(wanted: &str, call: &Call, effect: Verdict) -> bool {
    let may = |one: &Category| match one {
        Category::CodeExecution => same(wanted, ActionKind::ShellExec.name()),
        Category::HttpRequest => same(wanted, ActionKind::HttpRequest.name()),
        Category::Auth
        | Category::Database
        | Category::FileSystem
        | Category::MessageSend
        | Category::Payment => false,
    };
    let likely = names::likely(&call.tool).map(names::Class::kind);
    same(wanted, &call.kind)
        || (effect == Verdict::Deny
            && (likely.is_some_and(|kind| same(wanted, kind.name()))
                || call.inferred.iter().any(may)))
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The tool as the caller names it, and the program itself: the original's wrapper called `git` by
/// its adapter alone, so that a rule about `git` never fired.
fn is_tool(tool: &str, call: &Call) -> bool {
    same(tool, &call.tool)
        || (is_wrapped(call) && same(tool, &call.resource))
        || generic(call).is_some_and(|one| same(tool, one))
}

/// What the original's own verbs call their tool.
fn generic(call: &Call) -> Option<&'static str> {
    match names::class(&call.tool)? {
        names::Class::Shell => Some("shell"),
        names::Class::Read | names::Class::Write => Some("fs"),
        names::Class::Database | names::Class::Http | names::Class::Mail => None,
    }
}

fn is_adapter(wanted: &str, call: &Call) -> bool {
    let canonical = names::adapter(&call.tool);
    let wrapped = is_wrapped(call).then(|| names::adapter(&call.resource));
    same(wanted, &call.tool)
        || names::adapter(wanted) == canonical
        || same(wanted, &canonical)
        || wrapped.is_some_and(|name| name == names::adapter(wanted))
}

fn is_wrapped(call: &Call) -> bool {
    call.kind == ActionKind::CommandExec.name()
}

/// For a wrapped command the first argument, or the subcommand behind its global options; for a
/// shell text its programs.
fn is_command(wanted: &str, call: &Call) -> bool {
    if !is_wrapped(call) {
        return call.commands.iter().any(|one| {
            same(wanted, one.program()) || one.words.first().is_some_and(|word| same(wanted, word))
        });
    }
    let Some(first) = call.commands.first() else { return false };
    first.arguments().next().is_some_and(|word| same(wanted, word))
        || first.invocation.subcommand.first().is_some_and(|word| same(wanted, word))
        || same(wanted, &first.invocation.subcommand.join(" "))
}

/// Some argument that equals it: as written, or the option by another spelling (`-f`, `--force=x`).
fn has_arg(wanted: &str, call: &Call) -> bool {
    call.commands.iter().any(|one| {
        one.arguments().any(|word| same(wanted, word))
            || one.invocation.options.iter().any(|option| same(wanted, &option.name))
            || one.arguments().any(|word| {
                word.split_once('=')
                    .is_some_and(|(name, _)| wanted.starts_with("--") && same(wanted, name))
            })
    })
}

/// Whether `text` is `prefix` or lies below it: a path by its components, a URL up to a separator.
fn lies_within(text: &str, prefix: &str, call: &Call) -> bool {
    if text.is_empty() {
        return false;
    }
    if prefix.contains("://") {
        let rest = text.strip_prefix(prefix);
        return rest.is_some_and(|rest| {
            prefix.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '?', '#'])
        }) && !text.contains("/..")
            && !text.to_lowercase().contains("%2e");
    }
    if prefix.starts_with(['/', '~']) {
        return call.absolute(text).starts_with(call.absolute(prefix));
    }
    text == prefix
        || text
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('/') && !rest.contains(".."))
}
