//! Secrets in the column of a table whose name says so; the rows say no more than their cells.

use super::census::Census;
use super::naming::Promise;
use super::secret::{LEAST_KEY, is_key, is_literal, is_term};
use crate::candidate::{Candidate, Judgement};

/// Bytes of a password in a cell.
const LEAST: usize = 5;
const MOST: usize = 64;

/// A password below a name that promises one: a literal of letters and digits or of three kinds, as
/// descriptions of fields are not.
pub(super) fn password(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let census = Census::of(value);
    let mixed = census.digits() > 0 && census.letters() > 0;
    Judgement::refuse_unless(
        candidate.promise() == Some(Promise::Password)
            && (LEAST..=MOST).contains(&value.len())
            && census.is_ascii_graphic()
            && (mixed || census.kinds() > 2)
            && !is_term(value)
            && is_literal(candidate, census),
    )
}

/// The same of a key: what a machine made.
pub(super) fn key(candidate: &mut Candidate<'_>) -> Judgement {
    let promised = candidate.promise() == Some(Promise::Key);
    Judgement::refuse_unless(promised && is_key(candidate, LEAST_KEY))
}
