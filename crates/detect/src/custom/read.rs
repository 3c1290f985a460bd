//! Reads `[[detector]]` and `[[allow]]` strictly: each mistake with its line, why, and a remedy.

use core::ops::Range;

use datafog_core::{KeyedDigest, Severity};
use serde::Deserialize;
use toml::Spanned;

use super::allow::{StoredException, fits};
use super::pattern::{Refusal, StoredPattern};
use super::{OwnDetector, Stored, StoredDetector};
use crate::detector;
use crate::validator::VALIDATORS;

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Longest id of a detector: `detector-<id>` is that of a rule.
const LONGEST_ID: usize = 48;

/// What a policy can do about a finding that leaves: the effects of its rules.
const ACTIONS: [&str; 4] = ["allow", "allow_with_redaction", "deny", "require_approval"];

/// Confidence of a detector that does not say, per cent.
const CONFIDENCE: f64 = 0.9;

/// The tables that are read here; all others belong to the policy.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    detector: Vec<Spanned<Detector>>,
    #[serde(default)]
    allow: Vec<Spanned<Allow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detector {
    id: Spanned<String>,
    entity: Option<Spanned<String>>,
    summary: Option<Spanned<String>>,
    pattern: Option<Spanned<String>>,
    keywords: Option<Spanned<Vec<String>>>,
    validator: Option<Spanned<String>>,
    severity: Option<Severity>,
    confidence: Option<Spanned<f64>>,
    action: Option<Spanned<String>>,
    hosts: Option<Spanned<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    detector: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    fingerprint: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    reason: Option<String>,
    expires: Option<Spanned<String>>,
}

/// What a text says of detectors and exceptions, added to `stored`.
pub(super) fn read(text: &str, mut stored: Stored) -> Result<Stored, Vec<Fault>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let message = error.message().replace('\n', " ");
        vec![Fault::new(
            line(text, &span),
            message,
            "see docs/POLICY.md for the keys of this table",
        )]
    })?;
    let mut reader = Reader { text, faults: Vec::new() };
    for item in &file.detector {
        if let Some(detector) = reader.detector(item, &stored.detectors) {
            stored.detectors.push(detector);
        }
    }
    for item in &file.allow {
        stored.exceptions.extend(reader.allow(item, &stored.detectors));
    }
    if reader.faults.is_empty() { Ok(stored) } else { Err(reader.faults) }
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(line(self.text, span), message, help));
    }

    fn detector(
        &mut self,
        item: &Spanned<Detector>,
        before: &[StoredDetector],
    ) -> Option<StoredDetector> {
        let one = item.get_ref();
        let id = self.id(&one.id, before)?;
        let pattern = self.pattern_of(item)?;
        let validator = match &one.validator {
            Some(name) => Some(self.validator(name)?),
            None => None,
        };
        if let Some(action) = &one.action
            && !ACTIONS.contains(&action.get_ref().as_str())
        {
            let message = format!("unknown action `{}`", action.get_ref());
            self.fault(&action.span(), message, format!("write one of {}", ACTIONS.join(", ")));
            return None;
        }
        let entity = one.entity.as_ref().map_or(Some(()), |entity| self.check_entity(entity));
        let summary = one.summary.as_ref().map_or(Some(()), |text| self.check_summary(text));
        let hosts = one.hosts.as_ref().map_or(Some(()), |hosts| self.check_hosts(hosts));
        let confidence = self.confidence(one.confidence.as_ref());
        entity.and(summary).and(hosts)?;
        let text = |text: &Spanned<String>| text.get_ref().clone();
        let about = OwnDetector {
            entity: one.entity.as_ref().map_or_else(|| format!("custom.{id}"), text),
            summary: one.summary.as_ref().map_or_else(|| id.clone(), text),
            severity: one.severity.unwrap_or(Severity::High),
            confidence: confidence?,
            action: one.action.as_ref().map(text),
            hosts: one.hosts.as_ref().map(|hosts| hosts.get_ref().clone()).unwrap_or_default(),
            id,
        };
        Some(StoredDetector { about, pattern, validator })
    }

    fn id(&mut self, id: &Spanned<String>, before: &[StoredDetector]) -> Option<String> {
        let name = id.get_ref();
        let shaped = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let (message, help) =
            if !(1..=LONGEST_ID).contains(&name.len()) || !name.bytes().all(shaped) {
                (format!("`{name}` is no id"), "write up to 48 small letters, digits and hyphens")
            } else if detector(name).is_some() {
                (format!("`{name}` is already the id of a built-in detector"), "choose another one")
            } else if before.iter().any(|other| other.about.id == *name) {
                (format!("two detectors have the id `{name}`"), "rename one of them")
            } else {
                return Some(name.clone());
            };
        self.fault(&id.span(), message, help);
        None
    }

    /// Entity types are words of small letters with dots between them, as rules write them.
    fn check_entity(&mut self, entity: &Spanned<String>) -> Option<()> {
        let shaped =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        let word = |word: &str| !word.is_empty() && word.bytes().all(shaped);
        if entity.get_ref().split('.').all(word) {
            return Some(());
        }
        let help = "write words of small letters with dots between them: `secret.acme.token`";
        self.fault(&entity.span(), format!("`{}` is no entity type", entity.get_ref()), help);
        None
    }

    fn check_summary(&mut self, summary: &Spanned<String>) -> Option<()> {
        let text = summary.get_ref();
        if !text.trim().is_empty() && !text.contains(char::is_control) {
            return Some(());
        }
        let help = "say on one line what is found, or leave it out: then the id is shown";
        self.fault(&summary.span(), "this is no summary", help);
        None
    }

    /// Homes are compared with the names of hosts, so each has to be one.
    fn check_hosts(&mut self, hosts: &Spanned<Vec<String>>) -> Option<()> {
        let odd = |byte: u8| !(byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let is_name = |host: &str| {
            let name = host.strip_prefix("*.").unwrap_or(host);
            let ends = name.starts_with('.') || name.ends_with('.');
            let address = name.parse::<core::net::IpAddr>().is_ok();
            !name.is_empty() && !ends && !address && !name.bytes().any(odd)
        };
        let names = hosts.get_ref();
        let twice =
            names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|it| it == name));
        let (message, help) = match names.iter().find(|name| !is_name(name)) {
            Some(name) => (
                format!("`{name}` is no name of a host"),
                "write `acme.example` or `*.acme.example`, without scheme, port and path",
            ),
            None if names.is_empty() => {
                ("the list is empty".to_owned(), "leave it out when it belongs nowhere")
            }
            None if twice => ("a host is listed twice".to_owned(), "take one of them out"),
            None => return Some(()),
        };
        self.fault(&hosts.span(), message, help);
        None
    }

    /// The pattern, or one for the keywords: whole words in any case.
    fn pattern_of(&mut self, item: &Spanned<Detector>) -> Option<StoredPattern> {
        let one = item.get_ref();
        match (&one.pattern, &one.keywords) {
            (Some(pattern), None) => self.build(pattern.get_ref(), false, &pattern.span()),
            (None, Some(keywords)) => {
                let words = keywords.get_ref();
                if words.is_empty()
                    || words.iter().any(|word| word.trim() != word || word.is_empty())
                {
                    let help = "write whole words, without blanks around them";
                    self.fault(&keywords.span(), "there is an empty keyword, or none", help);
                    return None;
                }
                let words: Vec<_> = words.iter().map(|word| whole(word)).collect();
                self.build(&words.join("|"), true, &keywords.span())
            }
            _ => {
                let message = "a detector has either `pattern` or `keywords`";
                self.fault(&item.span(), message, "write one of the two");
                None
            }
        }
    }

    fn build(
        &mut self,
        pattern: &str,
        any_case: bool,
        span: &Range<usize>,
    ) -> Option<StoredPattern> {
        let (message, help) = match StoredPattern::build(pattern, any_case) {
            Ok(built) => return Some(built),
            Err(Refusal::Empty) => (
                "the pattern matches the empty text, so it would be found everywhere".to_owned(),
                "make at least one character necessary: `+` instead of `*`",
            ),
            Err(Refusal::Large) => (
                "the pattern is too large: its automaton would take more than 1 MiB".to_owned(),
                "shorten counted repetitions, or use `+` instead of `{1,200}`",
            ),
            Err(Refusal::Syntax(why)) => (
                format!("this is no pattern: {why}"),
                "patterns are those of the regex crate without look-around and back-references",
            ),
        };
        self.fault(span, message, help);
        None
    }

    fn validator(&mut self, name: &Spanned<String>) -> Option<u16> {
        let place = VALIDATORS.iter().position(|(known, _)| known == name.get_ref());
        if place.is_none() {
            let names: Vec<_> = VALIDATORS.iter().map(|(known, _)| *known).collect();
            let message = format!("unknown validator `{}`", name.get_ref());
            self.fault(&name.span(), message, format!("write one of {}", names.join(", ")));
        }
        place.and_then(|place| u16::try_from(place).ok())
    }

    /// A share from 0 to 1, in per cent.
    fn confidence(&mut self, share: Option<&Spanned<f64>>) -> Option<u8> {
        let value = share.map_or(CONFIDENCE, |share| *share.get_ref());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is no share becomes a number that is refused"
        )]
        let percent = (value * 100.0).round() as u8;
        if !(0.0..=1.0).contains(&value) || percent == 0 {
            let span = share.map(Spanned::span).unwrap_or_default();
            self.fault(&span, "a confidence lies between 0.01 and 1", "write 0.9 for fairly sure");
            return None;
        }
        Some(percent)
    }

    fn allow(&mut self, item: &Spanned<Allow>, own: &[StoredDetector]) -> Option<StoredException> {
        self.check_allow(item, own)?;
        let one = item.get_ref();
        let fingerprint = match &one.fingerprint {
            Some(text) => Some(self.fingerprint(text)?),
            None => None,
        };
        let expires = match &one.expires {
            Some(text) => Some(self.day(text)?),
            None => None,
        };
        let value = match &one.value {
            Some(pattern) => Some(self.build(pattern.get_ref(), false, &pattern.span())?),
            None => None,
        };
        let text = |text: &Option<Spanned<String>>| Some(text.as_ref()?.get_ref().clone());
        let (detector, path) = (text(&one.detector), text(&one.path));
        Some(StoredException { detector, path, fingerprint, value, expires })
    }

    /// An exception fits something, not everything, and says why.
    fn check_allow(&mut self, item: &Spanned<Allow>, own: &[StoredDetector]) -> Option<()> {
        let one = item.get_ref();
        for text in [&one.detector, &one.path].into_iter().flatten() {
            if text.get_ref().trim() != text.get_ref() || text.get_ref().is_empty() {
                let help = "write a name, with `*` for any text, without blanks around it";
                self.fault(&text.span(), "this fits nothing", help);
                return None;
            }
        }
        if let Some(pattern) = &one.detector {
            self.check_detector(pattern, own)?;
        }
        let says = |text: &Spanned<String>| text.get_ref().bytes().any(|byte| byte != b'*');
        let named = [&one.detector, &one.path].into_iter().flatten().any(says);
        if !named && one.fingerprint.is_none() && one.value.is_none() {
            let help = "name a `value`, `path`, `fingerprint` or `detector`";
            self.fault(&item.span(), "this would allow everything", help);
            return None;
        }
        if one.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
            let help = "say in `reason` why it may stay";
            self.fault(&item.span(), "a `reason` is missing", help);
            return None;
        }
        Some(())
    }

    fn fingerprint(&mut self, text: &Spanned<String>) -> Option<KeyedDigest> {
        let digest = KeyedDigest::from_hex(text.get_ref());
        if digest.is_none() {
            let help = "copy the 64 hex digits that `datafog scan --json` shows";
            self.fault(&text.span(), "this is no fingerprint", help);
        }
        digest
    }

    /// A pattern that fits no detector at all excepts nothing.
    fn check_detector(&mut self, pattern: &Spanned<String>, own: &[StoredDetector]) -> Option<()> {
        let built_in = crate::detectors().iter().map(|detector| detector.id);
        let mut known = built_in.chain(own.iter().map(|detector| detector.about.id.as_str()));
        if known.any(|id| fits(pattern.get_ref().as_bytes(), id.as_bytes())) {
            return Some(());
        }
        let message = format!("there is no detector `{}`", pattern.get_ref());
        let help = "`datafog detectors` lists the built-in ones; your own stand in this file";
        self.fault(&pattern.span(), message, help);
        None
    }

    fn day(&mut self, text: &Spanned<String>) -> Option<i64> {
        let day = days(text.get_ref());
        if day.is_none() {
            self.fault(&text.span(), "this is no date", "write it as \"2027-01-31\"");
        }
        day
    }
}

impl Fault {
    pub(super) fn new(line: u32, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line, message: message.into(), help: help.into() }
    }
}

/// The line of the first byte of a span.
fn line(text: &str, span: &Range<usize>) -> u32 {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    let feeds = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(feeds).unwrap_or(u32::MAX).saturating_add(1)
}

/// A keyword as a pattern that matches exactly it, not within a longer word. Beside a mark that
/// stands in no word there is no boundary to ask for.
fn whole(keyword: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation();
    let escaped: String =
        keyword.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect();
    let boundary = |edge: Option<char>| {
        if edge.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') { "\\b" } else { "" }
    };
    let (first, last) = (keyword.chars().next(), keyword.chars().next_back());
    format!("{}(?:{escaped}){}", boundary(first), boundary(last))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, `2027-01-31`.
fn days(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let mut part = |length: usize| -> Option<i64> {
        let part = parts.next()?;
        let plain = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| plain)
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1970..).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let leaps = (1970..year).filter(|year| leap(*year)).count();
    let months = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let month_start = months.get(usize::try_from(month.saturating_sub(1)).ok()?)?;
    let leap_day = i64::from(month > 2 && leap(year));
    let years = year.saturating_sub(1970).saturating_mul(365);
    let leaps = i64::try_from(leaps).ok()?;
    Some([years, leaps, *month_start, leap_day, day.saturating_sub(1)].iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("2000-03-01", Some(11_017)),
            ("2024-02-29", Some(19_782)),
            ("2023-02-29", None),
            ("2026-13-01", None),
            ("26-01-01", None),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }
}
