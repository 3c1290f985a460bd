//! A text in, the same text without its findings out, piece by piece.
//!
//! INVARIANT: without pauses, what is written does not depend on where the pieces were cut; a pause
//! only ever takes more out, but for what [`Patience`] says. Every byte outside of findings is written
//! as it came, in order, up to where a guard ends the text.
//!
//! What a pause shows is a bargain between a prompt, which must be seen, and a value that its writer
//! cut in two. So a head that is no secret by itself is shown (`ghp_`, six digits, the letters before
//! an `@`), and what follows it is taken out when it comes; the value behind a head never is.

use core::ops::Range;
use std::io::{self, Write};

use datafog_core::{Channel, Finding, Key, Transform};
use datafog_detect::{Custom, CustomStream, OpenEnd, Scanner, Stream};

use crate::block::{Block, HEAD};
use crate::cover::{Cover, Covers};
use crate::guard::Guard;
use crate::patience::Patience;
use crate::plan::Plan;
use crate::replacement::replacement;
use crate::tally::Tally;
use crate::vault::Vault;

/// Bytes taken in at once.
const PIECE: usize = 32 << 10;

/// Bytes before what is not written yet that a pause looks at once more.
const CONTEXT: usize = 2 * Scanner::BEHIND;

/// A running redaction.
///
/// Keeps at most 48 KiB that are not judged yet and what findings still reach back to, at most 64
/// KiB; and the present line, or 64 KiB of it, where a user has detectors of their own.
#[derive(Debug)]
pub struct Redactor<'k> {
    key: &'k Key,
    plan: &'k Plan<'k>,
    channel: Channel,
    scanner: Scanner<'k>,
    custom: Option<&'k Custom>,
    stream: Stream<'k>,
    own: Option<CustomStream<'k>>,
    vault: Option<&'k mut dyn Vault>,
    guard: Option<&'k dyn Guard>,
    /// The guard ended the text: nothing more is written.
    stopped: bool,
    covers: Covers,
    /// Everything before this offset is written or taken out.
    written: usize,
    /// Where the last cover ends that was written.
    covered: usize,
    /// Where the last one ends that was written before a pause was over.
    early: usize,
    block: Option<Block>,
    /// Where a block begins of which a part was replaced before it was all there.
    cut_block: Option<usize>,
    found: Vec<Finding>,
    tally: Tally,
}

impl<'k> Redactor<'k> {
    /// A redaction at the start of a text that comes from `channel`.
    #[must_use]
    pub fn new(
        key: &'k Key,
        custom: Option<&'k Custom>,
        plan: &'k Plan<'k>,
        channel: Channel,
    ) -> Self {
        let scanner = Scanner::new(key).allowing(custom).at_most(usize::MAX);
        Self {
            key,
            plan,
            scanner,
            custom,
            stream: scanner.stream(channel.clone()).keeping(),
            own: custom.map(|custom| custom.stream(channel.clone(), key)),
            channel,
            vault: None,
            guard: None,
            stopped: false,
            covers: Covers::default(),
            written: 0,
            covered: 0,
            early: 0,
            block: None,
            cut_block: None,
            found: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// The same, which lets `vault` name what is tokenized.
    #[must_use]
    pub fn remembering(self, vault: &'k mut dyn Vault) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// The same, which asks `guard` about all that is found.
    #[must_use]
    pub fn guarded_by(self, guard: &'k dyn Guard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Takes the next piece, and writes what is certain by now to `out`.
    ///
    /// # Errors
    /// Those of `out`; what was to be written then is lost.
    pub fn push(&mut self, piece: &[u8], out: &mut dyn Write) -> io::Result<()> {
        for part in piece.chunks(PIECE) {
            if self.stopped {
                break;
            }
            self.tally.bytes = self.tally.bytes.saturating_add(part.len() as u64);
            self.stream.push(part, &mut self.found);
            if let Some(own) = &mut self.own {
                own.push(part, &mut self.found);
            }
            self.cover_found();
            let own = self.own.as_ref().map_or(usize::MAX, CustomStream::settled);
            self.write_all_to(self.stream.settled().min(own), out)?;
            let (_, base) = self.stream.text();
            if self.written.saturating_sub(base) >= PIECE {
                self.stream.forget(self.written);
            }
        }
        Ok(())
    }

    /// Nothing came for a while: writes what may be shown before more comes. Says whether something
    /// is kept back still.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn pause(&mut self, patience: Patience, out: &mut dyn Write) -> io::Result<bool> {
        let (text, base) = self.stream.text();
        let end = base.saturating_add(text.len());
        if self.written >= end || self.stopped {
            return Ok(false);
        }
        // Digits are looked at in blocks of this size, which begin at multiples of it.
        let from = (self.written.saturating_sub(CONTEXT) / 64).saturating_mul(64).max(base);
        let view = text.get(from.saturating_sub(base)..).unwrap_or_default();
        let open = OpenEnd::of(view);
        let kept = match patience {
            Patience::Cut => open.perhaps,
            // What detectors of a user's own begin with, nobody knows.
            Patience::Short if self.custom.is_some() => open.perhaps,
            Patience::Short => open.likely,
            Patience::Long => open.surely,
            Patience::Last => view.len(),
        };
        let mut limit = from.saturating_add(kept).max(self.written);
        let begun = from.saturating_add(open.secret);
        let ahead = self.look_ahead(from);
        if let Some([.., last]) = self.refused(&ahead) {
            limit = limit.min(last.span.start()).max(self.written);
            // What stands behind it says that it is whole.
            let whole: Vec<Finding> =
                ahead.iter().filter(|it| it.span.end() <= last.span.end()).cloned().collect();
            if patience >= Patience::Long && last.span.end() < end {
                self.stopped = !self.allows(&whole, true);
            }
        }
        let mut covers = self.covers.clone();
        self.covers_of(&ahead).for_each(|cover| covers.add(cover));
        if patience == Patience::Last {
            covers.extend(self.cover_of_begun(begun..end, open.entity));
        } else if let Some(start) = covers.ending_at(end) {
            // A value that ends where the text does may go on.
            limit = limit.min(start.max(self.written));
        }
        self.write_up_to(limit, &mut covers, out)?;
        self.early = self.covered;
        Ok(self.written < end)
    }

    /// Ends the text, and writes the rest to `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<Tally> {
        self.stream.finish(&mut self.found);
        if let Some(own) = self.own.take() {
            own.finish(&mut self.found);
        }
        self.cover_found();
        self.write_all_to(usize::MAX, out)?;
        Ok(self.tally)
    }

    /// The whole of `text` at once.
    #[must_use]
    pub fn whole(mut self, text: &[u8]) -> (Vec<u8>, Tally) {
        let mut out = Vec::with_capacity(text.len());
        // A vector takes everything.
        let pushed = self.push(text, &mut out).and_then(|()| self.finish(&mut out));
        (out, pushed.unwrap_or_default())
    }

    /// Up to which byte of what came in everything is written or taken out.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.written
    }

    /// How many bytes came in.
    #[must_use]
    pub fn taken(&self) -> usize {
        let (text, base) = self.stream.text();
        base.saturating_add(text.len())
    }

    /// How much was replaced so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether the guard ended the text.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Asks about what was found, and lays covers over it.
    fn cover_found(&mut self) {
        let mut found = core::mem::take(&mut self.found);
        self.stopped = self.stopped || !self.allows(&found, true);
        let covers: Vec<Cover> = self.covers_of(&found).collect();
        covers.into_iter().for_each(|cover| self.covers.add(cover));
        found.clear();
        self.found = found;
    }

    fn allows(&self, found: &[Finding], certain: bool) -> bool {
        found.is_empty() || self.guard.is_none_or(|guard| guard.passes(found, certain))
    }

    /// These, in order, up to the first with which the text may not go on.
    fn refused<'f>(&self, ahead: &'f [Finding]) -> Option<&'f [Finding]> {
        if self.allows(ahead, false) {
            return None;
        }
        let so_far = |count: usize| ahead.get(..count).unwrap_or_default();
        (1..=ahead.len()).map(so_far).find(|some| !self.allows(some, false))
    }

    /// What is to be replaced of these, as far as it is not written.
    fn covers_of<'f>(&self, found: &'f [Finding]) -> impl Iterator<Item = Cover> + use<'f, 'k> {
        let (plan, written) = (self.plan, self.written);
        let left = found.iter().filter(move |finding| finding.span.end() > written);
        left.filter_map(move |it| Some(Cover::of(it, plan.transform(&it.entity)?)))
    }

    /// What is to be replaced of a secret that has begun.
    fn cover_of_begun(&self, range: Range<usize>, entity: Option<&'static str>) -> Option<Cover> {
        let entity = entity.filter(|_| range.end > self.written)?;
        self.plan.transform(entity)?;
        let value = self.text(range.start, range.end);
        let fingerprint = self.key.digest("finding", [value]);
        // Of a part of a value nothing is told.
        Some(Cover { range, entity: entity.into(), fingerprint, transform: Transform::Redact })
    }

    /// What is found from offset `from` on and not written, in order, as if the text ended where it
    /// does.
    fn look_ahead(&self, from: usize) -> Vec<Finding> {
        let (text, base) = self.stream.text();
        let mut found = Vec::new();
        let mut moved = |from: usize, scan: &dyn Fn(&[u8], &mut Vec<Finding>)| {
            let first = found.len();
            scan(text.get(from.saturating_sub(base)..).unwrap_or_default(), &mut found);
            for finding in found.iter_mut().skip(first) {
                finding.span = finding.span.shifted(from);
            }
        };
        moved(from, &|view, found| {
            self.scanner.scan(view, &self.channel, found);
        });
        if let Some((custom, own)) = self.custom.zip(self.own.as_ref()) {
            let scan = |view: &[u8], found: &mut Vec<Finding>| {
                custom.scan(view, &self.channel, self.key, found);
            };
            moved(own.settled().max(base), &scan);
        }
        found.retain(|finding| finding.span.end() > self.written);
        found.sort_by_key(|finding| finding.span.start());
        found
    }

    fn write_all_to(&mut self, limit: usize, out: &mut dyn Write) -> io::Result<()> {
        let mut covers = core::mem::take(&mut self.covers);
        let written = self.write_up_to(limit, &mut covers, out);
        self.covers = covers;
        written
    }

    /// Writes the text to `limit`, or to the start of the cover that crosses it.
    fn write_up_to(
        &mut self,
        limit: usize,
        covers: &mut Covers,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if self.stopped {
            return Ok(());
        }
        let (text, base) = self.stream.text();
        let limit = covers.border(limit.min(base.saturating_add(text.len())));
        while self.written < limit {
            if let Some(block) = self.block {
                let (length, rest) = block.swallow(self.text(self.written, limit));
                (self.written, self.block) = (self.written.saturating_add(length), rest);
                continue;
            }
            match covers.first().map(|cover| cover.range.clone()) {
                Some(range) if range.end <= self.written => drop(covers.take_first()),
                Some(range) if range.start <= self.written => {
                    if let Some(cover) = covers.take_first() {
                        self.replace(&cover, out)?;
                    }
                }
                next => {
                    let stop = next.map_or(limit, |range| range.start.min(limit));
                    out.write_all(self.text(self.written, stop))?;
                    self.written = stop;
                }
            }
        }
        Ok(())
    }

    /// Writes what stands for the bytes under a cover.
    fn replace(&mut self, cover: &Cover, out: &mut dyn Write) -> io::Result<()> {
        let value = self.text(self.written, cover.range.end);
        let whole = cover.range.start == self.written;
        // What a pause already wrote a replacement for goes on silently.
        if whole || self.early <= cover.range.start {
            // Of a part nothing is shown: what else of it was seen, nobody knows here.
            let transform = if whole { cover.transform } else { Transform::Redact };
            let (entity, fingerprint) = (&cover.entity, &cover.fingerprint);
            let usual = replacement(transform, entity, value, fingerprint, self.key);
            let value = value.to_vec();
            let named = match (&mut self.vault, transform) {
                (Some(vault), Transform::Tokenize) => {
                    vault.name(&value, &String::from_utf8_lossy(&usual)).into_bytes()
                }
                _ => usual,
            };
            out.write_all(&named)?;
            self.tally.count(entity, transform);
        }
        let rest = self.text(self.written, cover.range.end);
        self.block = if self.cut_block == Some(cover.range.start) {
            Block::going_on(rest)
        } else {
            Block::begun_by(rest)
        };
        if self.text(cover.range.start, cover.range.end).starts_with(HEAD) {
            self.cut_block = Some(cover.range.start);
        }
        (self.written, self.covered) = (cover.range.end, cover.range.end);
        Ok(())
    }

    /// The bytes `from..to` of the whole text, as far as they are kept.
    fn text(&self, from: usize, to: usize) -> &[u8] {
        let (text, base) = self.stream.text();
        text.get(from.saturating_sub(base)..to.saturating_sub(base)).unwrap_or_default()
    }
}
