//! The safer form of a call: looked for, judged and run in the place of what was asked for.

use datafog_core::{Decision, Mode};

use super::{Gate, Opened, waive};
use crate::case::Case;
use crate::clock::Clock;
use crate::enforcement::{self, Carried, Enforcement};
use crate::event;
use crate::filter::Filtered;
use crate::foreign::{self, Asked};
use crate::inspect::Inspection;
use crate::outside::Scoring;
use crate::request::{Outcome, Request};
use crate::rewriting::{self, Judged, Safe};
use crate::veil::Veil;
use crate::world::World;

impl Gate<'_> {
    /// The safer form of a call that the policy wants rewritten.
    #[cold]
    pub(super) fn safe_form(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
        decision: &Decision,
    ) -> Result<Safe, String> {
        let held = &case.inspection.held;
        if held.lost.is_some() {
            return Err("a part of its input is gone".to_owned());
        }
        // Each form is looked at with the same input.
        if held.spooled.iter().any(|spooled| spooled.put_in_place().is_err()) {
            return Err("its input cannot be looked at once more".to_owned());
        }
        let judge = |request: &Request| {
            self.looked_at(request, opened, case.mode, |case, _| {
                let decision = opened.decide(request, case, &mut Clock::start()).0;
                opened.judged(request, case, decision)
            })
        };
        let first = opened.judged(request, case, decision.clone());
        let own = self.layout.binary();
        let policy = (&opened.state.policy, own.as_path());
        rewriting::safe_form((request, first), policy, case.world, &judge)
    }

    /// Runs the safer form in the place of what was asked for. The receipt tells of both.
    #[cold]
    pub(super) fn run_safe(
        &self,
        safe: &Safe,
        opened: &Opened,
        (first, decision, asked): (&Case<'_>, &Decision, &[Asked]),
        clock: Clock,
    ) -> Outcome {
        let (request, mode) = (&safe.request, first.mode);
        self.looked_at(request, opened, mode, |case, seen| {
            let mut plan = self.plan(request, opened, case, &safe.decision);
            let told = rewriting::told(decision.clone(), &safe.decision);
            let mut event = opened.event(request, first, &told, &plan, &clock);
            foreign::name(&mut event, asked);
            let event = safe.told_in(event, &told);
            if safe.is_new() {
                let run = match &mut plan {
                    Enforcement::Hold(hold) => hold.then.execution_mut(),
                    other @ (Enforcement::Block(_)
                    | Enforcement::Exec(_)
                    | Enforcement::Filter(_)
                    | Enforcement::Missing
                    | Enforcement::Nothing) => other.execution_mut(),
                };
                run.into_iter().for_each(|run| run.notice = Some(safe.notice(&event)));
            }
            let recorded = match opened.record(self.layout, plan, &event) {
                Ok(recorded) => recorded,
                Err((plan, error)) => match waive(plan, mode, error, first.action) {
                    Ok(waived) => waived,
                    Err(notice) => return Outcome::Blocked(notice),
                },
            };
            let filter = |filtered: Filtered| filtered.run(&seen.held, opened.tools());
            match enforcement::carry_out(recorded, &seen.held, filter) {
                Ok(Carried::Ended(ended)) => opened.ended(self.layout, event, ended),
                Ok(Carried::Not(Enforcement::Block(notice))) => Outcome::Blocked(notice),
                Ok(Carried::Not(Enforcement::Hold(hold))) => {
                    self.wait_for_a_person(*hold, opened, &seen.held, event)
                }
                Ok(Carried::Not(_)) => Outcome::Missing,
                Err(not_run) => opened.did_not_run(self.layout, event, mode, not_run),
            }
        })
    }

    /// Reads a form of the call and looks at all that it would move.
    fn looked_at<T>(
        &self,
        request: &Request,
        opened: &Opened,
        mode: Mode,
        work: impl FnOnce(&Case<'_>, &Inspection) -> T,
    ) -> T {
        let (world, mut clock) = (World { finder: self.finder(), folder: None }, Clock::start());
        let (action, mut started) = opened.interpret(request, &world, &mut clock);
        let seen = opened.inspect(&action, &mut started, (mode, &world), &mut clock);
        let known = self.asker(request.purpose);
        // What was asked for was counted.
        let case = Case::new(&action, action.digest(&opened.key), &seen, mode, &world, known)
            .knowing(opened.state.custom.as_ref())
            .starting(&started)
            .counting(&opened.key, false)
            .scored_by(Scoring {
                way: self.foreign,
                scorer: opened.state.settings.scorer(),
                key: &opened.key,
            });
        work(&case, &seen)
    }
}

impl Opened {
    /// What is needed of a form that was judged.
    fn judged(&self, request: &Request, case: &Case<'_>, decision: Decision) -> Judged {
        let veil = Veil::of(case, &self.key);
        let shown = match rewriting::line_of(request, case.action) {
            Some(line) => veil.over(line),
            None => veil.command(&event::command(case)),
        };
        let demands = rewriting::demands(&self.state.policy, request, case, &decision);
        Judged { decision, demands, shown, digest: case.digest }
    }
}
