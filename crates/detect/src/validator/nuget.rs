//! Keys of nuget.org: two texts in base 32, each of whole bytes (NuGetGallery, `ApiKeyV4`, public source).
//!
//! The first is of twelve bytes, which begin with `v4`: 20 digits, the last of which has one bit that
//! counts. The second is of sixteen: 26 digits, three bits. What somebody made up has other digits there.

use crate::candidate::{Candidate, Judgement};

/// A key: its head alone is shape only.
pub(super) fn api_key(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let digits = value.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    // `v4` in base 32 is `oy2`, and a bit of the next digit, which is none of the upper half.
    let version = matches!(value, [b'o', b'y', b'2', b'a'..=b'p', ..]);
    let first = matches!(value.get(19), Some(b'a' | b'q'));
    let last = matches!(value.get(45), Some(b'a' | b'e' | b'i' | b'm' | b'q' | b'u' | b'y' | b'4'));
    Judgement::sound_if(value.len() == 46 && digits && version && first && last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Judgement {
        let (text, end) = (text.as_bytes(), text.len());
        api_key(&mut Candidate::of(text, (0, end)))
    }

    #[test]
    fn whole_bytes_leave_no_bits_over() {
        let key = |first: char, middle: char, last: char| {
            format!(
                "oy2{first}{}{middle}{}{last}",
                "k3".repeat(8).get(1..).unwrap(),
                "q7".repeat(13).get(1..).unwrap()
            )
        };
        assert_eq!(judge(&key('d', 'a', 'q')), Judgement::Sound);
        for text in [key('q', 'a', 'q'), key('d', 'b', 'q'), key('d', 'a', 'b'), key('d', 'a', '9')]
        {
            assert_eq!(judge(&text), Judgement::Shape, "{text}");
        }
        assert_eq!(judge("oy2"), Judgement::Shape);
    }
}
