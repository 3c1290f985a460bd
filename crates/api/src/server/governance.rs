//! pi-governance's look at texts (its contract §2.3, §2.4): `POST /v1/dlp/scan` and `/v1/dlp/mask`.
//!
//! Texts are looked at by the detectors of the credential's policy. Places are counted in units of UTF-16, as its clients count them. Matches that overlap are masked as
//! one, so that no letter of either survives. They leave no receipt.

use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_core::{Channel, Finding};
use datafog_gate::Judge;
use serde::{Deserialize, Serialize};

use super::App;
use super::asked::{self, Reply};
use super::problem::{Kind, Problem};
use crate::identity::Caller;

/// What is sent. Unknown members are no error.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    text: String,
    #[serde(default)]
    strategy: Strategy,
    /// Letters at the end that stay readable; of a value that has no more, none does.
    #[serde(default = "four")]
    show_chars: usize,
    #[serde(default = "stars")]
    placeholder: String,
}

/// How a value is masked.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Strategy {
    Full,
    Hash,
    #[default]
    Partial,
}

const fn four() -> usize {
    4
}

fn stars() -> String {
    String::from("***")
}

/// A match: what and where, in units of UTF-16. The text itself is the caller's.
#[derive(Debug, Serialize)]
struct Match {
    pattern: String,
    category: &'static str,
    severity: datafog_core::Severity,
    start: usize,
    end: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Scanned {
    matches: Vec<Match>,
    count: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Masked {
    text: String,
    #[serde(flatten)]
    scanned: Scanned,
}

/// Answers `POST /v1/dlp/scan`.
pub(crate) async fn scan(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    asked::Asked(asked): asked::Asked<Asked>,
) -> Reply<Scanned> {
    looked(&app, &caller, asked, |_, asked, found| scanned(&asked.text, found)).await
}

/// Answers `POST /v1/dlp/mask`.
pub(crate) async fn mask(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    asked::Asked(asked): asked::Asked<Asked>,
) -> Reply<Masked> {
    let look = |judge: &Judge<'_>, asked: &Asked, found: &[Finding]| Masked {
        text: masked(judge, asked, found),
        scanned: scanned(&asked.text, found),
    };
    looked(&app, &caller, asked, look).await
}

async fn looked<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    asked: Asked,
    tell: fn(&Judge<'_>, &Asked, &[Finding]) -> T,
) -> Reply<T> {
    if asked.text.is_empty() {
        return Err(Problem::new(Kind::Invalid, "text is required"));
    }
    let own = caller.bounds.policy.clone();
    let look = move |judge: &Judge<'_>| {
        let channel = Channel::Field(String::from("text"));
        let mut found = judge.scan_for(own.as_deref(), asked.text.as_bytes(), &channel)?;
        found.retain(|finding| !finding.span.is_empty());
        Ok::<T, datafog_gate::Error>(tell(judge, &asked, &found))
    };
    Ok(Json(app.judges.ask(look).await??))
}

/// A finding's place, widened to whole letters.
fn place(text: &str, finding: &Finding) -> Range<usize> {
    text.floor_char_boundary(finding.span.start())..text.ceil_char_boundary(finding.span.end())
}

fn scanned(text: &str, found: &[Finding]) -> Scanned {
    let units = |end: usize| text.get(..end).map_or(0, |before| before.encode_utf16().count());
    let told = |finding: &Finding| {
        let Range { start, end } = place(text, finding);
        Match {
            pattern: finding.detector.to_string(),
            category: if finding.entity.starts_with("secret.") { "secret" } else { "pii" },
            severity: finding.severity,
            start: units(start),
            end: units(end),
        }
    };
    Scanned { matches: found.iter().map(told).collect(), count: found.len() }
}

/// The text with every match masked; those that overlap as one.
fn masked(judge: &Judge<'_>, asked: &Asked, found: &[Finding]) -> String {
    let text = &asked.text;
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut sorted: Vec<_> = found.iter().map(|finding| place(text, finding)).collect();
    sorted.sort_by_key(|place| (place.start, place.end));
    for next in sorted {
        match places.last_mut() {
            Some(last) if next.start < last.end => last.end = last.end.max(next.end),
            Some(_) | None => places.push(next),
        }
    }
    let (mut masked, mut from) = (String::new(), 0);
    for place in places {
        masked.push_str(text.get(from..place.start).unwrap_or_default());
        masked.push_str(&asked.instead_of(judge, text.get(place.clone()).unwrap_or_default()));
        from = place.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    masked
}

impl Asked {
    /// What stands in the place of a value. The digest is keyed: a short value could be guessed from
    /// a plain one.
    fn instead_of(&self, judge: &Judge<'_>, value: &str) -> String {
        match self.strategy {
            Strategy::Full => self.placeholder.clone(),
            Strategy::Hash => {
                let digest = judge.key().digest("masked", [value.as_bytes()]).to_string();
                format!("[REDACTED:{}]", digest.get(..8).unwrap_or_default())
            }
            Strategy::Partial => {
                let letters = value.chars().count();
                let hidden = match letters > self.show_chars {
                    true => letters.saturating_sub(self.show_chars),
                    false => letters,
                };
                let shown = value.chars().skip(hidden);
                self.placeholder.chars().chain(shown).collect()
            }
        }
    }
}
