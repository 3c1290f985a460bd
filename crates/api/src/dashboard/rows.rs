//! What the pages about receipts share: asking the index, links that filter, words for what was done.

use std::sync::Arc;

use datafog_core::{Mode, Verdict};
use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{self, Tone};
use super::{Viewer, became};
use crate::board::{Filter, Row, Shelf, Wrong};
use crate::server::problem::{Kind, Problem};

/// Where rows are listed.
pub(super) const ACTIVITY: &str = "/ui/activity";

/// Asks the index for the viewer's tenant, on a thread that may block.
pub(super) async fn ask<T: Send + 'static>(
    viewer: &Viewer,
    ask: impl FnOnce(&Shelf) -> T + Send + 'static,
) -> Result<T, Problem> {
    let (board, tenant) = (Arc::clone(&viewer.app.board), viewer.caller.tenant.clone());
    let asked = tokio::task::spawn_blocking(move || board.ask(&tenant, ask));
    asked.await.map_err(|error| Problem::ours(&error))
}

/// The filter that an address says.
pub(super) fn filter(query: Option<&str>) -> Result<Filter, Problem> {
    Filter::parse(query.unwrap_or_default()).map_err(|wrong| told(&wrong))
}

fn told(wrong: &Wrong) -> Problem {
    Problem::new(Kind::Invalid, wrong.to_string())
}

/// A field of a page's own in its address.
pub(super) fn field(query: Option<&str>, name: &str) -> Option<String> {
    let fields = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut fields = fields.filter(|(known, value)| known == name && !value.is_empty());
    fields.next().map(|(_, value)| value.into_owned())
}

/// Now, in microseconds since 1970.
pub(super) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The list of rows that fit a filter, narrowed by more.
pub(super) fn activity(filter: &Filter, more: &[(&str, &str)]) -> String {
    let narrowed = more.iter().fold(filter.clone(), |it, (name, value)| it.with(name, value));
    address(ACTIVITY, &narrowed)
}

/// A page with a filter.
pub(super) fn address(page: &str, filter: &Filter) -> String {
    match filter.query() {
        query if query.is_empty() => page.to_owned(),
        query => format!("{page}?{query}"),
    }
}

/// A number that leads to what it counts.
pub(super) fn number(count: u64, address: &str) -> Markup {
    html! { a.number href=(address) { (count) } }
}

/// A moment of the index.
pub(super) fn at(micros: i64) -> Markup {
    parts::moment(u64::try_from(micros.div_euclid(1000)).unwrap_or(0))
}

/// What was decided, what of it was not carried out, and what became of it where it was held.
pub(super) fn verdict(row: &Row, (all, address): (&became::All, Option<&str>)) -> Markup {
    html! {
        (parts::verdict(row.verdict))
        @if row.is_would_have() { " " span.quiet { "observed only" } }
        @if row.approval.is_some() { " " (became::of_row(row, all, address)) }
    }
}

/// The word for a verdict.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::Redact => "redacted",
        Verdict::Rewrite => "rewritten",
        Verdict::RequireApproval => "held",
        Verdict::Deny => "denied",
    }
}

/// The class of a verdict's colour in charts.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "v-allow",
        Verdict::Redact => "v-redact",
        Verdict::Rewrite => "v-rewrite",
        Verdict::RequireApproval => "v-held",
        Verdict::Deny => "v-deny",
    }
}

/// Whether decisions are carried out, as the newest row says.
pub(super) fn protection(mode: Mode) -> Markup {
    match mode {
        Mode::Enforced => parts::badge(Tone::Good, "enforced"),
        Mode::Observe => parts::badge(Tone::Warning, "observed only"),
    }
}

/// What whoever reads the index should know of it.
pub(super) fn notices(viewer: &Viewer, dropped: u64) -> Markup {
    let board = &viewer.app.board;
    let skipped = board.skipped();
    html! {
        @if !board.is_filled() {
            (parts::notice(Tone::Plain, &html! {
                p { "Receipts are still being read; numbers grow until that is done." }
            }))
        }
        @if skipped > 0 {
            (parts::notice(Tone::Warning, &html! {
                p { (skipped) " lines could not be read and are not counted. " code { "datafog receipts verify" } " says more." }
            }))
        }
        @if dropped > 0 {
            p.quiet { "Of older receipts " (dropped) " are not shown here; they are in the ledger and the store." }
        }
    }
}

/// What is shown where nothing fits.
pub(super) fn nothing(filter: &Filter, page: &str) -> Markup {
    if filter.is_empty() {
        return parts::empty(
            "Nothing was decided yet",
            &html! {
                p { "Run " code { "git status" } " in a new terminal, or ask: " code { "datafog check -- git push --force" } "." }
                p { "Made-up data to look at: " code { "datafog demo" } "." }
            },
        );
    }
    parts::empty("Nothing fits the filter", &html! { p { a href=(page) { "Show everything" } } })
}

/// A small line of numbers, with what it says in words.
pub(super) fn spark(values: &[u32], says: &str) -> Markup {
    let width = values.len().saturating_mul(6).max(6);
    let points: Vec<String> = (0_usize..)
        .zip(values)
        .map(|(place, value)| {
            let x = place.saturating_mul(6).saturating_add(3);
            format!("{x},{}", 102_u32.saturating_sub((*value).min(100)).div_ceil(4))
        })
        .collect();
    html! {
        svg.spark viewBox={ "0 0 " (width) " 27" } width=(width.min(240)) height="27" role="img" aria-label=(says) {
            polyline points=(points.join(" ")) {}
            @if let Some(last) = points.last().and_then(|last| last.split_once(',')) {
                circle cx=(last.0) cy=(last.1) r="2" {}
            }
        }
    }
}
