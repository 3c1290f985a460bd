//! What a call has to do with earlier steps of its session, and what it leaves for later ones. Nothing
//! here is reached unless settings ask for it.
//!
//! An agent that asks (`check`) before it does something by itself marks as one whose command runs: what
//! may pass counts as done. A person's question marks nothing, since they may only want to know.

use super::{Gate, Opened};
use crate::Error;
use crate::case::Case;
use crate::enforcement::Enforcement;
use crate::inspect::Inspection;
use crate::on_error::{Consequence, Failure, on_error};
use crate::request::{Purpose, Request};
use crate::started::Started;
use crate::taint::{Trace, Watch};
use crate::world::World;
use datafog_core::{Action, Decision, Mode, Verdict};

impl Gate<'_> {
    /// What earlier steps of the session have made of what this call sends, and what it would mark.
    #[cold]
    #[inline(never)]
    pub(super) fn trace(
        &self,
        request: &Request,
        opened: &Opened,
        (action, seen, started): (&Action, &mut Inspection, &mut [Started]),
        world: &World<'_>,
    ) -> Box<Trace> {
        let watch = Watch {
            layout: self.layout,
            key: &opened.key,
            known: &self.asker(request.purpose),
            world,
            now: opened.id.unix_milliseconds(),
            minutes: opened.state.settings.taint.minutes,
            asks: !request.runs(),
        };
        Box::new(watch.follow(action, seen, started))
    }
}

impl Opened {
    /// Writes down what the call marks, where it runs: what nobody could follow must not happen.
    #[cold]
    #[inline(never)]
    pub(super) fn keep(
        &self,
        trace: &Trace,
        request: &Request,
        (case, decision): (&Case<'_>, &Decision),
        plan: Enforcement,
    ) -> Enforcement {
        // A person may still say yes to what is held.
        let may_be_done = decision.verdict < Verdict::Deny || case.mode == Mode::Observe;
        let runs = match &plan {
            Enforcement::Exec(_) | Enforcement::Filter(_) | Enforcement::Hold(_) => true,
            // What calls a tool carries it out itself, and so does an agent that asked.
            Enforcement::Nothing => match request.purpose {
                Purpose::Run => true,
                Purpose::Check => case.principal_so_far().session.is_some() && may_be_done,
                Purpose::Explain | Purpose::Loosen => false,
            },
            Enforcement::Block(_) | Enforcement::Missing => false,
        };
        if !runs {
            return plan;
        }
        match trace.keep(&self.key) {
            Err(error) if on_error(Failure::Unrecorded, case.mode) == Consequence::Deny => {
                Enforcement::Block(self.failed(case, &Error::Taint(error)))
            }
            Ok(()) | Err(_) => plan,
        }
    }
}
