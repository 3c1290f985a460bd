//! Base64 in either alphabet (RFC 4648 §4 and §5), also over lines (RFC 2045 §6.8).

pub(crate) use super::blocks::{digits, digits_back, is_digit};
use super::{Decoded, Stop, WINDOW, is_promising, may_begin};
use crate::bytes::{NO_DIGIT, base64_digit, run};
use crate::class::{self, BLOCK, Slash};

/// Fewest digits of a run that is looked at.
pub(crate) const SHORTEST: usize = 22;

/// Digits that are decoded to see whether the run is worth it: twelve bytes.
const HEAD: usize = 16;

/// Fewest digits on a line after which the next line goes on.
const LINE: usize = 40;

/// Most blanks before the digits of a next line.
const MOST_BLANKS: usize = 16;

/// Where in `run` base64 of text begins: at its start, after a few letters of an option, or after
/// the first or last `/` of a path.
pub(crate) fn begin(run: &[u8]) -> Option<usize> {
    let worth = |start: &usize| run.get(*start..).is_some_and(is_worth_it);
    let near = (0..4).find(worth);
    near.or_else(|| {
        let (first, last) = slashes(run)?;
        [first, last].into_iter().map(|slash| slash.saturating_add(1)).find(worth)
    })
}

/// The places of the first and of the last `/`.
fn slashes(run: &[u8]) -> Option<(usize, usize)> {
    if run.len() > BLOCK {
        let is_slash = |byte: &u8| *byte == b'/';
        return run.iter().position(is_slash).zip(run.iter().rposition(is_slash));
    }
    // Names and paths, mostly: without a branch for each byte.
    let bits = class::bits(&class::block(run), Slash);
    let last = u64::BITS.checked_sub(bits.leading_zeros())?.checked_sub(1)?;
    Some((bits.trailing_zeros() as usize, last as usize))
}

fn is_worth_it(run: &[u8]) -> bool {
    let Some(head) = run.get(..HEAD) else { return false };
    // Three bytes tell most names and paths from a layer.
    if !may_begin(head.first_chunk().map_or([0; 3], |digits| group(*digits))) {
        return false;
    }
    let mut bytes = [0; HEAD / 4 * 3];
    let groups = head.as_chunks::<4>().0.iter().zip(bytes.as_chunks_mut::<3>().0);
    groups.for_each(|(digits, slot)| *slot = group(*digits));
    is_promising(&bytes)
}

fn group(digits: [u8; 4]) -> [u8; 3] {
    let bits = digits.iter().fold(0, |bits: u32, digit| (bits << 6) | value(*digit));
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes
}

/// Undoes the run at the start of `text`, line by line.
pub(super) fn undo(text: &[u8], out: &mut Decoded) -> Stop {
    let mut held = Held::default();
    let mut on_line = 0_usize;
    let mut at = 0_usize;
    while let Some(byte) = text.get(at).copied() {
        if held.count == 0 {
            if at >= WINDOW && is_digit(byte) {
                return Stop { length: at, open: true };
            }
            let groups = text.get(at..WINDOW.min(text.len())).unwrap_or_default().as_chunks().0;
            let digits = out.groups(groups, at, decode).saturating_mul(4);
            if digits > 0 {
                on_line = on_line.saturating_add(digits);
                at = at.saturating_add(digits);
                continue;
            }
        }
        if !is_digit(byte) {
            let rest = text.get(at..).unwrap_or_default();
            match line_end(rest).filter(|_| on_line >= LINE) {
                Some(width) => at = at.saturating_add(width),
                None => {
                    let padding =
                        run(rest.get(..2.min(rest.len())).unwrap_or_default(), |b| b == b'=');
                    at = at.saturating_add(padding);
                    break;
                }
            }
            on_line = 0;
            continue;
        }
        held.digit(byte, at, out);
        on_line = on_line.saturating_add(1);
        at = at.saturating_add(1);
    }
    Stop { length: at, open: false }
}

/// A group of digits of which not all were seen yet.
#[derive(Default)]
struct Held {
    bits: u32,
    count: u8,
    /// Where the last digit stands.
    last: usize,
}

impl Held {
    /// Takes the next digit, which stands at `at`.
    fn digit(&mut self, digit: u8, at: usize, out: &mut Decoded) {
        self.bits = (self.bits << 6) | value(digit);
        self.count = self.count.wrapping_add(1) & 3;
        let end = at.saturating_add(1);
        match self.count {
            2 => out.push((self.bits >> 4) as u8, self.last, end),
            3 => out.push((self.bits >> 2) as u8, self.last, end),
            0 => out.push(self.bits as u8, self.last, end),
            _ => {}
        }
        self.last = at;
    }
}

/// The three bytes that four digits stand for, when all are digits.
fn decode(digits: [u8; 4]) -> Option<[u8; 3]> {
    let all = digits.iter().fold(0, |all, digit| all | base64_digit(*digit));
    (all != NO_DIGIT).then(|| group(digits))
}

/// Length of the line end at the start of `text`, as it is or as `\n` in a string, when digits
/// follow it.
fn line_end(text: &[u8]) -> Option<usize> {
    let mark = match text {
        [b'\r', b'\n', ..] | [b'\\', b'n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    let rest = text.get(mark..)?;
    let blanks =
        run(rest.get(..MOST_BLANKS.min(rest.len()))?, |byte| byte == b' ' || byte == b'\t');
    is_digit(*rest.get(blanks)?).then_some(mark.saturating_add(blanks))
}

/// The value of a digit; of one of the alphabet only.
fn value(digit: u8) -> u32 {
    u32::from(base64_digit(digit) & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8]) -> (Vec<u8>, Stop, Decoded) {
        let mut out = Decoded::new();
        let stop = undo(text, &mut out);
        (out.bytes().to_vec(), stop, out)
    }

    #[test]
    fn vectors_of_rfc_4648() {
        for (text, bytes) in
            [("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            let (decoded, stop, _) = decode(text.as_bytes());
            assert_eq!(decoded, bytes.as_bytes());
            assert_eq!(stop, Stop { length: text.len(), open: false });
        }
    }

    #[test]
    fn lines_are_joined_and_bytes_know_their_digits() {
        let line = "YWJj".repeat(16);
        let text = format!("{line}\n  {line}\r\nZGVm=");
        let (decoded, stop, places) = decode(text.as_bytes());
        assert_eq!(decoded, format!("{}def", "abc".repeat(32)).as_bytes());
        assert_eq!(stop.length, text.len());
        assert_eq!(places.outer(47, 49), Some((62, 69)));
        assert_eq!(places.outer(0, 3), Some((0, 4)));
    }

    #[test]
    fn text_begins_at_the_start_after_letters_or_after_a_slash() {
        let text = "R0lUSFVCX1RPS0VOPWFiYw";
        assert_eq!(begin(text.as_bytes()), Some(0));
        assert_eq!(begin(format!("d{text}").as_bytes()), Some(1));
        assert_eq!(begin(format!("api/v1/{text}").as_bytes()), Some(7));
        for other in [
            "crates/detect/src/validator/secret",
            "iVBORw0KGgoAAAANSUhEUgAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(begin(other.as_bytes()), None, "{other}");
        }
    }
}
