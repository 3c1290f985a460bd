//! How many bytes of each kind a value is made of, counted in one pass.

use crate::bytes::table;

/// Counts of small letters, capitals, digits and marks of ASCII; 16 bits each, which no value
/// exceeds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Census {
    counts: u64,
    /// Which marks there are, one bit each.
    marks: u32,
    length: usize,
}

/// A set of marks, one bit each; what is no mark of ASCII has none.
pub(super) const fn marks(mut of: &[u8]) -> u32 {
    let mut set = 0;
    while let [mark, rest @ ..] = of {
        set |= mark_bit(*mark);
        of = rest;
    }
    set
}

/// The bit of a mark: they are 32.
const fn mark_bit(byte: u8) -> u32 {
    let place = match byte {
        b'!'..=b'/' => byte.wrapping_sub(b'!'),
        b':'..=b'@' => byte.wrapping_sub(b':').wrapping_add(15),
        b'['..=b'`' => byte.wrapping_sub(b'[').wrapping_add(22),
        b'{'..=b'~' => byte.wrapping_sub(b'{').wrapping_add(28),
        _ => return 0,
    };
    1 << place
}

/// The bits of all bytes.
static MARKS: [u32; 256] = table!(byte => mark_bit(byte));

/// Bits of one count.
const BITS: u32 = 16;

/// The kind of each byte.
static KINDS: [u8; 256] = table!(byte => kind_of(byte));

/// Small letters, capitals, digits, marks, and everything else, which is not counted.
const fn kind_of(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ if byte.is_ascii_punctuation() => 3,
        _ => 4,
    }
}

/// What a byte adds to the counts.
static COUNTS: [u64; 256] =
    table!(byte => 1_u64.unbounded_shl((kind_of(byte) as u32).wrapping_mul(BITS)));

/// The kind of a byte; only equality means something.
pub(super) fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

impl Census {
    /// Counts the bytes of a value.
    pub(super) fn of(value: &[u8]) -> Self {
        let (counts, marks) = value.iter().fold((0_u64, 0_u32), |(counts, marks), byte| {
            let count = COUNTS.get(usize::from(*byte)).copied().unwrap_or_default();
            let mark = MARKS.get(usize::from(*byte)).copied().unwrap_or_default();
            (counts.wrapping_add(count), marks | mark)
        });
        Self { counts, marks, length: value.len() }
    }

    const fn count(self, kind: u32) -> usize {
        (self.counts >> kind.wrapping_mul(BITS)) as u16 as usize
    }

    pub(super) const fn lower(self) -> usize {
        self.count(0)
    }

    pub(super) const fn upper(self) -> usize {
        self.count(1)
    }

    pub(super) const fn digits(self) -> usize {
        self.count(2)
    }

    /// Letters of either case.
    pub(super) const fn letters(self) -> usize {
        self.lower().saturating_add(self.upper())
    }

    /// Whether one of these marks is there.
    pub(super) const fn has(self, marks: u32) -> bool {
        self.marks & marks != 0
    }

    /// Whether all bytes are letters and digits of ASCII, and these marks.
    pub(super) const fn is_made_of(self, marks: u32) -> bool {
        self.marks & !marks == 0 && self.is_ascii_graphic()
    }

    /// Whether nothing is there but letters, digits and marks of ASCII.
    pub(super) const fn is_ascii_graphic(self) -> bool {
        self.letters().saturating_add(self.digits()).saturating_add(self.count(3)) == self.length
    }

    /// How many of the four kinds there are: small letters, capitals, digits, marks. Letters beyond
    /// ASCII are no marks: `Lösenord` is a word.
    pub(super) fn kinds(self) -> usize {
        (0..4).filter(|kind| self.count(*kind) > 0).count()
    }
}

/// How many kinds of characters there are in all.
pub(super) const ALL_KINDS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted() {
        let census = Census::of("abC12_ é\n".as_bytes());
        assert_eq!((census.lower(), census.upper(), census.digits()), (2, 1, 2));
        assert_eq!((census.letters(), census.kinds()), (3, ALL_KINDS));
        assert!(!census.is_made_of(0) && Census::of(b"abC12").is_made_of(0));
        assert_eq!(Census::of(b"").kinds(), 0);
        let marked = Census::of(b"a-b_c");
        assert!(marked.has(marks(b"_!")) && !marked.has(marks(b"!")) && marked.is_ascii_graphic());
        assert!(marked.is_made_of(marks(b"_-")) && !marked.is_made_of(marks(b"_")));
        assert!(!Census::of(b"a b").is_made_of(marks(b" ")) && !census.is_ascii_graphic());
        let all: Vec<u8> = (b'!'..=b'~').filter(u8::is_ascii_punctuation).collect();
        assert_eq!(all.iter().map(|mark| marks(&[*mark])).sum::<u32>(), u32::MAX);
        let long = Census::of(&[b'a'; 20_000]);
        assert_eq!((long.lower(), long.kinds()), (20_000, 1));
    }
}
