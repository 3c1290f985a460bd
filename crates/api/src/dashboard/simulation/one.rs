//! One decision under a draft: what was said then, and what the draft says.

use datafog_core::{Event, Verdict};
use datafog_gate::{Draft, Judge};
use maud::{Markup, html};

use crate::dashboard::Viewer;
use crate::dashboard::decision::named;
use crate::dashboard::{parts, rows};
use crate::server::problem::Problem;

/// What a draft says to a call.
#[derive(Debug)]
enum Said {
    /// It does not load.
    Broken,
    /// That, by that rule, for that reason.
    So(Verdict, String, String),
    /// It cannot be told from the receipt.
    Untold(String),
}

/// The decision that an address or a form names, under the draft; nothing where none is named.
pub(super) async fn section(
    viewer: &Viewer,
    name: Option<&str>,
    draft: &str,
) -> Result<Markup, Problem> {
    let Some(name) = name else { return Ok(html! {}) };
    let line = named(viewer, name).await?;
    let event = line.receipt.event.clone().into_owned();
    let (asked, text) = (event.clone(), draft.to_owned());
    let said = viewer.app.judges.ask(move |judge| said(judge, &asked, &text)).await?;
    Ok(shown(name, &event, &said))
}

fn said(judge: &Judge<'_>, event: &Event, draft: &str) -> Said {
    let Ok(policy) = judge.try_policy_file(draft) else { return Said::Broken };
    let replay = judge.replay();
    let facts = match replay.facts(event) {
        Ok(facts) => facts,
        Err(why) => return Said::Untold(why.to_string()),
    };
    match policy.verdict(&facts) {
        Err(why) => Said::Untold(why.to_string()),
        Ok(verdict) => {
            let decision = Draft::decide(&policy, &facts);
            let rule = decision.decider().map(|rule| rule.id.clone()).unwrap_or_default();
            Said::So(verdict, rule, decision.reason.into_owned())
        }
    }
}

fn shown(name: &str, event: &Event, said: &Said) -> Markup {
    let place = name.replacen('.', "/", 1);
    html! {
        section #one.card aria-labelledby="one-title" {
            header { h2.title #one-title { "This decision" } p.clock { a href={ "/ui/decisions/" (place) } { "its receipt" } } }
            pre.command tabindex="0" role="group" aria-label="Command" { (parts::code(&event.command)) }
            (parts::facts([
                ("It was", Some(html! { (parts::verdict(event.decision)) " " span.quiet { (parts::words(&event.reason)) } })),
                ("By the draft", Some(match said {
                    Said::Broken => html! { "nothing: the draft does not load" },
                    Said::Untold(why) => html! { "cannot be told from the receipt: " (parts::words(why)) },
                    Said::So(verdict, rule, reason) => html! {
                        (parts::verdict(*verdict)) " "
                        @if *verdict == event.decision { span.quiet { "the same" } }
                        @else { b { "was " (rows::word(event.decision)) ", would be " (rows::word(*verdict)) } }
                        @if !rule.is_empty() { " by " (parts::code(rule)) }
                        span.note { (parts::words(reason)) }
                    },
                })),
            ]))
        }
    }
}
