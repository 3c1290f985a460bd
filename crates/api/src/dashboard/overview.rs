//! `/ui/overview`: how well this is protected, and what happens. Every number leads to what it counts.

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_core::{Mode, Verdict};
use maud::{Markup, html};

use super::parts;
use super::rows::{self, activity, number};
use super::{Viewer, frame};
use crate::board::{Bucket, Filter, Slice, Sums};
use crate::server::problem::Problem;

const TITLE: &str = "Overview";
pub(super) const PATH: &str = "/ui/overview";

/// How far somebody may look back: the address, the word, the length of a part of the trend.
const SPANS: [(&str, &str, i64); 3] =
    [("1d", "24 hours", HOUR), ("7d", "7 days", DAY), ("30d", "30 days", DAY)];

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Height of the chart.
const HIGH: u64 = 120;

/// Answers `GET /ui/overview`.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let chosen = rows::field(query.as_deref(), "from");
    let chosen = SPANS.iter().find(|(span, ..)| Some(*span) == chosen.as_deref());
    let &(span, words, step) = chosen.unwrap_or(&SPANS[1]);
    let filter = Filter::default().with("from", span);
    let (asked, now) = (filter.clone(), rows::now());
    let (sums, dropped) =
        rows::ask(&viewer, move |shelf| (shelf.sums(&asked, now, step), shelf.dropped())).await?;
    let waiting = viewer.waiting().await?;
    let content = html! {
        div.head {
            h1 { (TITLE) }
            nav.spans aria-label="How far back" {
                @for (address, name, _) in SPANS {
                    a href={ (PATH) "?from=" (address) } aria-current=[(address == span).then_some("true")] { (name) }
                }
            }
        }
        (rows::notices(&viewer, dropped))
        @if sums.total == 0 {
            (rows::nothing(&Filter::default(), PATH))
        } @else {
            (lead(&sums, words))
            (tiles(&sums, &filter, waiting))
            (trend(&sums, &filter, words, step))
            (doors(&sums, &filter))
            div.columns {
                (top("Rules that matched", "rule", &sums.rules, &filter))
                (top("Programs and tools", "program", &sums.programs, &filter))
                (top("Commands not allowed as they were", "command", &sums.commands, &filter))
                (top("Who asked", "agent", &sums.agents, &filter))
            }
            @if let (Some(p50), Some(p99)) = (sums.p50, sums.p99) {
                p.quiet { "Judging took " (p50) " µs in the middle; one of a hundred took more than " (p99) " µs." }
            }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

/// The state of things in a sentence or two.
fn lead(sums: &Sums, words: &str) -> Markup {
    let enforced = sums.surfaces.iter().filter(|door| door.mode == Mode::Enforced).count();
    let (all, verdicts) = (sums.surfaces.len(), &sums.verdicts);
    html! {
        p.lead {
            @if enforced == all { b { "Rules are enforced" } @if all > 1 { " on all " (all) " surfaces" } "." }
            @else if enforced == 0 { b { "Rules are only observed" } ": nothing is stopped yet." }
            @else { b { "Rules are enforced on " (enforced) " of " (all) " surfaces" } "; on the others they are only observed." }
            " Of " (sums.total) " decisions in the last " (words) ", "
            (verdicts.deny) @if verdicts.deny == 1 { " was denied, " } @else { " were denied, " }
            (verdicts.approval) " held for a person and " (sums.redacted) " cleaned of what was found in them."
        }
    }
}

fn tiles(sums: &Sums, filter: &Filter, waiting: u64) -> Markup {
    let verdicts = &sums.verdicts;
    let tile = |name: &str, count: u64, more: &[(&str, &str)]| {
        html! { li.tile { (number(count, &activity(filter, more))) span { (name) } } }
    };
    let verdict = |name: &str, count: u64, verdict: Verdict| {
        tile(name, count, &[("verdict", verdict.name())])
    };
    html! {
        ul.tiles {
            (frame::waiting_tile(waiting))
            (tile("decisions", sums.total, &[]))
            (verdict("denied", verdicts.deny, Verdict::Deny))
            (verdict("held for a person", verdicts.approval, Verdict::RequireApproval))
            (verdict("rewritten to a safer form", verdicts.rewrite, Verdict::Rewrite))
            (tile("with something taken out", sums.redacted, &[("redacted", "1")]))
            (tile("stopped, had rules been enforced", sums.would_have, &[("observed", "1")]))
        }
        p.quiet { (sums.redactions) " findings were taken out of what flowed." }
    }
}

/// The trend as bars, and the same as a table.
fn trend(sums: &Sums, filter: &Filter, words: &str, step: i64) -> Markup {
    let most = sums.trend.iter().map(|it| it.verdicts.total()).max().unwrap_or(0).max(1);
    let width = sums.trend.len().saturating_mul(12).max(12);
    let says = format!(
        "Decisions of the last {words}: {} in all, {} denied, {} held, at most {most} in one part. The table below has the numbers.",
        sums.total, sums.verdicts.deny, sums.verdicts.approval
    );
    html! {
        section aria-labelledby="trend" {
            h2 #trend { "Decisions over the last " (words) }
            svg.trend viewBox={ "0 0 " (width) " " (HIGH) } preserveAspectRatio="none" role="img" aria-label=(says) {
                @for (place, bucket) in (0_usize..).zip(&sums.trend) { (bar(place, bucket, most)) }
            }
            p.legend aria-hidden="true" {
                @for (verdict, _) in sums.verdicts.each() {
                    span.key { span class={ "swatch " (rows::class(verdict)) } {} (rows::word(verdict)) }
                }
            }
            details {
                summary { "The same as a table" }
                div.table tabindex="0" role="group" aria-label="Decisions over time" {
                    table {
                        thead { tr {
                            th scope="col" { "From" }
                            @for (verdict, _) in sums.verdicts.each() { th scope="col" { (rows::word(verdict)) } }
                            th scope="col" { "taken out" }
                        } }
                        tbody { @for bucket in sums.trend.iter().rev().filter(|it| it.verdicts.total() > 0) { (line(bucket, filter, step)) } }
                    }
                }
            }
        }
    }
}

fn bar(place: usize, bucket: &Bucket, most: u64) -> Markup {
    let x = place.saturating_mul(12).saturating_add(1);
    let scaled = |count: u64| count.saturating_mul(HIGH).checked_div(most).unwrap_or(0);
    let mut below = HIGH;
    let parts = bucket.verdicts.each().map(|(verdict, count)| {
        // Something is seen of whatever there is.
        let height = scaled(count).max(u64::from(count > 0));
        below = below.saturating_sub(height);
        (verdict, below, height)
    });
    html! {
        @for (verdict, y, height) in parts.into_iter().filter(|part| part.2 > 0) {
            rect class=(rows::class(verdict)) x=(x) y=(y) width="10" height=(height) {}
        }
    }
}

fn line(bucket: &Bucket, filter: &Filter, step: i64) -> Markup {
    let moment = |micros: i64| {
        jiff::Timestamp::from_microsecond(micros).map(|at| at.to_string()).unwrap_or_default()
    };
    let (from, to) = (moment(bucket.from), moment(bucket.from.saturating_add(step)));
    let of = |verdict: Verdict| {
        activity(filter, &[("from", &from), ("to", &to), ("verdict", verdict.name())])
    };
    html! {
        tr {
            td { (rows::at(bucket.from)) }
            @for (verdict, count) in bucket.verdicts.each() { td { (number(count, &of(verdict))) } }
            td { (bucket.redactions) }
        }
    }
}

/// Each door with the word for how it is protected.
fn doors(sums: &Sums, filter: &Filter) -> Markup {
    html! {
        section aria-labelledby="doors" {
            h2 #doors { "Protection by surface" }
            div.table tabindex="0" role="group" aria-label="Protection by surface" {
                table {
                    thead { tr {
                        th scope="col" { "Surface" } th scope="col" { "Protection" }
                        @for (verdict, _) in sums.verdicts.each() { th scope="col" { (rows::word(verdict)) } }
                        th scope="col" { "only observed" }
                    } }
                    tbody {
                        @for door in &sums.surfaces {
                            @let name = door.surface.name();
                            tr {
                                th scope="row" { a href=(activity(filter, &[("surface", name)])) { (door.surface.title()) } }
                                td { (rows::protection(door.mode)) }
                                @for (verdict, count) in door.verdicts.each() {
                                    td { (number(count, &activity(filter, &[("surface", name), ("verdict", verdict.name())]))) }
                                }
                                td { (number(door.observed, &activity(filter, &[("surface", name), ("observed", "1")]))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn top(title: &str, field: &str, slices: &[Slice], filter: &Filter) -> Markup {
    html! {
        section aria-label=(title) {
            h2 { (title) }
            @if slices.is_empty() { p.quiet { "None." } }
            @else {
                ol.top {
                    @for slice in slices {
                        @let address = activity(filter, &[(field, &slice.name)]);
                        li {
                            (parts::code(&slice.name)) " " (number(slice.count, &address))
                            @if slice.stopped > 0 && slice.stopped < slice.count {
                                span.quiet { " (" (slice.stopped) " not allowed as it was)" }
                            }
                        }
                    }
                }
            }
        }
    }
}
