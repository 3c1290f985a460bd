//! What the engine does about layers of disguise: where one may begin, it is undone and scanned by
//! an engine of its own, and what that finds is reported where it stands in the outer text.

use core::mem;

use crate::engine::{Engine, View};
use crate::layer::gzip::{self, Fed, Gzip, Undone};
use crate::layer::spelled::{self, Kind};
use crate::layer::{
    Blocks, DEEPEST, Decoded, FEWEST, Letters, Marks, OVERLAP, Spelling, base64, hex, wide,
};
use crate::overlap::Raw;
use crate::rule::Layer;
use crate::scanner::Scanner;

/// How far before where a run is told it may begin, when nobody looked at what stands before.
const BEHIND: usize = 64;

/// Bytes of a keyword among which the escape begins.
const KEYWORD: usize = 4;

impl Engine {
    /// A keyword at `at` of `text` betrays a layer of this kind.
    pub(crate) fn layer(&mut self, layer: Layer, text: &[u8], base: usize, at: usize) {
        match layer {
            Layer::Escapes => self.spelled(Kind::Escapes, 0, text, base, at),
            Layer::Gzip => self.member(text, base, at),
            Layer::QuotedPrintable => self.spelled(Kind::QuotedPrintable, 1, text, base, at),
        }
    }

    /// Before which place nothing is to be undone that belongs in `slot`: it is undone already, or the text
    /// stands as deep as is looked.
    #[inline]
    pub(crate) fn undone(&self, slot: usize) -> usize {
        let done = self.layers.spelled.get(slot).filter(|_| self.depth < DEEPEST);
        done.copied().unwrap_or(usize::MAX)
    }

    /// Whether that is so of `place`.
    #[inline]
    pub(crate) fn is_undone(&self, slot: usize, place: usize) -> bool {
        place < self.undone(slot)
    }

    /// Undoes the escapes around the one that begins at `at` or a few bytes later. Parts that are
    /// done are remembered in `slot`, one for each pass over the text.
    pub(crate) fn spelled(&mut self, kind: Kind, slot: usize, text: &[u8], base: usize, at: usize) {
        let place = base.saturating_add(at);
        if self.is_undone(slot, place) {
            return;
        }
        let mut near = at..at.saturating_add(KEYWORD);
        let Some(first) = near.find(|at| spelled::escape(text, *at, kind).is_some()) else {
            return;
        };
        let cut = matches!(text.get(first..), Some([b'=', b'\n' | b'\r', ..]));
        if cut && !spelled::is_soft_break(text, first) {
            return;
        }
        let view = View::new(text, base, first);
        let (start, inside) = spelled::begin(view.text, view.at);
        let mut buffer = self.buffer();
        let part = (start, view.at);
        let stop = spelled::undo::<false>(view.text, part, kind, &mut buffer);
        let end = view.base.saturating_add(start).saturating_add(stop.length);
        if let Some(done) = self.layers.spelled.get_mut(slot) {
            *done = end;
        }
        // Most hold nothing: where the bytes come from is asked only where something is found.
        let mut placed = None;
        self.inside(buffer.bytes(), (inside, stop.open), |start, end| {
            let placed = placed.get_or_insert_with(|| {
                let mut placed = Decoded::new();
                spelled::undo::<true>(view.text, part, kind, &mut placed);
                placed
            });
            of_whole(placed.outer(start, end)?, view.base)
        });
        self.layers.buffer = buffer;
    }

    /// Looks for runs of digits and for UTF-16 in `from..to`, and goes on with what goes on.
    pub(crate) fn runs(&mut self, text: &[u8], base: usize, from: usize, to: usize) {
        if self.depth >= DEEPEST {
            return;
        }
        self.resume(text, base, to);
        if text.len() < base64::SHORTEST {
            return;
        }
        for mark in Blocks::new(text, from, to) {
            let done = self.layers.runs.saturating_sub(base);
            match mark {
                Marks::Digits(at, seen) if at >= done => self.digits(text, base, (at, seen), done),
                Marks::Zeros(at) => {
                    let found = wide::begin(text, base, at, done.max(from));
                    if let Some((spelling, start)) = found {
                        self.window(spelling, text, base, start, false);
                    }
                }
                Marks::Digits(..) => continue,
            }
            self.resume(text, base, to);
        }
    }

    /// Looks at the run of digits around `at`, which does not begin before `floor`; how many of its bytes
    /// follow is known where that was `seen`.
    fn digits(
        &mut self,
        text: &[u8],
        base: usize,
        (at, seen): (usize, Option<usize>),
        floor: usize,
    ) {
        let earliest = floor.max(at.saturating_sub(BEHIND)).min(at);
        let head = text.get(earliest..at).unwrap_or_default();
        let back = base64::digits_back(head);
        let start = at.saturating_sub(back);
        let view = View::new(text, base, start);
        let rest = view.text.get(view.at..).unwrap_or_default();
        let length = match seen {
            Some(seen) => back.saturating_add(seen).min(rest.len()),
            None => base64::digits(rest),
        };
        let run = rest.get(..length).unwrap_or_default();
        self.walks.work = self.walks.work.saturating_add(run.len() as u64);
        self.layers.runs = base.saturating_add(start).saturating_add(run.len());
        if run.len() < base64::SHORTEST {
            return;
        }
        let (spelling, offset) = match Letters::of(run) {
            Letters::Hex if hex::begins(run) => (Spelling::Hex, Some(0)),
            Letters::Mixed => (Spelling::Base64, base64::begin(run)),
            Letters::Hex | Letters::Plain => return,
        };
        if let Some(offset) = offset {
            self.window(spelling, text, base, start.saturating_add(offset), false);
        }
    }

    /// Goes on with a layer that is longer than a window, as far as windows begin before `to`.
    fn resume(&mut self, text: &[u8], base: usize, to: usize) {
        while let Some((spelling, at)) = self.layers.resume
            && at < base.saturating_add(to)
        {
            self.layers.resume = None;
            self.window(spelling, text, base, at.saturating_sub(base), true);
        }
    }

    /// Undoes the window of a layer that begins at `start`; `inside` says that the layer began
    /// earlier.
    fn window(&mut self, spelling: Spelling, text: &[u8], base: usize, start: usize, inside: bool) {
        let view = View::new(text, base, start);
        let rest = view.text.get(view.at..).unwrap_or_default();
        let mut buffer = self.buffer();
        let stop = spelling.undo(rest, &mut buffer);
        let place = base.saturating_add(start);
        self.layers.runs = self.layers.runs.max(place.saturating_add(stop.length));
        if stop.open {
            let again = buffer.bytes().len().saturating_sub(OVERLAP);
            let again = again.saturating_sub(again.checked_rem(spelling.group()).unwrap_or(0));
            let next = buffer.place(again).map(|at| place.saturating_add(at));
            self.layers.resume = next.filter(|at| *at > place).map(|at| (spelling, at));
        }
        self.within(&buffer, place, (inside, stop.open));
        self.layers.buffer = buffer;
    }

    fn buffer(&mut self) -> Decoded {
        let mut buffer = mem::replace(&mut self.layers.buffer, Decoded::new());
        buffer.clear();
        buffer
    }

    /// Scans decoded bytes, whose places count from absolute offset `base`. `open` says whether
    /// they begin and whether they end in the middle: what touches such an end is not known whole.
    fn within(&mut self, decoded: &Decoded, base: usize, open: (bool, bool)) {
        self.inside(decoded.bytes(), open, |start, end| of_whole(decoded.outer(start, end)?, base));
    }

    fn inside(
        &mut self,
        bytes: &[u8],
        open: (bool, bool),
        mut outer: impl FnMut(usize, usize) -> Option<(usize, usize)>,
    ) {
        if bytes.len() < FEWEST {
            return;
        }
        let mut inner = Self::at_depth(self.depth.saturating_add(1), self.full.floor());
        inner.layers.spare = self.layers.spare.take();
        inner.whole(bytes);
        self.layers.spare = inner.layers.spare.take();
        self.walks.work = self.walks.work.saturating_add(inner.walks.work);
        inner.pending.settle(usize::MAX, |raw| {
            let cut = (open.0 && raw.start == 0) || (open.1 && raw.end == bytes.len());
            let Some((start, end)) = outer(raw.start, raw.end).filter(|_| !cut) else { return };
            let value = raw.value.clone().or_else(|| bytes.get(raw.start..raw.end).map(Box::from));
            self.pending.push(Raw { start, end, value, ..*raw });
        });
    }

    /// Scans the whole of a text.
    fn whole(&mut self, text: &[u8]) {
        let mut from = 0_usize;
        while from < text.len() {
            let to = from.saturating_add(Scanner::SEGMENT).min(text.len());
            self.segment(text, 0, from, to);
            from = to;
        }
        self.finish();
    }

    /// Begins with compressed data at `at`, unless that lies in compressed data itself.
    fn member(&mut self, text: &[u8], base: usize, at: usize) {
        if self.depth >= DEEPEST {
            return;
        }
        self.unzip(text, base, at);
        if self.layers.gzip.is_none() {
            let view = View::new(text, base, at);
            let data = view.text.get(view.at..).unwrap_or_default();
            let place = base.saturating_add(at);
            let mut undone = Undone::NONE;
            let Some(member) = gzip::member(data, &mut undone) else { return };
            // What holds nothing need not be undone as it comes.
            if member.is_over && !self.holds(undone.bytes()) {
                return;
            }
            let begin = place.saturating_add(member.header);
            self.layers.gzip = Some(Gzip::begin(begin, &mut self.layers.spare));
        }
    }

    /// Whether anything is found in bytes that are all of a layer.
    fn holds(&mut self, bytes: &[u8]) -> bool {
        let mut found = false;
        self.inside(bytes, (false, false), |_, _| {
            found = true;
            None
        });
        found
    }

    /// Undoes compressed data as far as `to`.
    pub(crate) fn unzip(&mut self, text: &[u8], base: usize, to: usize) {
        let Some(mut gzip) = self.layers.gzip.take() else { return };
        loop {
            match gzip.feed(text, base, to) {
                Fed::Full => {
                    self.unzipped(&gzip, true);
                    gzip.forget();
                }
                Fed::More => {
                    self.layers.gzip = Some(gzip);
                    return;
                }
                Fed::Over => {
                    self.unzipped(&gzip, false);
                    self.layers.spare = Some(gzip);
                    return;
                }
            }
        }
    }

    fn unzipped(&mut self, gzip: &Gzip, more: bool) {
        let (bytes, inside) = gzip.window();
        self.inside(bytes, (inside, more), |start, end| gzip.outer(start, end));
    }

    /// Scans what the end of the text left waiting.
    pub(crate) fn finish(&mut self) {
        if let Some(gzip) = self.layers.gzip.take() {
            self.unzipped(&gzip, false);
            self.layers.spare = Some(gzip);
        }
    }

    /// The offset at or after which something may still be found, when the text is scanned up to
    /// where only what begins at or after `open` is to come.
    pub(crate) fn open(&self, open: usize) -> usize {
        self.layers.gzip.as_ref().map_or(open, |gzip| gzip.place().min(open))
    }
}

/// The same bytes as counted from the start of the whole text.
fn of_whole((start, end): (usize, usize), base: usize) -> Option<(usize, usize)> {
    Some((base.checked_add(start)?, base.checked_add(end)?))
}
