//! Which receipts a reader wants.

use datafog_core::{Event, Id, Mode, ReceiptKind, Verdict};

use super::Moment;

/// What a receipt must be like to be given out; an empty filter takes all. Every field that is set
/// must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
    /// With this verdict. A recovery has none.
    pub verdict: Option<Verdict>,
    /// A rule of this id matched.
    pub rule: Option<String>,
    /// The displayed command contains this text.
    pub command: Option<String>,
    /// In this mode.
    pub mode: Option<Mode>,
    /// Of this kind.
    pub kind: Option<ReceiptKind>,
    /// Adds to the receipt of this id.
    pub follows: Option<Id>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

impl Filter {
    /// Whether the receipt is wanted; the limit is for the reader to keep.
    #[must_use]
    pub fn takes(&self, event: &Event) -> bool {
        fn fits<T>(wanted: Option<T>, holds: impl FnOnce(T) -> bool) -> bool {
            wanted.is_none_or(holds)
        }
        let decided = event.kind != ReceiptKind::Recovery;
        fits(self.kind, |kind| event.kind == kind)
            && fits(self.mode, |mode| event.mode == mode)
            && fits(self.verdict, |verdict| decided && event.decision == verdict)
            && fits(self.follows, |id| event.follows == Some(id))
            && fits(self.rule.as_ref(), |rule| event.matched_rules.contains(rule))
            && fits(self.command.as_ref(), |text| event.command.contains(text))
            && self.takes_time(&event.timestamp)
    }

    /// Texts that the line of every wanted receipt contains, as our writers spell it: a quick way
    /// to pass over most lines. None with `since`, for which times must be looked at.
    pub(crate) fn hints(&self) -> Vec<String> {
        if self.since.is_some() {
            return Vec::new();
        }
        let json = |text: &str| serde_json::Value::from(text).to_string();
        [
            self.verdict.map(|verdict| format!("\"decision\":\"{verdict}\"")),
            self.mode.map(|mode| format!("\"mode\":\"{mode}\"")),
            self.follows.map(|id| format!("\"follows\":\"{id}\"")),
            self.rule.as_deref().map(json),
            self.command.as_deref().map(|text| unquoted(&json(text))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn takes_time(&self, time: &str) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        Moment::of_receipt(time).is_some_and(|time| {
            self.since.is_none_or(|since| time >= since)
                && self.until.is_none_or(|until| time < until)
        })
    }

    /// Whether a reader that comes from the newest may stop at this receipt: its time is so much
    /// before `since` that no ordinary disorder of clocks explains it.
    pub(crate) fn ends_at(&self, event: &Event) -> bool {
        self.since.is_some_and(|since| {
            Moment::of_receipt(&event.timestamp).is_some_and(|time| time < since.day_before())
        })
    }
}

/// A JSON text without its two quotes.
fn unquoted(json: &str) -> String {
    json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn moment(text: &str) -> Option<Moment> {
        Moment::of_receipt(text)
    }

    #[test]
    fn every_field_must_fit() {
        let event = sample::event(7).unwrap();
        let all = Filter {
            since: moment("2026-09-21T14:13:07.000001Z"),
            until: moment("2026-09-21T14:13:07.000002Z"),
            verdict: Some(Verdict::Deny),
            rule: Some("no-secret-egress".into()),
            command: Some("api.example.com".into()),
            mode: Some(Mode::Enforced),
            kind: Some(ReceiptKind::Action),
            follows: None,
            limit: None,
        };
        assert!(Filter::default().takes(&event) && all.takes(&event));
        let others = [
            Filter { since: all.until, ..all.clone() },
            Filter { until: all.since, ..all.clone() },
            Filter { verdict: Some(Verdict::Allow), ..all.clone() },
            Filter { rule: Some("no-secret".into()), ..all.clone() },
            Filter { command: Some("wget".into()), ..all.clone() },
            Filter { mode: Some(Mode::Observe), ..all.clone() },
            Filter { kind: Some(ReceiptKind::Check), ..all.clone() },
            Filter { follows: Some(event.receipt_id), ..all },
        ];
        assert!(others.iter().all(|filter| !filter.takes(&event)));
    }

    #[test]
    fn the_line_of_a_wanted_receipt_contains_the_hints() {
        let mut event = sample::event(7).unwrap();
        event.command = "say \"hé\\llo\"".into();
        event.matched_rules = vec!["a \"rule\"".into()];
        event.follows = Some(event.receipt_id);
        let line = serde_json::to_string(&event).unwrap();
        let filter = Filter {
            verdict: Some(event.decision),
            rule: event.matched_rules.first().cloned(),
            command: Some("\"hé\\l".into()),
            mode: Some(event.mode),
            follows: event.follows,
            ..Filter::default()
        };
        assert!(filter.takes(&event));
        assert_eq!(filter.hints().len(), 5);
        assert!(filter.hints().iter().all(|hint| line.contains(hint)), "{:?}", filter.hints());
        let since = Filter { since: moment("2026-01-01T00:00:00Z"), ..filter };
        assert!(since.hints().is_empty());
    }

    #[test]
    fn a_recovery_has_no_verdict_and_a_strange_time_is_never_in_range() {
        let mut event = sample::event(0).unwrap();
        event.kind = ReceiptKind::Recovery;
        event.timestamp = "yesterday".into();
        assert!(!Filter { verdict: Some(event.decision), ..Filter::default() }.takes(&event));
        let since = Filter { since: moment("1970-01-01T00:00:00Z"), ..Filter::default() };
        assert!(!since.takes(&event) && !since.ends_at(&event));
    }
}
