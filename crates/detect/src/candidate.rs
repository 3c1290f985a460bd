//! What a validator is shown, and what it says.

use crate::assignment::Form;
use crate::validator::{Promise, promise};

/// A value that has the right shape, with the text around it.
///
/// Offsets count within `text`, the part of the channel that may be looked at from here. A
/// validator may move `start` and `end`, for example to the end of a key block.
#[derive(Debug)]
pub(crate) struct Candidate<'t> {
    /// The text around the value: at most [`crate::Scanner::BEHIND`] bytes before the trigger and
    /// [`crate::Scanner::AHEAD`] after it.
    pub(crate) text: &'t [u8],
    /// First byte of the value.
    pub(crate) start: usize,
    /// One past the last byte of the value.
    pub(crate) end: usize,
    /// The name to which the value is assigned; empty for other triggers.
    pub(crate) name: &'t [u8],
    /// Whether the value is a quoted literal.
    pub(crate) quoted: bool,
    /// How name and value are put together.
    pub(crate) form: Form,
    /// What is known of it before anybody judges it.
    pub(crate) known: Known,
}

/// What the engine knows of a candidate, so that nobody works it out again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// What its name promises, when that was asked already.
    pub(crate) promise: Option<Option<Promise>>,
    /// Whether as many as are reported were less than sound, so that only a sound one is wanted.
    pub(crate) sound_only: bool,
}

impl Known {
    /// Nothing is known.
    pub(crate) const NOTHING: Self = Self { promise: None, sound_only: false };
}

impl<'t> Candidate<'t> {
    /// The bytes `start..end` of `text`, without a name.
    #[inline]
    pub(crate) const fn of(text: &'t [u8], (start, end): (usize, usize)) -> Self {
        let (name, form, known) = (&[], Form::Operator, Known::NOTHING);
        Self { text, start, end, name, quoted: false, form, known }
    }

    /// The value.
    pub(crate) fn value(&self) -> &'t [u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// What its name promises.
    pub(crate) fn promise(&self) -> Option<Promise> {
        self.known.promise.unwrap_or_else(|| promise(self.name))
    }

    /// What stands before the value.
    pub(crate) fn before(&self) -> &'t [u8] {
        self.text.get(..self.start).unwrap_or_default()
    }

    /// What stands after the value.
    pub(crate) fn after(&self) -> &'t [u8] {
        self.text.get(self.end..).unwrap_or_default()
    }
}

/// What a validator says about a candidate, from the least sure to the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judgement {
    /// Not one of these at all.
    Refuse,
    /// It looks like one, but what can be checked is wrong or missing.
    Shape,
    /// What can be checked is right.
    Sound,
    /// A checksum that does not come out right by chance is right, whatever the value looks like.
    Proven,
}

impl Judgement {
    /// Sound when the check holds, else shape only.
    pub(crate) const fn sound_if(holds: bool) -> Self {
        if holds { Self::Sound } else { Self::Shape }
    }

    /// Proven when the checksum holds, else shape only.
    pub(crate) const fn proven_if(holds: bool) -> Self {
        if holds { Self::Proven } else { Self::Shape }
    }

    /// Sound when the check holds, else no finding.
    pub(crate) const fn refuse_unless(holds: bool) -> Self {
        if holds { Self::Sound } else { Self::Refuse }
    }
}

/// A check by name.
pub(crate) type Validator = fn(&mut Candidate<'_>) -> Judgement;
