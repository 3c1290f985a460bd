//! Where a text repeats itself, so that what was found once need not be looked for again.
//!
//! What a trigger leads to depends only on the bytes within fixed bounds around it. Where a unit
//! stands again and again, the triggers in one of its copies, far enough from both ends, lead to
//! what they led to in the copy before. To compare bytes costs a hundredth of judging them, so a
//! text that repeats what is dearest to judge is among the quickest to scan. Only exact copies
//! count: a single other byte ends the repetition, and around it all is looked at.

use memchr::memmem;

use crate::engine::Engine;
use crate::overlap::Raw;
use crate::scanner::Scanner;

/// Longest unit in bytes.
const LONGEST: usize = 512;

/// Bytes that are looked for again to find the unit.
const SAMPLE: usize = 32;

/// Shortest part of a text in which a repetition is looked for, and that is worth leaving out.
pub(crate) const LEAST: usize = 4096;

/// How many places where the sample stands again are tried.
const MOST_TRIES: usize = 64;

/// Bytes that are compared at once.
const PIECE: usize = 256;

/// How far before and after a place the windows of a layer of disguise, and what they hold, may lie.
const LAYER: usize = 10 * 1024;

/// Digits of base64 that make whole bytes: where such a run goes on, units count that many times.
const DIGITS: usize = 4;

/// What stands in every copy of a unit, when layers of disguise have to be undone to see it.
#[derive(Debug)]
pub(crate) struct Copies {
    /// Bytes from one copy to the next.
    unit: usize,
    /// Absolute offset up to which the text is known to repeat the unit, and was looked at.
    done: usize,
    /// Absolute offset of the copy in which the findings begin.
    place: usize,
    found: Vec<Raw>,
}

/// A unit that stands again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repetition {
    /// Bytes after which the text goes on in the same way.
    pub(crate) unit: usize,
    /// The first place whose triggers see nothing but copies of the unit.
    pub(crate) first: usize,
    /// One past the last such place.
    pub(crate) last: usize,
}

impl Repetition {
    /// The repetition that goes on at the end of `from..to` of `text`, when it is long.
    pub(crate) fn find(text: &[u8], from: usize, to: usize) -> Option<Self> {
        let probe = to.min(text.len().checked_sub(LONGEST.saturating_mul(2))?);
        let rest = text.get(probe..)?;
        let unit = unit(rest)?;
        let ahead = text.get(probe..to.saturating_add(Scanner::AHEAD).min(text.len()))?;
        let same = same_at_start(ahead, ahead.get(unit..)?);
        let end = probe.checked_add(same)?.checked_add(unit)?;
        let floor = from.saturating_sub(Scanner::BEHIND);
        let behind = text.get(floor..probe)?;
        let later = text.get(floor.checked_add(unit)?..probe.checked_add(unit)?)?;
        let start = probe.checked_sub(same_at_end(behind, later))?;
        let first = start.checked_add(Scanner::BEHIND)?.max(from);
        let last = end.checked_sub(Scanner::AHEAD)?.min(to);
        let length = last.checked_sub(first)?;
        (length >= LEAST).then_some(Self { unit, first, last })
    }
}

impl Engine {
    /// Looks at the triggers in `from..to` of a text that repeats itself: those in one copy of the
    /// unit, and what they lead to stands in the others, too.
    #[cold]
    #[inline(never)]
    pub(crate) fn repeated(
        &mut self,
        it: Repetition,
        text: &[u8],
        base: usize,
        from: usize,
        to: usize,
    ) {
        let goes_on = self.copies.take().filter(|known| {
            it.first == from && known.done == base.saturating_add(from) && known.fits(it.unit)
        });
        if let Some(known) = goes_on {
            return self.same_again(known, it, text, base, to);
        }
        let next = it.first.saturating_add(it.unit);
        let place = base.saturating_add(it.first);
        self.triggers(text, base, from, it.first);
        let waiting = self.pending.waiting().len();
        let plain = !self.layers.go_on(place);
        self.triggers(text, base, it.first, next);
        // What a layer of disguise holds is not found copy by copy.
        if !plain || self.layers.go_on(place) {
            self.triggers(text, base, next, to);
            self.runs(text, base, from, to);
            self.copies = self.copies_from(it, base, to);
            return;
        }
        let found = self.pending.waiting().get(waiting..).unwrap_or_default().to_vec();
        let copies = it.last.saturating_sub(next).checked_div(it.unit).unwrap_or(0);
        for copy in (1..=copies).filter(|_| !found.is_empty()) {
            let distance = it.unit.saturating_mul(copy);
            found.iter().for_each(|raw| self.pending.push(raw.later(distance)));
        }
        self.triggers(text, base, next.saturating_add(copies.saturating_mul(it.unit)), to);
        // Where a run began decides how it is read, so these are looked at one by one.
        self.runs(text, base, from, to);
    }

    /// What the middle of a part that repeats a unit up to `to` holds, when that is long enough for
    /// layers of disguise to be seen whole.
    fn copies_from(&self, it: Repetition, base: usize, to: usize) -> Option<Box<Copies>> {
        let unit = it.unit.saturating_mul(DIGITS);
        let start = it.first.saturating_add(LAYER);
        let end = start.saturating_add(unit);
        if it.last < to || end.saturating_add(LAYER) > to || self.layers.gzip.is_some() {
            return None;
        }
        let place = base.saturating_add(start);
        let within = place..base.saturating_add(end);
        let found = self.pending.waiting().iter().filter(|raw| within.contains(&raw.start));
        let found = found.cloned().collect();
        Some(Box::new(Copies { unit, done: base.saturating_add(to), place, found }))
    }

    /// Goes on in copies of a unit of which it is known what they hold, as far as they go.
    fn same_again(
        &mut self,
        mut known: Box<Copies>,
        it: Repetition,
        text: &[u8],
        base: usize,
        to: usize,
    ) {
        let length = it.last.saturating_sub(it.first);
        let passed = length.saturating_sub(length.checked_rem(known.unit).unwrap_or(0));
        let next = it.first.saturating_add(passed);
        let begin = base.saturating_add(it.first).saturating_sub(Scanner::BEHIND);
        self.layers.pass(passed);
        let end = base.saturating_add(next).max(self.layers.runs).saturating_add(Scanner::BEHIND);
        known.repeat(begin, end, |raw| self.pending.push(raw));
        self.part(text, base, next, to);
        known.done = base.saturating_add(to);
        self.copies = Some(known).filter(|_| it.last == to);
    }
}

impl Copies {
    /// Whether a unit of so many bytes is the same one.
    const fn fits(&self, unit: usize) -> bool {
        unit.saturating_mul(DIGITS) == self.unit
    }

    /// Calls `found` with what the copies hold that begins in `begin..end`.
    fn repeat(&self, begin: usize, end: usize, mut found: impl FnMut(Raw)) {
        if self.found.is_empty() {
            return;
        }
        let skipped = begin.saturating_sub(self.place).checked_div(self.unit).unwrap_or(0);
        let mut distance = skipped.saturating_mul(self.unit);
        while self.place.saturating_add(distance) < end {
            let copies = self.found.iter().map(|raw| raw.later(distance));
            copies.filter(|raw| (begin..end).contains(&raw.start)).for_each(&mut found);
            distance = distance.saturating_add(self.unit);
        }
    }
}

/// After how many bytes `text` goes on as it begins, for as long as any unit is.
fn unit(text: &[u8]) -> Option<usize> {
    let (sample, whole) = (text.get(..SAMPLE)?, text.get(..LONGEST)?);
    let mut unit = 0_usize;
    for _ in 0..MOST_TRIES {
        let next = unit.saturating_add(1);
        let near = text.get(next..LONGEST.saturating_add(SAMPLE))?;
        unit = next.saturating_add(memmem::find(near, sample)?);
        if text.get(unit..)?.starts_with(whole) {
            return Some(unit);
        }
    }
    None
}

/// How many bytes at the start of both are the same.
fn same_at_start(one: &[u8], two: &[u8]) -> usize {
    let pairs = one.chunks(PIECE).zip(two.chunks(PIECE));
    let whole = pairs.take_while(|(one, two)| one == two).count().saturating_mul(PIECE);
    let rest = (one.get(whole..).unwrap_or_default(), two.get(whole..).unwrap_or_default());
    let more = rest.0.iter().zip(rest.1).take_while(|(one, two)| one == two).count();
    whole.saturating_add(more).min(one.len()).min(two.len())
}

/// How many bytes at the end of both, which have the same length, are the same.
fn same_at_end(one: &[u8], two: &[u8]) -> usize {
    let pairs = one.rchunks(PIECE).zip(two.rchunks(PIECE));
    let whole = pairs.take_while(|(one, two)| one == two).count().saturating_mul(PIECE);
    let left = one.len().saturating_sub(whole);
    let rest = (one.get(..left).unwrap_or_default(), two.get(..left).unwrap_or_default());
    let more = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(one, two)| one == two);
    whole.saturating_add(more.count()).min(one.len())
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of the tests")]
mod tests {
    use datafog_core::Confidence;

    use super::*;

    #[test]
    fn a_unit_is_found_where_all_that_is_seen_repeats_it() {
        for unit in [1, 2, 7, 12, 64, 100, 511, 512] {
            let one: Vec<u8> = (0..unit).map(|at| (at * 7 % 251) as u8).collect();
            let mut text = one.repeat(100_000 / unit);
            let found = Repetition::find(&text, 0, 32_768).unwrap();
            assert_eq!(found.unit, unit);
            assert_eq!((found.first, found.last), (Scanner::BEHIND, 32_768));
            let found = Repetition::find(&text, 32_768, 65_536).unwrap();
            assert_eq!((found.first, found.last), (32_768, 65_536));
            text[40_000] ^= 1;
            let found = Repetition::find(&text, 0, 32_768).unwrap();
            assert_eq!((found.first, found.last), (Scanner::BEHIND, 40_000 - Scanner::AHEAD));
            let found = Repetition::find(&text, 32_768, 65_536).unwrap();
            assert_eq!((found.first, found.last), (40_001 + Scanner::BEHIND, 65_536));
        }
    }

    type Found = Vec<(usize, usize, u16)>;

    /// What an engine finds that looks at segments with `look`.
    fn settled(text: &[u8], look: impl Fn(&mut Engine, &[u8], usize, usize)) -> Found {
        let mut engine = Engine::new(Confidence::percent(0));
        let mut found = Vec::new();
        for from in (0..text.len()).step_by(Scanner::SEGMENT) {
            let to = (from + Scanner::SEGMENT).min(text.len());
            look(&mut engine, text, from, to);
            let open = engine.open(to - Scanner::BEHIND);
            engine.pending.settle(open, |raw| found.push((raw.start, raw.end, raw.rule)));
        }
        engine.finish();
        engine.pending.settle(usize::MAX, |raw| found.push((raw.start, raw.end, raw.rule)));
        found
    }

    /// Units with and without findings, plain and in layers of disguise.
    fn units() -> Vec<Vec<u8>> {
        let spelled = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4).get(..36).unwrap());
        let mut units: Vec<String> = vec![
            "a@b.co ".to_owned(),
            "123-45-6789 ".to_owned(),
            "password='hunter2horse'\n".to_owned(),
            "key=key=".to_owned(),
            "secret_key_base=\"".to_owned(),
            "EAAA_".to_owned(),
            "1.1.".to_owned(),
            format!("{token} "),
            token,
            " +1 212 555 7788".to_owned(),
            "\"auth\" + ".to_owned(),
            "c2VjcmV0X2tleT0i".to_owned(),
            "cGFzc3dvcmQ9aHVudGVyMmhvcnNlIHVzZXI9YWJj\n".to_owned(),
            spelled("password=hunter2horse "),
            format!("x {} \"", spelled("password=hunter2horse")),
        ];
        for word in ["AKIA", "xoxb-", "sk_live_", "ghp_aaaa-", "-----BEGIN PRIVATE KEY-----\nAA"] {
            units.extend([" ", "", "='", "7", "\n"].map(|mark| format!("{word}{mark}")));
        }
        let hex = token_hex();
        units.extend([format!("{hex} lorem ipsum\n"), format!("{hex} p\0a\0s\0s\0d x\n"), hex]);
        let mut units: Vec<Vec<u8>> = units.into_iter().map(String::into_bytes).collect();
        units.push("password=hunter2horse\n".bytes().flat_map(|byte| [byte, 0]).collect());
        units
    }

    fn token_hex() -> String {
        "password=hunter2horse ".bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn copies_hold_what_is_found_when_each_is_looked_at() {
        for unit in units() {
            for head in [0, 1, 7, 29, 100, 33_000] {
                let mut text = vec![b'-'; head];
                text.extend(unit.repeat(80_000 / unit.len()));
                text.extend(b" password=hunter2horse\n");
                let each = settled(&text, |engine, text, from, to| engine.part(text, 0, from, to));
                let once = settled(&text, |engine, text, from, to| {
                    engine.segment(text, 0, from, to);
                });
                let unit = unit.escape_ascii();
                assert_eq!(once.len(), each.len(), "{unit} after {head}");
                assert_eq!(once, each, "{unit} after {head}");
            }
        }
    }

    #[test]
    fn the_end_of_the_text_is_looked_at() {
        let text = b"token: ".repeat(10_000);
        let found = Repetition::find(&text, 32_768, 65_536).unwrap();
        assert_eq!(found.last, text.len() - Scanner::AHEAD);
        assert_eq!(Repetition::find(&text, 65_536, text.len()), None);
    }

    #[test]
    fn what_does_not_repeat_or_not_for_long_is_none() {
        let counted: Vec<u8> = (0..20_000).flat_map(|n: u32| n.to_string().into_bytes()).collect();
        assert_eq!(Repetition::find(&counted, 0, 32_768), None);
        let mut text = counted;
        text[32_000..36_000].fill(b'=');
        assert_eq!(Repetition::find(&text, 0, 32_768), None);
        assert_eq!(Repetition::find(b"aaaa", 0, 4), None);
    }
}
