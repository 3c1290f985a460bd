//! Reads one `[[rule]]`.

use core::ops::Range;

use datafog_core::{Obligation, Severity, Verdict, is_unseen};
use toml::de::DeTable;

use super::examples;
use super::obligations::read_obligations;
use super::reader::{Fields, Item, Reader, Sense};
use super::when::{check_exception, conditions, exception, together};
use crate::Example;
use crate::node::{Join, Node};

/// A rule as its file states it, with the places that later checks speak of.
#[derive(Clone, Debug)]
pub(crate) struct RuleSource {
    pub(crate) id: String,
    pub(crate) id_span: Range<usize>,
    pub(crate) line: u32,
    pub(crate) effect: Verdict,
    pub(crate) severity: Severity,
    pub(crate) reason: String,
    pub(crate) instead: Option<String>,
    pub(crate) overrides: Vec<(String, Range<usize>)>,
    /// Later layers cannot override it.
    pub(crate) locked: bool,
    pub(crate) obligations: Vec<Obligation>,
    /// All of these must hold.
    pub(crate) nodes: Vec<Node>,
    pub(crate) examples: Vec<Example>,
}

const KEYS: [&str; 15] = [
    "approval",
    "effect",
    "id",
    "instead",
    "locked",
    "match",
    "not_match",
    "notify",
    "overrides",
    "reason",
    "redact",
    "rewrite",
    "severity",
    "unless",
    "when",
];

/// The effects by their wire names.
pub(super) const EFFECTS: [(&str, Verdict); 5] = [
    ("allow", Verdict::Allow),
    ("allow_with_redaction", Verdict::Redact),
    ("deny", Verdict::Deny),
    ("require_approval", Verdict::RequireApproval),
    ("transform", Verdict::Rewrite),
];

/// Reads the rule; `None` when a mistake was reported that leaves no rule to speak of.
pub(crate) fn rule(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<RuleSource> {
    let fields = reader.fields(item, &KEYS)?;
    let id = required(&fields, "id", reader).and_then(|item| read_id(item, reader));
    let effect =
        required(&fields, "effect", reader).and_then(|item| reader.word(item, "effect", &EFFECTS));
    let severity =
        fields.item("severity").map(|item| reader.word(item, "severity", &crate::read::SEVERITIES));
    let reason = required(&fields, "reason", reader).and_then(|item| text(item, reader));
    let instead = fields.item("instead").map(|item| text(item, reader));
    let overrides = read_overrides(&fields, reader);
    let loosens =
        effect == Some(Verdict::Allow) || (!overrides.is_empty() && effect != Some(Verdict::Deny));
    reader.rule = id.clone().unwrap_or_default();
    let nodes = read_nodes(&fields, reader, loosens);
    let obligations = effect.and_then(|effect| read_obligations(effect, &fields, reader));
    let locked = fields.item("locked").and_then(|item| reader.flag(item)).unwrap_or(false);
    let examples = examples::read(&fields, reader);
    let (id, effect) = (id?, effect?);
    if effect == Verdict::Deny && instead.is_none() {
        let help = "add `instead = \"…\"`: whoever is stopped should know what would pass";
        reader.warn(fields.key_span("id"), format!("rule `{id}` offers nothing instead"), help);
    }
    // A rule with mistakes still has an id that others may name, so that one mistake is not
    // reported as two; the errors keep the document from being used.
    Some(RuleSource {
        id,
        id_span: fields.key_span("id"),
        line: reader.source.line_of(fields.span.start),
        effect,
        severity: severity.flatten().unwrap_or_else(|| default_severity(effect)),
        reason: reason.unwrap_or_default(),
        instead: instead.flatten(),
        overrides,
        locked,
        obligations: obligations.unwrap_or_default(),
        nodes: nodes.unwrap_or_default(),
        examples,
    })
}

pub(super) fn required<'i, 'd>(
    fields: &Fields<'i, 'd>,
    key: &str,
    reader: &mut Reader<'_>,
) -> Option<&'i Item<'d>> {
    let item = fields.item(key);
    if item.is_none() {
        reader.error(fields.span.clone(), format!("`{key}` is missing"));
    }
    item
}

fn text(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(item)?;
    if let Some(unseen) = text.chars().find(|letter| is_unseen(*letter) && !letter.is_whitespace())
    {
        let message =
            format!("the text holds a character that nobody sees, {}", unseen.escape_unicode());
        reader.error_with_help(item.span(), message, "people read it to decide; leave it out");
        return None;
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Ids are shown in lists and on one line with other things, so they are plain.
fn read_id(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let id = reader.text(item)?;
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if id.len() > 64 || !id.bytes().all(plain) {
        let help = "use up to 64 lower-case letters, digits, `-`, `_` and `.`";
        reader.error_with_help(item.span(), "the id cannot be used", help);
        return None;
    }
    Some(id.to_owned())
}

const fn default_severity(effect: Verdict) -> Severity {
    match effect {
        Verdict::Allow => Severity::Low,
        Verdict::Redact | Verdict::Rewrite | Verdict::RequireApproval => Severity::Medium,
        Verdict::Deny => Severity::High,
    }
}

fn read_overrides(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Vec<(String, Range<usize>)> {
    let texts = fields.item("overrides").and_then(|item| reader.texts(item));
    let spanned = texts.into_iter().flatten();
    spanned.map(|text| ((*text.get_ref()).to_owned(), text.span())).collect()
}

/// `when`, and `unless` as the contrary of all its conditions together.
fn read_nodes(
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
    loosens: bool,
) -> Option<Vec<Node>> {
    let sense = Sense { loosens, negated: false };
    let when = fields.item("when").and_then(|item| conditions_of("when", item, reader));
    if fields.item("when").is_none() {
        let help = "add `[rule.when]`; what happens to everything else is `default`'s business";
        let span = fields.key_span("id");
        reader.error_with_help(span, "the rule has no conditions", help);
    }
    let (together, mut excepted) = together(when?);
    excepted.extend(fields.item("unless"));
    let told = excepted.into_iter().any(|except| check_exception(&together, except, reader));
    let mut nodes = conditions(when?, reader, sense);
    if let Some(item) = fields.item("unless") {
        let unless = conditions_of("unless", item, reader)?;
        let unless = exception(unless, &together, reader, sense);
        if let [one] = unless.as_slice()
            && nodes.contains(one)
            && !told
        {
            let help = "`unless` repeats a condition of `when`";
            reader.error_with_help(item.span(), "the rule can never fire", help);
        }
        let unless = match unless.len() {
            1 => unless,
            _ => vec![Node::Group(Join::All, unless)],
        };
        nodes.push(Node::Group(Join::None, unless));
    }
    Some(nodes)
}

fn conditions_of<'i, 'd>(
    key: &str,
    item: &'i Item<'d>,
    reader: &mut Reader<'_>,
) -> Option<&'i DeTable<'d>> {
    let table = item.get_ref().as_table();
    match table {
        None => reader.error(item.span(), format!("`{key}` must be a table of conditions")),
        Some(table) if table.is_empty() => {
            let help = "a rule without conditions would fire always; `default` is for that";
            reader.error_with_help(item.span(), format!("`{key}` holds no condition"), help);
        }
        Some(_) => return table,
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_spelled_as_on_the_wire() {
        for (name, verdict) in EFFECTS {
            assert_eq!(name, verdict.name());
        }
    }
}
