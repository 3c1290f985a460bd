//! Lines about the server itself: who came in and who did not, which keys and people were changed by whom,
//! and what was said of findings.
//!
//! They are outcomes that follow no receipt, in the chain of the tenant whom they concern. A line is stored
//! before what it tells of happens. Of tries that fail only so many have lines of their own; how many more
//! there were, the next one says.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use datafog_core::Event;
use datafog_gate::Judge;

use super::App;
use super::context::{Context, Line, plain};
use super::problem::Problem;
use crate::identity::Caller;
use crate::store::{Account, Error, NewEntry, Write};

/// Most lines about tries that failed, in [`SPAN`].
const MOST: u32 = 20;

/// How long these are counted together.
const SPAN: Duration = Duration::from_secs(60);

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    tenant: String,
    /// Who did it, as they are told.
    who: String,
    what: String,
    reason: String,
    may: bool,
}

impl Noted {
    /// Something that a caller does, in a word or two, and more of it.
    pub(crate) fn of(caller: &Caller, what: String, reason: String) -> Self {
        let (tenant, who) = (caller.tenant.clone(), caller.name());
        Self { tenant, who, what, reason, may: true }
    }

    /// Something that the user `person` of this machine does at the command line.
    pub(crate) fn at_hand(person: &str, tenant: &str, what: String, reason: String) -> Self {
        let (tenant, who) = (tenant.to_owned(), format!("{person} at this machine"));
        Self { tenant, who, what, reason, may: true }
    }

    /// The same about somebody or something of another tenant than the caller's.
    pub(crate) fn for_tenant(self, tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), ..self }
    }

    /// What is done, in a word or two.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Its line.
    pub(crate) async fn entry(self, app: &App) -> Result<NewEntry, Problem> {
        let noted = self.clone();
        let event = app.judges.ask(move |judge| noted.event(judge)).await?;
        let event = event.map_err(|error| Problem::ours(&error))?;
        self.line(&event).map_err(|error| Problem::unstored(&error))
    }

    /// What its line says. A secret that somebody typed in the wrong place is taken out.
    pub(crate) fn event(&self, judge: &Judge<'_>) -> Result<Event, datafog_gate::Error> {
        let (what, reason) = (plain(judge, &self.what), plain(judge, &self.reason));
        judge.server_event(&what, reason, self.may)
    }

    /// Its line, which says that.
    pub(crate) fn line(self, event: &Event) -> Result<NewEntry, Error> {
        let Self { tenant, who, .. } = self;
        let context = Context {
            tenant,
            actor_id: who,
            dialect: String::from("native"),
            ..Context::default()
        };
        NewEntry::of(&Line::of(event, &context))
    }

    /// Stores its line.
    pub(crate) async fn store(self, app: &App) -> Result<(), Problem> {
        let entry = Some(self.entry(app).await?);
        let stored = app.store.write(Write { entry, answer: None }).await;
        stored.map(drop).map_err(|error| Problem::unstored(&error))
    }
}

/// Notes that somebody did not come in. What they typed is not kept: it may be a password. Whether that
/// can be stored makes no difference to them.
pub(crate) async fn refused(app: &App, account: Option<&Account>, why: &str) {
    let Some(more) = app.failures.take(Instant::now()) else { return };
    let reason = match more {
        0 => why.to_owned(),
        more => format!("{why}; {more} more tries failed before without a line of their own"),
    };
    let noted = Noted {
        tenant: account.map(|account| account.tenant.clone()).unwrap_or_default(),
        who: account.map_or_else(|| "somebody".into(), |it| format!("user {}", it.login)),
        what: String::from("log-in"),
        reason,
        may: false,
    };
    let _stored: Result<(), Problem> = noted.store(app).await;
}

/// Tries that failed.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    since: Option<Instant>,
    noted: u32,
    /// Those without a line of their own.
    more: u64,
}

impl Failures {
    /// Counts one; how many went without a line before it, where it may have one.
    fn take(&self, now: Instant) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *counted.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= SPAN {
            (counted.since, counted.noted) = (Some(now), 0);
        }
        if counted.noted >= MOST {
            counted.more = counted.more.saturating_add(1);
            return None;
        }
        counted.noted = counted.noted.saturating_add(1);
        Some(core::mem::take(&mut counted.more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_tries_that_fail_some_have_lines_and_all_are_counted() {
        let (failures, start) = (Failures::default(), Instant::now());
        let take = |seconds| failures.take(start + Duration::from_secs(seconds));
        assert!((0..20).all(|_| take(1) == Some(0)));
        assert!((0..30).all(|_| take(2).is_none()));
        assert_eq!((take(60), take(61), take(62)), (None, Some(31), Some(0)));
    }
}
