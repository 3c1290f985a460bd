/*!
What a user adds: detectors of their own, and findings that are allowed.

Both stand in the user's policy file. [`Custom::compile`] reads them strictly and makes bytes that can
be kept; [`Custom::from_bytes`] takes those back without parsing or building anything. A pattern sees
one line at a time, so a stream and a slice find the same; lines of more than 64 KiB are looked at in
parts.
*/

mod allow;
mod lines;
mod pattern;
mod read;

use std::borrow::Cow;

use datafog_core::{Channel, Confidence, Finding, Key, Severity, Span};
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Judgement};
use crate::custom::allow::{Exception, StoredException};
use crate::custom::pattern::{Pattern, StoredPattern};
use crate::preview;
use crate::validator::VALIDATORS;

pub use lines::CustomStream;
pub use read::Fault;

/// A user's detectors and exceptions.
#[derive(Debug)]
pub struct Custom {
    detectors: Vec<Own>,
    exceptions: Vec<Exception>,
}

/// A detector of the user's.
#[derive(Debug)]
struct Own {
    about: OwnDetector,
    pattern: Pattern,
    validator: Option<usize>,
}

/// What people and policies may know about a detector of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnDetector {
    /// Unique name.
    pub id: String,
    /// What is found.
    pub entity: String,
    /// One line for people.
    pub summary: String,
    /// How bad it is if one leaves.
    pub severity: Severity,
    /// How sure a finding is, per cent; see [`OwnDetector::confidence`].
    confidence: u8,
    /// What a policy does when one leaves, as the effect of a rule.
    pub action: Option<String>,
    /// Hosts where the value belongs.
    pub hosts: Vec<String>,
}

impl OwnDetector {
    /// How sure a finding is.
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        Confidence::percent(self.confidence)
    }
}

/// The form that is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    detectors: Vec<StoredDetector>,
    exceptions: Vec<StoredException>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredDetector {
    about: OwnDetector,
    pattern: StoredPattern,
    validator: Option<u16>,
}

impl Custom {
    /// Reads the `[[detector]]` and `[[allow]]` tables of a policy file and compiles them together
    /// with those of the file `below` it, which this function made; `None` when there are none.
    /// Other tables are not looked at.
    ///
    /// # Errors
    /// Everything that is wrong with these tables, each with its line, the reason and a remedy.
    pub fn compile(text: &str, below: Option<&[u8]>) -> Result<Option<Vec<u8>>, Vec<Fault>> {
        let damaged = |_| vec![Fault::new(1, "what lies below this file is damaged", "compile it")];
        let below: Stored = match below {
            Some(bytes) => postcard::from_bytes(bytes).map_err(damaged)?,
            None => Stored::default(),
        };
        let stored = read::read(text, below)?;
        if stored.detectors.is_empty() && stored.exceptions.is_empty() {
            return Ok(None);
        }
        let bytes = postcard::to_allocvec(&stored);
        bytes.map(Some).map_err(|error| vec![Fault::new(1, error.to_string(), "report this")])
    }

    /// Takes compiled bytes back. Exceptions that ended before `today`, in days since 1970, do not
    /// hold any more. `None` when these are no such bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], today: i64) -> Option<Self> {
        let stored: Stored = postcard::from_bytes(bytes).ok()?;
        let detectors =
            stored.detectors.into_iter().map(|StoredDetector { about, pattern, validator }| {
                let pattern = Pattern::load(&pattern)?;
                Some(Own { about, pattern, validator: validator.map(usize::from) })
            });
        let exceptions = stored.exceptions.into_iter().filter(|one| one.holds(today));
        Some(Self {
            detectors: detectors.collect::<Option<_>>()?,
            exceptions: exceptions.map(Exception::load).collect::<Option<_>>()?,
        })
    }

    /// The user's detectors, as they stand in the file.
    pub fn detectors(&self) -> impl Iterator<Item = &OwnDetector> {
        self.detectors.iter().map(|own| &own.about)
    }

    /// The user's detector with this id.
    #[must_use]
    pub fn detector(&self, id: &str) -> Option<&OwnDetector> {
        self.detectors().find(|about| about.id == id)
    }

    /// Whether an exception covers a finding, whose value is `value`.
    #[must_use]
    pub fn allows(&self, finding: &Finding, value: &[u8]) -> bool {
        self.exceptions.iter().any(|exception| exception.covers(finding, value))
    }

    /// Appends what the user's detectors find in `text` to `out`, in order and disjoint.
    pub fn scan(&self, text: &[u8], channel: &Channel, key: &Key, out: &mut Vec<Finding>) {
        let mut stream = self.stream(channel.clone(), key);
        stream.finish_with(text, out);
    }

    /// A scan of a text that comes in pieces.
    #[must_use]
    pub fn stream<'c>(&'c self, channel: Channel, key: &'c Key) -> CustomStream<'c> {
        CustomStream::new(self, channel, key)
    }

    /// Looks at one line, or a part of a long one, that begins at offset `base`.
    fn line(&self, line: &[u8], base: usize, channel: &Channel, key: &Key, out: &mut Vec<Finding>) {
        let mut found = Vec::new();
        for own in &self.detectors {
            for (start, end) in own.pattern.find(line) {
                found.extend(own.judge(line, (start, end), base, channel, key));
            }
        }
        // Of those that overlap the one that begins first stands, then the longest.
        found.sort_by_key(|one: &(Finding, Vec<u8>)| {
            (one.0.span.start(), core::cmp::Reverse(one.0.span.end()))
        });
        let mut free = 0_usize;
        for (finding, value) in found {
            if finding.span.start() >= free && !self.allows(&finding, &value) {
                free = finding.span.end();
                out.push(finding);
            }
        }
    }
}

impl Own {
    fn judge(
        &self,
        line: &[u8],
        (start, end): (usize, usize),
        base: usize,
        channel: &Channel,
        key: &Key,
    ) -> Option<(Finding, Vec<u8>)> {
        let mut candidate = Candidate::of(line, (start, end));
        if let Some((_, validate)) = self.validator.and_then(|at| VALIDATORS.get(at))
            && !matches!(validate(&mut candidate), Judgement::Sound | Judgement::Proven)
        {
            return None;
        }
        let value = candidate.value();
        let (start, end) =
            (candidate.start.saturating_add(base), candidate.end.saturating_add(base));
        let about = &self.about;
        let finding = Finding {
            detector: Cow::Owned(about.id.clone()),
            entity: Cow::Owned(about.entity.clone()),
            channel: channel.clone(),
            span: Span::new(start, end)?,
            confidence: about.confidence(),
            severity: about.severity,
            fingerprint: key.digest("finding", [value]),
            preview: preview::mask(value, 0),
        };
        Some((finding, value.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[policy]
id = "own"

[[detector]]
id = "acme-token"
summary = "ACME token"
pattern = 'ACME-[0-9A-F]{8}'
severity = "critical"
action = "deny"
hosts = ["acme.example"]

[[detector]]
id = "project-name"
entity = "business.project"
keywords = ["Nightfall", "blue heron"]

[[detector]]
id = "member-number"
pattern = '\b[0-9]{16}\b'
validator = "card"

[[allow]]
detector = "acme-*"
value = '^ACME-0{8}$'
reason = "the number that the manual prints"
expires = "2030-01-31"

[[allow]]
path = "tests/*"
detector = "project-name"
reason = "test data"
"#;

    fn custom(today: i64) -> Custom {
        Custom::from_bytes(&Custom::compile(FILE, None).unwrap().unwrap(), today).unwrap()
    }

    fn found(custom: &Custom, text: &str, channel: &Channel) -> Vec<(String, usize, usize)> {
        let (key, mut out) = (Key::new(&[7; 32]), Vec::new());
        custom.scan(text.as_bytes(), channel, &key, &mut out);
        let shown = |one: &Finding| (one.detector.to_string(), one.span.start(), one.span.end());
        out.iter().map(shown).collect()
    }

    #[test]
    fn patterns_keywords_and_validators_find() {
        let custom = custom(0);
        let text = "a ACME-0123ABCD b\nNIGHTFALL, nightfalls, Blue Heron\n4012888888881882 4012888888881881";
        let found = found(&custom, text, &Channel::Stdin);
        let ids: Vec<_> = found.iter().map(|(id, ..)| id.as_str()).collect();
        assert_eq!(
            ids,
            ["acme-token", "project-name", "project-name", "member-number"],
            "{found:?}"
        );
        assert_eq!(found[0], ("acme-token".to_owned(), 2, 15));
    }

    #[test]
    fn exceptions_hold_where_and_as_long_as_they_say() {
        let text = "ACME-00000000 Nightfall";
        assert_eq!(found(&custom(0), text, &Channel::Stdin).len(), 1);
        assert_eq!(found(&custom(30_000), text, &Channel::Stdin).len(), 2, "ended");
        let file = Channel::File("tests/a".to_owned());
        assert!(found(&custom(0), text, &file).is_empty());
    }

    #[test]
    fn keywords_may_begin_and_end_in_marks() {
        let file = "[[detector]]\nid = 'tag'\nkeywords = ['#nightfall', 'C++']\n";
        let custom = Custom::from_bytes(&Custom::compile(file, None).unwrap().unwrap(), 0).unwrap();
        let found = found(&custom, "see #Nightfall, c++ #nightfalls", &Channel::Stdin);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn pieces_find_what_the_whole_does() {
        let custom = custom(0);
        let text = format!("ACME-0123ABCD\n{} ACME-0123ABCE\nx Nightfall", "y".repeat(200_000));
        let (key, mut whole) = (Key::new(&[7; 32]), Vec::new());
        custom.scan(text.as_bytes(), &Channel::Stdin, &key, &mut whole);
        assert_eq!(whole.len(), 3);
        for step in [1, 1000, 65_536, 70_000] {
            let (mut stream, mut out) = (custom.stream(Channel::Stdin, &key), Vec::new());
            text.as_bytes().chunks(step).for_each(|piece| stream.push(piece, &mut out));
            stream.finish(&mut out);
            assert_eq!(out, whole, "{step}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_line() {
        let detector = |body: &str| format!("[[detector]]\nid = \"x\"\n{body}\n");
        let cases = [
            (detector("pattern = 'a*'"), 3, "empty"),
            (detector("pattern = '(a'"), 3, "pattern"),
            (detector("pattern = '(?:[a-z]{1,200}[0-9]{1,200}){1,50}x'"), 3, "large"),
            (detector("colour = 'red'"), 3, "colour"),
            (detector("summary = 'x'"), 1, "`pattern` or `keywords`"),
            (detector("pattern = 'abc'\nvalidator = 'lunh'"), 4, "validator"),
            (detector("pattern = 'abc'\naction = 'explode'"), 4, "action"),
            (detector("pattern = 'abc'\n[[detector]]\nid = 'x'\npattern = 'abd'"), 5, "two"),
            ("[[detector]]\nid = 'github-pat'\npattern = 'abc'".to_owned(), 2, "already"),
            (detector("pattern = 'abc'\nhosts = ['']"), 4, "name of a host"),
            (detector("pattern = 'abc'\nhosts = []"), 4, "empty"),
            (detector("pattern = 'abc'\nhosts = ['a.b', 'a.b']"), 4, "twice"),
            (detector("pattern = 'abc'\nhosts = ['10.0.0.1']"), 4, "name of a host"),
            (detector("pattern = 'abc'\nhosts = ['https://a.b']"), 4, "name of a host"),
            (detector("pattern = 'abc'\nentity = ''"), 4, "entity type"),
            (detector("pattern = 'abc'\nentity = 'My Token'"), 4, "entity type"),
            (detector("pattern = 'abc'\nsummary = ' '"), 4, "summary"),
            (detector("pattern = 'abc'\nconfidence = 0.0"), 4, "confidence"),
            (detector("pattern = 'abc'\nconfidence = -1.0"), 4, "confidence"),
            (detector("pattern = 'abc'\nconfidence = nan"), 4, "confidence"),
            (detector("pattern = ''"), 3, "empty text"),
            (detector("keywords = []"), 3, "empty keyword"),
            (detector("keywords = ['a', '']"), 3, "empty keyword"),
            (detector("keywords = [' a']"), 3, "empty keyword"),
            (format!("[[detector]]\nid = '{}'\npattern = 'a'", "x".repeat(49)), 2, "no id"),
            ("[[allow]]\ndetector = '*'\npath = '**'\nreason = 'x'".to_owned(), 1, "everything"),
            ("[[allow]]\ndetector = ''\nreason = 'x'".to_owned(), 2, "fits nothing"),
            ("[[allow]]\npath = ' '\nreason = 'x'".to_owned(), 2, "fits nothing"),
            ("[[allow]]\ndetector = 'githb-pat'\nreason = 'x'".to_owned(), 2, "no detector"),
            ("[[allow]]\nvalue = ''\nreason = 'x'".to_owned(), 2, "empty text"),
            ("[[allow]]\nvalue = 'a'\nreason = ' '".to_owned(), 1, "reason"),
            ("[[allow]]\nreason = 'x'".to_owned(), 1, "everything"),
            ("[[allow]]\npath = 'x'".to_owned(), 1, "reason"),
            ("[[allow]]\npath = 'x'\nreason = 'x'\nexpires = 'soon'".to_owned(), 4, "date"),
            ("[[allow]]\nfingerprint = 'ab'\nreason = 'x'".to_owned(), 2, "fingerprint"),
        ];
        for (text, line, word) in cases {
            let faults = Custom::compile(&text, None).unwrap_err();
            let first = &faults[0];
            assert_eq!(first.line, line, "{text}: {faults:?}");
            assert!(first.message.contains(word), "{text}: {faults:?}");
            assert!(!first.help.is_empty());
        }
        assert!(Custom::compile("[policy]\nid = 'x'\n", None).unwrap().is_none());
    }

    #[test]
    fn a_file_adds_to_the_one_below_it() {
        let below = Custom::compile(FILE, None).unwrap().unwrap();
        let own = "[[detector]]\nid = 'own'\npattern = 'OWN-[0-9]+'\n";
        let bytes = Custom::compile(own, Some(&below)).unwrap().unwrap();
        let both = Custom::from_bytes(&bytes, 0).unwrap();
        let found = found(&both, "OWN-1 ACME-00000000 ACME-0123ABCD", &Channel::Stdin);
        assert_eq!(found.len(), 2, "the exception below holds: {found:?}");
        assert_eq!(Custom::compile("", Some(&below)).unwrap().unwrap(), below);
        let taken = own.replace("own", "acme-token");
        let faults = Custom::compile(&taken, Some(&below)).unwrap_err();
        assert!(faults[0].message.contains("two detectors"), "{faults:?}");
    }
}
