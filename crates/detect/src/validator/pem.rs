//! Private keys in textual form: PEM (RFC 7468), OpenSSH, OpenPGP armour (RFC 9580 §6.2).

use super::{armour, base64};
use crate::bytes::run;
use crate::candidate::{Candidate, Judgement};
use crate::class::{self, BLOCK, Standard};

/// Bytes of the body that are looked at: as far as the check integers of an OpenSSH key, which lie
/// behind its public half.
const SEEN: usize = 1280;

/// Base64 digits of as many bytes.
const DIGITS: usize = SEEN.div_ceil(3).wrapping_mul(4);

/// Digits that tell how a key begins that is no OpenSSH key.
const FIRST: usize = 8;

/// Fewest base64 digits in a row that make a body, rather than code after a first line that it
/// compares with.
const LEAST_RUN: usize = 20;

/// Magic at the start of an OpenSSH key (openssh-portable, PROTOCOL.key).
const OPENSSH: &[u8] = b"openssh-key-v1\0";

/// A block that begins with the candidate, which is the first line. The finding becomes the whole
/// block; a body that is no key leaves the shape only, and so does a first line on a line of its own. Without
/// a body, code that only names the first and the last line is none.
pub(super) fn private_key(candidate: &mut Candidate<'_>) -> Judgement {
    let label = candidate.value().get(11..).unwrap_or_default();
    let label = label.strip_suffix(b"-----").unwrap_or(label);
    let first = candidate.end;
    let own_line = matches!(candidate.after(), [] | [b'\r' | b'\n', ..])
        && matches!(candidate.before(), [] | [.., b'\n' | b' ' | b'\t'])
        && !is_remark(candidate.before(), candidate.after());
    let body = body(candidate.after());
    candidate.end = candidate.end.saturating_add(body.length);
    let bodied = body.longest >= LEAST_RUN;
    let Some(after) = candidate.after().strip_prefix(b"-----END ") else {
        let text = candidate.text.get(first..candidate.end).unwrap_or_default();
        candidate.end = first.saturating_add(if bodied { last_line(text) } else { 0 });
        return match (bodied, own_line) {
            (true, _) => Judgement::Sound,
            (false, true) => Judgement::Shape,
            (false, false) => Judgement::Refuse,
        };
    };
    if !after.starts_with(label)
        || !after.get(label.len()..).is_some_and(|end| end.starts_with(b"-----"))
    {
        return Judgement::Shape;
    }
    if !bodied && !own_line {
        return Judgement::Refuse;
    }
    let text = candidate.text.get(first..candidate.end).unwrap_or_default();
    let damaged = label.starts_with(b"PGP") && armour::checksum_holds(text) == Some(false);
    candidate.end = candidate.end.saturating_add(14).saturating_add(label.len());
    Judgement::sound_if(body.is_key(label, text) && !damaged)
}

/// Whether nothing but the marks of a comment stands before it in its line, and words in the next one.
fn is_remark(before: &[u8], after: &[u8]) -> bool {
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    // Asked first, since most have a line of their own.
    if line.is_empty() || !line.iter().all(|byte| b"%#/*;-".contains(byte)) {
        return false;
    }
    let next = after.splitn(3, |byte| *byte == b'\n').nth(1).unwrap_or_default();
    !next.split(|byte| !is_digit(*byte)).any(|row| row.len() >= LEAST_RUN)
}

/// Where in the text behind a first line the last line of a key ends, when no last line says so: at
/// the last long row of base64 digits, or a shorter one directly below. A blank line ends a key, but
/// not its headers.
fn last_line(text: &[u8]) -> usize {
    let mut end = 0_usize;
    let mut at = 0_usize;
    let mut header = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (gap, breaks) = gap(rest);
        let between = rest.get(..gap).unwrap_or_default();
        header = (header && breaks == 0) || between.contains(&b':');
        let row = run(rest.get(gap..).unwrap_or_default(), is_digit);
        at = at.saturating_add(gap).saturating_add(row);
        let padding = run(text.get(at..).unwrap_or_default(), |byte| byte == b'=');
        let closed = at.saturating_add(padding);
        let ends_line =
            matches!(text.get(closed), None | Some(b'\r' | b'\n' | b'\\' | b'"' | b'\''));
        match (end > 0, row >= LEAST_RUN) {
            (true, _) if breaks > 1 => return end,
            (true, false) => return if row > 0 && ends_line { closed } else { end },
            (_, true) if !header => end = closed,
            _ => {}
        }
    }
    end
}

/// Length of what is no base64 digit at the start of `text`, and how many lines end in it: as they do,
/// or as `\n` in a literal, of which some stand on a line each with a `+` between them.
fn gap(text: &[u8]) -> (usize, usize) {
    let (mut at, mut breaks, mut escaped) = (0_usize, 0_usize, 0_usize);
    loop {
        let width: usize = match text.get(at..) {
            Some([b'\\', b'n', ..]) => {
                escaped = escaped.saturating_add(1);
                2
            }
            Some([b'\\', b'r', ..] | [b' ', b'+', b' ' | b'\r' | b'\n', ..]) => 2,
            Some([b'\n', ..]) => {
                breaks = breaks.saturating_add(1);
                1
            }
            Some([byte, ..]) if !is_digit(*byte) => 1,
            _ => return (at, breaks.max(escaped)),
        };
        at = at.saturating_add(width);
    }
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// What stands between the first and the last line.
struct Body {
    /// Bytes up to the next `-----` or to what cannot be part of a key block.
    length: usize,
    /// Base64 digits among them.
    count: usize,
    /// The most of these in a row, of rows that are not letters alone.
    longest: usize,
    /// The first of these.
    first: [u8; FIRST],
    /// Whether header lines stand before the digits: an encrypted PKCS#1 body, or armour.
    headers: bool,
}

impl Body {
    /// Adds digits in a row.
    fn add(&mut self, row: &[u8]) {
        put(&mut self.first, &mut self.count, row);
        if !row.iter().all(u8::is_ascii_alphabetic) {
            self.longest = self.longest.max(row.len());
        }
    }

    /// Whether it decodes to what the label promises; `text` begins with it.
    fn is_key(&self, label: &[u8], text: &[u8]) -> bool {
        let first = self.first.as_slice();
        self.count >= 32
            && match label {
                _ if self.headers => true,
                _ if label.starts_with(b"OPENSSH") => {
                    let (mut digits, mut count) = ([0; DIGITS], 0);
                    walk(text, |row| put(&mut digits, &mut count, row));
                    let digits = digits.get(..count.min(DIGITS)).unwrap_or_default();
                    is_openssh(base64::decode(digits, &mut [0; SEEN]))
                }
                _ if label.starts_with(b"PGP") => {
                    base64::decode(first, &mut [0; 6]).first().is_some_and(|tag| *tag >= 0x80)
                }
                _ => self.is_sequence(base64::decode(first, &mut [0; 6])),
            }
    }

    /// Whether the whole is one DER sequence (X.690 §8.1.3, §8.9), as PKCS#1, PKCS#8 and SEC 1
    /// keys are: its length must be that of the block.
    fn is_sequence(&self, bytes: &[u8]) -> bool {
        let whole = self.count.saturating_mul(3) / 4;
        let length = match bytes {
            [0x30, short @ 0..=0x7f, ..] => usize::from(*short).saturating_add(2),
            [0x30, 0x81, length, ..] => usize::from(*length).saturating_add(3),
            [0x30, 0x82, high, low, ..] => {
                usize::from(u16::from_be_bytes([*high, *low])).saturating_add(4)
            }
            _ => return false,
        };
        length == whole
    }
}

/// Whether the bytes are an OpenSSH key: magic, cipher, derivation and its options, one key, its
/// public half, its private half; unencrypted, the latter begins with the same number twice.
fn is_openssh(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(OPENSSH) else { return false };
    let Some((cipher, rest)) = string(rest) else { return false };
    if cipher != b"none" {
        return true;
    }
    let private = string(rest)
        .and_then(|(_, rest)| string(rest))
        .and_then(|(_, rest)| rest.strip_prefix(&[0, 0, 0, 1]))
        .and_then(string)
        .and_then(|(_, rest)| rest.get(4..));
    // A public half that is longer than what was decoded leaves nothing to compare.
    private.is_none_or(|private| match private {
        [a, b, c, d, e, f, g, h, ..] => [a, b, c, d] == [e, f, g, h],
        _ => true,
    })
}

/// A string of SSH (RFC 4251 §5): its length in four bytes, then its bytes; and what follows.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// What a text begins with, as far as it is a body.
fn body(text: &[u8]) -> Body {
    let mut out = Body { length: 0, count: 0, longest: 0, first: [0; FIRST], headers: false };
    (out.length, out.headers) = walk(text, |row| out.add(row));
    out
}

/// Walks a body: base64 digits, header lines, line ends as they are or as `\n` in a string. Tells each row of
/// digits; returns how long it is and whether it has header lines.
fn walk(text: &[u8], mut add: impl FnMut(&[u8])) -> (usize, bool) {
    let (mut length, mut headers) = (0_usize, false);
    while let Some(rest) = text.get(length..) {
        let width = match rest {
            [first, ..] if is_digit(*first) => {
                let row = row(rest);
                add(row);
                row.len()
            }
            [b'-', b'-', b'-', b'-', b'-', ..] => break,
            [b'\\', b'n' | b'r', ..] => 2,
            [b':', ..] => {
                headers = true;
                1
            }
            [
                b'=' | b'\r' | b'\n' | b'\t' | b' ' | b',' | b'-' | b'.' | b'(' | b')' | b'"'
                | b'\'' | b'@' | b'_',
                ..,
            ] => 1,
            _ => break,
        };
        length = length.saturating_add(width);
    }
    (length, headers)
}

/// The row of digits at the start of `text`: most are as long as a line.
fn row(text: &[u8]) -> &[u8] {
    let mut length = 0_usize;
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let found = class::bits(&class::block(rest), Standard).trailing_ones() as usize;
        length = length.saturating_add(found);
        if found < BLOCK {
            return text.get(..length).unwrap_or_default();
        }
    }
}

/// Puts what there is room for of a row behind the first `count` digits.
fn put(digits: &mut [u8], count: &mut usize, row: &[u8]) {
    let free = digits.get_mut(*count..).unwrap_or_default();
    free.iter_mut().zip(row).for_each(|(slot, digit)| *slot = *digit);
    *count = count.saturating_add(row.len());
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "texts of the tests")]
mod tests {
    use super::*;

    fn block(cipher: &[u8], first: u32, second: u32) -> Vec<u8> {
        let mut bytes = OPENSSH.to_vec();
        for part in [cipher, b"none", b""] {
            bytes.extend((part.len() as u32).to_be_bytes());
            bytes.extend(part);
        }
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 2, 7, 7, 0, 0, 0, 8]);
        bytes.extend(first.to_be_bytes());
        bytes.extend(second.to_be_bytes());
        bytes
    }

    #[test]
    fn check_integers_of_openssh_are_equal() {
        assert!(is_openssh(&block(b"none", 9, 9)) && !is_openssh(&block(b"none", 9, 8)));
        assert!(is_openssh(&block(b"aes256-ctr", 9, 8)));
        assert!(!is_openssh(b"openssh-key-v2\0") && !is_openssh(b""));
    }

    #[test]
    fn a_first_line_that_a_comment_shows_is_no_key() {
        let judged = |before: &str, after: &str| {
            let line = ["-----BEGIN OPENSSH PRIVATE", " KEY-----"].concat();
            let text = format!("{before}{line}\n{after}");
            let end = before.len().saturating_add(line.len());
            private_key(&mut Candidate::of(text.as_bytes(), (before.len(), end)))
        };
        assert_eq!(judged("  %% ", "  %% Holds both keys"), Judgement::Refuse);
        assert_eq!(judged("", "holds both keys"), Judgement::Shape);
        let row = "# b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB\n";
        assert_eq!(judged("# ", &row.repeat(4)), Judgement::Shape);
    }

    #[test]
    fn a_sequence_is_as_long_as_it_says() {
        let of =
            |count| Body { length: 0, count, longest: count, first: [0; FIRST], headers: false };
        assert!(of(8).is_sequence(&[0x30, 4, 0, 0, 0, 0]));
        assert!(!of(12).is_sequence(&[0x30, 4, 0, 0, 0, 0]));
        assert!(of(176).is_sequence(&[0x30, 0x81, 129, 0]));
        assert!(of(400).is_sequence(&[0x30, 0x82, 1, 40, 0]) && !of(400).is_sequence(&[0x31]));
    }

    /// What of the text belongs to a key that has no last line.
    fn unfinished(text: &str) -> &str {
        &text[..last_line(text.as_bytes())]
    }

    #[test]
    fn a_key_without_a_last_line_ends_with_its_last_digits() {
        let row = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
        for (key, behind) in [
            (format!("\n{row}\n{row}\nAbc="), "\n\nand more text, 12345678901234567890123\n"),
            (format!("\n{row}\n{row}"), "\n\n\n\nThe end of the story\n"),
            (format!("\n{row}\n{row}"), "\nand what is written below\n"),
            (format!("\\n{row}\\n{row}\\nAbc="), "\\n\", other"),
            (format!("\\n\" +\n  \"{row}\\n\" +\n  \"{row}"), "\\n\" + rest(of, it)"),
            (format!("\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,{row}\n\n{row}\n{row}"), "\n\n"),
            (format!(" {row} {row}"), " is the key"),
            (format!("\r\n{row}\r\nAbc="), "\r\n\r\n"),
        ] {
            assert_eq!(unfinished(&format!("{key}{behind}")), key);
        }
        assert_eq!(unfinished("\n\nnothing of the kind\n"), "");
    }

    #[test]
    fn escaped_line_ends_are_no_digits() {
        let found = body(br"\nMIIB\nAAAA\n-----END");
        assert_eq!((found.count, found.length), (8, 14));
    }
}
