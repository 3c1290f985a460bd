//! `/ui/policy`: the rules in force, the file that the installation's own stand in, and its versions.
//!
//! A text goes into the file by the same way as over the API: tried first, stored with its line, then
//! written, and only over the text that whoever saves has seen.

mod diff;
mod editor;
mod tests;
mod versions;

use axum::response::Response;
use datafog_core::{RuleOrigin, Verdict};
use datafog_gate::{Judge, Tried};
use maud::{Markup, html};
use serde::Deserialize;

use super::parts::{self, Tone};
use super::rows::{self, activity, number};
use super::{Viewer, house};
use crate::board::Filter;
use crate::identity::Permission;
use crate::server::asked::Parameters;
use crate::server::problem::Problem;
pub(super) use editor::{edit, lint, save};
pub(super) use versions::{restore, version, versions};

const TITLE: &str = "Policy";
const PATH: &str = "/ui/policy";

/// Which rules.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    done: Option<String>,
    q: Option<String>,
}

/// The policy in force, as a page shows it.
struct InForce {
    id: String,
    version: String,
    digest: String,
    default: Verdict,
    stale: Option<String>,
    rules: Vec<Shown>,
}

/// A rule as it is shown.
struct Shown {
    id: String,
    effect: Verdict,
    place: String,
    layer: &'static str,
    locked: bool,
    reason: String,
    lines: Vec<String>,
}

impl InForce {
    fn of(judge: &Judge<'_>) -> Self {
        let policy = judge.policy();
        let rules = policy.rules().into_iter().map(|rule| {
            let needs = rule.obligations.iter().map(|one| format!("needs: {one}"));
            let over = (!rule.overrides.is_empty())
                .then(|| format!("overrides: {}", rule.overrides.join(", ")));
            let place = match &rule.origin {
                RuleOrigin::Builtin => String::from("built in"),
                RuleOrigin::File { path, line } => format!("{path}:{line}"),
            };
            let lines = rule.conditions.iter().cloned().chain(needs).chain(over).collect();
            Shown {
                place,
                lines,
                layer: rule.layer.name(),
                locked: rule.locked,
                id: rule.id,
                effect: rule.effect,
                reason: rule.reason,
            }
        });
        Self {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_string(),
            default: policy.default_verdict(),
            stale: judge.stale().map(str::to_owned),
            rules: rules.collect(),
        }
    }
}

impl Shown {
    fn has(&self, text: &str) -> bool {
        let own = [&self.id, &self.reason, &self.place];
        text.is_empty()
            || own.into_iter().chain(&self.lines).any(|it| it.to_lowercase().contains(text))
    }

    fn row(&self, hits: u64, tried: &[&Tried]) -> Markup {
        let failed = tried.iter().filter(|one| one.fault.is_some()).count();
        html! {
            tr.entry tabindex="-1" {
                td { (parts::verdict(self.effect)) }
                td {
                    b { (parts::words(&self.id)) }
                    div { (parts::words(&self.reason)) }
                    @if !self.lines.is_empty() {
                        details { summary { "Conditions" } ul.lines {
                            @for line in &self.lines { li { (parts::code(line)) } }
                        } }
                    }
                    @if !tried.is_empty() {
                        details open[failed > 0] {
                            summary {
                                @match failed {
                                    0 => { (tried.len()) @if tried.len() == 1 { " test holds" } @else { " tests hold" } },
                                    _ => { b { (failed) " of " (tried.len()) @if failed == 1 { " tests fails" } @else { " tests fail" } } },
                                }
                            }
                            (tests::list(tried))
                        }
                    }
                }
                td { @if hits > 0 { (number(hits, &activity(&Filter::default(), &[("rule", &self.id)]))) } @else { span.quiet { "none" } } }
                td {
                    (self.layer) @if self.locked { ", locked" }
                    span.note { (parts::words(&self.place)) }
                }
            }
        }
    }
}

/// Answers `GET /ui/policy`.
pub(super) async fn rules(
    viewer: Viewer,
    Parameters(Which { done, q }): Parameters<Which>,
) -> Result<Response, Problem> {
    let policy = viewer.app.judges.ask(InForce::of).await?;
    let hits = rows::ask(&viewer, |shelf| shelf.hits()).await?;
    let tried = tests::of(&viewer).await?;
    let filter = q.as_deref().unwrap_or_default().to_lowercase();
    let rules: Vec<&Shown> = policy.rules.iter().filter(|rule| rule.has(&filter)).collect();
    let content = html! {
        div.head {
            h1 { (TITLE) }
            form.filter role="search" method="get" action=(PATH) {
                label { span.unseen { "Filter" }
                    input #filter type="search" name="q" value=[q.as_deref()] placeholder="Filter: rule, reason, condition"; }
                button.plain type="submit" { "Filter" }
            }
        }
        (tabs(&viewer, PATH))
        @if done.is_some() { (parts::notice(Tone::Good, &html! { p { "Saved. It is in force for every call from now on." } })) }
        @if let Some(stale) = &policy.stale {
            (parts::notice(Tone::Bad, &html! {
                p { b { "The file does not load; the last good policy is in force. " } (parts::words(stale)) }
            }))
        }
        (parts::facts([
            ("In force", Some(html! { b { (parts::words(&policy.id)) } " " (parts::words(&policy.version)) })),
            ("Digest", Some(parts::code(&policy.digest))),
            ("Otherwise", Some(html! { "what no rule matches is " (parts::verdict(policy.default)) })),
            ("Tests", Some(tried.summary())),
        ]))
        (tried.others())
        h2 { "Rules " span.quiet { (rules.len()) @if rules.len() != policy.rules.len() { " of " (policy.rules.len()) } } }
        @if rules.is_empty() { (parts::empty("No rule fits the filter", &html! { p { a href=(PATH) { "Show every rule" } } })) }
        @else {
            div.table tabindex="0" role="region" aria-label="Rules" { table {
                thead { tr { th scope="col" { "Effect" } th scope="col" { "Rule" } th scope="col" { "Matched" } th scope="col" { "From" } } }
                tbody { @for rule in rules { (rule.row(hits.get(&*rule.id).copied().unwrap_or(0), &tried.about(&rule.id))) } }
            } }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

/// The pages of the policy.
fn tabs(viewer: &Viewer, here: &str) -> Markup {
    let all = [
        (PATH, "Rules", true),
        ("/ui/policy/edit", "Edit", may_edit(viewer)),
        ("/ui/policy/versions", "Versions", true),
    ];
    html! {
        nav.tabs aria-label="Policy" { ul {
            @for (path, label, may) in all {
                @if may { li { a href=(path) aria-current=[(path == here).then_some("page")] { (label) } } }
            }
        } }
    }
}

/// The policy is the installation's: whoever belongs to a tenant changes none.
pub(super) fn may_edit(viewer: &Viewer) -> bool {
    viewer.may(Permission::Manage) && house::is_of_it(&viewer.caller)
}
