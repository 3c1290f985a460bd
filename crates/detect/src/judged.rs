//! What a rule's validator says of a candidate, and whether it becomes a finding.
//!
//! Everything that the engine meets in a text passes here; how it is met is the engine's.

use crate::candidate::{Candidate, Judgement};
use crate::engine::{Engine, View};
use crate::hashes::fnv;
use crate::overlap::Raw;
use crate::rule::{Rule, Trigger};
use crate::validator::{VALIDATORS, is_sample};

impl Engine {
    /// Lets the validator judge and keeps what stands, when the judgement is at least `least`.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        number: u16,
        rule: &'static Rule,
        view: View<'_>,
        candidate: &mut Candidate<'_>,
        least: Judgement,
    ) {
        let validator = rule.validator.and_then(|at| VALIDATORS.get(usize::from(at)));
        let judgement = validator.map_or(Judgement::Sound, |(_, validate)| validate(candidate));
        debug_assert!(rule.proves || judgement != Judgement::Proven, "see validator::PROVING");
        let length = candidate.end.saturating_sub(candidate.start);
        self.walks.work = self.walks.work.saturating_add(length as u64);
        if judgement != Judgement::Refuse && judgement >= least {
            self.stand(number, rule, view, candidate, judgement);
        }
    }

    /// Keeps a candidate of which the validator said so much, unless it is a sample.
    #[inline(never)]
    fn stand(
        &mut self,
        number: u16,
        rule: &'static Rule,
        view: View<'_>,
        candidate: &Candidate<'_>,
        judgement: Judgement,
    ) {
        let confidence = match judgement {
            Judgement::Refuse => None,
            Judgement::Shape => rule.shape,
            Judgement::Sound | Judgement::Proven => Some(rule.confidence),
        };
        let Some(confidence) = confidence else { return };
        let value = candidate.value();
        // A right checksum outweighs letters that look like those of a sample.
        let doubtful = rule.secret && rule.trigger == Trigger::Token;
        if doubtful && judgement != Judgement::Proven && is_sample(value, usize::from(rule.head)) {
            return;
        }
        if !rule.published.is_empty() && rule.published.contains(&fnv(value)) {
            return;
        }
        self.pending.push(Raw {
            start: view.base.saturating_add(candidate.start),
            end: view.base.saturating_add(candidate.end),
            rule: number,
            confidence,
            rank: rule.rank,
            value: None,
        });
    }
}
