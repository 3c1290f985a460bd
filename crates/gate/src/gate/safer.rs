//! The safer form of a call: looked for, judged and run in the place of what was asked for.

use std::ops::ControlFlow;

use datafog_core::{Decision, Mode};

use super::{Gate, Opened};
use crate::case::Case;
use crate::clock::Clock;
use crate::enforcement::Enforcement;
use crate::event;
use crate::foreign::{self, Asked};
use crate::request::{Outcome, Request};
use crate::rewriting::{self, Judged, Safe};
use crate::veil::Veil;
use crate::world::World;

impl Gate<'_> {
    /// What becomes of a call that the policy wants rewritten: it is over, or goes on with its safer
    /// form (only told of) or without one (then it is held).
    #[cold]
    #[inline(never)]
    pub(super) fn rewritten(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
        (decision, asked): (&mut Decision, &[Asked]),
        clock: &Clock,
    ) -> ControlFlow<Outcome, Option<Box<Safe>>> {
        match self.safe_form(request, opened, case, decision) {
            Ok(found) if request.runs() => {
                ControlFlow::Break(self.run_safe(&found, opened, (case, decision, asked), clock))
            }
            Ok(found) => ControlFlow::Continue(Some(Box::new(found))),
            Err(why) => {
                *decision = rewriting::held(decision.clone(), &why);
                ControlFlow::Continue(None)
            }
        }
    }

    /// The safer form of a call that the policy wants rewritten.
    fn safe_form(
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
            self.looked_at(request, opened, case.mode, |case| {
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
    fn run_safe(
        &self,
        safe: &Safe,
        opened: &Opened,
        (first, decision, asked): (&Case<'_>, &Decision, &[Asked]),
        clock: &Clock,
    ) -> Outcome {
        let (request, mode) = (&safe.request, first.mode);
        self.looked_at(request, opened, mode, |case| {
            let mut plan = self.plan(request, opened, case, &safe.decision);
            let mut told = decision.clone();
            let mut event = opened.event(request, first, &told, &plan, clock);
            foreign::name(&mut event, asked);
            safe.tell(&mut event, &mut told);
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
            match self.carry_out(opened, case, plan, event) {
                ControlFlow::Break(outcome) => outcome,
                // What can be run has a plan that runs it or stops it.
                ControlFlow::Continue(_) => Outcome::Missing,
            }
        })
    }

    /// Reads a form of the call and looks at all that it would move.
    fn looked_at<T>(
        &self,
        request: &Request,
        opened: &Opened,
        mode: Mode,
        work: impl FnOnce(&Case<'_>) -> T,
    ) -> T {
        let (world, mut clock) = (World { finder: self.finder(), folder: None }, Clock::start());
        let (action, mut started) = opened.interpret(request, &world, &mut clock);
        let seen = opened.inspect(&action, &mut started, (mode, &world), &mut clock);
        // What was asked for was counted.
        let case = self.case(request, opened, (&action, &started, &seen), (mode, &world));
        work(&case.counting(&opened.key, false))
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
