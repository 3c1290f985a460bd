//! Calls that still wait for a person when the demo begins, and some that were answered just now.

use std::time::Duration;

use datafog_approval::{
    Eyes, FolderStore, Moment, Party, Record, Request, Store as _, Terms, Word,
};
use datafog_core::{
    ApprovalScope, ApprovalState, ApprovalWay, Event, Principal, PrincipalKind, ReceiptKind,
};
use datafog_gate::{Judge, Waiting};
use jiff::Timestamp;

use super::chance::Chance;
use super::plan::Session;
use super::scene::scenes;
use super::tell::{Teller, pending, placed};
use super::write::Writer;
use super::{Error, Installation};
use crate::server::context::{Context, Line};
use crate::server::follow::follow_up;
use crate::store::{self, NewEntry, Within, Write, within};

/// How long each can be answered, in seconds: that of this machine first.
const CLOCKS: [u32; 2] = [2 * 60 * 60, 25 * 60];

/// The same for those of the server; the last two are answered at once.
const SERVER_CLOCKS: [u32; 5] = [9 * 60, 40 * 60, 3 * 60 * 60, 900, 900];

/// How many of the server's are still to be answered.
const OPEN: usize = 3;

/// How often a scene is tried that is not held.
const TRIES: u64 = 4000;

/// Asks some questions that a person may answer.
pub(super) async fn ask(
    judge: &Judge<'static>,
    installation: &Installation,
    writer: &mut Writer,
) -> Result<(), Error> {
    let mut chance = Chance::new(77);
    let here = somebody(None);
    for (request, seconds) in held(judge, &here, CLOCKS.len(), &mut chance)?.into_iter().zip(CLOCKS)
    {
        let (mut event, context, waiting) = request;
        drop(context);
        event.enforcement = String::from("hold");
        event.kind = ReceiptKind::Action;
        event.approval = Some(Box::new(pending(event.receipt_id)));
        writer.record(&event)?;
        let store =
            FolderStore::new(installation.layout.approvals(), judge.key(), installation.user);
        store.request(request_of(event, &waiting, seconds), &Moment::now())?;
    }
    let elsewhere = somebody(Some("billing-bot"));
    let requests = held(judge, &elsewhere, SERVER_CLOCKS.len(), &mut chance)?;
    for (number, (request, seconds)) in requests.into_iter().zip(SERVER_CLOCKS).enumerate() {
        let answer = (number >= OPEN).then_some(number.is_multiple_of(2));
        stored(writer, request, (seconds, answer)).await?;
    }
    Ok(())
}

type Held = (Event, Context, Waiting);

/// Calls of a session that are held, each another one.
fn held(
    judge: &Judge<'static>,
    session: &Session,
    count: usize,
    chance: &mut Chance,
) -> Result<Vec<Held>, Error> {
    let scenes = scenes()?;
    let teller = Teller { judge, session, scenes: &scenes, enforced: 0 };
    let (mut found, mut tries) = (Vec::<Held>::new(), 0);
    while found.len() < count && tries < TRIES {
        tries = tries.saturating_add(1);
        let Some(played) = teller.played(chance) else { break };
        let mut judged = teller.judged(&played)?;
        let known = |it: &Held| it.0.action_digest == judged.event.action_digest;
        let Some(waiting) = judge.waiting(&judged, ("demo", played.text.as_deref())) else {
            continue;
        };
        if found.iter().any(known) {
            continue;
        }
        let ago = Duration::from_secs(chance.within(20, 400));
        let at = Timestamp::now().saturating_sub(ago).unwrap_or(Timestamp::MIN);
        placed(&mut judged.event, at.as_microsecond(), chance);
        let context = teller.context(session.bot.unwrap_or_default(), &judged.event, chance);
        found.push((judged.event, context, waiting));
    }
    found.sort_by(|one, two| one.0.timestamp.cmp(&two.0.timestamp));
    Ok(found)
}

/// Stores a request of the server, with its lines; with the answer, where there is one.
async fn stored(
    writer: &Writer,
    (mut event, context, waiting): Held,
    (seconds, answer): (u32, Option<bool>),
) -> Result<(), Error> {
    let work = move |inside: &dyn Within| {
        let now = Moment::now();
        let record = inside.request(request_of(event.clone(), &waiting, seconds), &now)?;
        event.approval = Some(Box::new(pending(record.into_record().id())));
        let id = event.receipt_id;
        write(inside, &event, &context)?;
        let mut witness = |record: &Record| {
            let mut said = follow_up(record.event())?;
            let state =
                if answer == Some(true) { ApprovalState::Approved } else { ApprovalState::Denied };
            said.approval = Some(Box::new(record.note(state)));
            write(inside, &said, &context).map_err(std::io::Error::other)
        };
        let word = Word {
            by: Some(String::from("ann@demo")),
            way: ApprovalWay::Api,
            note: None,
            who: Party::default(),
        };
        match answer {
            Some(true) => {
                let terms: Terms = (ApprovalScope::Once, None).into();
                inside.approve(id, (&word, terms), &now, &mut witness)?;
            }
            Some(false) => {
                inside.deny(id, &word, &now, &mut witness)?;
            }
            None => {}
        }
        Ok(())
    };
    Ok(within(&*writer.store, "", work).await?)
}

fn write(inside: &dyn Within, event: &Event, context: &Context) -> Result<(), store::Error> {
    let entry = Some(NewEntry::of(&Line::of(event, context))?);
    inside.write(&Write { entry, answer: None }).map(drop)
}

fn request_of(event: Event, waiting: &Waiting, seconds: u32) -> Request {
    let Waiting { binding, widest, .. } = *waiting;
    let (rewrite, asker, eyes) = (None, Party::default(), Eyes::default());
    Request { event, binding, widest, rewrite, seconds, asker, eyes }
}

/// An agent on this machine, or a bot elsewhere.
fn somebody(bot: Option<&'static str>) -> Session {
    let id = String::from("d3m05e5510n0");
    let kind = if bot.is_some() { PrincipalKind::Unknown } else { PrincipalKind::Agent };
    let agent = bot.is_none().then(|| String::from("claude-code"));
    let principal =
        Principal { kind, uid: 1000, agent, session: Some(id.clone()), ..Principal::default() };
    let cwd = String::from(if bot.is_some() { "/" } else { "/home/ann/src/shop" });
    Session { principal, bot, repository: "shop", cwd, id }
}
