//! `/ui/decisions/{place}/{id}`: one receipt, whole: what was decided, why, and the proof that it was.

mod later;
mod line;
mod trial;

use axum::extract::Path;
use axum::response::Response;
use datafog_core::{Finding, Id, Obligation, Rewritten, Verdict};
use datafog_gate::{Explanation, RuleOutcome, Truth, Unreplayable};
use maud::{Markup, html};

use super::Viewer;
use super::parts;
use super::rows::{self, ACTIVITY, activity};
use crate::board::{Filter, Place};
use crate::server::problem::{Kind, Problem};
use later::Later;
pub(super) use line::Line;

/// Most lines of what wants and is seen, in letters.
const LONGEST: usize = 160;

/// The place of a receipt of which only the id is known.
pub(super) const ANYWHERE: &str = "any";

/// Answers `GET /ui/decisions/{place}/{id}`.
pub(super) async fn page(
    viewer: Viewer,
    Path((place, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let line = found(&viewer, (&place, &id)).await?;
    let event = line.receipt.event.clone().into_owned();
    let judged = viewer.app.judges.ask(move |judge| {
        let digest = judge.policy().digest();
        (judge.explain_again(&event), digest == event.policy_digest)
    });
    let (explained, is_same) = judged.await.map_err(|error| Problem::ours(&error))?;
    let later = Later::of(&viewer, &line).await?;
    let event = &line.receipt.event;
    let content = html! {
        p.back { a href=(ACTIVITY) { "← Activity" } }
        div.head { h1 { (parts::words(&event.reason)) } (parts::verdict(event.decision)) }
        (rows::notices(&viewer, 0))
        pre.command tabindex="0" role="group" aria-label="Command" { (marked(&event.command)) }
        @if let Some(rewritten) = &event.rewritten { (rewrite(&event.command, rewritten)) }
        (facts(&line))
        (later.section())
        (findings(&event.findings))
        (rules(explained.as_ref(), (is_same, event.decision)))
        (trial::section(event, &format!("{}.{}", line.place.name(), event.receipt_id), super::policy::may_edit(&viewer)))
        (proof(&line))
    };
    viewer.page("Decision", ACTIVITY, content).await
}

/// Answers `GET /ui/decisions/{place}/{id}/part`: what came of it, as it is now.
pub(super) async fn part(
    viewer: Viewer,
    Path((place, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let line = found(&viewer, (&place, &id)).await?;
    Ok(Viewer::part(Later::of(&viewer, &line).await?.section()))
}

/// The line that an address means.
async fn found(viewer: &Viewer, (place, id): (&str, &str)) -> Result<Line, Problem> {
    let none = || Problem::new(Kind::NotFound, "there is no such receipt");
    let id: Id = id.parse().map_err(|_| none())?;
    let place = match Place::of(place) {
        Some(place) => place,
        // Who knows an id need not know in which chain it is.
        None if place == ANYWHERE => {
            let row = rows::ask(viewer, move |shelf| shelf.find(id)).await?;
            row.ok_or_else(none)?.place
        }
        None => return Err(none()),
    };
    Line::find(viewer, place, id).await?.ok_or_else(none)
}

/// The line that `PLACE.ID` means.
pub(super) async fn named(viewer: &Viewer, name: &str) -> Result<Line, Problem> {
    let none = || Problem::new(Kind::NotFound, "there is no such receipt");
    found(viewer, name.split_once('.').ok_or_else(none)?).await
}

/// A test of what was decided.
pub(super) fn test_of(line: &Line) -> String {
    trial::test(&line.receipt.event)
}

fn facts(line: &Line) -> Markup {
    let event = &line.receipt.event;
    let list = |texts: &[String]| (!texts.is_empty()).then(|| parts::code(&texts.join(", ")));
    let link = |field: &str, text: &str| {
        let address = activity(&Filter::default(), &[(field, text)]);
        (!text.is_empty()).then(|| html! { a href=(address) { (parts::words(text)) } })
    };
    let rules = (!event.matched_rules.is_empty()).then(|| {
        html! { @for rule in &event.matched_rules { (link("rule", rule).unwrap_or_default()) " " } }
    });
    let duties = (!event.obligations.is_empty()).then(|| {
        let duties: Vec<String> = event.obligations.iter().map(Obligation::to_string).collect();
        html! { (parts::words(&duties.join("; "))) }
    });
    let principal = &event.principal;
    let agent = principal.agent.as_deref().unwrap_or(&line.context.actor_id);
    let session = principal.session.as_deref().unwrap_or(&line.context.session_id);
    parts::facts([
        ("Risk", event.risk.as_ref().map(parts::risk)),
        ("Rules", rules),
        ("Duties", duties),
        ("Done", Some(html! { (parts::words(&event.enforcement)) " (" (event.mode) ")" })),
        ("Goes to", list(&event.destinations)),
        ("Not seen", list(&event.faults)),
        ("Folder", link("repository", &event.cwd)),
        ("Asked by", link("agent", agent).or_else(|| Some(html! { (principal.kind.name()) }))),
        ("Session", link("session", session)),
        ("When", Some(parts::stamp(&event.timestamp))),
        (
            "Policy",
            Some(
                html! { (parts::words(&event.policy_id)) " " (parts::words(&event.policy_version)) " " code { (event.policy_digest.to_string().chars().take(16).collect::<String>()) } },
            ),
        ),
        ("Judged in", Some(html! { (event.duration_us) " µs" })),
    ])
}

/// A command line whose values were taken out, each mark underlined.
fn marked(command: &str) -> Markup {
    let mut rest = command;
    let mut pieces: Vec<(bool, &str)> = Vec::new();
    while let Some((before, after)) = rest.split_once('‹') {
        let Some((mark, end)) = after.split_once('›') else { break };
        pieces.push((false, before));
        pieces.push((true, mark));
        rest = end;
    }
    pieces.push((false, rest));
    html! {
        code { @for (is_mark, text) in pieces {
            @if is_mark { mark { "‹" (parts::words(text)) "›" } } @else { (parts::words(text)) }
        } }
    }
}

/// What ran in place of the command: words that went, and words that came.
fn rewrite(command: &str, rewritten: &Rewritten) -> Markup {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (command.split(' ').collect(), rewritten.command.split(' ').collect());
    let head = old.iter().zip(&new).take_while(|(one, two)| one == two).count();
    let left = old.len().min(new.len()).saturating_sub(head);
    let tail = old.iter().rev().zip(new.iter().rev()).take(left);
    let tail = tail.take_while(|(one, two)| one == two).count();
    let middle = |words: &[&str]| {
        let end = words.len().saturating_sub(tail);
        words.get(head..end).unwrap_or_default().join(" ")
    };
    let (gone, come) = (middle(&old), middle(&new));
    let same = |words: &[&str]| words.join(" ");
    html! {
        section aria-labelledby="rewrite" {
            h2 #rewrite { "What ran in its place" }
            pre.command tabindex="0" role="group" aria-label="Rewritten command" {
                code {
                    (parts::words(&same(new.get(..head).unwrap_or_default()))) " "
                    @if !gone.is_empty() { del { (parts::words(&gone)) } " " }
                    @if !come.is_empty() { ins { (parts::words(&come)) } " " }
                    (parts::words(&same(new.get(new.len().saturating_sub(tail)..).unwrap_or_default())))
                }
            }
            p.quiet { "By " (parts::words(&rewritten.by.join(", "))) }
        }
    }
}

fn findings(findings: &[Finding]) -> Markup {
    html! {
        section aria-labelledby="found" {
            h2 #found { "Found" }
            @if findings.is_empty() { p.quiet { "Nothing." } }
            @else {
                div.table tabindex="0" role="group" aria-label="Findings" {
                    table {
                        thead { tr { th scope="col" { "What" } th scope="col" { "Where" } th scope="col" { "Looks like" } th scope="col" { "Sure" } } }
                        tbody { @for finding in findings {
                            @let fingerprint = finding.fingerprint.to_string();
                            tr {
                                td { a href={ "/ui/findings?finding=" (fingerprint) } { (parts::words(&finding.entity)) } span.note { (finding.severity) ", " (parts::words(&finding.detector)) } }
                                td { (parts::code(&finding.channel.to_string())) span.note { "bytes " (finding.span.start()) " to " (finding.span.end()) } }
                                td { mark { (parts::code(&finding.preview)) } }
                                td { (finding.confidence.as_percent()) " %" }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Every rule, by what is in force now.
fn rules(
    explained: Result<&Explanation, &Unreplayable>,
    (is_same, recorded): (bool, Verdict),
) -> Markup {
    let again = explained.map(|it| it.decision.verdict).ok().filter(|again| *again != recorded);
    html! {
        section aria-labelledby="rules" {
            h2 #rules { "What every rule says" }
            p.quiet {
                @if is_same { "By the policy that decided it, which is in force now." }
                @else { "By the policy in force now; another one decided it." }
            }
            @if let Some(again) = again {
                (parts::notice(parts::Tone::Warning, &html! {
                    p { "Judged again it is " (rows::word(again)) ", and was " (rows::word(recorded)) " then: what made the difference is not in the receipt, or the policy changed." }
                }))
            }
            @match explained {
                Err(why) => p { "This cannot be told from the receipt: " (why) "." },
                Ok(explanation) => @for part in &explanation.parts {
                    @let (hits, misses): (Vec<_>, Vec<_>) = part.rules.iter().partition(|rule| rule.outcome != RuleOutcome::Miss);
                    @if explanation.parts.len() > 1 { h3 { (parts::code(&part.program)) } }
                    @for trace in &hits { (rule(trace)) }
                    @if hits.is_empty() { p { "No rule matches; the default is " (rows::word(explanation.default)) "." } }
                    details {
                        summary { (misses.len()) " rules that do not match" }
                        @for trace in &misses { (rule(trace)) }
                    }
                },
            }
        }
    }
}

fn rule(trace: &datafog_gate::RuleTrace) -> Markup {
    let outcome = match &trace.outcome {
        RuleOutcome::Match => String::from("matches"),
        RuleOutcome::Miss => String::from("does not match"),
        RuleOutcome::Override(by) => format!("matches, overridden by {by}"),
    };
    html! {
        details.rule open[trace.outcome == RuleOutcome::Match] {
            summary { (parts::words(&trace.rule.id)) " " span.quiet { (outcome) } " " (parts::verdict(trace.rule.effect)) }
            div.table tabindex="0" role="group" aria-label={ "Conditions of " (trace.rule.id) } {
                table {
                    thead { tr { th scope="col" { "Condition" } th scope="col" { "Holds" } th scope="col" { "Wants" } th scope="col" { "There is" } } }
                    tbody { @for condition in &trace.conditions {
                        tr {
                            td class={ "depth-" (condition.depth.min(4)) } { (condition.name) }
                            td { (truth(condition.truth)) }
                            td { (parts::code(&shortened(&condition.wanted))) }
                            td { (parts::code(&shortened(&condition.seen))) }
                        }
                    } }
                }
            }
        }
    }
}

fn truth(truth: Truth) -> Markup {
    let (tone, word) = match truth {
        Truth::True => (parts::Tone::Good, "true"),
        Truth::False => (parts::Tone::Plain, "false"),
        Truth::Unknown => (parts::Tone::Warning, "unknown"),
    };
    parts::badge(tone, word)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The receipt as it stands in its chain, and what vouches for it.
fn proof(line: &Line) -> Markup {
    let (hash, next) = (line.hash(), line.next);
    let said = match next {
        Some(next) if next == hash => {
            "The line after it carries this hash: it is as it was written."
        }
        Some(_) => {
            "The line after it carries another hash: one of the two was changed. Verify the chain."
        }
        None => "It is the last line; the next one will carry this hash.",
    };
    html! {
        section aria-labelledby="proof" {
            h2 #proof { "Receipt and proof" }
            (parts::facts([
                ("Line", Some(html! { (line.receipt.seq) " of the chain " (line.place.name()) })),
                ("Hash before", Some(html! { code { (line.receipt.prev) } })),
                ("Its hash", Some(html! { code { (hash) } })),
                ("Next line", Some(html! { (said) })),
            ]))
            details {
                summary { "The receipt as JSON" }
                pre.command tabindex="0" role="group" aria-label="Receipt" { (parts::code(&line.pretty())) }
            }
            p.quiet { "By hand: the hash is the SHA-256 of the line without its end. docs/AUDIT_FORMAT.md has the steps; " code { "datafog receipts verify" } " takes them all." }
        }
    }
}

#[cfg(test)]
mod tests {
    use datafog_core::Key;

    use super::*;

    #[test]
    fn marks_are_underlined_and_nothing_else_is() {
        let shown = marked("curl -d ‹secret.github.pat› https://x ‹<b>› ‹open").into_string();
        assert_eq!(shown.matches("<mark>").count(), 2, "{shown}");
        assert!(shown.contains("‹&lt;b&gt;›") && shown.ends_with(" ‹open</code>"), "{shown}");
    }

    #[test]
    fn a_rewrite_shows_what_went_and_what_came() {
        let key = Key::from_bytes(&[1; 32]).unwrap();
        let rewritten = |command: &str| Rewritten {
            by: vec![String::from("lease")],
            command: command.to_owned(),
            action_digest: key.digest("x", [b"x".as_slice()]),
        };
        let shown = rewrite("git push --force origin x", &rewritten("git push --lease origin x"));
        let shown = shown.into_string();
        assert!(
            shown.contains("<del>--force</del>") && shown.contains("<ins>--lease</ins>"),
            "{shown}"
        );
        let shown = rewrite("rm x", &rewritten("datafog trash put x")).into_string();
        assert!(
            shown.contains("<del>rm</del>") && shown.contains("<ins>datafog trash put</ins>"),
            "{shown}"
        );
        let shown = rewrite("a a", &rewritten("a a a")).into_string();
        assert!(!shown.contains("<del>") && shown.contains("<ins>a</ins>"), "{shown}");
    }
}
