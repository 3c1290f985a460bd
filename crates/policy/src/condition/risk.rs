//! `risk`: how risky an action is, by the signals of the file.

use datafog_core::{Risk, RiskSignal};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::node::{Node, encode_all, holding, test as test_nodes};
use crate::range::Answers;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "risk",
        summary: "The points of all signals that hold, by `[[risk.signal]]` of the same file, are \
                  at least so many; 100 are the most. A signal of which nobody can tell whether it \
                  holds counts.",
        form: "`{ at_least }` with a number from 1 to 100",
        example: "risk = { at_least = 60 }",
        unknown: "never",
        cost: "what the conditions of the signals cost",
    },
    read,
    test,
    describe,
    seen: |_| String::from("the signals that the decision lists"),
    narrow: anywhere,
};

/// So many findings are named as the source of a signal.
const MOST_FOUND: usize = 4;

/// Most points there are.
pub(crate) const MOST: u32 = 100;

/// A signal as its file states it.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) id: String,
    pub(crate) points: u32,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    at_least: u32,
    #[serde(borrow)]
    signals: Vec<Compiled<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Compiled<'a> {
    id: &'a str,
    points: u32,
    /// Conditions, as in [`crate::node`].
    when: &'a [u8],
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let fields = reader.fields(item, &["at_least"])?;
    let Some(number) = fields.item("at_least") else {
        reader.error_with_help(
            fields.span,
            "`at_least` is missing",
            "write `risk = { at_least = 60 }`",
        );
        return None;
    };
    reader.asks_risk = true;
    let at_least = reader.count(number)?;
    if at_least > MOST {
        reader.error(number.span(), format!("{MOST} points are the most"));
        return None;
    }
    if reader.signals.is_empty() {
        let help = "add `[[risk.signal]]` with `id`, `points` and `when`; a signal cannot ask for the score";
        reader.error_with_help(item.span(), "there are no signals here", help);
        return None;
    }
    let most = reader.signals.iter().map(|signal| signal.points).sum::<u32>();
    if at_least > most {
        let help = format!("all signals together give {most} points");
        reader.error_with_help(number.span(), "the rule can never fire", help);
        return None;
    }
    Some(at_least_points(at_least, &reader.signals))
}

/// The condition that the signals have so many points.
pub(crate) fn at_least_points(at_least: u32, signals: &[Signal]) -> Leaf {
    let whens: Vec<Vec<u8>> = signals.iter().map(|signal| encode_all(&signal.nodes)).collect();
    let compiled = signals.iter().zip(&whens).map(|(signal, when)| Compiled {
        id: &signal.id,
        points: signal.points,
        when,
    });
    let cost = signals.iter().flat_map(|signal| &signal.nodes).map(Node::cost).max();
    let wanted = Wanted { at_least, signals: compiled.collect() };
    Leaf::new(&KIND, cost.unwrap_or(Cost::Invocation), &wanted)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    // No file can say so: signals are read before there are any to ask for.
    if trial.scoring {
        return Err(Damaged);
    }
    let wanted: Wanted<'_> = decode(payload)?;
    trial.scoring = true;
    let risk = score(&wanted.signals, trial);
    trial.scoring = false;
    let risk = risk?;
    let truth = Truth::of(risk.score >= wanted.at_least);
    trial.risk = Some(risk);
    Ok(truth)
}

/// What the score may say, by the answers that the signals may have had.
pub(crate) fn range(
    payload: &[u8],
    ask: &mut dyn FnMut(&[u8]) -> Result<Answers, Damaged>,
) -> Result<Answers, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let (mut least, mut most) = (0_u32, 0_u32);
    for signal in &wanted.signals {
        let answers = ask(signal.when)?;
        let holds = answers.may_be(Truth::True) || answers.may_be(Truth::Unknown);
        if holds {
            most = most.saturating_add(signal.points);
        }
        if holds && !answers.may_be(Truth::False) {
            least = least.saturating_add(signal.points);
        }
    }
    Ok(Answers::between(least.min(MOST) < wanted.at_least, most.min(MOST) >= wanted.at_least))
}

fn score(signals: &[Compiled<'_>], trial: &mut Trial<'_>) -> Result<Risk, Damaged> {
    let mut risk = Risk::default();
    for signal in signals {
        let before = trial.findings.len();
        let truth = test_nodes(signal.when, trial)?;
        if truth == Truth::False {
            trial.findings.truncate(before);
            continue;
        }
        let seen = trial.findings.get(before..).unwrap_or_default();
        let found = seen.iter().filter_map(|index| trial.facts.findings().get(*index));
        let found: Vec<String> =
            found.take(MOST_FOUND).map(|it| format!("{} in {}", it.entity, it.channel)).collect();
        let source = if found.is_empty() { source(signal.when, trial)? } else { found.join(", ") };
        risk.score = risk.score.saturating_add(signal.points).min(MOST);
        let certain = truth == Truth::True;
        risk.signals.push(RiskSignal {
            id: signal.id.to_owned(),
            points: signal.points,
            source,
            certain,
        });
    }
    Ok(risk)
}

/// Where a signal was seen, when not in content: the conditions that hold. What a scorer outside
/// said is told, since nobody can look it up later.
fn source(when: &[u8], trial: &Trial<'_>) -> Result<String, Damaged> {
    let told = |name: &str| {
        // Only where it was asked: to look would be to ask.
        if name != "scorer" {
            return name.to_owned();
        }
        let points = trial.facts.outside_score();
        points.map_or_else(
            || String::from("scorer (no answer)"),
            |it| format!("scorer ({it} points)"),
        )
    };
    Ok(holding(when)?.into_iter().map(told).collect::<Vec<_>>().join(", "))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let signals = wanted.signals.iter().map(|one| format!("{} {}", one.id, one.points));
    Ok(format!("at least {} of {}", wanted.at_least, signals.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_within_a_score_is_damage() {
        let inner = Node::Leaf(at_least_points(1, &[]));
        let signal = Signal { id: "x".into(), points: 1, nodes: vec![inner] };
        let leaf = at_least_points(1, &[signal]);
        let facts = crate::Given::command("git", "/");
        assert_eq!(test(&leaf.payload, &mut Trial::new(&facts)), Err(Damaged));
    }
}
