//! Tokens that are an encoding of something known: the encoding must decode to it.

use super::base64;
use crate::candidate::{Candidate, Judgement};

/// Bytes that are looked at.
const SEEN: usize = 192;

/// Milliseconds between the Unix epoch and Discord's, the start of 2015, as the high bits of an id
/// count them from.
const DISCORD_BITS: u32 = 22;

/// An access key id of AWS. After the prefix, 80 bits in base 32; when the first bit is set, the
/// next 40 are the number of the account, which has twelve decimal digits at most (decoding as
/// published by Aidan Steele, 2020, and Tal Be'ery, 2023). Nine random texts in ten fit too, so
/// what does not leaves the shape.
pub(super) fn aws_key_id(candidate: &mut Candidate<'_>) -> Judgement {
    // Sequences of DNA hold the prefix `ACCA`, too.
    let bases = |byte: &u8| matches!(byte, b'A' | b'C' | b'G' | b'T' | b'N');
    if candidate.value().iter().all(bases) {
        return Judgement::Refuse;
    }
    let digits = candidate.value().get(4..14).unwrap_or_default();
    let bits = digits.iter().fold(0_u64, |bits, byte| {
        let digit = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            _ => byte.wrapping_sub(b'2').wrapping_add(26),
        };
        (bits << 5) | u64::from(digit & 31)
    });
    // Ten digits are 50 bits: the first bit, the account, and nine of what follows.
    let new = bits >> 49 == 1;
    let account = (bits >> 9) & 0xff_ffff_ffff;
    Judgement::sound_if(!new || account < 1_000_000_000_000)
}

/// A bot token of Discord: the id of the bot in base64, a time, a code. An id is a number of 17 to
/// 20 digits whose bits above the 22nd count milliseconds since 2015 (Discord, "Snowflakes").
pub(super) fn discord(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let head = value.split(|byte| *byte == b'.').next().unwrap_or_default();
    let mut buffer = [0; SEEN];
    let id = base64::decode(head, &mut buffer);
    let number = str::from_utf8(id).ok().and_then(|id| id.parse::<u64>().ok());
    let digits = id.iter().all(u8::is_ascii_digit) && (17..=20).contains(&id.len());
    Judgement::refuse_unless(digits && number.is_some_and(|id| id >> DISCORD_BITS > 0))
}

/// An organisation token of Sentry: after `sntrys_`, base64 of JSON that says when it was issued
/// and for which organisation.
pub(super) fn sentry(candidate: &mut Candidate<'_>) -> Judgement {
    let body = candidate.value().get(7..).unwrap_or_default();
    let mut buffer = [0; SEEN];
    let json = base64::decode(body, &mut buffer);
    let holds = |name: &[u8]| json.windows(name.len()).any(|window| window == name);
    Judgement::refuse_unless(json.starts_with(b"{") && (holds(b"\"iat\"") || holds(b"\"url\"")))
}

/// A personal token of Atlassian's data centre products: base64 of a number of digits, `:`, and
/// random bytes.
pub(super) fn numbered(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let value = value.strip_prefix(b"BBDC-").unwrap_or(value);
    let mut buffer = [0; SEEN];
    let bytes = base64::decode(value, &mut buffer);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    Judgement::refuse_unless((6..=14).contains(&digits) && bytes.get(digits) == Some(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(validator: fn(&mut Candidate<'_>) -> Judgement, value: &str) -> Judgement {
        let text = value.as_bytes();
        validator(&mut Candidate::of(text, (0, text.len())))
    }

    #[test]
    fn an_account_has_twelve_digits() {
        // Account 000000000000 and 2^40 - 1, in new keys; in old ones nothing is known.
        assert_eq!(judge(aws_key_id, concat!("AKIA", "QAAAAAAAAAAAAAAA")), Judgement::Sound);
        assert_eq!(judge(aws_key_id, concat!("AKIA", "7777777777777777")), Judgement::Shape);
        assert_eq!(judge(aws_key_id, concat!("AKIA", "J777777777777777")), Judgement::Sound);
        // The example of the first publication: account 029608264753.
        assert_eq!(judge(aws_key_id, concat!("ASIA", "QNZGKIQY56JQ7WML")), Judgement::Sound);
    }

    #[test]
    fn a_bot_has_an_id() {
        // "812345678901234567" and "bot" in base64.
        assert_eq!(judge(discord, "ODEyMzQ1Njc4OTAxMjM0NTY3.X.Y"), Judgement::Sound);
        assert_eq!(judge(discord, "Ym90.X.Y"), Judgement::Refuse);
        assert_eq!(judge(discord, "TUNCODED"), Judgement::Refuse);
    }

    #[test]
    fn a_number_and_a_colon_begin_a_numbered_token() {
        // "123456789012:" and two zero bytes; the same without the colon.
        assert_eq!(judge(numbered, "MTIzNDU2Nzg5MDEyOgAA"), Judgement::Sound);
        assert_eq!(judge(numbered, "BBDC-MTIzNDU2Nzg5MDEyOgAA"), Judgement::Sound);
        assert_eq!(judge(numbered, "MTIzNDU2Nzg5MDEyMwAA"), Judgement::Refuse);
    }
}
