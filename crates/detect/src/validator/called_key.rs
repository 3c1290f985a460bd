//! Values that are called a key and no more, as the names of most things are: only their form says that
//! they are secret.

use super::census::{Census, marks};
use super::secret::is_hex;
use super::standing::{is_tight, line_before};
use crate::assignment::Form;
use crate::candidate::Candidate;

/// Fewest bytes of a field called key, and the most: longer ones are public.
pub(super) const LEAST_BARE: usize = 24;
const MOST_BARE: usize = 128;

/// Whether a field is called `Key` and no more, and holds letters of both cases and digits: base64 of
/// some bytes. Most such fields hold the name of something.
pub(super) fn is_bare_key(candidate: &Candidate<'_>) -> bool {
    let census = Census::of(candidate.value());
    // The quote before it was looked for together with the name.
    let field =
        matches!(candidate.name, [b'"' | b'\'', name @ ..] if name.eq_ignore_ascii_case(b"key"));
    field
        && candidate.quoted
        && candidate.form == Form::Operator
        && candidate.value().len() <= MOST_BARE
        && census.is_made_of(BASE64_MARKS)
        && [census.lower(), census.upper(), census.digits()].iter().all(|count| *count > 0)
}

/// Whether what is called a key and no more is so many letters of both cases and digits, without a mark,
/// as ids and names of things seldom are: `using key=…`.
pub(super) fn is_long_key(candidate: &Candidate<'_>) -> bool {
    let census = Census::of(candidate.value());
    // The byte before it was looked for together with the name, so the word before it stands there, too.
    let name = candidate.name.rsplit(|byte| matches!(byte, b' ' | b'\n' | b'?' | b'&')).next();
    let kinds = || [census.lower(), census.upper(), census.digits()].iter().all(|count| *count > 1);
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"key"))
        && candidate.form == Form::Operator
        && (LEAST_LONG..=MOST_LONG).contains(&candidate.value().len())
        && census.is_made_of(LONG_MARKS)
        && if is_queried(candidate) {
            is_hex_key(candidate)
        } else {
            kinds() || is_hex_key(candidate)
        }
}

/// What stands before a name of three letters that is assigned to without a blank, in its line.
fn before_key<'t>(candidate: &Candidate<'t>) -> &'t [u8] {
    let head = line_before(candidate).strip_suffix(b"=").unwrap_or_default();
    head.get(..head.len().saturating_sub(b"key".len())).unwrap_or_default()
}

/// Whether it is a part of a query, which may name a document by its key.
fn is_queried(candidate: &Candidate<'_>) -> bool {
    matches!(before_key(candidate), [.., b'?' | b'&'])
}

/// Whether a line of settings or a query holds such a key in hex, of 128 or 256 bits: `Key=…`, `?key=…`.
fn is_hex_key(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value();
    matches!(value.len(), 32 | 64)
        && is_hex(value)
        && is_tight(candidate)
        && matches!(before_key(candidate), [] | [.., b'?' | b'&'])
        && matches!(candidate.after(), [] | [b'\n' | b'\r' | b'&' | b'"' | b'\'' | b' ', ..])
}

/// Marks that such a key may have, and fewest and most bytes of it.
const LONG_MARKS: u32 = marks(b"-_");
pub(super) const LEAST_LONG: usize = 30;
const MOST_LONG: usize = 64;

/// Marks of base64.
const BASE64_MARKS: u32 = marks(b"+/=");
