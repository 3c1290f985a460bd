//! What a call has to do with earlier steps of its session, and what it leaves for later ones. Nothing
//! here is reached unless settings ask for it.

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
use datafog_core::Action;

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
        case: &Case<'_>,
        plan: Enforcement,
    ) -> Enforcement {
        let runs = match &plan {
            Enforcement::Exec(_) | Enforcement::Filter(_) | Enforcement::Hold(_) => true,
            // What calls a tool carries it out itself.
            Enforcement::Nothing => request.purpose == Purpose::Run,
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
