//! In which state a value that was found is: what was said of it last, and whether that still counts.

use std::collections::{HashMap, HashSet};

use datafog_core::KeyedDigest;
use maud::{Markup, html};

use super::{PATH, Viewer};
use crate::board::Filter;
use crate::dashboard::parts::{self, Tone};
use crate::dashboard::rows;
use crate::server::problem::{Kind, Problem};
use crate::store::{Mark, MarkState};

/// Which values a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    State(MarkState),
}

impl Wanted {
    /// What an address says; the open ones unless it asks for one value, which is shown in any state.
    pub(super) fn of(text: Option<&str>, filter: &Filter) -> Result<Self, Problem> {
        match text {
            None if filter.finding.is_some() => Ok(Self::All),
            None => Ok(Self::State(MarkState::Open)),
            Some("all") => Ok(Self::All),
            Some(state) => {
                let wrong = |why| Problem::new(Kind::Invalid, format!("`state`: {why}"));
                state.parse().map(Self::State).map_err(wrong)
            }
        }
    }

    pub(super) fn takes(self, state: MarkState) -> bool {
        self == Self::All || self == Self::State(state)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::State(state) => state.name(),
        }
    }

    /// The page with this state and a filter.
    pub(super) fn address(self, filter: &Filter) -> String {
        let query = filter.query();
        let more = if query.is_empty() { "" } else { "&" };
        format!("{PATH}?{query}{more}state={}", self.name())
    }
}

/// The last words on values, and which of them still count.
#[derive(Debug)]
pub(super) struct Words {
    marks: HashMap<KeyedDigest, Mark>,
    /// When those that were said to be dealt with were seen last.
    seen: HashMap<KeyedDigest, i64>,
    now: i64,
}

impl Words {
    /// Of the viewer's tenant.
    pub(super) async fn of(viewer: &Viewer, now: i64) -> Result<Self, Problem> {
        let marks = viewer.app.store.marks(&viewer.caller.tenant).await;
        let marks = marks.map_err(|error| Problem::unread(&error))?;
        let named = |mark: Mark| Some((KeyedDigest::from_hex(&mark.fingerprint)?, mark));
        let marks: HashMap<_, _> = marks.into_iter().filter_map(named).collect();
        let fixed: HashSet<KeyedDigest> = marks
            .iter()
            .filter(|(_, mark)| mark.state == MarkState::Fixed)
            .map(|(fingerprint, _)| *fingerprint)
            .collect();
        let seen = match fixed.is_empty() {
            true => HashMap::new(),
            false => rows::ask(viewer, move |shelf| shelf.last_seen(&fixed)).await?,
        };
        Ok(Self { marks, seen, now })
    }

    /// The state of a value.
    pub(super) fn state(&self, fingerprint: KeyedDigest) -> MarkState {
        let Some(mark) = self.marks.get(&fingerprint) else { return MarkState::Open };
        let is_over = mark.until.is_some_and(|until| until <= self.now);
        if is_over || self.is_back(fingerprint, mark) { MarkState::Open } else { mark.state }
    }

    /// Whether it was seen again after it was said to be dealt with.
    fn is_back(&self, fingerprint: KeyedDigest, mark: &Mark) -> bool {
        let last = self.seen.get(&fingerprint);
        mark.state == MarkState::Fixed && last.is_some_and(|last| *last > mark.at)
    }

    pub(super) fn badge(&self, fingerprint: KeyedDigest) -> Markup {
        match self.state(fingerprint) {
            MarkState::Fixed => parts::badge(Tone::Good, "fixed"),
            MarkState::Ignored => parts::badge(Tone::Plain, "ignored"),
            MarkState::Open => parts::badge(Tone::Warning, "open"),
        }
    }

    /// What was said of a value, by whom, and why it is open all the same where it is.
    pub(super) fn said(&self, fingerprint: KeyedDigest) -> Option<Markup> {
        let mark = self.marks.get(&fingerprint)?;
        let is_over = mark.until.is_some_and(|until| until <= self.now);
        Some(html! {
            @if self.is_back(fingerprint, mark) { "open again: it was seen after it was said to be " }
            @else if is_over { "open again: the time is over for which it was " }
            (mark.state.name()) " by " (parts::words(&mark.author)) " " (rows::at(mark.at))
            @if let Some(until) = mark.until { ", until " (rows::at(until)) }
            @if !mark.reason.is_empty() { " “" (parts::words(&mark.reason)) "”" }
        })
    }
}
