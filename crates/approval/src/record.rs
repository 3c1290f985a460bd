//! One request for approval, from the moment a call is held to the moment its answer is used up.
//!
//! Nothing here reads a clock or a file: who changes a record says when it is. So every store has
//! the same rules, and a test can try them in any order.

use datafog_core::{ApprovalNote, ApprovalScope, ApprovalState, ApprovalWay, Event, Id};
use serde::{Deserialize, Serialize};

use crate::{Agreed, Binding, Deadline, Eyes, Moment, Party};

/// Version of the form of a record.
const VERSION: u32 = 1;

/// How long a yes to one call may wait for that call to come again, in seconds.
const ONCE: u32 = 15 * 60;

/// How long a yes to the same arguments holds, in seconds.
const EXACT: u32 = 10 * 60;

/// How long a yes for a session or a repository holds, in seconds.
const LONG: u32 = 8 * 60 * 60;

/// No yes holds longer, in seconds: a week.
const LONGEST: u32 = 7 * 24 * 60 * 60;

/// Longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// Most findings that a record keeps; the ledger has them all.
const MOST_FINDINGS: usize = 64;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the receipt of the held call says: what it is, without values, who asked, and why it
    /// is held. Its id becomes that of the request.
    pub event: Event,
    /// What an answer counts for.
    pub binding: Binding,
    /// The widest scope that the rules permit.
    pub widest: ApprovalScope,
    /// The name of the safer form that would run instead, if there is one.
    pub rewrite: Option<String>,
    /// How long it may be answered, in seconds.
    pub seconds: u32,
    /// Who asks.
    pub asker: Party,
    /// Who has to say yes.
    pub eyes: Eyes,
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    version: u32,
    id: Id,
    state: ApprovalState,
    event: Event,
    binding: Binding,
    widest: ApprovalScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<String>,
    asked: Deadline,
    #[serde(default, skip_serializing_if = "Party::is_nobody")]
    asker: Party,
    #[serde(default, skip_serializing_if = "Eyes::is_anybody")]
    eyes: Eyes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    agreed: Vec<Agreed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    uses: u32,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// By which way.
    pub way: ApprovalWay,
    /// When.
    pub at: Moment,
    /// Of a yes, what it covers and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// What they wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a yes covers, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What it covers.
    pub scope: ApprovalScope,
    /// Until when.
    pub until: Deadline,
    /// For how many calls at most; any number for `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// What a yes shall cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which calls.
    pub scope: ApprovalScope,
    /// For how long, in seconds; as long as such a yes does for `None`.
    pub seconds: Option<u32>,
    /// How many calls at most; any number for `None`.
    pub uses: Option<u32>,
}

impl From<(ApprovalScope, Option<u32>)> for Terms {
    fn from((scope, seconds): (ApprovalScope, Option<u32>)) -> Self {
        Self { scope, seconds, uses: None }
    }
}

impl Terms {
    /// What both permit.
    fn and(self, other: Self) -> Self {
        let fewer = |one: Option<u32>, two: Option<u32>| one.into_iter().chain(two).min();
        Self {
            scope: self.scope.min(other.scope),
            seconds: fewer(self.seconds, other.seconds),
            uses: fewer(self.uses, other.uses),
        }
    }
}

/// What somebody says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who says it.
    pub by: Option<String>,
    /// By which way.
    pub way: ApprovalWay,
    /// What they write beside it.
    pub note: Option<String>,
    /// By which names they are known.
    pub who: Party,
}

/// Why a change does not fit a record as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Whoever asked may not answer, and nobody knows that this is somebody else.
    #[error("whoever asked may not say yes to it")]
    OwnRequest,
    /// They said yes already, and others have to.
    #[error("another person has to say yes, too")]
    SaidBefore,
    /// A yes that lets nothing through.
    #[error("a yes is for one call or more")]
    NoUse,
    /// The yes is for another call.
    #[error("the approval is for another call")]
    OtherCall,
    /// It was answered before, or nobody answered in time.
    #[error("it is {0} already")]
    Settled(ApprovalState),
    /// The rules do not permit so wide a yes.
    #[error("the policy permits `{}` at most", .0.name())]
    TooWide(ApprovalScope),
    /// The yes shall hold for no time at all, or for too long.
    #[error("an approval holds from a second to seven days")]
    TooLong,
    /// The call has nothing that such a yes would be bound to.
    #[error("this call cannot be approved with the scope `{}`", .0.name())]
    Unbound(ApprovalScope),
}

impl Refusal {
    /// What a person can do about it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NoUse => "leave the number out for any number of calls",
            Self::OwnRequest | Self::SaidBefore => "let another person answer",
            Self::OtherCall => "run the command again to ask for this one",
            Self::Settled(_) => {
                "run the command again to ask anew; `datafog approvals list --all` shows what was answered"
            }
            Self::TooWide(_) | Self::Unbound(_) => "choose a narrower scope",
            Self::TooLong => "such as `--for 30m`",
        }
    }
}

impl Record {
    /// A request that nobody has answered.
    #[must_use]
    pub fn new(request: Request, now: &Moment) -> Self {
        let Request { mut event, binding, widest, rewrite, seconds, asker, eyes } = request;
        event.findings.truncate(MOST_FINDINGS);
        let asked = Deadline::after(now.clone(), seconds);
        let (id, state) = (event.receipt_id, ApprovalState::Pending);
        let (version, agreed, answer, uses) = (VERSION, Vec::new(), None, 0);
        Self {
            version,
            id,
            state,
            event,
            binding,
            widest,
            rewrite,
            asked,
            asker,
            eyes,
            agreed,
            answer,
            uses,
        }
    }

    /// Its id, which is that of the receipt that says the call is held.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// What was asked, as its receipt says it.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// What an answer counts for.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Who asked.
    #[must_use]
    pub const fn asker(&self) -> &Party {
        &self.asker
    }

    /// Until when it can be answered.
    #[must_use]
    pub const fn asked(&self) -> &Deadline {
        &self.asked
    }

    /// What was answered, if somebody did.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// The name of the safer form that would run instead.
    #[must_use]
    pub fn rewrite(&self) -> Option<&str> {
        self.rewrite.as_deref()
    }

    /// How many calls it has let through.
    #[must_use]
    pub const fn uses(&self) -> u32 {
        self.uses
    }

    /// How many persons have to say yes.
    #[must_use]
    pub fn needed(&self) -> u32 {
        self.eyes.count.max(1)
    }

    /// Who has to say yes from now on, besides what was asked for before.
    pub fn demand(&mut self, eyes: Eyes) {
        self.eyes = self.eyes.and(eyes);
    }

    /// Who said yes while others have to, too.
    pub fn agreed(&self) -> impl Iterator<Item = &str> {
        self.agreed.iter().map(|said| said.by.as_str())
    }

    /// Whether somebody who goes by one of these names is among them.
    #[must_use]
    pub fn has_agreed(&self, who: &Party) -> bool {
        self.agreed.iter().any(|said| !said.who.is_other_than(who))
    }

    /// What this record says a call is: whether the form is one that we know.
    pub(crate) fn is_known(&self) -> bool {
        self.version == VERSION && self.id == self.event.receipt_id
    }

    /// The scopes that a yes may have, from the narrowest.
    pub fn scopes(&self) -> impl Iterator<Item = ApprovalScope> {
        let fits = |scope: &ApprovalScope| *scope <= self.widest && self.binding.allows(*scope);
        ApprovalScope::ALL.into_iter().filter(fits)
    }

    /// How it stands at `now`: what was not answered or used in time is over.
    #[must_use]
    pub fn state(&self, now: &Moment) -> ApprovalState {
        let grant = self.answer.as_ref().and_then(|answer| answer.grant.as_ref());
        match self.state {
            ApprovalState::Pending if self.asked.is_over(now) => ApprovalState::Expired,
            ApprovalState::Approved if grant.is_none_or(|grant| grant.until.is_over(now)) => {
                ApprovalState::Expired
            }
            ApprovalState::Approved
            | ApprovalState::Denied
            | ApprovalState::Expired
            | ApprovalState::Pending
            | ApprovalState::Revoked
            | ApprovalState::Used => self.state,
        }
    }

    /// Whether what was said to this request also answers a call that is bound like that, at `now`.
    #[must_use]
    pub fn speaks_for(&self, binding: &Binding, now: &Moment) -> bool {
        let scope = self.answer.as_ref().and_then(|it| it.grant.as_ref()).map(|it| it.scope);
        match self.state(now) {
            ApprovalState::Approved => scope.is_some_and(|it| self.binding.covers(it, binding)),
            ApprovalState::Denied | ApprovalState::Pending => self.binding.call == binding.call,
            ApprovalState::Expired | ApprovalState::Revoked | ApprovalState::Used => false,
        }
    }

    /// A person says yes. Where several have to, it counts with the last of them, as far as all agree.
    ///
    /// # Errors
    /// When it is answered already or over, the scope is not one of [`Record::scopes`], or somebody else
    /// has to say it.
    pub fn approve(
        &mut self,
        mut word: Word,
        terms: impl Into<Terms>,
        now: &Moment,
    ) -> Result<(), Refusal> {
        self.require(&[ApprovalState::Pending], now)?;
        if self.eyes.others && !word.who.is_other_than(&self.asker) {
            return Err(Refusal::OwnRequest);
        }
        if self.has_agreed(&word.who) {
            return Err(Refusal::SaidBefore);
        }
        let terms = self.agreed.iter().fold(terms.into(), |terms, said| terms.and(said.terms));
        let grant = self.grant(terms, now)?;
        let by = word.by.clone().unwrap_or_default();
        let missing = match word.way {
            // As many said yes there as the question, over which the answer is signed, asks for.
            ApprovalWay::Server => 0,
            ApprovalWay::Api
            | ApprovalWay::Command
            | ApprovalWay::Dashboard
            | ApprovalWay::Deadline
            | ApprovalWay::Prompt => self.needed().saturating_sub(1) as usize,
        };
        if self.agreed.len() < missing {
            if word.who.is_nobody() {
                return Err(Refusal::OwnRequest);
            }
            self.agreed.push(Agreed { by, who: word.who, terms });
            return Ok(());
        }
        if !self.agreed.is_empty() {
            let all: Vec<&str> = self.agreed().chain([&*by]).collect();
            word.by = Some(all.join(", "));
        }
        self.settle(ApprovalState::Approved, word, Some(grant), now);
        Ok(())
    }

    /// A yes on those terms, where they are permitted.
    fn grant(&self, terms: Terms, now: &Moment) -> Result<Grant, Refusal> {
        let Terms { scope, seconds, uses } = terms;
        if scope > self.widest {
            return Err(Refusal::TooWide(self.widest));
        }
        if !self.binding.allows(scope) {
            return Err(Refusal::Unbound(scope));
        }
        let seconds = seconds.unwrap_or(match scope {
            ApprovalScope::Once => ONCE,
            ApprovalScope::Exact => EXACT,
            ApprovalScope::Session
            | ApprovalScope::Repository
            | ApprovalScope::Target
            | ApprovalScope::Tool => LONG,
        });
        if seconds == 0 || seconds > LONGEST {
            return Err(Refusal::TooLong);
        }
        if uses == Some(0) {
            return Err(Refusal::NoUse);
        }
        Ok(Grant { scope, until: Deadline::after(now.clone(), seconds), uses })
    }

    /// A person says no. It holds for every later call of the same kind until it is taken back.
    ///
    /// # Errors
    /// When it is answered already or over.
    pub fn deny(&mut self, word: Word, now: &Moment) -> Result<(), Refusal> {
        self.require(&[ApprovalState::Pending], now)?;
        self.settle(ApprovalState::Denied, word, None, now);
        Ok(())
    }

    /// Whoever waited waits no more.
    ///
    /// # Errors
    /// When it was answered.
    pub fn expire(&mut self, word: Word, now: &Moment) -> Result<(), Refusal> {
        if self.state != ApprovalState::Pending {
            return Err(Refusal::Settled(self.state));
        }
        self.settle(ApprovalState::Expired, word, None, now);
        Ok(())
    }

    /// A person takes an answer back, a yes or a no, or the question itself.
    ///
    /// # Errors
    /// When there is nothing left to take back.
    pub fn revoke(&mut self, word: Word, now: &Moment) -> Result<(), Refusal> {
        let open = [ApprovalState::Approved, ApprovalState::Denied, ApprovalState::Pending];
        self.require(&open, now)?;
        let grant = self.answer.take().and_then(|answer| answer.grant);
        self.settle(ApprovalState::Revoked, word, grant, now);
        Ok(())
    }

    /// Uses the yes for one call that is bound like that.
    ///
    /// # Errors
    /// When there is no yes that still holds, or it is for another call.
    pub fn consume(&mut self, binding: &Binding, now: &Moment) -> Result<(), Refusal> {
        self.require(&[ApprovalState::Approved], now)?;
        let grant = self.answer.as_ref().and_then(|answer| answer.grant.as_ref());
        let grant = grant.map(|grant| (grant.scope, grant.uses));
        let (scope, most) = grant.ok_or(Refusal::OtherCall)?;
        if !self.binding.covers(scope, binding) {
            return Err(Refusal::OtherCall);
        }
        self.uses = self.uses.saturating_add(1);
        if scope == ApprovalScope::Once || most.is_some_and(|most| self.uses >= most) {
            self.state = ApprovalState::Used;
        }
        Ok(())
    }

    /// What a receipt says of it. `state` is what became of it with that receipt.
    #[must_use]
    pub fn note(&self, state: ApprovalState) -> ApprovalNote {
        let answer = self.answer.as_ref();
        // Of several who have to say yes, those who did.
        let agreed = || (!self.agreed.is_empty()).then(|| self.agreed().collect::<Vec<_>>());
        let by = answer.map_or_else(|| agreed().map(|all| all.join(", ")), |it| it.by.clone());
        ApprovalNote {
            id: self.id,
            state,
            by,
            way: answer.map(|answer| answer.way),
            scope: answer.and_then(|answer| answer.grant.as_ref()).map(|grant| grant.scope),
            note: answer.and_then(|answer| answer.note.clone()),
        }
    }

    fn require(&self, states: &[ApprovalState], now: &Moment) -> Result<(), Refusal> {
        let state = self.state(now);
        if states.contains(&state) { Ok(()) } else { Err(Refusal::Settled(state)) }
    }

    fn settle(&mut self, state: ApprovalState, word: Word, grant: Option<Grant>, now: &Moment) {
        let Word { by, way, note, .. } = word;
        let note = note.map(|note| note.chars().take(LONGEST_NOTE).collect());
        self.state = state;
        self.answer = Some(Answer { by, way, at: now.clone(), grant, note });
    }
}

#[cfg(test)]
#[path = "record/tests.rs"]
mod tests;
