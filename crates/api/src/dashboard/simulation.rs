//! `/ui/simulation`: what a draft of the policy would have said to what was recorded.
//!
//! The draft is read and forgotten. Judging again takes a thread of its own, one at a time, and ends
//! after so many receipts or so long, which is then said.

mod one;

use std::time::{Duration, Instant, SystemTime};

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_audit::{Filter as Recorded, Moment, list};
use datafog_core::Event;
use datafog_gate::{Draft, Replay, Simulation, Unreplayable};
use maud::{Markup, html};

use super::decision::ANYWHERE;
use super::parts::{self, Tone};
use super::rows;
use super::{Posted, Viewer};
use crate::board::{Filter, Place};
use crate::server::context::Stored;
use crate::server::problem::{Kind, Problem};

const TITLE: &str = "Simulation";
pub(super) const PATH: &str = "/ui/simulation";

/// Most receipts that are judged again; the newest.
const MOST: usize = 25_000;

/// Longest that judging again may take.
const LONGEST: Duration = Duration::from_secs(8);

/// Most kinds of changed calls on the page.
const SHOWN: usize = 50;

/// Spans that can be chosen.
const SPANS: [(&str, &str); 3] =
    [("1d", "the last day"), ("7d", "the last 7 days"), ("30d", "the last 30 days")];

/// Answers `GET /ui/simulation`: the form, with the policy file as it is, and with the decision that
/// `decision=PLACE.ID` means.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let decision = rows::field(query.as_deref(), "decision");
    let text = viewer.app.judges.ask(|judge| judge.policy_file()).await;
    let text = text.ok().and_then(Result::ok).flatten();
    let text = text.unwrap_or_else(|| HEAD.to_owned());
    let one = one::section(&viewer, decision.as_deref(), &text).await?;
    let content = form(&viewer, &text, ("7d", decision.as_deref()));
    viewer.page(TITLE, PATH, html! { (head(&viewer)) (one) (content) }).await
}

/// Answers `POST /ui/simulation`.
pub(super) async fn run(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    let text = posted.text("draft").unwrap_or_default().to_owned();
    let span = posted.text("span").unwrap_or("7d").to_owned();
    if !SPANS.iter().any(|known| known.0 == span) {
        return Err(Problem::new(Kind::Invalid, "there is no such span"));
    }
    let content = match simulated(&viewer, &text, &span).await? {
        Ok(ran) => result(&ran),
        Err(mistakes) => wrong(&mistakes),
    };
    let decision = posted.text("decision").map(str::to_owned);
    let one = one::section(&viewer, decision.as_deref(), &text).await?;
    let form = form(&viewer, &text, (&span, decision.as_deref()));
    let content = html! { (head(&viewer)) (one) (content) (form) };
    viewer.page(TITLE, PATH, content).await
}

/// What came of it.
#[derive(Debug)]
struct Ran {
    simulation: Simulation,
    /// Why not everything was judged again.
    cut: Option<&'static str>,
    /// When the oldest receipt was made that was looked at.
    oldest: Option<String>,
}

async fn simulated(
    viewer: &Viewer,
    text: &str,
    span: &str,
) -> Result<Result<Ran, String>, Problem> {
    let app = &viewer.app;
    let busy = |_| Problem::new(Kind::Rate, "another simulation runs; try again in a moment");
    let _only_one = app.around.simulating.try_acquire().map_err(busy)?;
    let draft = text.to_owned();
    let asked = app.judges.ask(move |judge| {
        judge.try_policy_file(&draft).map(|draft| (judge.policy().clone(), draft, judge.replay()))
    });
    let (installed, draft, replay) = match asked.await.map_err(|error| Problem::ours(&error))? {
        Ok(all) => all,
        Err(error) => return Ok(Err(error.in_full())),
    };
    let stored = stored(viewer, span).await?;
    let receipts = app.around.receipts.clone().filter(|_| viewer.caller.tenant.is_empty());
    let span = span.to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        let mut work = Work::new(&installed, &draft, &replay);
        if let Some(folder) = receipts.filter(|folder| folder.exists()) {
            work.ledger(&folder, &span)?;
        }
        stored.iter().rev().for_each(|event| work.add(event));
        let Work { simulation, cut, oldest, .. } = work;
        Ok::<_, datafog_audit::Error>(Ran { simulation, cut, oldest })
    });
    let ran = ran.await.map_err(|error| Problem::ours(&error))?;
    ran.map(Ok).map_err(|error| Problem::ours(&error))
}

/// The decisions of the server's chain, oldest first.
async fn stored(viewer: &Viewer, span: &str) -> Result<Vec<Event>, Problem> {
    let wanted = Filter::default().with("from", span).with("where", Place::Server.name());
    let now = rows::now();
    let ends = rows::ask(viewer, move |shelf| {
        let page = shelf.page(&wanted, now, None, MOST);
        let numbers = page.rows.iter().map(|row| row.seq);
        numbers.clone().min().zip(numbers.max())
    });
    let Some((first, last)) = ends.await? else { return Ok(Vec::new()) };
    let (mut events, mut after) = (Vec::new(), first.saturating_sub(1));
    while after < last {
        let added = viewer.app.store.tail(after).await;
        let added = added.map_err(|error| Problem::unread(&error))?;
        let Some((_, end)) = added.last() else { break };
        after = end.seq;
        let own = added.iter().filter(|(tenant, _)| *tenant == viewer.caller.tenant);
        events.extend(own.filter_map(|(_, entry)| Some(Stored::of(entry).ok()?.event)));
    }
    Ok(events)
}

/// Receipts that are judged again within bounds.
struct Work<'a> {
    policies: (&'a dyn Draft, &'a dyn Draft),
    replay: &'a Replay,
    simulation: Simulation,
    end: Instant,
    cut: Option<&'static str>,
    oldest: Option<String>,
}

impl<'a> Work<'a> {
    fn new(installed: &'a dyn Draft, draft: &'a dyn Draft, replay: &'a Replay) -> Self {
        let now = Instant::now();
        let end = now.checked_add(LONGEST).unwrap_or(now);
        Self {
            policies: (installed, draft),
            replay,
            simulation: Simulation::default(),
            end,
            cut: None,
            oldest: None,
        }
    }

    fn ledger(&mut self, folder: &std::path::Path, span: &str) -> Result<(), datafog_audit::Error> {
        let since = Moment::parse(span, SystemTime::now()).ok();
        let mut newest = list(folder, Recorded { since, ..Recorded::default() })?;
        for entry in newest.by_ref() {
            self.add(&entry?.receipt.event);
            if self.cut.is_some() {
                break;
            }
        }
        self.simulation.leave_out_unreadable(newest.unreadable());
        Ok(())
    }

    fn add(&mut self, event: &Event) {
        if self.cut.is_some() {
            return;
        }
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        if self.simulation.receipts >= most {
            self.cut = Some("no more receipts than that are judged at once");
        } else if Instant::now() >= self.end {
            self.cut = Some("it took too long");
        } else {
            self.simulation.add(event, self.replay, self.policies);
            if self.oldest.as_ref().is_none_or(|oldest| *oldest > event.timestamp) {
                self.oldest = Some(event.timestamp.clone());
            }
        }
    }
}

fn head(viewer: &Viewer) -> Markup {
    html! {
        div.head { h1 { (TITLE) } }
        (rows::notices(viewer, 0))
        p { "Write a draft of the policy file and see what it would have said to calls that were recorded. Nothing is changed." }
    }
}

fn form(viewer: &Viewer, text: &str, (span, decision): (&str, Option<&str>)) -> Markup {
    viewer.form(PATH, &html! {
        label.stacked { "Draft"
            textarea name="draft" rows="16" spellcheck="false" autocomplete="off" { "\n" (text) }
            " "
        }
        @if let Some(decision) = decision { input type="hidden" name="decision" value=(decision); }
        p.actions {
            label { span.unseen { "How far back" }
                select name="span" { @for (name, word) in SPANS {
                    option value=(name) selected[name == span] { (word) }
                } }
            }
            button type="submit" { "Simulate" }
        }
    })
}

fn wrong(mistakes: &str) -> Markup {
    parts::notice(
        Tone::Bad,
        &html! {
            p { b { "The draft does not load." } " Nothing was judged." }
            pre.command tabindex="0" role="group" aria-label="Mistakes" { (parts::code(mistakes)) }
        },
    )
}

fn result(ran: &Ran) -> Markup {
    let simulation = &ran.simulation;
    let (left, changes) = (simulation.not_replayed.values().sum::<u64>(), simulation.changes());
    html! {
        section #result aria-labelledby="result-title" {
            h2 #result-title {
                @match changes { 0 => "No decision changes", 1 => "1 decision changes", many => { (many) " decisions change" }, }
            }
            p {
                (simulation.receipts) " receipts, " (simulation.replayed()) " judged again"
                @if left > 0 { ", " (left) " could not be" }
                "."
            }
            @if let Some(why) = ran.cut { (parts::notice(Tone::Warning, &html! { p {
                "The oldest were left out: " (why) ". " (simulation.receipts) " were looked at"
                @if let Some(oldest) = &ran.oldest { ", back to " (parts::stamp(oldest)) } "."
            } })) }
            p.quiet { "The chains were not verified for this: " a href="/ui/integrity" { "Integrity" } " does that, and so does " code { "datafog policy diff --replay" } " first." }
            (matrix(simulation))
            (changed(simulation))
            @if left > 0 {
                details {
                    summary { "What could not be judged again, and why" }
                    p.quiet { "Receipts hold no values. What a rule asks of them (the arguments of a tool, the files and variables that a line names, the state of a working tree) cannot be asked again, so nothing is claimed of such a call where the verdict depends on it." }
                    ul { @for (why, count) in reasons(simulation) { li { (count) ": " (why) } } }
                }
            }
        }
    }
}

/// Why receipts were left out, the commonest reason first.
fn reasons(simulation: &Simulation) -> Vec<(&Unreplayable, u64)> {
    let mut all: Vec<_> =
        simulation.not_replayed.iter().map(|(why, count)| (why, *count)).collect();
    all.sort_by_key(|(_, count)| core::cmp::Reverse(*count));
    all
}

/// Recorded verdicts down, new ones across.
fn matrix(simulation: &Simulation) -> Markup {
    let (olds, news) = simulation.verdicts();
    html! {
        @if !olds.is_empty() {
            div.table tabindex="0" role="group" aria-label="Recorded and new verdicts" {
                table.matrix {
                    thead { tr { th scope="col" { "Was, would be" } @for new in &news { th scope="col" { (rows::word(*new)) } } } }
                    tbody { @for old in &olds {
                        tr {
                            th scope="row" { (rows::word(*old)) }
                            @for new in &news {
                                @let count = simulation.matrix.get(&(*old, *new)).copied().unwrap_or_default();
                                td class=[(count > 0 && old != new).then_some(if new > old { "tighter" } else { "looser" })] { (count) }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn changed(simulation: &Simulation) -> Markup {
    let ranked = simulation.ranked(SHOWN);
    html! {
        @if !ranked.is_empty() {
            h3 { "What changes" }
            div.table tabindex="0" role="group" aria-label="What changes" {
                table {
                    thead { tr { th scope="col" { "Often" } th scope="col" { "Was" } th scope="col" { "Would be" } th scope="col" { "Call" } th scope="col" { "Rule" } } }
                    tbody { @for (change, about) in &ranked {
                        tr.entry tabindex="-1" {
                            td { (about.count) "×" }
                            td { (parts::verdict(change.old)) }
                            td { (parts::verdict(change.new)) }
                            td { a.open href={ "/ui/decisions/" (ANYWHERE) "/" (about.receipt) } { (parts::code(&change.command)) } span.note { (parts::words(&about.reason)) } }
                            td { (parts::words(&change.rule)) }
                        }
                    } }
                }
            }
            @let hidden = simulation.changed.len().saturating_sub(ranked.len());
            @if hidden > 0 { p.quiet { (hidden) " more kinds of calls change." } }
        }
    }
}

/// A policy file to begin with.
const HEAD: &str = "[policy]\nid = \"draft\"\nversion = \"1\"\n";
