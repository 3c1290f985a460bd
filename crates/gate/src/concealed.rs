//! Values that must not be seen, looked for in a text all at once.
//!
//! An argument may hold thousands of findings; to look for one after the other would take time that
//! grows with their number times the length of the text. Here every place of the text costs one
//! search in a sorted list, however many values there are.

use std::borrow::Cow;
use std::ops::Range;

/// Shorter values are not looked for: they stand in innocent words, too.
const SHORTEST: usize = 4;

/// Values in sorted order, in lower case, each once.
#[derive(Debug, Default)]
pub(crate) struct Concealed {
    values: Vec<Value>,
}

#[derive(Debug)]
struct Value {
    text: Vec<u8>,
    /// What is shown instead.
    label: String,
    /// The longest other value that this one begins with.
    begins_with: Option<usize>,
}

impl Concealed {
    /// Of these values, each with what is shown instead.
    pub(crate) fn new<'v>(values: impl Iterator<Item = (&'v [u8], String)>) -> Self {
        let long = values.filter(|(value, _)| value.len() >= SHORTEST);
        let mut values: Vec<Value> = long
            .map(|(value, label)| {
                let text = value.to_ascii_lowercase();
                Value { text, label, begins_with: None }
            })
            .collect();
        // Stable: of equal values the first label stays.
        values.sort_by(|one, other| one.text.cmp(&other.text));
        values.dedup_by(|next, one| next.text == one.text);
        let mut this = Self { values };
        for at in 0..this.values.len() {
            let begins_with = at.checked_sub(1).and_then(|before| {
                let text = &this.values.get(at)?.text;
                this.chain(before)
                    .find(|(_, value)| text.starts_with(&value.text))
                    .map(|(at, _)| at)
            });
            if let Some(value) = this.values.get_mut(at) {
                value.begins_with = begins_with;
            }
        }
        this
    }

    /// `text` without the values, wherever and in whatever case they stand. Where they overlap, all
    /// of them go.
    pub(crate) fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let places = self.places(text.as_bytes());
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for (place, label) in places {
            let Some(before) =
                text.get(from..place.start).filter(|_| text.is_char_boundary(place.end))
            else {
                // A value of odd bytes: rather nothing is shown than a part of it.
                return Cow::Owned(format!("‹{label}›"));
            };
            shown.push_str(before);
            shown.push('‹');
            shown.push_str(label);
            shown.push('›');
            from = place.end;
        }
        shown.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// Where values stand, in order; what overlaps is one place, with the label of its first.
    fn places(&self, text: &[u8]) -> Vec<(Range<usize>, &str)> {
        let mut places: Vec<(Range<usize>, &str)> = Vec::new();
        if self.values.is_empty() {
            return places;
        }
        let text = text.to_ascii_lowercase();
        for start in 0..text.len() {
            let rest = text.get(start..).unwrap_or_default();
            let Some(value) = self.longest_at(rest) else { continue };
            let end = start.saturating_add(value.text.len());
            match places.last_mut() {
                Some((last, _)) if start < last.end => last.end = last.end.max(end),
                _ => places.push((start..end, &value.label)),
            }
        }
        places
    }

    /// The longest value that `rest`, in lower case, begins with. A value that `rest` begins with
    /// sorts before it, and so does everything between the two: hence the value right before
    /// `rest` begins with it, too.
    fn longest_at(&self, rest: &[u8]) -> Option<&Value> {
        let before = self.values.partition_point(|value| *value.text <= *rest).checked_sub(1)?;
        self.chain(before).map(|(_, value)| value).find(|value| rest.starts_with(&value.text))
    }

    /// The value at `at`, the longest that it begins with, and so on. As values stand apart in one
    /// text, no chain is longer than the root of twice the length of that text.
    fn chain(&self, at: usize) -> impl Iterator<Item = (usize, &Value)> {
        let pair = |at: usize| Some((at, self.values.get(at)?));
        core::iter::successors(pair(at), move |(_, value)| pair(value.begins_with?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concealed(values: &[&str]) -> Concealed {
        Concealed::new(values.iter().map(|value| (value.as_bytes(), String::from("x"))))
    }

    #[test]
    fn values_go_wherever_they_stand() {
        let values = concealed(&["S3cretValue", "hunter2", "abc"]);
        assert_eq!(values.hidden("https://s3cretvalue.evil/"), "https://‹x›.evil/");
        assert_eq!(values.hidden("hunter2 hunter2"), "‹x› ‹x›");
        assert_eq!(values.hidden("é S3cretValue é"), "é ‹x› é");
        assert!(matches!(values.hidden("abc"), Cow::Borrowed("abc")), "too short to be looked for");
    }

    #[test]
    fn of_values_within_and_across_one_another_nothing_is_left() {
        let values = concealed(&["abcd", "abcdefgh", "abcdefgx", "efghij", "zzzzz"]);
        for (text, expected) in [
            ("abcdefgh", "‹x›"),
            ("-abcdefg-", "-‹x›efg-"),
            ("abcdefghij", "‹x›"),
            ("abcdabcd", "‹x›‹x›"),
            ("zzzzzzz", "‹x›"),
            ("abc", "abc"),
        ] {
            assert_eq!(values.hidden(text), expected, "{text}");
        }
        let odd = Concealed::new([(&b"\xc3abc"[..], String::from("x"))].into_iter());
        assert_eq!(odd.hidden("fine"), "fine");
        let half = Concealed::new(
            ["é234".as_bytes().get(1..).map(|it| (it, "x".into())).unwrap()].into_iter(),
        );
        assert_eq!(half.hidden("é234"), "‹x›");
    }

    #[test]
    fn many_values_in_a_long_text_are_looked_for_in_proportion_to_the_text() {
        // The worst case: they all begin alike, and the text is made of their beginnings.
        let many: Vec<String> = (0..4000).map(|number| format!("ghp_{number:020}")).collect();
        let values = concealed(&many.iter().map(String::as_str).collect::<Vec<_>>());
        let text = "ghp_0000000000000000 ".repeat(6000);
        let steps: usize = (0..text.len())
            .map(|start| {
                let rest = &text.as_bytes()[start..];
                let before = values.values.partition_point(|value| *value.text <= *rest);
                before.checked_sub(1).map_or(0, |at| values.chain(at).count())
            })
            .sum();
        assert!(steps <= text.len(), "{steps} comparisons for {} bytes", text.len());
        assert!(matches!(values.hidden(&text), Cow::Borrowed(_)));
        let all = many.join(" ");
        assert_eq!(values.hidden(&all), vec!["‹x›"; 4000].join(" "));
    }
}
