//! Whether a value is made of words, as names, paths and texts are and keys are not.

use super::census::{Census, marks};

/// Which letters often follow each letter in words of English and of code, from `a` to `z`: the
/// pairs that make up at least nine in ten thousand of all pairs, counted over the documentation
/// and the sources of a Debian system.
const FOLLOWERS: [&[u8]; 26] = [
    b"bcdgiklmnprstuvy",
    b"aeilorsu",
    b"acehiklorstu",
    b"adeilorsu",
    b"abcdefgilmnpqrstvwxy",
    b"aefilorstu",
    b"aehilnorsu",
    b"aeior",
    b"abcdefglmnoprstvz",
    b"",
    b"eis",
    b"adeilostuy",
    b"abeimopsu",
    b"acdefgiknostuv",
    b"abcdfgiklmnoprstuvw",
    b"aehiloprstuy",
    b"u",
    b"acdegilmnoprstuy",
    b"acehiklopstuy",
    b"acehilmoprstuy",
    b"abceilmnprst",
    b"aei",
    b"aeio",
    b"pt",
    b"ps",
    b"e",
];

/// The same as bits.
static PAIRS: [u32; 26] = pairs();

const fn pairs() -> [u32; 26] {
    let mut out = [0; 26];
    let mut rows: &mut [u32] = &mut out;
    let mut followers: &[&[u8]] = &FOLLOWERS;
    while let ([row, more @ ..], [letters, others @ ..]) = (rows, followers) {
        let mut rest = *letters;
        while let [letter, tail @ ..] = rest {
            *row |= 1 << (*letter & 31);
            rest = tail;
        }
        rows = more;
        followers = others;
    }
    out
}

/// Shortest word; shorter ones stand in random text too.
const SHORTEST: usize = 3;

/// Whether most of a value is words with marks between them, as in `users_by_id`,
/// `@scope/package:IName` or `jobs[0].jobId`. Text that a machine made at random is not.
pub(super) fn is_wordy(value: &[u8], census: Census) -> bool {
    let letters = census.letters();
    let blanks = || value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    census.digits().saturating_mul(4) <= letters
        && !census.has(!MARKS)
        && (census.is_ascii_graphic() || blanks())
        && in_words(value).saturating_mul(3) >= letters.saturating_mul(2)
}

/// Marks between words, besides the blank.
const MARKS: u32 = marks(b"_-./:@#[]=");

/// Whether a value is several words with marks between them that no password has: a path, a key of
/// a table, a qualified name.
pub(super) fn is_path_of_names(value: &[u8], census: Census) -> bool {
    census.has(marks(b"./:[")) && is_wordy(value, census)
}

/// How many letters stand in words. A word begins where a mark or a digit ends and where upper case
/// follows lower case; it is in one case but for its first letters.
fn in_words(value: &[u8]) -> usize {
    let mut sum = 0_usize;
    let mut word = Word::default();
    for byte in value {
        let upper = byte.is_ascii_uppercase();
        if !byte.is_ascii_alphabetic() || (upper && word.lower > 0) {
            sum = sum.saturating_add(word.counts());
            word = Word::default();
        }
        if byte.is_ascii_alphabetic() {
            word.push(*byte, upper);
        }
    }
    sum.saturating_add(word.counts())
}

/// Letters that may be a word: no capital follows a small letter.
#[derive(Default)]
struct Word {
    upper: usize,
    lower: usize,
    /// How many pairs of neighbours are frequent ones.
    pairs: usize,
    last: u8,
}

impl Word {
    fn push(&mut self, letter: u8, upper: bool) {
        self.pairs = self.pairs.wrapping_add(usize::from(follows(self.last, letter)));
        self.upper = self.upper.wrapping_add(usize::from(upper));
        self.lower = self.lower.wrapping_add(usize::from(!upper));
        self.last = letter;
    }

    /// How many letters count as those of a word: all or none. Upper case stands only before lower
    /// case, of which there are two or more or none, and two thirds of the pairs are frequent ones;
    /// of [`SHORTEST`] letters all.
    const fn counts(&self) -> usize {
        let Self { upper, lower, pairs, .. } = *self;
        let length = upper.saturating_add(lower);
        let whole = length > SHORTEST || pairs.saturating_add(1) == length;
        let cased = lower == 0 || lower > 2 || (upper == 1 && lower == 2);
        let frequent = pairs.saturating_mul(3) >= length.saturating_sub(1).saturating_mul(2);
        if length >= SHORTEST && whole && cased && frequent { length } else { 0 }
    }
}

fn follows(first: u8, second: u8) -> bool {
    let row = usize::from(first & 31).checked_sub(1).and_then(|row| PAIRS.get(row));
    row.is_some_and(|bits| (bits >> (second & 31)) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words_and_keys_are_not() {
        for text in [
            "NSPersistentHistoryTransaction",
            "response_types",
            "UISegmentedControl",
            "AccessKey",
            "correct-horse-battery-staple",
            "consumer.secret",
            "CURLOPT_READDATA",
            "@jupyterlab/workspaces:IWorkspaceCommands",
            "Clusters[0].NodeName",
            "MyTestDatabaseSecret-a1b2c3",
            "V1SecretProjection",
            ".v1_secret",
            "SpGetCredentialsFn",
            "PKCS7PrivateKeyTypes",
        ] {
            assert!(is_wordy(text.as_bytes(), Census::of(text.as_bytes())), "{text}");
        }
        for text in [
            "k3J9xQ2mZ7pL4vB8nR5t",
            "hunter2!x",
            "askfjh234as9sd8",
            "aGVsbG8gd29ybGQh",
            "Zx91kk",
            "deadbeef00facade99",
            "s3cr3t-t0ken",
            "Summer2024!",
            "QMbr6NECor63uX8ECIdr",
        ] {
            assert!(!is_wordy(text.as_bytes(), Census::of(text.as_bytes())), "{text}");
        }
    }

    #[test]
    fn a_path_has_marks_that_no_password_has() {
        let is_path = |value: &[u8]| is_path_of_names(value, Census::of(value));
        assert!(is_path(b"Token.Literal.Number") && !is_path(b"a8f.k3J9x.Q2m"));
        assert!(!is_path(b"correct-horse-battery-staple"));
    }
}
