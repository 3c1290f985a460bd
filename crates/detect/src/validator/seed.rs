//! Words from which the keys of a wallet are made (BIP-39).

use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Words of English sentences that no list of such words has.
static PROSE: Words = words! {
    "the" "and" "with" "from" "for" "are" "not" "these" "them" "your" "words" "wallet" "their" "which" "was" "were" "has"
};

/// Twelve words to twenty-four, as many as BIP-39 makes of whole bits, and no sentence.
pub(super) fn phrase(candidate: &mut Candidate<'_>) -> Judgement {
    let mut words = candidate.value().split(|byte| *byte == b' ');
    let count = words.clone().count();
    let listed = |word: &[u8]| (3..=8).contains(&word.len()) && !PROSE.contain(word);
    Judgement::refuse_unless(matches!(count, 12 | 15 | 18 | 21 | 24) && words.all(listed))
}
