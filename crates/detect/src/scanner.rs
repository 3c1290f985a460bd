//! The scanner: a text in, findings out.

use std::borrow::Cow;
use std::ops::Range;

use datafog_core::{Channel, Confidence, Finding, Key, Span};

use crate::custom::Custom;
use crate::detector::detector_of;
use crate::engine::Engine;
use crate::kept::{Kept, PURPOSE};
use crate::marker;
use crate::overlap::Raw;
use crate::preview;
use crate::stream::Stream;
use crate::tables::{DETECTORS, RULES};
use crate::watch::Watch;

/// Finds secrets and personal data in texts.
///
/// Making one costs nothing. Findings are sorted, disjoint and never hold the value.
#[derive(Clone, Copy, Debug)]
pub struct Scanner<'k> {
    key: &'k Key,
    pub(crate) floor: Confidence,
    most: usize,
    custom: Option<&'k Custom>,
}

/// What a scan came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Findings that were reported.
    pub reported: usize,
    /// Findings that [`Scanner::at_most`] left out, which were counted only; and places where another
    /// one of a kind may stand of which that many different ones were reported, which were not judged.
    pub beyond: usize,
}

impl<'k> Scanner<'k> {
    /// How many bytes before a trigger can matter.
    pub const BEHIND: usize = 512;

    /// How many bytes after a trigger can matter; longer key blocks are found by their first part.
    pub const AHEAD: usize = 16 * 1024;

    /// What [`Scanner::at_most`] is told unless somebody says otherwise.
    pub const MOST_FINDINGS: usize = 1000;

    /// The least confidence reported unless [`Scanner::with_floor`] says otherwise.
    pub const FLOOR: Confidence = Confidence::percent(50);

    /// Bytes worked on while they lie in the cache.
    pub(crate) const SEGMENT: usize = 32 * 1024;

    /// A scanner whose fingerprints are made with `key`.
    #[must_use]
    pub const fn new(key: &'k Key) -> Self {
        Self { key, floor: Self::FLOOR, most: Self::MOST_FINDINGS, custom: None }
    }

    /// The same, reporting the first `most` findings of a scan, and behind them only values that a
    /// detector did not report with that confidence before, at most `most` different ones of each; the
    /// rest is counted.
    ///
    /// Of a detector that reported `most` different values with its full confidence, no more are looked
    /// for; of one that reported as many with less, only those with its full confidence are. So no
    /// finding hides behind others, and who asks for a kind of finding, or for up to `most` different
    /// values of a kind, gets the answer that all findings would give.
    #[must_use]
    pub const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The same, reporting findings of at least this confidence.
    #[must_use]
    pub const fn with_floor(self, floor: Confidence) -> Self {
        Self { floor, ..self }
    }

    /// The same, without the findings that a user allows.
    #[must_use]
    pub const fn allowing(self, custom: Option<&'k Custom>) -> Self {
        Self { custom, ..self }
    }

    /// Appends what is found in `text` to `out`. Offsets count from the start of `text`.
    ///
    /// Takes time linear in the text and allocates only for what it finds.
    pub fn scan(&self, text: &[u8], channel: &Channel, out: &mut Vec<Finding>) -> Tally {
        self.whole(&mut Engine::new(self.floor), text, channel, out)
    }

    /// The same; also says where words of `watch` may begin or stand: ranges of offsets, in order and
    /// disjoint.
    pub fn scan_watching(
        &self,
        watch: &'static Watch,
        text: &[u8],
        channel: &Channel,
        out: &mut Vec<Finding>,
    ) -> (Tally, Vec<Range<usize>>) {
        let mut engine = Engine::new(self.floor).watching(watch);
        let tally = self.whole(&mut engine, text, channel, out);
        (tally, engine.watched())
    }

    fn whole(
        &self,
        engine: &mut Engine,
        text: &[u8],
        channel: &Channel,
        out: &mut Vec<Finding>,
    ) -> Tally {
        let mut kept = Kept::NONE;
        let mut from = 0_usize;
        while from < text.len() {
            let to = from.saturating_add(Self::SEGMENT).min(text.len());
            engine.segment(text, 0, from, to);
            let open = if to == text.len() {
                engine.finish();
                usize::MAX
            } else {
                engine.open(to.saturating_sub(Self::BEHIND))
            };
            self.settle(engine, open, (text, 0), channel, &mut kept, out);
            from = to;
        }
        kept.tally
    }

    /// The finding of a value that its place makes a secret, whatever it looks like: `value` stands
    /// in `channel` from byte `start` on. `None` when no detector reports `entity`.
    #[must_use]
    pub fn placed(
        &self,
        entity: &str,
        value: &[u8],
        channel: &Channel,
        start: usize,
    ) -> Option<Finding> {
        let detector = detector_of(entity)?;
        let finding = Finding {
            detector: Cow::Borrowed(detector.id),
            entity: Cow::Borrowed(detector.entity),
            channel: channel.clone(),
            span: Span::at(start, value.len()),
            confidence: Confidence::percent(95),
            severity: detector.severity,
            fingerprint: self.key.digest(PURPOSE, [value]),
            preview: preview::mask(value, 0),
        };
        Some(finding).filter(|finding| !self.allows(finding, value))
    }

    /// A scan of a text that comes in pieces.
    #[must_use]
    pub fn stream(&self, channel: Channel) -> Stream<'k> {
        Stream::new(*self, channel)
    }

    /// Reports what nothing at or after `open` can change; `text` lies at offset `base`.
    pub(crate) fn settle(
        &self,
        engine: &mut Engine,
        open: usize,
        (text, base): (&[u8], usize),
        channel: &Channel,
        kept: &mut Kept,
        out: &mut Vec<Finding>,
    ) {
        let Engine { pending, full, .. } = engine;
        pending.settle(open, |raw| {
            if Confidence::percent(raw.confidence) < self.floor {
                return;
            }
            let plain = raw.start.checked_sub(base).zip(raw.end.checked_sub(base));
            let plain = plain.and_then(|(start, end)| text.get(start..end));
            let Some(value) = raw.value.as_deref().or(plain) else { return };
            if !kept.has_room(raw, value, self.most) {
                kept.leave_out(raw, value, full);
                return;
            }
            let finding = self.finding(raw, value, channel, kept);
            if let Some(finding) = finding.filter(|finding| !self.allows(finding, value)) {
                kept.keep(raw, value, &finding.fingerprint, self.most);
                out.push(finding);
                match (kept.is_full(raw, self.most), Kept::is_surest(raw)) {
                    (true, true) => full.add(raw.rule),
                    (true, false) => full.add_shapes(raw.rule),
                    (false, _) => {}
                }
            }
        });
        kept.pass_over(full.take_passed());
    }

    /// Whether a user allows a finding, or it is a digest that a redaction of ours left.
    fn allows(&self, finding: &Finding, value: &[u8]) -> bool {
        marker::is_hash(self.key, value)
            || self.custom.is_some_and(|custom| custom.allows(finding, value))
    }

    fn finding(
        &self,
        raw: &Raw,
        value: &[u8],
        channel: &Channel,
        kept: &mut Kept,
    ) -> Option<Finding> {
        let detector = DETECTORS.get(usize::from(raw.rule))?;
        let head = RULES.get(usize::from(raw.rule)).map_or(0, |rule| usize::from(rule.head));
        Some(Finding {
            detector: Cow::Borrowed(detector.id),
            entity: Cow::Borrowed(detector.entity),
            channel: channel.clone(),
            span: Span::new(raw.start, raw.end)?,
            confidence: Confidence::percent(raw.confidence),
            severity: detector.severity,
            fingerprint: kept.fingerprint(self.key, value),
            preview: preview::mask(value, head),
        })
    }
}
