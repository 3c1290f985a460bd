//! What is recorded of one step.

use datafog_core::{
    ApprovalNote, ApprovalScope, ApprovalState, ApprovalWay, Event, Id, Mode, Obligation,
    ReceiptKind, Rewritten, Verdict,
};
use datafog_gate::{Inquiry, Judge, Judged};
use jiff::Timestamp;

use super::Error;
use super::chance::Chance;
use super::plan::{SECOND, Session, Step};
use super::scene::{Played, Scene};
use super::write::{Line, What};
use crate::server::context::Context;
use crate::server::follow::Reported;

/// Who answers what is held.
const APPROVERS: [&str; 3] = ["ann@demo", "chidi@demo", "dora@demo"];

/// Tells what comes of steps.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    pub(super) judge: &'a Judge<'static>,
    pub(super) session: &'a Session,
    pub(super) scenes: &'a [Scene],
    /// Since when decisions are carried out, in microseconds.
    pub(super) enforced: i64,
}

impl Teller<'_> {
    /// The lines of a step, and of what followed it before `now`.
    pub(super) fn tell(&self, step: Step, now: i64) -> Result<Vec<Line>, Error> {
        let mut chance = Chance::new(step.seed);
        let Some(played) = self.played(&mut chance) else { return Ok(Vec::new()) };
        let judged = self.judged(&played)?;
        let mut event = judged.event;
        placed(&mut event, step.at, &mut chance);
        let bot = self.session.bot;
        if bot.is_none() {
            self.carried_out(&mut event, &played, step.at);
        }
        let is_held = event.decision == Verdict::RequireApproval && event.mode == Mode::Enforced;
        if is_held {
            event.approval = Some(Box::new(pending(event.receipt_id)));
        }
        let context = bot.map(|bot| self.context(bot, &event, &mut chance));
        let mut lines = vec![Line::of(step.at, event.clone(), context.clone())];
        if is_held {
            lines.extend(answered(&event, context.as_ref(), step.at, &mut chance));
        } else if context.is_some() && event.decision == Verdict::Allow && chance.percent(40) {
            lines.push(done(&event, context, step.at, &mut chance));
        }
        lines.retain(|line| line.at < now);
        Ok(lines)
    }

    pub(super) fn played(&self, chance: &mut Chance) -> Option<Played> {
        let fits = |scene: &Scene| if self.session.has(scene) { scene.weight } else { 0 };
        let scene = chance.weighed(self.scenes, fits)?;
        Some(scene.play(self.session.repository, chance))
    }

    pub(super) fn judged(&self, played: &Played) -> Result<Judged, Error> {
        let Played { what, kind, text, .. } = played.clone();
        let (cwd, principal) = (self.session.cwd.clone().into(), self.session.principal.clone());
        let inquiry = Inquiry { what, kind, text, stated: Vec::new(), cwd, principal };
        Ok(self.judge.judge(inquiry, &[])?)
    }

    /// What a shim or a hook would have done.
    fn carried_out(&self, event: &mut Event, played: &Played, at: i64) {
        event.kind = ReceiptKind::Action;
        // A shim has at hand what nobody sent along to this judge.
        event.faults.retain(|fault| !fault.ends_with("was not sent along"));
        event.mode = if at < self.enforced { Mode::Observe } else { Mode::Enforced };
        let done = match (event.mode, event.decision) {
            (Mode::Observe, _) | (_, Verdict::Allow | Verdict::Rewrite) => "exec",
            (Mode::Enforced, Verdict::Redact) => "filter",
            (Mode::Enforced, Verdict::RequireApproval) => "hold",
            (Mode::Enforced, Verdict::Deny) => "block",
        };
        event.enforcement = String::from(done);
        if event.decision == Verdict::Rewrite
            && let Some(command) = &played.rewritten
        {
            let by = event.obligations.iter().filter_map(Obligation::rewrite);
            let action_digest = self.judge.key().digest("demo", [command.as_bytes()]);
            let by = by.map(str::to_owned).collect();
            event.rewritten = Some(Rewritten { by, command: command.clone(), action_digest });
        }
    }

    /// What the server knows of a bot's request.
    pub(super) fn context(&self, bot: &str, event: &Event, chance: &mut Chance) -> Context {
        let dialects = ["native", "datafog", "agentgov", "dataguard"];
        Context {
            key: String::from("d3m0d3m0"),
            dialect: (*chance.pick(&dialects).unwrap_or(&"native")).to_owned(),
            request_id: format!("demo-{:08x}", chance.next() >> 32),
            actor_id: bot.to_owned(),
            session_id: self.session.id.clone(),
            tool: event.tool.clone(),
            ..Context::default()
        }
    }
}

/// The line of a new policy.
pub(super) fn policy(mut event: Event, at: i64, text: &'static str, chance: &mut Chance) -> Line {
    placed(&mut event, at, chance);
    let context = Context { actor_id: String::from("dora@demo"), ..Context::default() };
    Line { at, event, what: What::Policy(context, text) }
}

/// Gives an event its time, and an id and a duration that follow from chance.
pub(super) fn placed(event: &mut Event, at: i64, chance: &mut Chance) {
    let milliseconds = u64::try_from(at.div_euclid(1000)).unwrap_or(0);
    event.receipt_id = Id::new(milliseconds, chance.bytes());
    if let Ok(moment) = Timestamp::from_microsecond(at) {
        event.timestamp = format!("{moment:.6}");
    }
    event.duration_us = chance.within(35, 900);
}

pub(super) const fn pending(id: Id) -> ApprovalNote {
    let state = ApprovalState::Pending;
    ApprovalNote { id, state, by: None, way: None, scope: None, note: None }
}

/// What became of a question: the answer, and after a yes that it was done.
fn answered(event: &Event, context: Option<&Context>, at: i64, chance: &mut Chance) -> Vec<Line> {
    let later = |chance: &mut Chance, from: u64, to: u64| {
        let seconds = i64::try_from(chance.within(from, to)).unwrap_or(60);
        at.saturating_add(seconds.saturating_mul(SECOND))
    };
    let by = chance.pick(&APPROVERS).map(|by| (*by).to_owned());
    let (state, by, way, note, when) = match chance.below(100) {
        0..60 => (ApprovalState::Approved, by, ApprovalWay::Api, None, later(chance, 9, 500)),
        60..85 => {
            let note =
                chance.pick(&["not on a Friday", "use the staging cluster", "ask dora first"]);
            let note = note.map(|note| (*note).to_owned());
            (ApprovalState::Denied, by, ApprovalWay::Api, note, later(chance, 9, 500))
        }
        _ => (ApprovalState::Expired, None, ApprovalWay::Deadline, None, later(chance, 900, 901)),
    };
    let is_yes = state == ApprovalState::Approved;
    let scope = is_yes.then_some(ApprovalScope::Once);
    let note = ApprovalNote { id: event.receipt_id, state, by, way: Some(way), scope, note };
    let mut said = following(event, when, chance);
    said.approval = Some(Box::new(note.clone()));
    let mut lines = vec![Line::of(when, said, context.cloned())];
    if is_yes {
        let then = when.saturating_add(SECOND.saturating_mul(4));
        let mut again = event.clone();
        placed(&mut again, then, chance);
        again.enforcement = String::from(if context.is_none() { "exec" } else { "none" });
        again.approval = Some(Box::new(ApprovalNote { state: ApprovalState::Used, ..note }));
        lines.push(Line::of(then, again, context.cloned()));
    }
    lines
}

/// What a bot reports after it did what it was allowed to.
fn done(event: &Event, context: Option<Context>, at: i64, chance: &mut Chance) -> Line {
    let when = at.saturating_add(SECOND);
    let reported = Reported {
        success: chance.percent(96),
        duration_ms: Some(chance.within(20, 900)),
        ..Reported::default()
    };
    let event = following(event, when, chance);
    Line { at: when, event, what: What::Server(context.unwrap_or_default(), Some(reported)) }
}

/// An event that says more of an earlier one.
fn following(event: &Event, at: i64, chance: &mut Chance) -> Event {
    let mut following = Event {
        kind: ReceiptKind::Outcome,
        follows: Some(event.receipt_id),
        enforcement: String::from("none"),
        approval: None,
        ..event.clone()
    };
    placed(&mut following, at, chance);
    following
}
