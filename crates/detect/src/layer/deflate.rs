//! How compressed data may begin (RFC 1951), told by its first bits: to make ready for undoing it costs
//! more than most texts do that only look like it.
//!
//! Of blocks of fixed codes the first bytes are undone, since what is none most often ends among them. Data of
//! which too little is there to tell may begin.

use super::FEWEST;

/// Most codes of either kind that a block may define, beyond the fewest (§3.2.7).
const MOST_CODES: u32 = 29;

/// Longest of the fixed codes of literals and lengths.
const LONGEST_CODE: u32 = 9;

/// Bits of a fixed code of a distance.
const DISTANCE_CODE: u32 = 5;

/// Bytes that are looked at: enough for the codes of a block, and so few that it costs nothing to look again
/// for what else may begin a little later.
const SEEN: usize = 64;

/// Most bytes of the beginning that are undone here.
const MOST_UNDONE: usize = 256;

/// How data begins.
pub(super) enum Start {
    /// It is damaged, or ends, before enough bytes are undone to hold anything.
    None,
    /// It goes on as far as it is looked at.
    Begun,
    /// It ends among the bytes that are looked at, or is damaged there: what was undone is all that it holds.
    Over,
}

/// The few bytes that data holds.
pub(crate) struct Undone {
    bytes: [u8; MOST_UNDONE],
    length: usize,
}

/// How data begins, of which the first bytes are appended. Random data most often is damaged soon.
pub(super) fn start(data: &[u8], undone: &mut Undone) -> Start {
    let data = data.get(..SEEN.min(data.len())).unwrap_or_default();
    if data.is_empty() {
        return Start::None;
    }
    match goes_on(&mut Bits { data, held: 0, count: 0 }, undone) {
        Some(false) if undone.length < FEWEST => Start::None,
        Some(false) => Start::Over,
        Some(true) | None => Start::Begun,
    }
}

/// Whether blocks follow each other (§3.2.3) as far as is looked. `None` when the data ends before that is
/// known.
fn goes_on(bits: &mut Bits<'_>, undone: &mut Undone) -> Option<bool> {
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => return stored(bits),
            1 => {}
            2 => return dynamic(bits),
            _ => return Some(false),
        }
        loop {
            let room = match symbol(bits)? {
                Symbol::Literal(byte) => undone.push(byte),
                Symbol::Copy { length, distance } if distance <= undone.length => {
                    undone.copy(length, distance)
                }
                Symbol::End if !last => break,
                // Nothing stands before the first byte, whatever some programs make of that.
                Symbol::Copy { .. } | Symbol::End | Symbol::None => return Some(false),
            };
            if room.is_none() {
                return Some(true);
            }
        }
    }
}

impl Undone {
    /// None yet.
    pub(crate) const NONE: Self = Self { bytes: [0; MOST_UNDONE], length: 0 };

    /// All of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends a byte if there is room.
    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length = self.length.wrapping_add(1);
        Some(())
    }

    /// Appends `length` bytes again that stand `distance` bytes before, if there is room.
    fn copy(&mut self, length: usize, distance: usize) -> Option<()> {
        (0..length).try_for_each(|_| {
            let byte = *self.bytes.get(self.length.checked_sub(distance)?)?;
            self.push(byte)
        })
    }
}

/// Whether a block that is stored says its length twice (§3.2.4).
fn stored(bits: &mut Bits<'_>) -> Option<bool> {
    bits.align();
    Some(bits.take(16)? ^ bits.take(16)? == 0xFFFF)
}

/// Whether the codes that tell the lengths of the others are as many as there can be: fewer or more are an
/// error.
fn dynamic(bits: &mut Bits<'_>) -> Option<bool> {
    let (literals, distances) = (bits.take(5)?, bits.take(5)?);
    let lengths = bits.take(4)?.saturating_add(4);
    let mut used = 0_u32;
    for _ in 0..lengths {
        // A code of so many bits is one in 128, or takes the place of more of seven bits.
        let length = bits.take(3)?;
        used = used.saturating_add(if length == 0 { 0 } else { 128 >> length });
    }
    Some(literals <= MOST_CODES && distances <= MOST_CODES && used == 128)
}

/// What stands in a block of fixed codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Copy {
        length: usize,
        distance: usize,
    },
    End,
    Literal(u8),
    /// A code that nothing has.
    None,
}

/// The next symbol of fixed codes (§3.2.6). `None` when the data ends first.
fn symbol(bits: &mut Bits<'_>) -> Option<Symbol> {
    // Codes begin with their highest bit.
    let code = bits.peek(LONGEST_CODE)?.reverse_bits() >> (u32::BITS - LONGEST_CODE);
    let (width, number) = match code {
        0..4 => return bits.take(7).map(|_| Symbol::End),
        4..96 => (7, (code >> 2).wrapping_sub(1)),
        96..384 => return literal(bits, 8, (code >> 1).wrapping_sub(48)),
        384..400 => (8, (code >> 1).wrapping_sub(192).wrapping_add(23)),
        _ => return literal(bits, 9, code.wrapping_sub(400).wrapping_add(144)),
    };
    bits.take(width)?;
    let length = match number {
        0..28 => value(bits, number, 4)?,
        28 => 255,
        _ => return Some(Symbol::None),
    };
    let number = bits.take(DISTANCE_CODE)?.reverse_bits() >> (u32::BITS - DISTANCE_CODE);
    if number >= 30 {
        return Some(Symbol::None);
    }
    let distance = value(bits, number, 2)?;
    let (length, distance) = (length.saturating_add(3), distance.saturating_add(1));
    Some(Symbol::Copy { length: length as usize, distance: distance as usize })
}

/// The byte that a code of so many bits stands for.
fn literal(bits: &mut Bits<'_>, width: u32, byte: u32) -> Option<Symbol> {
    bits.take(width).map(|_| Symbol::Literal(byte as u8))
}

/// The value beyond the least of a code with this number (§3.2.5): from the third `step` of them on, each
/// step has one more bit behind it.
fn value(bits: &mut Bits<'_>, number: u32, step: u32) -> Option<u32> {
    let (high, low) = (number.checked_div(step)?, number.checked_rem(step)?);
    let Some(extra) = high.checked_sub(1) else { return Some(number) };
    Some((step.saturating_add(low) << extra).saturating_add(bits.take(extra)?))
}

/// Bits of data, the lowest of each byte first.
struct Bits<'d> {
    data: &'d [u8],
    held: u32,
    count: u32,
}

impl Bits<'_> {
    /// The next bits, no more than 16, the first one lowest.
    fn peek(&mut self, count: u32) -> Option<u32> {
        while self.count < count {
            let (byte, rest) = self.data.split_first()?;
            self.held |= u32::from(*byte) << self.count;
            self.count = self.count.saturating_add(8);
            self.data = rest;
        }
        Some(self.held & !(u32::MAX << count))
    }

    /// The same, and goes on behind them.
    fn take(&mut self, count: u32) -> Option<u32> {
        let bits = self.peek(count)?;
        self.held >>= count;
        self.count = self.count.saturating_sub(count);
        Some(bits)
    }

    /// Goes on at the next byte.
    fn align(&mut self) {
        let rest = self.count % 8;
        self.held >>= rest;
        self.count = self.count.saturating_sub(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_begin(data: &[u8]) -> bool {
        let mut undone = Undone::NONE;
        !matches!(start(data, &mut undone), Start::None)
    }

    #[test]
    fn few_bytes_are_undone_as_they_are_by_all_of_it() {
        use miniz_oxide::inflate::decompress_to_vec;
        let text = b"abcabcabc: the same, the same \x8f\xff, and the end";
        for data in [&text[..], &text[..9], &[b'a'; 250], &[b'a'; 257], &[0x90; 30]] {
            // Fixed codes, by the strategy that has no others.
            let flags = miniz_oxide::deflate::core::create_comp_flags_from_zip_params(6, 0, 4);
            let mut packer = miniz_oxide::deflate::core::CompressorOxide::new(flags);
            let mut packed = vec![0; 600];
            let flush = miniz_oxide::deflate::core::TDEFLFlush::Finish;
            let (_, _, length) =
                miniz_oxide::deflate::core::compress(&mut packer, data, &mut packed, flush);
            packed.truncate(length);
            assert_eq!(decompress_to_vec(&packed).ok().as_deref(), Some(data));
            let mut undone = Undone::NONE;
            match start(&packed, &mut undone) {
                Start::Over => assert_eq!(undone.bytes(), data),
                Start::Begun => assert!(data.len() > MOST_UNDONE),
                Start::None => panic!("{data:?}"),
            }
        }
    }

    #[test]
    fn blocks_begin_as_they_are_defined() {
        assert!(may_begin(&[1, 2, 0, 0xfd, 0xff]) && may_begin(&[1, 2]) && may_begin(&[3]));
        assert!(!may_begin(&[7, 0]) && !may_begin(&[1, 2, 0, 0xfd, 0xfe]) && !may_begin(&[]));
        // No symbol, and only a block of none before a block of no kind.
        assert!(!may_begin(&[3, 0]) && !may_begin(&[2, 0b1_1000]));
    }

    #[test]
    fn symbols_are_read_as_they_are_written() {
        let data = [0x4b, 0x4c, 0x84, 0, 0];
        let mut bits = Bits { data: &data, held: 0, count: 0 };
        assert_eq!(bits.take(3), Some(3));
        assert_eq!(symbol(&mut bits), Some(Symbol::Literal(b'a')));
        assert_eq!(symbol(&mut bits), Some(Symbol::Literal(b'a')));
        assert_eq!(symbol(&mut bits), Some(Symbol::Copy { length: 6, distance: 1 }));
        assert_eq!(symbol(&mut bits), Some(Symbol::End));
        // From two and from three bytes before, of which there are two.
        assert!(may_begin(&data) && may_begin(&[0x4b, 0x4c, 0x84, 0x40, 0]));
        assert!(!may_begin(&[0x4b, 0x4c, 0x84, 0x20, 0]));
    }

    #[test]
    fn values_are_those_of_the_tables() {
        let least =
            |number, step| value(&mut Bits { data: &[0; 4], held: 0, count: 0 }, number, step);
        let most =
            |number, step| value(&mut Bits { data: &[255; 4], held: 0, count: 0 }, number, step);
        assert_eq!(
            (least(0, 4), least(8, 4), least(20, 4), most(27, 4)),
            (Some(0), Some(8), Some(64), Some(255))
        );
        assert_eq!(
            (least(3, 2), least(4, 2), least(28, 2), most(29, 2)),
            (Some(3), Some(4), Some(16384), Some(32767))
        );
    }

    #[test]
    fn a_code_of_codes_is_whole() {
        // Two lengths of one bit; one alone.
        assert!(may_begin(&[0b101, 0, 0b1_0010, 0, 0, 0]));
        assert!(!may_begin(&[0b101, 0, 0b0_0010, 0, 0, 0]));
        assert!(!may_begin(&[0b1111_0101, 0, 0b1_0010, 0, 0, 0]));
    }
}
