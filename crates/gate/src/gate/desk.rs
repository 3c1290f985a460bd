//! Where a held call waits for a person, and where a person answers.
//!
//! INVARIANT: an answer counts once its receipt is written, and a yes is used up before the command
//! starts. So a process that is killed at any moment leaves either a command that never ran, or one
//! whose use of the yes is recorded.

use std::io;
use std::thread;
use std::time::Duration;

use datafog_approval::{Deadline, FolderStore, Moment, Party, Record, Spoken, Store, Word};
use datafog_audit::{Filter, list};
use datafog_config::user_name;
use datafog_core::{ApprovalState, ApprovalWay, Event, Id, ReceiptKind};
use jiff::Timestamp;

use super::{Gate, Opened};
use crate::Error;
use crate::case::Case;
use crate::enforcement::{self, Carried, Enforcement};
use crate::event;
use crate::filter::Filtered;
use crate::hold::Hold;
use crate::notice::{BLOCKED, Notice};
use crate::principal::{self, Behind};
use crate::request::Outcome;
use crate::terminal::{Question, Said};

mod approvals;
mod elsewhere;

use elsewhere::Elsewhere;

pub use approvals::{Answerer, Approvals};

/// How often it is looked whether somebody answered.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a request may be answered that nobody waits for, in seconds; longer where rules say so.
const UNWAITED: u32 = 15 * 60;

/// A held call at the desk.
struct Desk<'a> {
    gate: &'a Gate<'a>,
    opened: &'a Opened,
    store: FolderStore<'a>,
    /// What its first receipt says.
    first: Event,
}

impl Gate<'_> {
    /// Waits for an answer as long as the rules say, and does what it says. The first receipt, which
    /// says that the call is held, has been written.
    #[cold]
    pub(super) fn wait_for_a_person(
        &self,
        hold: Hold,
        opened: &Opened,
        case: &Case<'_>,
        first: Event,
    ) -> Outcome {
        let store = FolderStore::new(self.layout.approvals(), &opened.key, self.user);
        let desk = Desk { gate: self, opened, store, first };
        desk.settle(hold, case).unwrap_or_else(|error| desk.failed(&error))
    }
}

impl Desk<'_> {
    fn settle(&self, hold: Hold, case: &Case<'_>) -> Result<Outcome, Error> {
        let waits = hold.patience > 0 && self.gate.terminal.is_some_and(|it| it.is_there());
        let spoken = self.store.request(self.request(&hold, waits), &Moment::now())?;
        let is_new = matches!(spoken, Spoken::New(_));
        let mut record = spoken.into_record();
        if record.state(&Moment::now()) == ApprovalState::Pending {
            let mut elsewhere = self.consult(&record, waits);
            record = match waits {
                true => self.wait(record, &hold, is_new, &mut elsewhere)?,
                false => self.heard_at_once(record, &mut elsewhere)?,
            };
        }
        let state = record.state(&Moment::now());
        let notice = hold.notice.clone();
        let notice = match state {
            ApprovalState::Approved => return self.go(&record, hold, case),
            ApprovalState::Pending => notice.waiting(&record),
            ApprovalState::Denied => {
                let answer = record.answer();
                let by = answer.and_then(|answer| answer.by.as_deref()).unwrap_or("a person");
                notice.denied(record.id(), by, answer.and_then(|it| it.note.as_deref()))
            }
            ApprovalState::Expired => notice.unanswered(record.id(), "nobody answered in time"),
            ApprovalState::Revoked => notice.unanswered(record.id(), "the answer was taken back"),
            ApprovalState::Used => notice.unanswered(record.id(), "another call used the approval"),
        };
        // What became of this very request stands in its receipts already.
        if !is_new {
            self.record("block", &record, state)?;
        }
        Ok(Outcome::Blocked(Box::new(notice)))
    }

    fn request(&self, hold: &Hold, waits: bool) -> datafog_approval::Request {
        datafog_approval::Request {
            event: self.first.clone(),
            binding: hold.binding,
            widest: hold.widest,
            rewrite: hold.rewrite.clone(),
            seconds: if waits { hold.patience } else { hold.patience.max(UNWAITED) },
            asker: party(self.gate.user),
            eyes: hold.eyes,
        }
    }

    /// Waits until somebody answered or the time is over; returns the record as it is then.
    fn wait(
        &self,
        record: Record,
        hold: &Hold,
        is_new: bool,
        elsewhere: &mut Elsewhere,
    ) -> Result<Record, Error> {
        let id = record.id();
        let Some(terminal) = self.gate.terminal else { return Ok(record) };
        let until = Deadline::after(Moment::now(), hold.patience);
        let is_told = elsewhere.is_some();
        let mut goes_on = || {
            let now = Moment::now();
            let waits = |record: Record| record.state(&now) == ApprovalState::Pending;
            self.hear(id, elsewhere);
            !until.is_over(&now) && self.store.record(id).is_ok_and(waits)
        };
        let known = principal::from_environment(self.gate.host, self.gate.user);
        let said = match principal::behind(&known) {
            // Whoever sits here is one person, and several have to say yes.
            _ if record.needed() > 1 => Said::Nobody,
            Behind::Nobody => terminal.ask(&Question::of(&record, &Moment::now()), &mut goes_on),
            Behind::Agent(_) | Behind::TooMany => Said::Nobody,
        };
        self.answer(id, said)?;
        if said == Said::Nobody && goes_on() {
            terminal.tell(&waiting(&record, hold, is_told));
            while goes_on() {
                thread::sleep(PAUSE);
            }
        }
        if is_new {
            self.expire(id)?;
        }
        Ok(self.store.record(id)?)
    }

    /// Puts down what was said at the prompt, unless somebody else was quicker.
    fn answer(&self, id: Id, said: Said) -> Result<(), Error> {
        let (by, who) = (Some(who(self.gate.user)), party(self.gate.user));
        let word = Word { by, way: ApprovalWay::Prompt, note: None, who };
        let now = Moment::now();
        let done = match said {
            Said::Nobody | Said::Nothing => return Ok(()),
            Said::Yes(scope) => {
                let witness = &mut |record: &Record| self.witness("none", record);
                self.store.approve(id, (&word, (scope, None).into()), &now, witness)
            }
            Said::No => {
                let witness = &mut |record: &Record| self.witness("block", record);
                self.store.deny(id, &word, &now, witness)
            }
        };
        self.gate.tell(self.remote(), done.as_ref().ok());
        unless_settled(done.map(drop))
    }

    /// Nobody waits for an answer any more.
    fn expire(&self, id: Id) -> Result<(), Error> {
        let (by, who) = (None, Party::default());
        let word = Word { by, way: ApprovalWay::Deadline, note: None, who };
        let witness = &mut |record: &Record| self.witness("block", record);
        let done = self.store.expire(id, &word, &Moment::now(), witness);
        self.gate.tell(self.remote(), done.as_ref().ok());
        unless_settled(done.map(drop))
    }

    /// Lets the call through: looks again at what was judged, writes the receipt, uses the yes up,
    /// and starts the command, in that order.
    fn go(&self, record: &Record, hold: Hold, case: &Case<'_>) -> Result<Outcome, Error> {
        let held = &case.inspection.held;
        let Hold { then, binding, notice, .. } = hold;
        if let Some(path) = then.execution().and_then(|execution| execution.changed(held)) {
            let not_run = enforcement::NotRun::Changed(path);
            return Ok(self.did_not_run(not_run));
        }
        let (mut plan, mut recorded) = (Some(then), None);
        let witness = &mut |record: &Record| {
            self.refuse_replay(record)?;
            let Some(then) = plan.take() else { return Ok(()) };
            let event = self.event(then.name(), record, ApprovalState::Used)?;
            let made = self.opened.record(self.gate.layout, then, &event);
            recorded = Some(made.map_err(|(_, error)| io::Error::other(error))?);
            Ok(())
        };
        let used = self.store.consume(record.id(), &binding, &Moment::now(), witness);
        match used {
            Ok(used) => self.tell_of_use(&used),
            Err(datafog_approval::Error::Refused(_)) => {
                let notice = notice.unanswered(record.id(), "another call used the approval");
                self.record("block", record, ApprovalState::Used)?;
                return Ok(Outcome::Blocked(Box::new(notice)));
            }
            Err(error) => return Err(error.into()),
        }
        let Some(recorded) = recorded else { return Err(Error::Random) };
        let judge = self.opened.judging(case, &self.first);
        let filter = |filtered: Filtered| filtered.run(held, self.opened.tools(), &judge);
        match enforcement::carry_out(recorded, held, filter) {
            Err(not_run) => Ok(self.did_not_run(not_run)),
            Ok(Carried::Ended(ended)) => {
                Ok(self.opened.ended(self.gate.layout, case, self.first.clone(), ended))
            }
            Ok(Carried::Not(Enforcement::Block(notice))) => Ok(Outcome::Blocked(notice)),
            Ok(Carried::Not(Enforcement::Missing)) => Ok(Outcome::Missing),
            Ok(Carried::Not(_)) => Err(Error::Panic),
        }
    }

    fn did_not_run(&self, why: enforcement::NotRun) -> Outcome {
        self.opened.did_not_run(self.gate.layout, self.first.clone(), self.first.mode, why)
    }

    /// A yes for one call that the ledger has seen used was put back by somebody.
    fn refuse_replay(&self, record: &Record) -> io::Result<()> {
        if record.state(&Moment::now()) != ApprovalState::Used {
            return Ok(());
        }
        let receipts = list(&self.gate.layout.receipts(), Filter::default());
        for entry in receipts.map_err(io::Error::other)? {
            let event = entry.map_err(io::Error::other)?.receipt.event;
            if event.receipt_id == record.id() {
                break;
            }
            let used = |note: &datafog_core::ApprovalNote| {
                note.id == record.id() && note.state == ApprovalState::Used
            };
            if event.enforcement != "block" && event.approval.as_deref().is_some_and(used) {
                return Err(io::Error::other("the ledger says that this approval was used before"));
            }
        }
        Ok(())
    }

    /// The receipt of an answer, written before the answer counts.
    fn witness(&self, enforcement: &str, record: &Record) -> io::Result<()> {
        let state = record.state(&Moment::now());
        self.record(enforcement, record, state).map_err(io::Error::other)
    }

    fn record(
        &self,
        enforcement: &str,
        record: &Record,
        state: ApprovalState,
    ) -> Result<(), Error> {
        let event = self.event(enforcement, record, state).map_err(|_| Error::Random)?;
        let made = self.opened.record(self.gate.layout, (), &event);
        made.map(drop).map_err(|((), error)| error.into())
    }

    /// What happened to this call after its first receipt.
    fn event(&self, enforcement: &str, record: &Record, state: ApprovalState) -> io::Result<Event> {
        follow_up(&self.first, enforcement, record, state)
    }

    fn failed(&self, error: &Error) -> Outcome {
        let program = &self.first.command;
        let program = program.split(' ').next().unwrap_or_default();
        let mut notice = Notice::for_failure(Some(self.first.receipt_id), program, error);
        // That too many wait already is no failure of ours.
        if matches!(error, Error::Approval(datafog_approval::Error::Crowded { .. })) {
            notice.code = BLOCKED;
        }
        Outcome::Blocked(Box::new(notice))
    }
}

/// What is said while nobody has answered; `is_told` when a server asks, too.
fn waiting(record: &Record, hold: &Hold, is_told: bool) -> String {
    let there = if is_told { ", or on the server" } else { "" };
    let whom = match record.needed() {
        0 | 1 => String::from("a person"),
        needed => format!("{needed} different persons, here and in the dashboard"),
    };
    let (seconds, id) = (hold.patience, record.id());
    format!(
        "datafog: HELD  waiting up to {seconds} s for {whom}: datafog approvals approve {}{there}",
        id.short()
    )
}

/// The receipt that says what became of a request, after the receipt `first`.
fn follow_up(
    first: &Event,
    enforcement: &str,
    record: &Record,
    state: ApprovalState,
) -> io::Result<Event> {
    let now = Timestamp::now();
    Ok(Event {
        receipt_id: event::new_id(now).map_err(io::Error::other)?,
        timestamp: event::shown(now),
        kind: ReceiptKind::Outcome,
        follows: Some(first.receipt_id),
        enforcement: enforcement.to_owned(),
        approval: Some(Box::new(record.note(state))),
        counted: Vec::new(),
        ..first.clone()
    })
}

/// Another answer that came first is no failure: it counts.
fn unless_settled(done: Result<(), datafog_approval::Error>) -> Result<(), Error> {
    match done {
        Ok(()) | Err(datafog_approval::Error::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The user by name, as a receipt tells who answered.
fn who(user: u32) -> String {
    user_name(user).unwrap_or_else(|| format!("user {user}"))
}

/// By which name the user of this machine is known among those who ask and answer.
#[must_use]
pub fn of_machine(user: &str) -> String {
    format!("user of this machine {user}")
}

fn party(user: u32) -> Party {
    Party::new(vec![of_machine(&who(user))])
}
