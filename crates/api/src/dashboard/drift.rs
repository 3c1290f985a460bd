//! `/ui/drift`: what changed of the guard itself, and whose risk grows. Only what receipts hold.

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_core::Verdict;
use maud::{Markup, html};

use super::Viewer;
use super::activity::decision;
use super::became::All;
use super::parts::{self, Tone};
use super::rows::{self, activity, number};
use crate::board::{Filter, Reign, Row, Session};
use crate::server::problem::Problem;

const TITLE: &str = "Risk and drift";
pub(super) const PATH: &str = "/ui/drift";

/// Most lines of each list.
const MOST: usize = 25;

/// Answers `GET /ui/drift`.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let (filter, now) = (rows::filter(query.as_deref())?, rows::now());
    let asked = filter.clone();
    let found = rows::ask(&viewer, move |shelf| {
        let risky = asked.with("risk", "1");
        let (mut sessions, _) = shelf.sessions(&risky, now, usize::MAX);
        sessions.sort_by_key(|it| (core::cmp::Reverse(it.risk), core::cmp::Reverse(it.last)));
        sessions.truncate(MOST);
        ((shelf.reigns(&asked, now, MOST), shelf.own(MOST)), shelf.visits(MOST), sessions)
    });
    let ((reigns, own), visits, sessions) = found.await?;
    let became = All::of_rows(&viewer, own.iter().map(|row| &**row)).await?;
    let content = html! {
        div.head { h1 { (TITLE) } }
        (rows::notices(&viewer, 0))
        (policies(&reigns, &filter))
        (changes(&own, &became))
        (came(&visits))
        (risks(&sessions, &filter))
    };
    viewer.page(TITLE, PATH, content).await
}

fn policies(reigns: &[Reign], filter: &Filter) -> Markup {
    html! {
        section aria-labelledby="policies" {
            h2 #policies { "Policies that decided" }
            p.quiet { "A line for each time in which the digest of the policy in force stayed the same." }
            @if reigns.is_empty() { (rows::nothing(filter, PATH)) }
            @else {
                div.table tabindex="0" role="group" aria-label="Policies that decided" {
                    table {
                        thead { tr {
                            th scope="col" { "From" } th scope="col" { "Last decision" } th scope="col" { "Where" }
                            th scope="col" { "Policy" } th scope="col" { "Decisions" }
                        } }
                        tbody { @for reign in reigns {
                            tr {
                                td { (rows::at(reign.first)) }
                                td { (rows::at(reign.last)) }
                                td { (reign.place.name()) }
                                td { code { (reign.policy.chars().take(16).collect::<String>()) } }
                                td { (reign.count) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn changes(own: &[std::sync::Arc<Row>], became: &All) -> Markup {
    html! {
        section aria-labelledby="changes" {
            h2 #changes { "Changes of datafog itself" }
            @if own.is_empty() {
                (parts::empty("None is recorded", &html! {
                    p { "When somebody changes mode, wrappers, keys or policy, or a break of the ledger is mended, it is listed here." }
                }))
            } @else {
                div.table tabindex="0" role="group" aria-label="Changes of datafog itself" {
                    table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "Verdict" } th scope="col" { "What" } th scope="col" { "Who" } } }
                        tbody { @for row in own {
                            tr.entry tabindex="-1" {
                                td { (rows::at(row.at)) }
                                td { (rows::verdict(row, (became, None))) }
                                td { a.open href=(decision(row)) { (parts::code(row.command.trim_start_matches("tool:server "))) } span.note { (parts::words(&row.folder)) } }
                                td { (parts::words(&row.agent)) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Who came in, and who tried.
fn came(visits: &[std::sync::Arc<Row>]) -> Markup {
    html! {
        section aria-labelledby="visits" {
            h2 #visits { "Log-ins" }
            @if visits.is_empty() {
                (parts::empty("Nobody has logged in yet", &html! {
                    p { "Who logs in, logs out or tries in vain has a line of the server's chain, which is listed here." }
                }))
            } @else {
                div.table tabindex="0" role="group" aria-label="Log-ins" {
                    table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" } } }
                        tbody { @for row in visits {
                            tr.entry tabindex="-1" {
                                td { (rows::at(row.at)) }
                                td {
                                    a.open href=(decision(row)) { (parts::words(row.command.trim_start_matches("tool:server "))) }
                                    @if row.verdict == Verdict::Deny { " " (parts::badge(Tone::Bad, "refused")) }
                                }
                                td { (parts::words(&row.agent)) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn risks(sessions: &[Session], filter: &Filter) -> Markup {
    html! {
        section aria-labelledby="risks" {
            h2 #risks { "Sessions by risk" }
            @if sessions.is_empty() {
                (parts::empty("No session has points of risk", &html! {
                    p { "Points come from " code { "[[risk.signal]]" } " in the policy; docs/POLICY.md says how." }
                }))
            } @else {
                div.table tabindex="0" role="group" aria-label="Sessions by risk" {
                    table {
                        thead { tr { th scope="col" { "Session" } th scope="col" { "Highest" } th scope="col" { "Trend" } th scope="col" { "With points" } th scope="col" { "Last" } } }
                        tbody { @for session in sessions {
                            @let link = activity(filter, &[("agent", &session.agent), ("session", &session.session), ("risk", "1")]);
                            @let highest = session.risk.unwrap_or(0);
                            tr.entry tabindex="-1" {
                                td { a.open href=(link) { (parts::words(&session.agent)) } span.note { (parts::words(&session.session)) } }
                                td { (highest) " of 100" }
                                td { (rows::spark(&session.risks, &format!("risk over time, at most {highest}, last {}", session.risks.last().unwrap_or(&0)))) }
                                td { (number(session.count, &link)) }
                                td { (rows::at(session.last)) }
                            }
                        } }
                    }
                }
            }
        }
    }
}
