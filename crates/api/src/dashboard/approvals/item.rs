//! One request for approval on a page.

use datafog_approval::{Moment, Record, visible};
use datafog_core::{ApprovalScope, ApprovalState, Finding, Id};
use maud::{Markup, html};

use super::{Answer, PATH};
use crate::dashboard::Viewer;
use crate::dashboard::parts::{self, Tone};
use crate::identity::Permission;

/// The place of requests that the server was asked about.
pub(super) const SERVER: &str = "server";

/// The place of requests of calls on this machine.
pub(super) const HERE: &str = "here";

/// Most findings that are listed.
const MOST_LISTED: usize = 12;

/// A request, and where it is kept.
#[derive(Debug)]
pub(super) struct Item {
    record: Record,
    place: &'static str,
}

impl Item {
    /// A request of the server's store.
    pub(super) const fn of(record: Record) -> Self {
        Self { record, place: SERVER }
    }

    /// A request of this machine's own desk.
    pub(super) const fn here(record: Record) -> Self {
        Self { record, place: HERE }
    }

    pub(super) fn is_here(&self) -> bool {
        self.place == HERE
    }

    pub(super) const fn number(&self) -> Id {
        self.record.id()
    }

    /// Whether it can still be answered.
    pub(super) fn waits(&self, now: &Moment) -> bool {
        self.record.state(now) == ApprovalState::Pending
    }

    /// When it was asked, in milliseconds since 1970.
    pub(super) const fn asked(&self) -> u64 {
        self.record.asked().from.wall
    }

    /// When it was answered, or asked where nobody did.
    pub(super) fn settled(&self) -> u64 {
        self.record.answer().map_or_else(|| self.asked(), |answer| answer.at.wall)
    }

    pub(super) fn id(&self) -> String {
        self.record.id().to_string()
    }

    /// Whether this, in lower case, stands in what is shown of it.
    pub(super) fn has(&self, text: &str) -> bool {
        let event = self.record.event();
        let own = [&event.command, &event.cwd, &event.reason];
        let mut all = own.into_iter().chain(&event.matched_rules).chain(&event.destinations);
        text.is_empty() || all.any(|own| own.to_lowercase().contains(text))
    }

    fn address(&self) -> String {
        format!("{PATH}/{}/{}", self.place, self.id())
    }

    /// The request in the list of those that wait.
    pub(super) fn card(&self, may_answer: bool, now: &Moment) -> Markup {
        let (event, id) = (self.record.event(), self.id());
        html! {
            article.card.entry id={ "item-" (id) } tabindex="-1" aria-labelledby={ "why-" (id) } {
                header {
                    h3 id={ "why-" (id) } {
                        a.open href=(self.address()) { (parts::words(&event.reason)) }
                    }
                    p.clock { (self.clock(now)) }
                }
                pre.command tabindex="0" role="group" aria-label="Command" {
                    (parts::code(&event.command))
                }
                (self.facts(false))
                @if may_answer {
                    p.actions {
                        a.button.good.approve href={ (self.address()) "?say=approve" } { "Approve…" }
                        a.button.bad.deny href={ (self.address()) "?say=deny" } { "Deny…" }
                    }
                }
            }
        }
    }

    /// How long it has waited, and how long it can be answered.
    fn clock(&self, now: &Moment) -> Markup {
        let asked = self.record.asked();
        let length = u64::from(asked.seconds).saturating_mul(1000);
        let left = parts::span(asked.seconds_left(now));
        html! {
            "asked " (parts::moment(asked.from.wall)) " · "
            (parts::left(asked.from.wall.saturating_add(length), &format!("{left} left")))
        }
    }

    fn facts(&self, all: bool) -> Markup {
        let (event, record) = (self.record.event(), &self.record);
        let list = |texts: &[String]| (!texts.is_empty()).then(|| parts::code(&texts.join(", ")));
        let found = (!event.findings.is_empty()).then(|| findings(&event.findings));
        let faults = (!event.faults.is_empty()).then(|| parts::words(&event.faults.join("; ")));
        let safer = |name| html! { "a safer form runs in its place: " (parts::code(name)) };
        let mut rows = vec![
            ("Risk", event.risk.as_ref().map(parts::risk)),
            ("Rule", list(&event.matched_rules)),
            ("Goes to", list(&event.destinations)),
            ("Found", found),
            ("Not seen", faults),
            ("Rewrite", record.rewrite().map(safer)),
            ("Folder", (!event.cwd.is_empty()).then(|| parts::code(&event.cwd))),
            ("Asked by", Some(self.asker())),
            (
                "Where",
                Some(
                    html! { (if self.is_here() { "on this machine" } else { "over the server" }) },
                ),
            ),
            ("Persons", self.persons()),
        ];
        if all {
            rows.push(("Asked", Some(parts::stamp(&event.timestamp))));
            rows.push(("Decided", Some(parts::verdict(event.decision))));
            rows.push(("Kind", Some(html! { (event.action_type.name()) })));
            rows.push(("Receipt", Some(parts::code(&self.id()))));
        }
        parts::facts(rows)
    }

    fn asker(&self) -> Markup {
        let principal = &self.record.event().principal;
        let who = principal.agent.as_deref().unwrap_or_else(|| principal.kind.name());
        html! {
            (parts::words(who))
            @if let Some(session) = &principal.session { " in session " (parts::code(session)) }
        }
    }

    /// Who has to say yes, where it takes more than one.
    fn persons(&self) -> Option<Markup> {
        let agreed: Vec<&str> = self.record.agreed().collect();
        (self.record.needed() > 1).then(|| {
            html! {
                (agreed.len()) " of " (self.record.needed()) " have said yes"
                @if !agreed.is_empty() { ": " (agreed.join(", ")) }
            }
        })
    }

    /// The request by itself, with what may be said to it.
    pub(super) fn whole(&self, viewer: &Viewer, say: Option<Answer>, now: &Moment) -> Markup {
        let (event, state) = (self.record.event(), self.record.state(now));
        html! {
            p.back { a href=(PATH) { "← Approvals" } }
            div #request.request {
                div.head { h1 #sheet-title { (parts::words(&event.reason)) } (parts::state(state)) }
                @if state == ApprovalState::Pending { p.clock { (self.clock(now)) } }
                pre.command tabindex="0" role="group" aria-label="Command" {
                    (parts::code(&event.command))
                }
                (self.facts(true))
                (self.answered())
                @if viewer.may(Permission::Decide) { (self.choices(viewer, (state, say))) }
                @else if state == ApprovalState::Pending {
                    p.notice { "Your role looks and does not answer: an approver or an administrator does." }
                }
            }
        }
    }

    /// What was said, where somebody did.
    fn answered(&self) -> Markup {
        let Some(answer) = self.record.answer() else { return html! {} };
        let grant = answer.grant.as_ref().map(|grant| {
            let length = u64::from(grant.until.seconds).saturating_mul(1000);
            let end = grant.until.from.wall.saturating_add(length);
            html! { (grant.scope.name()) ", until " (parts::moment(end)) }
        });
        let by = answer.by.as_deref().unwrap_or("nobody, in time");
        html! {
            h2 { "Answer" }
            (parts::facts([
                ("By", Some(html! { (parts::words(by)) " (" (answer.way.name()) ")" })),
                ("At", Some(parts::moment(answer.at.wall))),
                ("Covers", grant),
                ("Used", Some(html! { (self.record.uses()) })),
                ("Note", answer.note.as_deref().map(parts::words)),
            ]))
        }
    }

    fn choices(&self, viewer: &Viewer, (state, say): (ApprovalState, Option<Answer>)) -> Markup {
        match state {
            ApprovalState::Pending => html! {
                @if say != Some(Answer::Deny) { (self.yes(viewer)) }
                @if say != Some(Answer::Approve) { (self.no(viewer)) }
            },
            ApprovalState::Approved | ApprovalState::Denied => {
                self.form(viewer, (Answer::Revoke, "Take the answer back", "plain"), &html! {})
            }
            ApprovalState::Expired | ApprovalState::Revoked | ApprovalState::Used => html! {},
        }
    }

    fn yes(&self, viewer: &Viewer) -> Markup {
        let scopes: Vec<ApprovalScope> = self.record.scopes().collect();
        let choice = html! {
            fieldset {
                legend { "What the yes covers" }
                @for (number, scope) in scopes.iter().enumerate() {
                    label.choice {
                        input type="radio" name="scope" value=(scope.name()) checked[number == 0];
                        span { b { (scope.name()) } " – " (meaning(*scope)) }
                    }
                }
            }
        };
        self.form(viewer, (Answer::Approve, "Approve", "good"), &choice)
    }

    fn no(&self, viewer: &Viewer) -> Markup {
        let says = html! {
            p.quiet { "The same call stays denied until the answer is taken back." }
        };
        self.form(viewer, (Answer::Deny, "Deny", "bad"), &says)
    }

    fn form(
        &self,
        viewer: &Viewer,
        (say, label, class): (Answer, &str, &str),
        content: &Markup,
    ) -> Markup {
        let inner = html! {
            input type="hidden" name="say" value=(say.name());
            (content)
            label.stacked {
                "Note, which whoever asked reads"
                input name="note" maxlength="500" autocomplete="off";
            }
            p.actions {
                button class=(class) type="submit" { (label) }
                a.button.plain.cancel href=(PATH) { "Cancel" }
            }
        };
        html! { div class={ "answer " (say.name()) } { (viewer.form(&self.address(), &inner)) } }
    }
}

/// What was answered, a row each.
pub(super) fn history(items: &[Item], now: &Moment) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Answered requests" {
            table {
                thead {
                    tr {
                        @for name in ["State", "Command", "Rule", "Answered by", "When"] {
                            th scope="col" { (name) }
                        }
                    }
                }
                tbody { @for item in items { (item.row(now)) } }
            }
        }
    }
}

impl Item {
    fn row(&self, now: &Moment) -> Markup {
        let (record, event, answer) = (&self.record, self.record.event(), self.record.answer());
        let by = answer.and_then(|answer| answer.by.as_deref()).unwrap_or("nobody");
        let note = answer.and_then(|answer| answer.note.as_deref());
        html! {
            tr.entry tabindex="-1" {
                td { (parts::state(record.state(now))) }
                td { a.open href=(self.address()) { code { (visible(&event.command, 160)) } } }
                td { (event.matched_rules.first().map_or("–", String::as_str)) }
                td {
                    (parts::words(by))
                    @if let Some(note) = note { span.note { "“" (visible(note, 200)) "”" } }
                }
                td { (parts::moment(self.settled())) }
            }
        }
    }
}

fn findings(all: &[Finding]) -> Markup {
    html! {
        ul.findings {
            @for found in all.iter().take(MOST_LISTED) {
                li {
                    (parts::badge(Tone::Bad, &found.entity)) " in " (found.channel) ": "
                    (parts::code(&found.preview))
                }
            }
            @if all.len() > MOST_LISTED {
                li { "and " (all.len().saturating_sub(MOST_LISTED)) " more" }
            }
        }
    }
}

/// What a scope means, as the command line tells it.
const fn meaning(scope: ApprovalScope) -> &'static str {
    match scope {
        ApprovalScope::Once => "this very call, within 15 minutes",
        ApprovalScope::Exact => "the same call for 10 minutes",
        ApprovalScope::Session => "the same call in the same session, for 8 hours",
        ApprovalScope::Repository => {
            "whatever the same rule holds in the same repository, for 8 hours"
        }
        ApprovalScope::Target => "the same tool to the same hosts, for 8 hours",
        ApprovalScope::Tool => "the same tool, wherever to, for 8 hours",
    }
}
