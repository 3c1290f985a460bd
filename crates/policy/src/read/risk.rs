//! Reads `[risk]`: signals with their points, and what follows from a score.
//!
//! The bands become ordinary rules with the condition `risk`; they add up with all others and can
//! only make a decision stricter.

use core::ops::Range;

use datafog_core::{Obligation, Severity, Verdict};

use super::Sense;
use super::reader::{Item, Reader};
use super::rule::{RuleSource, required};
use super::when::conditions;
use crate::condition::risk::{MOST, Signal, at_least_points};
use crate::node::Node;

/// The bands from the mildest to the strictest, with what each asks for. Until commands can be
/// rewritten by their risk, what would be rewritten waits for a person.
const BANDS: [(&str, Option<Verdict>, Severity); 4] = [
    ("allow", None, Severity::Low),
    ("rewrite_or_approve", Some(Verdict::RequireApproval), Severity::Medium),
    // Of the two that ask a person the higher one speaks.
    ("approve", Some(Verdict::RequireApproval), Severity::High),
    ("deny", Some(Verdict::Deny), Severity::High),
];

const KEYS: [&str; 5] = ["allow", "approve", "deny", "rewrite_or_approve", "signal"];

/// A band as its file states it.
struct Band {
    name: &'static str,
    effect: Option<Verdict>,
    severity: Severity,
    from: u32,
    to: u32,
    span: Range<usize>,
    line: u32,
}

/// Reads the table; the signals stay with the reader, the rules are what the bands stand for.
pub(super) fn read(item: &Item<'_>, reader: &mut Reader<'_>) -> Vec<RuleSource> {
    let Some(fields) = reader.fields(item, &KEYS) else { return Vec::new() };
    let items = fields.item("signal").and_then(|item| item.get_ref().as_array());
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        let help = "add `[[risk.signal]]` with `id`, `points` and `when`";
        reader.error_with_help(fields.span, "there are no signals", help);
        return Vec::new();
    };
    let mut signals: Vec<Signal> = Vec::new();
    for item in items {
        let Some(signal) = signal(item, reader) else { continue };
        if signals.iter().any(|one| one.id == signal.id) {
            reader.error(item.span(), format!("there are two signals `{}`", signal.id));
        }
        signals.push(signal);
    }
    reader.signals = signals;
    let mut bands = Vec::new();
    for (name, effect, severity) in BANDS {
        let Some(item) = fields.item(name) else { continue };
        let Some((from, to)) = ends(item, reader) else { return Vec::new() };
        let line = reader.source.line_of(item.span().start);
        bands.push(Band { name, effect, severity, from, to, span: item.span(), line });
    }
    check(&bands, fields.span, reader);
    check_reach(&bands, reader);
    bands.iter().filter_map(|band| rule(band, reader)).collect()
}

fn signal(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Signal> {
    let fields = reader.fields(item, &["id", "points", "when"])?;
    let id = required(&fields, "id", reader).and_then(|item| reader.text(item).map(str::to_owned));
    let points = required(&fields, "points", reader).and_then(|item| {
        let points = reader.count(item)?;
        if points > MOST {
            reader.error(item.span(), format!("{MOST} points are the most"));
            return None;
        }
        Some(points)
    });
    let when = required(&fields, "when", reader)?;
    let Some(table) = when.get_ref().as_table().filter(|table| !table.is_empty()) else {
        reader.error(when.span(), "expected a table with at least one condition");
        return None;
    };
    if let Some((key, _)) = table.get_key_value("rate") {
        let help = "counting is for rules: a score must be the same however often it is asked for";
        reader.error_with_help(key.span(), "a signal cannot count", help);
        return None;
    }
    let nodes = conditions(table, reader, Sense { loosens: false, negated: false });
    let sound = nodes.len() == table.len();
    let (id, points) = (id?, points?);
    sound.then_some(Signal { id, points, nodes })
}

fn ends(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<(u32, u32)> {
    let items = item.get_ref().as_array().filter(|items| items.len() == 2);
    let number = |index: usize| {
        let integer = items?.get(index)?.get_ref().as_integer()?;
        u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|it| *it <= MOST)
    };
    let ends = number(0).zip(number(1)).filter(|(from, to)| from <= to);
    if ends.is_none() {
        let help = "write the first and the last score of the band: `[61, 89]`";
        reader.error_with_help(item.span(), "this is no band of scores from 0 to 100", help);
    }
    ends
}

/// The bands must follow each other from 0 to 100, mild ones first.
fn check(bands: &[Band], all: Range<usize>, reader: &mut Reader<'_>) {
    let mut next = 0_u32;
    let mut before = "";
    for band in bands {
        let Band { name, from, .. } = band;
        if *from < next {
            let help = format!("`{name}` is stricter than `{before}`, so it begins at {next}");
            let message = format!("`{name}` and `{before}` overlap, or stand in the wrong order");
            reader.error_with_help(band.span.clone(), message, help);
            return;
        }
        if *from > next {
            let message =
                format!("no band holds the scores from {next} to {}", from.saturating_sub(1));
            reader.error_with_help(band.span.clone(), message, format!("begin `{name}` at {next}"));
            return;
        }
        if *from == 0 && band.effect.is_some() {
            let message = format!("`{name}` would stop calls that nothing speaks against");
            let help = "begin with `allow = [0, …]`; what is always stopped is stopped by a rule";
            reader.error_with_help(band.span.clone(), message, help);
            return;
        }
        next = band.to.saturating_add(1);
        before = name;
    }
    if next <= MOST && !bands.is_empty() {
        let message = format!("no band holds the scores from {next} to {MOST}");
        reader.error_with_help(all, message, format!("let `{before}` end at {MOST}"));
    }
}

/// Warns of bands that all signals together do not reach: no such score is ever seen.
fn check_reach(bands: &[Band], reader: &mut Reader<'_>) {
    let most = reader.signals.iter().map(|signal| signal.points).sum::<u32>();
    for Band { name, from, span, .. } in bands.iter().filter(|band| band.from > most) {
        let message = format!("`{name}` begins at {from}, and all signals together give {most}");
        reader.warn(span.clone(), message, "give them more points, or let the band begin lower");
    }
}

fn rule(band: &Band, reader: &Reader<'_>) -> Option<RuleSource> {
    let effect = band.effect?;
    let approves = effect == Verdict::RequireApproval;
    Some(RuleSource {
        id: format!("risk-{}", band.name.replace('_', "-")),
        id_span: band.span.clone(),
        line: band.line,
        effect,
        severity: band.severity,
        reason: String::from("too much speaks against it"),
        instead: Some(String::from(
            "take away what the signals point to, or have a person look at it",
        )),
        overrides: Vec::new(),
        locked: false,
        obligations: if approves { vec![Obligation::Approve] } else { Vec::new() },
        nodes: vec![Node::Leaf(at_least_points(band.from, &reader.signals))],
        examples: Vec::new(),
    })
}
