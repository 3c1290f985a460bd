//! What comes of the examples and tests of the policy file, for the page of rules.

use datafog_gate::{Judge, Trial, Tried};
use maud::{Markup, html};

use crate::dashboard::Viewer;
use crate::dashboard::parts::{self, Tone};
use crate::server::problem::Problem;

/// No larger text is tried while a page is made, in bytes.
const MOST: usize = 256 << 10;

/// Most tests that are listed of one rule.
const LISTED: usize = 50;

/// Examples and tests that were tried.
#[derive(Debug)]
pub(super) struct AllTried {
    all: Vec<Tried>,
    /// Why none were.
    not: Option<String>,
}

/// Tries what the policy file in force carries, and what stands beside it.
pub(super) async fn of(viewer: &Viewer) -> Result<AllTried, Problem> {
    let tried = |judge: &Judge<'_>| {
        let text = judge.policy_file()?.unwrap_or_default();
        let tests = judge.policy_tests()?.unwrap_or_default();
        if text.len().saturating_add(tests.len()) > MOST {
            return Ok(None);
        }
        judge.try_policy(&text, &tests).map(Some)
    };
    let not = |why: String| AllTried { all: Vec::new(), not: Some(why) };
    Ok(match viewer.app.judges.ask(tried).await? {
        Err(error) => not(error.in_full()),
        Ok(None) => not(String::from("they are too large for a page: run `datafog policy test`")),
        Ok(Some(Trial { examples, tests, wrong })) => {
            let not = wrong.first().map(|one| format!("line {}: {}", one.line, one.message));
            AllTried { all: examples.into_iter().chain(tests).collect(), not }
        }
    })
}

impl AllTried {
    /// Those about one rule.
    pub(super) fn about(&self, rule: &str) -> Vec<&Tried> {
        self.all.iter().filter(|one| one.rule.as_deref() == Some(rule)).collect()
    }

    /// How many hold.
    pub(super) fn summary(&self) -> Markup {
        let failed = self.all.iter().filter(|one| one.fault.is_some()).count();
        html! {
            @match (failed, self.all.len()) {
                (_, 0) => "none in the policy file; a rule carries examples as `match` and `not_match`",
                (0, all) => { (parts::badge(Tone::Good, "all hold")) " " (all) " examples and tests of the policy file, tried for this page" },
                (failed, all) => { (parts::badge(Tone::Bad, "failed")) " " (failed) " of " (all) " do not hold" },
            }
            @if let Some(not) = &self.not { span.note { "Not everything could be tried: " (parts::words(not)) } }
        }
    }

    /// Tests that name no rule.
    pub(super) fn others(&self) -> Markup {
        let others: Vec<&Tried> = self.all.iter().filter(|one| one.rule.is_none()).collect();
        let failed = others.iter().filter(|one| one.fault.is_some()).count();
        html! {
            @if !others.is_empty() {
                details open[failed > 0] {
                    summary { (others.len()) " tests that name no rule" @if failed > 0 { ", " (failed) " fail" } }
                    (list(&others))
                }
            }
        }
    }
}

/// Tests with what came of each; those that fail first.
pub(super) fn list(tried: &[&Tried]) -> Markup {
    let mut sorted = tried.to_vec();
    sorted.sort_by_key(|one| one.fault.is_none());
    html! {
        ul.lines {
            @for one in sorted.iter().take(LISTED) {
                li {
                    @match &one.fault {
                        None => (parts::badge(Tone::Good, "holds")),
                        Some(_) => (parts::badge(Tone::Bad, "fails")),
                    }
                    " " (parts::code(&one.name)) span.quiet { " line " (one.line) }
                    @if let Some(fault) = &one.fault { span.note { (parts::words(fault)) } }
                }
            }
            @if sorted.len() > LISTED { li.quiet { "and " (sorted.len().saturating_sub(LISTED)) " more, which hold" } }
        }
    }
}
