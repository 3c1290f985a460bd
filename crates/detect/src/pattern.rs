//! Runs a pattern program: one walk forward, one byte of look-ahead, no memory.
//!
//! The programs are made by the build script, which refuses every pattern that would need more.

use crate::rule::Step;
use crate::walks::{Walks, in_set};

/// Where a pattern matched, counted from the start of the text it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Where the value begins: 0 unless the pattern marks it.
    pub(crate) start: usize,
    /// One past the value's last byte.
    pub(crate) end: usize,
    /// One past the last byte that the pattern covers; `end` unless the pattern marks the value.
    pub(crate) stop: usize,
    /// The set of the run that ended the match, when it was one.
    pub(crate) last: Option<u16>,
}

/// Matches `steps` at the start of `text`, which lies at absolute offset `at`.
pub(crate) fn matches(steps: &[Step], text: &[u8], at: usize, walks: &mut Walks) -> Option<Match> {
    run(steps, text, at, walks).ok()
}

/// Why a pattern does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Another byte stands where the pattern wants one.
    Other,
    /// All was right up to this offset in the text, where a run goes on beyond its greatest length.
    TooLong(usize),
}

/// The same, and why not.
pub(crate) fn run(
    steps: &[Step],
    text: &[u8],
    at: usize,
    walks: &mut Walks,
) -> Result<Match, Mismatch> {
    let mut place = 0_usize;
    let mut next = 0_usize;
    let mut value = (None, None);
    let mut last = None;
    while let Some(step) = steps.get(next) {
        next = next.saturating_add(1);
        let rest = text.get(place..).ok_or(Mismatch::Other)?;
        match *step {
            Step::Close => value.1 = Some(place),
            Step::Fork { set, otherwise } => {
                if !rest.first().is_some_and(|byte| in_set(set, *byte)) {
                    next = usize::from(otherwise);
                }
            }
            Step::Jump(target) => next = usize::from(target),
            Step::Literal(bytes) => {
                if !rest.starts_with(bytes) {
                    return Err(Mismatch::Other);
                }
                place = place.saturating_add(bytes.len());
                last = None;
            }
            Step::Open => value.0 = Some(place),
            Step::Run { set, min, max } => {
                let limit =
                    if min == max { usize::from(max) } else { usize::from(max).saturating_add(1) };
                let length = walks.run(set, rest, at.saturating_add(place), limit);
                if length < usize::from(min) {
                    return Err(Mismatch::Other);
                }
                place = place.saturating_add(length);
                if length > usize::from(max) {
                    return Err(Mismatch::TooLong(place));
                }
                last = Some(set);
            }
        }
    }
    let end = value.1.unwrap_or(place);
    Ok(Match { start: value.0.unwrap_or(0), end, stop: place, last })
}
