//! What follows from a decision: the plan, before it is recorded.

use datafog_core::{Decision, Verdict};

use super::{Gate, Opened};
use crate::Error;
use crate::case::Case;
use crate::enforcement::Enforcement;
use crate::filter::{self, Filtered, Means};
use crate::hold::{self, Hold};
use crate::notice::Notice;
use crate::on_error::{Consequence, Failure, on_error, passes};
use crate::request::{Purpose, Request};
use crate::veil::Veil;

impl Gate<'_> {
    /// The plan for a decision.
    pub(super) fn plan(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
        decision: &Decision,
    ) -> Enforcement {
        match request.purpose {
            Purpose::Check | Purpose::Explain => return Enforcement::Nothing,
            // What a broken policy says must not keep a person from taking things back.
            Purpose::Loosen if passes(decision.verdict, case.mode) => return Enforcement::Nothing,
            Purpose::Loosen => return opened.blocked(case, decision),
            Purpose::Run => {}
        }
        if let Some(notice) = opened.unrunnable(request, case) {
            return Enforcement::Block(notice);
        }
        if hold::is_held(decision, case.mode) && request.tool.is_none() {
            return self.held(request, opened, case, decision);
        }
        // What is only wanted by few is done elsewhere: each page of the stack costs a call time.
        let redacts = decision.verdict == Verdict::Redact;
        let means = redacts.then(|| opened.means(request, case, decision)).flatten();
        if !passes(decision.verdict, case.mode) && means.is_none() {
            return opened.blocked(case, decision);
        }
        // Not for `on_error` to decide: in no mode may a command work with a part of its input.
        if let Some(channel) = &case.inspection.held.lost {
            let lost = Error::Lost { channel: channel.to_string() };
            return Enforcement::Block(opened.failed(case, &lost));
        }
        // What calls a tool carries it out itself.
        if request.tool.is_some() {
            return Enforcement::Nothing;
        }
        self.to_execute(request, opened, case, (decision, means))
    }

    /// The plan for a call that passes: its program, directly or with a filter around it.
    fn to_execute(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
        (decision, means): (&Decision, Option<Box<Means>>),
    ) -> Enforcement {
        let feeds = opened.feeds(case);
        match self.execution(request, opened, case) {
            Ok(Some(execution)) if means.is_none() && !feeds => Enforcement::Exec(execution),
            Ok(Some(execution)) => Enforcement::Filter(Box::new(Filtered::new(
                execution,
                decision,
                means.map(|it| *it),
                feeds,
            ))),
            Ok(None) => Enforcement::Missing,
            Err(error) => Enforcement::Block(opened.failed(case, &error)),
        }
    }

    /// The plan for a call that a person may let through: what would follow then, and what they are
    /// asked. Nobody is asked about what could not run anyway.
    #[cold]
    #[inline(never)]
    fn held(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
        decision: &Decision,
    ) -> Enforcement {
        let mut then = self.plan(request, opened, case, &hold::lifted(decision));
        if then.execution().is_none() {
            return then;
        }
        hold::identity(&mut then);
        let notice = Notice::for_decision(case, decision, &Veil::of(case, &opened.key));
        let by = (opened.judged_by(), &opened.key);
        Enforcement::Hold(Box::new(Hold::new((case, decision), by, then, notice)))
    }
}

impl Opened {
    /// Why a command does not run whatever was decided.
    fn unrunnable(&self, request: &Request, case: &Case<'_>) -> Option<Box<Notice>> {
        if let Some(error) = &self.state.fault
            && on_error(Failure::Unloadable, case.mode) == Consequence::Deny
        {
            return Some(self.failed(case, error));
        }
        let link = request.misnamed.as_ref()?;
        let link = link.to_string_lossy().into_owned();
        (on_error(Failure::Misnamed, case.mode) == Consequence::Deny)
            .then(|| self.failed(case, &Error::Misnamed { link }))
    }

    /// How findings are taken out, where the decision asks for it and it can be done.
    #[cold]
    #[inline(never)]
    fn means(&self, request: &Request, case: &Case<'_>, decision: &Decision) -> Option<Box<Means>> {
        let judge = |again: &Case<'_>| self.judge(again).0;
        filter::means(request, case, decision, self.tools(), judge).map(Box::new)
    }
}
