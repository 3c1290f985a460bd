//! The server beside the local queue: it is told of a held call, and what a person says there counts as
//! what they say here.
//!
//! The local request is the one that counts: an answer from there settles it by the same change, with the
//! same receipt, as one from another terminal, so of answers that race one wins and a yes is used once.
//! A server that is not reached, or whose answer nobody believes, is as if there were none.

use std::thread;
use std::time::{Duration, Instant};

use datafog_approval::{Moment, Party, Question, Record, Store, Word};
use datafog_config::Remote;
use datafog_core::{ApprovalState, ApprovalWay, Id};

use super::{Desk, PAUSE};
use crate::Error;
use crate::foreign::{Consulted, Heard, Spoken};
use crate::gate::Gate;

/// A conversation with the server, where there is one.
pub(super) type Elsewhere = Option<Box<dyn Consulted>>;

/// How long a call is kept that waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(2);

impl Gate<'_> {
    /// Tells the server what became of a request here.
    pub(super) fn tell(&self, remote: Option<&Remote>, record: Option<&Record>) {
        let Some((record, remote)) = record.zip(remote) else { return };
        let state = record.state(&Moment::now());
        // A yes of several is none yet.
        if remote.approval_url.is_none() || state == ApprovalState::Pending {
            return;
        }
        if let Some(way) = self.foreign {
            // What it was not told stands there until its time is over.
            let _told: Result<(), String> = way.settled(remote, record.id(), state);
        }
    }
}

impl Desk<'_> {
    /// The server that the settings name, if any.
    pub(super) const fn remote(&self) -> Option<&Remote> {
        self.opened.state.settings.remote.as_ref()
    }

    /// Tells the server of a call, where the settings name one that can be asked.
    pub(super) fn consult(&self, record: &Record, is_awaited: bool) -> Elsewhere {
        let remote = self.remote().filter(|remote| remote.approval_url.is_some())?;
        self.gate.foreign?.consult(remote, &Question::of(record), is_awaited).ok()
    }

    /// Listens for a moment: nobody waits here, and what was said before is heard at once.
    pub(super) fn heard_at_once(
        &self,
        record: Record,
        elsewhere: &mut Elsewhere,
    ) -> Result<Record, Error> {
        if elsewhere.is_none() {
            return Ok(record);
        }
        let begun = Instant::now();
        while elsewhere.is_some() && begun.elapsed() < AT_ONCE {
            self.hear(record.id(), elsewhere);
            if elsewhere.is_some() {
                thread::sleep(PAUSE.min(Duration::from_millis(10)));
            }
        }
        *elsewhere = None;
        Ok(self.store.record(record.id())?)
    }

    /// Puts down what was said on the server, unless somebody else was quicker. Where that fails, nobody
    /// has answered.
    pub(super) fn hear(&self, id: Id, elsewhere: &mut Elsewhere) {
        let Some(consulted) = elsewhere else { return };
        match consulted.heard() {
            Heard::Silence => {}
            Heard::Nothing => *elsewhere = None,
            Heard::Said(spoken) => {
                let _put_down: Result<Record, datafog_approval::Error> = self.put_down(id, spoken);
                *elsewhere = None;
            }
        }
    }

    fn put_down(&self, id: Id, spoken: Spoken) -> Result<Record, datafog_approval::Error> {
        let Spoken { terms, by, note } = spoken;
        let who = Party::new(vec![by.clone()]);
        let word = Word { by: Some(by), way: ApprovalWay::Server, note, who };
        let now = Moment::now();
        match terms {
            Some(terms) => {
                let witness = &mut |record: &Record| self.witness("none", record);
                self.store.approve(id, (&word, terms), &now, witness)
            }
            None => {
                let witness = &mut |record: &Record| self.witness("block", record);
                self.store.deny(id, &word, &now, witness)
            }
        }
    }

    /// Tells the server that a yes of its own was used.
    pub(super) fn tell_of_use(&self, record: &Record) {
        let way = record.answer().map(|answer| answer.way);
        let is_over = record.state(&Moment::now()) == ApprovalState::Used;
        if way == Some(ApprovalWay::Server) && is_over {
            self.gate.tell(self.remote(), Some(record));
        }
    }
}
