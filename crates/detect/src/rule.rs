//! The compiled form of a detector: what triggers it, what shape it has, what checks it.

use crate::overlap::UNTELLING;

/// One detector as the engine needs it; what people need is in [`crate::Detector`].
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) trigger: Trigger,
    /// The pattern; empty when the validator alone knows the shape.
    pub(crate) steps: &'static [Step],
    /// Fewest bytes that the pattern matches.
    pub(crate) least: u16,
    /// Set and greatest number of bytes that may stand before the keyword.
    pub(crate) back: Option<(u16, u16)>,
    pub(crate) boundary: Boundary,
    /// Place in `VALIDATORS`.
    pub(crate) validator: Option<u16>,
    /// Per cent, when the validator agrees or there is none.
    pub(crate) confidence: u8,
    /// Per cent, when only the shape is right; without it, such a value is no finding.
    pub(crate) shape: Option<u8>,
    /// How telling the detector is; the higher wins among equally long findings.
    pub(crate) rank: u8,
    /// How many first bytes of a value are public.
    pub(crate) head: u8,
    /// FNV-1a digests of published examples, which are no finding.
    pub(crate) published: &'static [u64],
    /// Whether it finds secrets rather than personal data.
    pub(crate) secret: bool,
    /// Whether the validator may prove a value right, whatever stands around it.
    pub(crate) proves: bool,
}

impl Rule {
    /// Whether it knows no more than that something is a secret, and takes a value as it stands.
    pub(crate) const fn is_untelling(&self) -> bool {
        self.rank == UNTELLING && self.steps.is_empty()
    }
}

/// What makes the engine look at a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// A word of a name to which a value is assigned.
    Assignment,
    /// The character `@`.
    At,
    /// A word of the name of a column, whose cells are the values.
    Column,
    /// A first group of digits; `NUMBER_RULES` says of which length, and what follows it.
    Number,
    /// A literal that is part of the value.
    Token,
    /// The character `@` after the user part of a URL.
    Userinfo,
}

/// What a rule wants of the groups of digits that a number begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberRule {
    /// Place in the table of rules.
    pub(crate) rule: u16,
    /// How many letters stand directly before the first digit.
    pub(crate) letters: u8,
    /// Whether a `+` must stand before it.
    pub(crate) plus: bool,
}

/// What may stand around a value. A value with a right checksum needs none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Anything.
    None,
    /// Anything before, no letter, digit or underscore after.
    Right,
    /// No letter or digit before, unless of short options; no letter, digit or underscore after.
    Word,
    /// The same, and no underscore before.
    Whole,
}

/// One step of a pattern program, see [`crate::pattern`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The value ends here.
    Close,
    /// Goes on when the next byte is in the set, else at step `otherwise`.
    Fork { set: u16, otherwise: u16 },
    /// Goes on at that step.
    Jump(u16),
    /// Exactly these bytes.
    Literal(&'static [u8]),
    /// The value begins here.
    Open,
    /// As many bytes of the set as there are, at least `min`; more than `max` is a mismatch.
    Run { set: u16, min: u16, max: u16 },
}

/// A literal that betrays some rules.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Lower case; 1 stands for a digit, 2 for a hex digit, 3 for a letter or digit, 4 for a byte
    /// that ends a name, 5 and 6 for the third and fourth character of three digits in base64.
    pub(crate) text: &'static [u8],
    /// The first eight bytes of it, the first one lowest, and the bits by which a text is told that
    /// begins so: those of classes and behind its end are left out, and of letters that of their case.
    pub(crate) head: u64,
    pub(crate) mask: u64,
    /// The bit of the class for which each of these eight bytes stands, if it does.
    pub(crate) classes: u64,
    /// Where in it the four bytes of the prefilter stand.
    pub(crate) offset: u8,
    pub(crate) rules: &'static [u16],
    /// The layer of disguise that it betrays, instead of rules.
    pub(crate) layer: Option<Layer>,
}

/// A window of a keyword, and one more byte of it: most places with the window alone are told apart by
/// that byte, without a look at the keyword.
#[derive(Debug)]
pub(crate) struct Window {
    /// The four bytes, folded as the prefilter folds.
    pub(crate) window: u32,
    /// The number of the keyword.
    pub(crate) keyword: u16,
    /// How far from the window's first byte the other one stands.
    pub(crate) away: i8,
    /// The other byte, folded.
    pub(crate) beside: u8,
}

/// Layers of disguise that a few bytes betray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Escapes,
    Gzip,
    QuotedPrintable,
}
