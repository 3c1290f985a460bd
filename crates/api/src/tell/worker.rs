//! From the chain to whoever is to be told.
//!
//! One task reads what was added and puts into the store who is to be told of it, with the mark up to
//! where that was done, in one transaction: of several servers that share a store the first does it. Then
//! for each channel that has something due, one task sends it, one message after the other. A message is
//! taken for a minute; whoever took it and is gone has not told it, and it is tried again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::form::Form;
use super::message::Message;
use super::occasion::Occasion;
use super::send::form;
use crate::server::App;
use crate::server::context::Stored;
use crate::server::live::Moved;
use crate::store::{Delivery, DeliveryState, Error, StoredChannel};

/// How often it is looked when nobody says that there is something.
const OFTEN: Duration = Duration::from_secs(1);

/// How long lines gather before they are looked at.
const GATHER: Duration = Duration::from_millis(50);

/// How long whoever took a message has for it: longer than sending takes.
const LEASE: Duration = Duration::from_secs(60);

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Channels that somebody of this process tells just now.
type Busy = Arc<Mutex<HashSet<String>>>;

/// Tells people, until it is ended. A store that fails is asked again.
pub(crate) async fn tell(app: Arc<App>) {
    let (mut grown, busy) = (app.store.grown(), Busy::default());
    loop {
        let channels = app.store.channels().await.unwrap_or_default();
        // Where nobody is to be told, nothing is read and nothing is written.
        if !channels.is_empty() {
            let _again: Result<(), Error> = look(&app, &channels).await;
            start(&app, channels, &busy).await;
        }
        tokio::select! {
            _grown = grown.changed() => {}
            () = app.teller.wake.notified() => {}
            () = tokio::time::sleep(OFTEN) => {}
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Works out who is to be told of what was added.
pub(crate) async fn look(app: &App, channels: &[StoredChannel]) -> Result<(), Error> {
    let since = channels.iter().map(|channel| channel.since).min().unwrap_or(0);
    loop {
        let from = app.store.looked_at().await?;
        let after = from.max(since);
        let added = app.store.tail(after).await?;
        // Read behind the lines: a channel that is older than one of them is among these.
        let channels = app.store.channels().await?;
        let forms: Vec<(&StoredChannel, Form)> =
            channels.iter().filter_map(|it| Some((it, form(it).ok()?))).collect();
        let to = added.last().map_or(after, |(_, entry)| entry.seq);
        if to <= from {
            return Ok(());
        }
        let mut new = Vec::new();
        for (tenant, entry) in added {
            if let Ok(line) = Stored::of(&entry) {
                let moved = Moved::new(tenant, entry.seq, line);
                new.extend(deliveries(&moved, &forms));
            }
        }
        app.store.queue((from, to), new).await?;
    }
}

/// Who is to be told of a line.
fn deliveries(moved: &Moved, forms: &[(&StoredChannel, Form)]) -> Vec<Delivery> {
    let Some(occasion) = Occasion::of(moved) else { return Vec::new() };
    let risk = moved.line.event.risk.as_ref().map(|risk| risk.score);
    let is_told = |(channel, form): &&(&StoredChannel, Form)| {
        channel.tenant == moved.tenant && moved.seq > channel.since && form.wants(occasion, risk)
    };
    let now = now();
    let new = |(channel, _): &(&StoredChannel, Form)| Delivery {
        id: format!("{}-{}", channel.id, moved.seq),
        channel: channel.id.clone(),
        tenant: channel.tenant.clone(),
        seq: moved.seq,
        receipt: moved.line.event.receipt_id.to_string(),
        occasion: occasion.name().to_owned(),
        state: DeliveryState::Waiting,
        tries: 0,
        taken: 0,
        due: now,
        at: now,
        note: String::new(),
    };
    forms.iter().filter(is_told).map(new).collect()
}

/// Has each channel told that has something due and that nobody tells already.
async fn start(app: &Arc<App>, channels: Vec<StoredChannel>, busy: &Busy) {
    let due = app.store.due(now()).await.unwrap_or_default();
    for channel in channels.into_iter().filter(|channel| due.contains(&channel.id)) {
        let is_enabled = form(&channel).is_ok_and(|form| form.enabled);
        if is_enabled && let Some(held) = Held::of(busy, &channel.id) {
            let app = Arc::clone(app);
            tokio::spawn(async move {
                let _again: Result<(), Error> = empty(&app, &channel).await;
                drop(held);
                app.teller.wake.notify_one();
            });
        }
    }
}

/// Tells a channel what is due, until nothing is or something fails.
async fn empty(app: &App, channel: &StoredChannel) -> Result<(), Error> {
    loop {
        let now = now();
        let until = now.saturating_add(microseconds(LEASE));
        let Some(taken) = app.store.take(&channel.id, (now, until), 1).await?.pop() else {
            return Ok(());
        };
        let done = attempt(app, channel, &taken).await;
        let is_told = done.is_ok();
        app.store.conclude(concluded(app, taken, done)).await?;
        if !is_told {
            return Ok(());
        }
    }
}

/// Sends what is to be told of a delivery.
async fn attempt(app: &App, channel: &StoredChannel, taken: &Delivery) -> Result<(), String> {
    let gone = || String::from("what it is about cannot be read");
    let entry = app.store.entry(Some(&taken.tenant), &taken.receipt).await;
    let entry = entry.map_err(|_| gone())?.ok_or_else(gone)?;
    let line = Stored::of(&entry).map_err(|_| gone())?;
    let occasion = Occasion::named(&taken.occasion).ok_or_else(gone)?;
    let asked = match &line.event.approval {
        Some(note) => app.store.approval(&taken.tenant, &note.id.to_string()).await.ok().flatten(),
        None => None,
    };
    let public = app.teller.telling.public.as_deref();
    let message = Message::of(&taken.id, occasion, &line, (asked.as_ref(), public));
    app.teller.send(channel, &message).await
}

/// What a try makes of a delivery: told, to be tried again after a while, or given up.
fn concluded(app: &App, taken: Delivery, done: Result<(), String>) -> Delivery {
    let (now, tries) = (now(), taken.tries.saturating_add(1));
    tracing::debug!(told = done.is_ok(), tries, "a channel was tried");
    let telling = &app.teller.telling;
    match done {
        Ok(()) => {
            let (state, note) = (DeliveryState::Told, String::new());
            Delivery { state, tries, at: now, note, ..taken }
        }
        Err(note) if tries >= i64::from(telling.tries) => {
            Delivery { state: DeliveryState::Dead, tries, at: now, note, ..taken }
        }
        Err(note) => {
            let due = now.saturating_add(microseconds(pause(telling.pause, tries)));
            Delivery { tries, at: now, due, note, ..taken }
        }
    }
}

/// How long until the next try after so many.
fn pause(first: Duration, tries: i64) -> Duration {
    let doubled = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
    first.saturating_mul(1_u32 << doubled).min(LONGEST)
}

/// A channel that is told just now; it is free again when this is dropped.
struct Held {
    busy: Busy,
    channel: String,
}

impl Held {
    fn of(busy: &Busy, channel: &str) -> Option<Self> {
        let mut all = busy.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = all.insert(channel.to_owned());
        is_free.then(|| Self { busy: Arc::clone(busy), channel: channel.to_owned() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.channel);
    }
}

fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

fn microseconds(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let first = Duration::from_secs(5);
        let seconds = [1, 2, 3, 11, 99].map(|tries| pause(first, tries).as_secs());
        assert_eq!(seconds, [5, 10, 20, 3600, 3600]);
    }
}
