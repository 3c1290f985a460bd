//! `/ui/activity`: what was decided, newest first, filtered by its address.

mod export;

use axum::extract::RawQuery;
use axum::response::Response;
use maud::{Markup, html};

use super::Viewer;
use super::became::{All, Became};
use super::parts;
use super::rows::{self, ACTIVITY, activity, address};
use crate::board::{Cursor, Filter, Page, Row, Session};
use crate::server::problem::{Kind, Problem};
pub(super) use export::export;

const TITLE: &str = "Activity";

/// Rows of a page.
const ROWS: usize = 50;

/// Sessions of a page.
const SESSIONS: usize = 200;

/// Fields of the form that are typed, with their names.
const TYPED: [(&str, &str); 8] = [
    ("agent", "Who asked"),
    ("program", "Program or tool"),
    ("rule", "Rule"),
    ("entity", "Found"),
    ("repository", "Repository or folder"),
    ("session", "Session"),
    ("from", "From (24h, 7d, 2026-11-21)"),
    ("to", "To"),
];

/// A value and the word for it.
type Choice = (&'static str, &'static str);

/// Fields of the form that are chosen.
const CHOSEN: [(&str, &str, &[Choice]); 3] = [
    (
        "verdict",
        "Verdict",
        &[
            ("allow", "allowed"),
            ("allow_with_redaction", "redacted"),
            ("transform", "rewritten"),
            ("require_approval", "held"),
            ("deny", "denied"),
        ],
    ),
    (
        "surface",
        "Surface",
        &[
            ("api", "requests to this server"),
            ("command", "wrapped commands"),
            ("file", "files"),
            ("http", "HTTP requests"),
            ("mcp", "MCP tools"),
            ("shell", "shell lines"),
            ("tool", "agent tools"),
        ],
    ),
    (
        "kind",
        "Kind",
        &[
            ("action", "carried out"),
            ("check", "only asked"),
            ("outcome", "what came of it"),
            ("recovery", "mended ledger"),
        ],
    ),
];

/// Answers `GET /ui/activity`.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.as_deref();
    let (filter, now) = (rows::filter(query)?, rows::now());
    let by_session = rows::field(query, "by").as_deref() == Some("session");
    let after = cursor(rows::field(query, "after"))?;
    let asked = filter.clone();
    let content = if by_session {
        let asked = rows::ask(&viewer, move |shelf| shelf.sessions(&asked, now, SESSIONS));
        let (sessions, total) = asked.await?;
        let open = sessions.iter().flat_map(|session| session.open.iter().copied());
        let all = All::of(&viewer, open.collect()).await?;
        grouped((&sessions, &all), total, &filter)
    } else {
        let asked = rows::ask(&viewer, move |shelf| shelf.page(&asked, now, after, ROWS));
        let page = asked.await?;
        let all = All::of_rows(&viewer, page.rows.iter().map(|row| &**row)).await?;
        listed(&page, &all, &filter, after.is_none())
    };
    let content = html! {
        div.head { h1 { (TITLE) } (export_links(&filter)) }
        (rows::notices(&viewer, 0))
        (form(&filter, by_session))
        (content)
    };
    viewer.page(TITLE, ACTIVITY, content).await
}

/// Answers `GET /ui/activity/part`: how many newer ones there are.
pub(super) async fn part(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.as_deref();
    let (filter, now) = (rows::filter(query)?, rows::now());
    let than = cursor(rows::field(query, "than"))?;
    let asked = filter.clone();
    let newer = rows::ask(&viewer, move |shelf| match than {
        Some(than) => shelf.newer(&asked, now, than),
        None => shelf.page(&asked, now, None, 0).total,
    });
    Ok(Viewer::part(news(newer.await?, &filter, than)))
}

fn cursor(text: Option<String>) -> Result<Option<Cursor>, Problem> {
    let wrong = |()| Problem::new(Kind::Invalid, "there is no such place in the list");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

/// How many came since the page was made; it asks for itself again.
fn news(newer: usize, filter: &Filter, than: Option<Cursor>) -> Markup {
    let than = than.map(|than| than.to_string()).unwrap_or_default();
    let query = filter.query();
    let again = format!("{ACTIVITY}/part?{query}&than={than}");
    html! {
        div #news role="status" data-news=(again) {
            @if newer > 0 {
                a.button href=(address(ACTIVITY, filter)) { (newer) " new" }
            }
        }
    }
}

fn export_links(filter: &Filter) -> Markup {
    let link = |form: &str| {
        let query = filter.query();
        format!("{ACTIVITY}/export?form={form}&{query}")
    };
    html! {
        p.exports {
            "Export " a href=(link("jsonl")) download { "JSON lines" } " " a href=(link("csv")) download { "CSV" }
        }
    }
}

fn form(filter: &Filter, by_session: bool) -> Markup {
    let fields = filter.fields();
    let value =
        |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str());
    let shown = |name: &str| {
        name == "q"
            || CHOSEN.iter().any(|field| field.0 == name)
            || TYPED.iter().any(|field| field.0 == name)
    };
    let more = TYPED.iter().any(|field| value(field.0).is_some());
    html! {
        form.filter.rows role="search" method="get" action=(ACTIVITY) {
            label { span.unseen { "Text" }
                input #filter type="search" name="q" value=[value("q")] placeholder="Filter: command, rule, folder, agent";
            }
            @for field in CHOSEN { (choice(field, value(field.0))) }
            label.choice { input type="checkbox" name="by" value="session" checked[by_session]; " by session" }
            // What has no field of its own is kept.
            @for (name, value) in fields.iter().filter(|field| !shown(field.0)) {
                input type="hidden" name=(name) value=(value);
            }
            button type="submit" { "Filter" }
            details open[more] {
                summary { "More" }
                div.fields {
                    @for (name, title) in TYPED {
                        label.stacked { (title) input type="text" name=(name) value=[value(name)]; }
                    }
                }
            }
        }
        @if !fields.is_empty() { (chips(filter)) }
    }
}

/// A field that is chosen; `set` is what it is set to.
fn choice((name, title, options): (&str, &str, &[Choice]), set: Option<&str>) -> Markup {
    html! {
        label { span.unseen { (title) }
            select name=(name) {
                option value="" { (title) ": any" }
                @for (option, word) in options {
                    option value=(option) selected[set == Some(option)] { (word) }
                }
            }
        }
    }
}

/// The filters that are set, each with a way to be rid of it.
fn chips(filter: &Filter) -> Markup {
    html! {
        ul.chips aria-label="Filters that are set" {
            @for (name, value) in &filter.fields() {
                li { a href=(address(ACTIVITY, &filter.without(name))) { (name) ": " (parts::words(value)) span aria-hidden="true" { " ×" } span.unseen { " (remove)" } } }
            }
            li { a href=(ACTIVITY) { "Clear all" } }
        }
    }
}

fn listed(page: &Page, all: &All, filter: &Filter, is_first: bool) -> Markup {
    let again = all.address(page.rows.iter().map(|row| &**row));
    let became = (all, again.as_deref());
    let newest = page.rows.first().map(|row| Cursor::of(row));
    let older = page.next.map(|next| {
        let query = filter.query();
        format!("{ACTIVITY}?{query}&after={next}")
    });
    html! {
        @if is_first { (news(0, filter, newest)) }
        p.quiet { (page.total) " of them" @if !is_first { ", further back" } }
        @if page.rows.is_empty() { (rows::nothing(filter, ACTIVITY)) }
        @else {
            div.table tabindex="0" role="group" aria-label="Decisions" {
                table.activity {
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Verdict" } th scope="col" { "What" }
                        th scope="col" { "Who" } th scope="col" { "Rule" }
                    } }
                    tbody { @for row in &page.rows { (entry(row, became, filter)) } }
                }
            }
        }
        @if !is_first || older.is_some() {
            nav.pager aria-label="Pages of the list" {
                @if !is_first { a.button.plain href=(address(ACTIVITY, filter)) { "Newest" } }
                @if let Some(older) = older { a.button.plain rel="next" href=(older) { "Older" } }
            }
        }
    }
}

fn entry(row: &Row, became: (&All, Option<&str>), filter: &Filter) -> Markup {
    html! {
        tr.entry tabindex="-1" id={ "row-" (row.id) } {
            td { (rows::at(row.at)) }
            td { (rows::verdict(row, became)) }
            td {
                a.open href=(decision(row)) { (parts::code(&row.command)) }
                span.note {
                    (row.surface.title()) " · " (parts::words(&row.folder))
                    @if let Some(points) = row.risk { " · risk " (points) }
                    @for seen in row.found.iter().take(3) { " · " (parts::words(&seen.entity)) }
                }
            }
            td {
                a href=(activity(filter, &[("agent", &row.agent)])) { (parts::words(&row.agent)) }
                @if !row.session.is_empty() {
                    span.note { a href=(activity(filter, &[("session", &row.session)])) { (parts::words(&row.session)) } }
                }
            }
            td { @if let Some(rule) = row.rules.first() {
                a href=(activity(filter, &[("rule", rule)])) { (parts::words(rule)) }
            } }
        }
    }
}

/// The page of one row.
pub(super) fn decision(row: &Row) -> String {
    format!("/ui/decisions/{}/{}", row.place.name(), row.id)
}

fn grouped((sessions, all): (&[Session], &All), total: usize, filter: &Filter) -> Markup {
    html! {
        p.quiet { (total) " sessions" @if total > sessions.len() { ", the newest " (sessions.len()) " are shown" } }
        @if sessions.is_empty() { (rows::nothing(filter, ACTIVITY)) }
        @else {
            div.table tabindex="0" role="group" aria-label="Sessions" {
                table {
                    thead { tr {
                        th scope="col" { "Session" } th scope="col" { "Last" } th scope="col" { "Strictest" }
                        th scope="col" { "Decisions" } th scope="col" { "Folder" }
                    } }
                    tbody {
                        @for session in sessions {
                            @let link = activity(filter, &[("agent", &session.agent), ("session", &session.session)]);
                            tr.entry tabindex="-1" {
                                td {
                                    a.open href=(link) { (parts::words(&session.agent)) }
                                    span.note { @if session.session.is_empty() { "no session named" } @else { (parts::words(&session.session)) } }
                                }
                                td { (rows::at(session.last)) span.note { "since " (rows::at(session.first)) } }
                                td { (parts::verdict(session.worst)) }
                                td {
                                    (session.count)
                                    span.note {
                                        @for (verdict, count) in session.verdicts.each().into_iter().filter(|it| it.1 > 0) {
                                            (count) " " (rows::word(verdict)) " "
                                        }
                                    }
                                    (held(session, all))
                                }
                                td { (parts::code(&session.folder)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What became of a session's calls that were held.
fn held(session: &Session, all: &All) -> Markup {
    let mut counts = session.fates.clone();
    let mut untold = 0_u64;
    for (_, id) in &session.open {
        match all.get(*id) {
            Became::Untold => untold = untold.saturating_add(1),
            Became::Was(state, _) => match counts.iter_mut().find(|known| known.0 == *state) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => counts.push((*state, 1)),
            },
        }
    }
    html! {
        @if !counts.is_empty() || untold > 0 {
            span.note { "of those held: "
                @for (place, (state, count)) in counts.iter().enumerate() {
                    @if place > 0 { ", " }
                    (count) " " (parts::state_word(*state))
                }
                @if untold > 0 { @if !counts.is_empty() { ", " } (untold) " without a recorded answer" }
            }
        }
    }
}
