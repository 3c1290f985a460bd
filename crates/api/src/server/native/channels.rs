//! `/v1/channels` and `/v1/deliveries`: who is told what happens, and what became of telling them.
//!
//! Each change is asked about by the policy in force, as a call of the tool `channel`, and stored together
//! with its line in the chain. Channels are the tenant's; secrets go in and never come out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use datafog_core::{ActionKind, Event, Verdict};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Parameters, Reply};
use crate::server::context::{Context, Line, plain};
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::moment;
use crate::store::{Delivery, DeliveryState, Error, NewEntry, StoredChannel, Write};
use crate::tell::form::{Made, New, Unfit};
use crate::tell::message::Message;
use crate::tell::send::{form, whom};

/// Most channels of a tenant.
const MOST: usize = 50;

/// Most deliveries of one answer.
const MOST_DELIVERIES: u32 = 500;

/// Which deliveries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    state: Option<String>,
    limit: Option<u32>,
}

/// Answers `GET /v1/channels`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Reply<Value> {
    let all: Vec<Value> = of_tenant(&app, &caller).await?.iter().map(told).collect();
    Ok(Json(json!({ "channels": all })))
}

/// Answers `GET /v1/channels/{id}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Value> {
    Ok(Json(told(&found(&app, &caller, &id).await?)))
}

/// Answers `POST /v1/channels`.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Asked(new): Asked<New>,
) -> Reply<Value> {
    let (channel, shown) = added(&app, &caller, new).await?;
    Ok(Json(with_secret(&channel, shown)))
}

/// Answers `PUT /v1/channels/{id}`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Asked(new): Asked<New>,
) -> Reply<Value> {
    let (channel, shown) = changed(&app, &caller, &id, new).await?;
    Ok(Json(with_secret(&channel, shown)))
}

/// Answers `DELETE /v1/channels/{id}`.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Value> {
    removed(&app, &caller, &id).await?;
    Ok(Json(json!({ "id": id, "removed": true })))
}

/// Answers `POST /v1/channels/{id}/test`.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Value> {
    let said = tested(&app, &caller, &id).await?;
    Ok(Json(json!({ "told": said.is_ok(), "note": said.err() })))
}

/// Answers `GET /v1/deliveries`, newest first.
pub(crate) async fn deliveries(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(Which { state, limit }): Parameters<Which>,
) -> Reply<Value> {
    let limit = limit.unwrap_or(100);
    if !(1..=MOST_DELIVERIES).contains(&limit) {
        return Err(Problem::new(Kind::Invalid, "limit is 1 to 500"));
    }
    let names = DeliveryState::ALL.map(DeliveryState::name).join(", ");
    let wrong = || Problem::new(Kind::Invalid, format!("state is one of {names}"));
    let state = state.map(|name| DeliveryState::of(&name).ok_or_else(wrong)).transpose()?;
    let found = app.store.deliveries(&caller.tenant, state, limit).await;
    let found = found.map_err(|error| Problem::unread(&error))?;
    let told: Vec<Value> = found.iter().map(told_delivery).collect();
    Ok(Json(json!({ "deliveries": told })))
}

/// Answers `POST /v1/deliveries/{id}/replay`.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Value> {
    replayed(&app, &caller, &id).await?;
    Ok(Json(json!({ "id": id, "state": DeliveryState::Waiting.name() })))
}

/// The channels of the caller's tenant, oldest first.
pub(crate) async fn of_tenant(app: &App, caller: &Caller) -> Result<Vec<StoredChannel>, Problem> {
    let mut all = app.store.channels().await.map_err(|error| Problem::unread(&error))?;
    all.retain(|channel| channel.tenant == caller.tenant);
    Ok(all)
}

/// Adds a channel; the secret of signatures, where it was made here.
pub(crate) async fn added(
    app: &App,
    caller: &Caller,
    new: New,
) -> Result<(StoredChannel, Option<String>), Problem> {
    if of_tenant(app, caller).await?.len() >= MOST {
        return Err(Problem::new(Kind::Unfit, format!("a tenant has {MOST} channels at most")));
    }
    let made = made(app, new, None)?;
    let about = (made.form.kind.name(), &*made.form.name);
    let (event, entry) = asked(app, caller, ("add", ""), about).await?;
    let id = event.receipt_id.to_string();
    let sealed = sealed(app, (&id, &caller.tenant), &made).await?;
    let channel = StoredChannel {
        id,
        tenant: caller.tenant.clone(),
        form: serde_json::to_string(&made.form)?,
        sealed,
        since: app.store.head().await.map_err(|error| Problem::unread(&error))?,
        epoch: 1,
        created: Timestamp::now().as_microsecond(),
    };
    set(app, &channel, entry).await?;
    Ok((channel, made.shown))
}

/// Changes a channel. Secrets that are not typed stay, unless they would be sent somewhere else.
pub(crate) async fn changed(
    app: &App,
    caller: &Caller,
    id: &str,
    new: New,
) -> Result<(StoredChannel, Option<String>), Problem> {
    let old = found(app, caller, id).await?;
    let was = form(&old).map_err(|why| Problem::new(Kind::Internal, why))?;
    // What does not open any more is typed again.
    let kept = app.teller.secrets(&old).await.unwrap_or_default();
    let made = made(app, new, Some((&was, kept)))?;
    let about = (made.form.kind.name(), &*made.form.name);
    let (_, entry) = asked(app, caller, ("change", id), about).await?;
    let channel = StoredChannel {
        form: serde_json::to_string(&made.form)?,
        sealed: sealed(app, (id, &caller.tenant), &made).await?,
        epoch: old.epoch.saturating_add(1),
        ..old
    };
    set(app, &channel, entry).await?;
    Ok((channel, made.shown))
}

/// Removes a channel with its secrets and whatever it was to be told.
pub(crate) async fn removed(app: &App, caller: &Caller, id: &str) -> Result<(), Problem> {
    let channel = found(app, caller, id).await?;
    let form = form(&channel).map_err(|why| Problem::new(Kind::Internal, why))?;
    let about = (form.kind.name(), &*form.name);
    let (_, entry) = asked(app, caller, ("remove", id), about).await?;
    let done = app.store.remove_channel(id, entry).await;
    done.map_err(|error| Problem::unstored(&error))
}

/// Tells a channel that it is tested; why not, where it cannot be told.
pub(crate) async fn tested(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<Result<(), String>, Problem> {
    let channel = found(app, caller, id).await?;
    let form = form(&channel).map_err(|why| Problem::new(Kind::Internal, why))?;
    let about = (form.kind.name(), &*form.name);
    let (event, entry) = asked(app, caller, ("test", id), about).await?;
    record(app, entry).await?;
    let public = app.teller.telling.public.as_deref();
    let message = Message::test(&event.receipt_id.to_string(), &caller.tenant, public);
    Ok(app.teller.send(&channel, &message).await)
}

/// Has something told anew that was told or given up.
pub(crate) async fn replayed(app: &App, caller: &Caller, id: &str) -> Result<(), Problem> {
    let none = || Problem::new(Kind::NotFound, "no such delivery was told or given up");
    let channel = id.split('-').next().unwrap_or_default();
    found(app, caller, channel).await.map_err(|_| none())?;
    let (_, entry) = asked(app, caller, ("replay", channel), ("delivery", id)).await?;
    let now = Timestamp::now().as_microsecond();
    let done = app.store.replay((&caller.tenant, id), now, entry).await;
    match done.map_err(|error| Problem::unstored(&error))? {
        true => app.teller.wake.notify_one(),
        false => return Err(none()),
    }
    Ok(())
}

/// A channel as it is shown.
pub(crate) fn told(channel: &StoredChannel) -> Value {
    let mut told = form(channel).map_or_else(|why| json!({ "problem": why }), |form| form.shown());
    let at = moment(u64::try_from(channel.created / 1000).unwrap_or(0));
    if let Some(told) = told.as_object_mut() {
        told.insert(String::from("id"), json!(channel.id));
        told.insert(String::from("created_at"), json!(at));
    }
    told
}

fn with_secret(channel: &StoredChannel, shown: Option<String>) -> Value {
    let mut told = told(channel);
    if let (Some(secret), Some(told)) = (shown, told.as_object_mut()) {
        told.insert(String::from("secret"), json!(secret));
    }
    told
}

fn told_delivery(delivery: &Delivery) -> Value {
    let at = |at: i64| moment(u64::try_from(at / 1000).unwrap_or(0));
    let next = (delivery.state == DeliveryState::Waiting).then(|| at(delivery.due));
    json!({
        "id": delivery.id,
        "channel": delivery.channel,
        "event": delivery.occasion,
        "receipt_id": delivery.receipt,
        "state": delivery.state.name(),
        "tries": delivery.tries,
        "at": at(delivery.at),
        "next": next,
        "note": delivery.note,
    })
}

async fn found(app: &App, caller: &Caller, id: &str) -> Result<StoredChannel, Problem> {
    let all = of_tenant(app, caller).await?;
    let found = all.into_iter().find(|channel| channel.id == id);
    found.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such channel"))
}

fn made(
    app: &App,
    new: New,
    old: Option<(&crate::tell::form::Form, crate::tell::form::Secrets)>,
) -> Result<Made, Problem> {
    let made = new.made(old, &app.teller.telling.networks);
    made.map_err(|why| match why {
        Unfit::Form(why) => Problem::new(Kind::Invalid, why),
        Unfit::Kept(why) => Problem::new(Kind::Unfit, why),
    })
}

async fn sealed(
    app: &App,
    (id, tenant): (&str, &str),
    made: &Made,
) -> Result<Option<Vec<u8>>, Problem> {
    let sealed = app.teller.sealed(whom(id, tenant), &made.secrets).await;
    sealed.map_err(|why| Problem::new(Kind::Invalid, why))
}

async fn set(app: &App, channel: &StoredChannel, entry: NewEntry) -> Result<(), Problem> {
    match app.store.set_channel(channel.clone(), entry).await {
        Ok(()) => {
            app.teller.wake.notify_one();
            Ok(())
        }
        Err(Error::Exists(_)) => {
            Err(Problem::new(Kind::Changed, "somebody else changed it; look at it again"))
        }
        Err(error) => Err(Problem::unstored(&error)),
    }
}

/// Whether that may be done, by the policy in force. What may not is recorded here; what may, with the
/// change itself.
async fn asked(
    app: &App,
    caller: &Caller,
    (does, id): (&'static str, &str),
    (kind, name): (&str, &str),
) -> Result<(Event, NewEntry), Problem> {
    let (id, kind, name) = (id.to_owned(), kind.to_owned(), name.to_owned());
    let event = app.judges.ask(move |judge| {
        let reason = format!("to {does} a channel: {kind} `{}`", plain(judge, &name));
        let arguments = [("do", does), ("id", &*id), ("kind", &*kind)];
        judge.ask_to_change(ActionKind::ToolCall, ("channel", &arguments), reason)
    });
    let event = event.await??;
    let context = Context { actor_id: caller.name(), ..Context::of(caller, "native") };
    let entry = NewEntry::of(&Line::of(&event, &context));
    let entry = entry.map_err(|error| Problem::unstored(&error))?;
    if event.decision == Verdict::Allow {
        return Ok((event, entry));
    }
    record(app, entry).await?;
    let message =
        format!("the policy in force does not let it be done from here: {}", event.reason);
    Err(Problem::new(Kind::Forbidden, message))
}

async fn record(app: &App, entry: NewEntry) -> Result<(), Problem> {
    let stored = app.store.write(Write { entry: Some(entry), answer: None }).await;
    stored.map(drop).map_err(|error| Problem::unstored(&error))
}
