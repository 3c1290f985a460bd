//! Pieces that pages are put together from.

use datafog_approval::visible;
use datafog_core::{ApprovalState, Risk, Verdict};
use jiff::Timestamp;
use maud::{Markup, html};

/// Most letters of a command on a page.
const MOST_SHOWN: usize = 2000;

/// How good or bad something is. The word always stands beside the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Bad,
    Good,
    Plain,
    Warning,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Good => "good",
            Self::Plain => "none",
            Self::Warning => "warning",
        }
    }
}

/// A word with its colour.
pub(crate) fn badge(tone: Tone, word: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (word) } }
}

/// What a person reads of a verdict.
pub(crate) fn verdict(verdict: Verdict) -> Markup {
    let (tone, word) = match verdict {
        Verdict::Allow => (Tone::Good, "allowed"),
        Verdict::Redact => (Tone::Warning, "redacted"),
        Verdict::Rewrite => (Tone::Warning, "rewritten"),
        Verdict::RequireApproval => (Tone::Warning, "held"),
        Verdict::Deny => (Tone::Bad, "denied"),
    };
    badge(tone, word)
}

/// Where a request for approval stands.
pub(crate) fn state(state: ApprovalState) -> Markup {
    let tone = match state {
        ApprovalState::Approved | ApprovalState::Used => Tone::Good,
        ApprovalState::Denied => Tone::Bad,
        ApprovalState::Expired | ApprovalState::Revoked => Tone::Plain,
        ApprovalState::Pending => Tone::Warning,
    };
    badge(tone, state_word(state))
}

/// The word for it.
pub(crate) const fn state_word(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Approved => "approved",
        ApprovalState::Denied => "denied",
        ApprovalState::Expired => "expired",
        ApprovalState::Pending => "waiting",
        ApprovalState::Revoked => "taken back",
        ApprovalState::Used => "approved and run",
    }
}

/// A command, a path, a name: as it is, what hides in it made visible, and cut where it is very long.
pub(crate) fn code(text: &str) -> Markup {
    html! { code { (visible(text, MOST_SHOWN)) } }
}

/// A text of several lines, each as [`code`] shows it and none cut.
pub(crate) fn whole(text: &str) -> Markup {
    html! { @for (number, line) in text.lines().enumerate() { @if number > 0 { "\n" } (visible(line, usize::MAX)) } }
}

/// Text from elsewhere in a sentence, what hides in it made visible.
pub(crate) fn words(text: &str) -> Markup {
    html! { (visible(text, MOST_SHOWN)) }
}

/// A moment in milliseconds since 1970: in UTC, which a script turns into the viewer's own.
pub(crate) fn moment(wall: u64) -> Markup {
    let moment = i64::try_from(wall).ok().and_then(|wall| Timestamp::from_millisecond(wall).ok());
    moment.map_or_else(|| html! { "–" }, |moment| time(moment, "ago"))
}

/// A moment as a receipt has it (RFC 3339).
pub(crate) fn stamp(text: &str) -> Markup {
    text.parse().map_or_else(|_| words(text), |moment| time(moment, "ago"))
}

/// What is left until a moment in milliseconds since 1970; a script counts it down.
pub(crate) fn left(wall: u64, text: &str) -> Markup {
    let moment = i64::try_from(wall).ok().and_then(|wall| Timestamp::from_millisecond(wall).ok());
    let exact = moment.map(|moment| format!("{moment:.3}")).unwrap_or_default();
    html! { time.left datetime=(exact) title=(exact) data-time="left" { (text) } }
}

fn time(moment: Timestamp, kind: &str) -> Markup {
    let exact = format!("{moment:.3}");
    html! { time datetime=(exact) title=(exact) data-time=(kind) { (shown(moment)) } }
}

/// `2026-11-22 08:02:58 UTC`.
fn shown(moment: Timestamp) -> String {
    let text = format!("{moment:.0}");
    format!("{} UTC", text.replace('T', " ").trim_end_matches('Z'))
}

/// Facts by their names; those that say nothing are left out.
pub(crate) fn facts(rows: impl IntoIterator<Item = (&'static str, Option<Markup>)>) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows {
                @if let Some(value) = value { div { dt { (name) } dd { (value) } } }
            }
        }
    }
}

/// How risky something was taken to be, as a number, a word and a bar.
pub(crate) fn risk(risk: &Risk) -> Markup {
    let (class, word) = match risk.score {
        0..30 => ("low", "low"),
        30..70 => ("middle", "raised"),
        _ => ("high", "high"),
    };
    html! {
        span class={ "risk " (class) } {
            meter min="0" max="100" value=(risk.score) aria-label="risk of 100" {}
            " " (risk.score) " of 100, " (word)
        }
        @if !risk.signals.is_empty() {
            ul.signals {
                @for signal in &risk.signals {
                    li { b { (signal.points) } " " (signal.id) @if !signal.certain { " (not certain)" } }
                }
            }
        }
    }
}

/// What is shown where there is nothing: what it means, and what to do.
pub(crate) fn empty(title: &str, teaches: &Markup) -> Markup {
    html! { div.empty { h2 { (title) } (teaches) } }
}

/// A notice at the top of a page.
pub(crate) fn notice(tone: Tone, content: &Markup) -> Markup {
    html! { div class={ "notice " (tone.class()) } role="status" { (content) } }
}

/// How long, in seconds, in its largest unit.
pub(crate) fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1, "s"));
    format!("{} {name}", seconds.checked_div(unit).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_for_machines_and_plain_for_people() {
        let shown = moment(1_790_000_000_123).into_string();
        assert!(shown.contains(r#"datetime="2026-09-21T14:13:20.123Z""#), "{shown}");
        assert!(shown.contains(">2026-09-21 14:13:20 UTC<"), "{shown}");
        assert!(stamp("<b>").into_string().contains("&lt;b&gt;"));
        assert_eq!(moment(u64::MAX).into_string(), "–");
    }

    #[test]
    fn what_hides_is_shown() {
        let shown = code("rm\u{202e}gpj.exe <script>").into_string();
        assert_eq!(shown, "<code>rm\\u{202e}gpj.exe &lt;script&gt;</code>");
    }

    #[test]
    fn lengths_are_told_in_their_largest_unit() {
        let spans = [0, 59, 60, 7200, 200_000].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min", "2 h", "2 d"]);
    }
}
