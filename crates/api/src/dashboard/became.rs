//! What became of calls that were held: on every page that shows one, the same and as it is now.
//!
//! The chains say what was answered; of what they say nothing yet, the queue that it waits in does: the
//! server's store, or this machine's own desk.

use std::collections::HashMap;

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_approval::Moment;
use datafog_core::{ApprovalState, Id};
use maud::{Markup, html};

use super::house::{at, house};
use super::parts::{self, Tone};
use super::{Viewer, rows};
use crate::board::{Place, Row};
use crate::identity::Permission;
use crate::server::problem::{Kind, Problem};

/// Most requests that are asked about at once.
const MOST: usize = 400;

/// What happens after which a page that shows such a call looks again.
pub(super) const KINDS: &str = "answered desk done decided";

/// The address of the part that says it of several.
const PART: &str = "/ui/activity/held/part";

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// Neither the chains nor a queue say anything of it any more.
    Untold,
    /// It stands like that, by whose word.
    Was(ApprovalState, Option<String>),
}

/// What became of requests, by id.
#[derive(Debug, Default)]
pub(super) struct All(HashMap<Id, Became>);

impl All {
    /// Of the rows that say no more than that a person was asked.
    pub(super) async fn of_rows<'r>(
        viewer: &Viewer,
        rows: impl IntoIterator<Item = &'r Row>,
    ) -> Result<Self, Problem> {
        let asked = rows.into_iter().filter_map(|row| Some((row.place, row.asks()?)));
        Self::of(viewer, asked.collect()).await
    }

    /// Of these requests.
    pub(super) async fn of(viewer: &Viewer, asked: Vec<(Place, Id)>) -> Result<Self, Problem> {
        if asked.is_empty() {
            return Ok(Self::default());
        }
        let wanted = asked.clone();
        let told = rows::ask(viewer, move |shelf| {
            let fate = |(_, id): (Place, Id)| {
                let fate = shelf.fate(id)?;
                let by = fate.by.as_deref().map(str::to_owned);
                Some((id, Became::Was(fate.state, by)))
            };
            wanted.into_iter().filter_map(fate).collect::<HashMap<_, _>>()
        });
        let mut all = Self(told.await?);
        let open: Vec<(Place, Id)> =
            asked.into_iter().filter(|(_, id)| !all.0.contains_key(id)).take(MOST).collect();
        if open.iter().any(|(place, _)| *place == Place::Local) {
            all.0.extend(here(viewer, &open).await?);
        }
        for (_, id) in open.iter().filter(|(place, _)| *place == Place::Server) {
            all.0.insert(*id, stored(viewer, *id).await?);
        }
        Ok(all)
    }

    /// Of one request.
    pub(super) fn get(&self, id: Id) -> &Became {
        self.0.get(&id).unwrap_or(&Became::Untold)
    }

    /// Requests that can still be answered.
    fn waits(&self, id: Id) -> bool {
        matches!(self.get(id), Became::Was(ApprovalState::Pending, _))
    }

    /// Where a page asks anew about the rows of it that wait; `None` where none does.
    pub(super) fn address<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Option<String> {
        let waiting = rows.into_iter().filter(|row| row.asks().is_some_and(|id| self.waits(id)));
        let ids: Vec<String> =
            waiting.map(|row| format!("{}.{}", row.place.name(), row.id)).collect();
        (!ids.is_empty()).then(|| format!("{PART}?ids={}", ids.join("+")))
    }
}

/// What this machine's desk says. That something was answered, whoever sees the receipt may see.
async fn here(viewer: &Viewer, open: &[(Place, Id)]) -> Result<HashMap<Id, Became>, Problem> {
    let Some(house) = house(&viewer.app, &viewer.caller, Permission::Read) else {
        return Ok(HashMap::new());
    };
    // A desk that cannot be read says nothing; the page of approvals says why.
    let records = at(house, |house| house.requests()).await?.unwrap_or_default();
    let now = Moment::now();
    let is_open = |id: Id| open.iter().any(|(_, wanted)| *wanted == id);
    let told = records.into_iter().filter(|record| is_open(record.id())).map(|record| {
        let by = record.answer().and_then(|answer| answer.by.clone());
        (record.id(), Became::Was(record.state(&now), by))
    });
    Ok(told.collect())
}

/// What the server's own queue says.
async fn stored(viewer: &Viewer, id: Id) -> Result<Became, Problem> {
    let found = viewer.app.store.approval(&viewer.caller.tenant, &id.to_string()).await;
    let found = found.map_err(|error| Problem::unread(&error))?;
    Ok(found.map_or(Became::Untold, |record| {
        let by = record.answer().and_then(|answer| answer.by.clone());
        Became::Was(record.state(&Moment::now()), by)
    }))
}

impl Became {
    /// In words, with a colour.
    pub(super) fn told(&self) -> Markup {
        match self {
            Self::Untold => parts::badge(Tone::Plain, "no answer is recorded"),
            Self::Was(state, by) => html! {
                (parts::state(*state))
                @if let Some(by) = by { span.quiet { " by " (parts::words(by)) } }
            },
        }
    }
}

/// What became of a row's call: what the row itself says, or what was said of it later. `address` is that
/// of a part that says it anew.
pub(super) fn of_row(row: &Row, all: &All, address: Option<&str>) -> Markup {
    let Some(noted) = row.approval.as_deref() else { return html! {} };
    match row.asks() {
        None => Became::Was(noted.state, noted.by.as_deref().map(str::to_owned)).told(),
        Some(id) => {
            let address = address.filter(|_| all.waits(id));
            let kinds = address.map(|_| KINDS);
            html! {
                span.became id={ "became-" (row.id) } data-live=[address] data-kinds=[kinds] { (all.get(id).told()) }
            }
        }
    }
}

/// Answers `GET /ui/activity/held/part`: what became of some rows.
pub(super) async fn part(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let ids = rows::field(query.as_deref(), "ids").unwrap_or_default();
    let wrong = || Problem::new(Kind::Invalid, "`ids`: places and ids of receipts");
    let read = |text: &str| {
        let (place, id) = text.split_once('.')?;
        Some((Place::of(place)?, id.parse::<Id>().ok()?))
    };
    let ids: Option<Vec<(Place, Id)>> = ids.split_whitespace().take(MOST).map(read).collect();
    let ids = ids.ok_or_else(wrong)?;
    let found = rows::ask(&viewer, move |shelf| {
        let own = |(place, id): (Place, Id)| shelf.find(id).filter(|row| row.place == place);
        ids.into_iter().filter_map(own).collect::<Vec<_>>()
    });
    let found = found.await?;
    let all = All::of_rows(&viewer, found.iter().map(|row| &**row)).await?;
    Ok(Viewer::part(html! { @for row in &found { (of_row(row, &all, None)) } }))
}
