//! Values that stand for a secret without being one: references, placeholders, samples.

use crate::bytes::contains_folded;

/// Words that occur in placeholders and in no secret that a machine made.
const PLACEHOLDERS: [&[u8]; 44] = [
    b"changeme",
    b"change_me",
    b"change-me",
    b"changethis",
    b"change_this",
    b"replace",
    b"placeholder",
    b"example",
    b"sample",
    b"dummy",
    b"redacted",
    b"your_",
    b"your-",
    b"yourp",
    b"yours",
    b"yourt",
    b"yourk",
    b"my_pass",
    b"mypass",
    b"my-pass",
    b"my_secret",
    b"mysecret",
    b"xxxx",
    b"****",
    b"....",
    b"____",
    b"----",
    b"insert",
    b"todo",
    b"fixme",
    b"foobar",
    b"enter_",
    b"enter-",
    b"not-a-real",
    b"notareal",
    b"not_a_real",
    b"fake",
    b"some_",
    b"some-",
    b"<",
    b"abcdefgh",
    b"invalid",
    b"lorem",
    b"masked",
];

/// Whole values that are no secret anywhere.
const NOTHING: [&[u8]; 46] = [
    b"none",
    b"null",
    b"nil",
    b"true",
    b"false",
    b"undefined",
    b"string",
    b"str",
    b"bool",
    b"boolean",
    b"int",
    b"number",
    b"any",
    b"object",
    b"optional",
    b"required",
    b"empty",
    b"unset",
    b"default",
    b"password",
    b"passwd",
    b"pass",
    b"secret",
    b"token",
    b"key",
    b"apikey",
    b"api_key",
    b"test",
    b"foo",
    b"bar",
    b"baz",
    b"value",
    b"bytes",
    b"text",
    b"varchar",
    b"inherit",
    b"self",
    b"this",
    b"hidden",
    b"env",
    b"prompt",
    b"file",
    b"yes",
    b"no",
    b"user",
    b"username",
];

/// Beginnings of references to where the value really is.
const REFERENCES: [&[u8]; 27] = [
    b"$",
    b"{{",
    b"%{",
    b"#{",
    b"<%",
    b"${",
    b"@{",
    b"op://",
    b"vault:",
    b"secret://",
    b"arn:aws",
    b"ssm:",
    b"os.environ",
    b"os.getenv",
    b"process.env",
    b"env.",
    b"env:",
    b"getenv",
    b"secrets.",
    b"vars.",
    b"file:",
    b"http://",
    b"https://",
    b"keyring:",
    b"sops:",
    b"ENC[",
    b"!vault",
];

/// Whether a value names a variable, a store, a file or a URL instead of being the secret.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    let starts =
        |head: &&[u8]| value.get(..head.len()).is_some_and(|it| it.eq_ignore_ascii_case(head));
    let percent = matches!(value, [b'%', inner @ .., b'%'] if !inner.is_empty());
    let path = matches!(value, [b'/' | b'~', ..] | [b'.', b'/' | b'.', ..])
        && value.iter().filter(|byte| **byte == b'/').count() >= 2;
    let inner = [&b"${"[..], b"{{", b"$("];
    REFERENCES.iter().any(starts)
        || percent
        || path
        || inner.iter().any(|mark| value.windows(mark.len()).any(|window| window == *mark))
}

/// Whether a value is filler that somebody is meant to replace.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    is_filler(value)
        || NOTHING.iter().any(|word| word.eq_ignore_ascii_case(value))
        || PLACEHOLDERS.iter().any(|word| contains_folded(value, word))
}

/// Whether a token with the right head is a documented sample: its first `head` bytes do not count.
pub(crate) fn is_sample(value: &[u8], head: usize) -> bool {
    let body = value.get(head..).unwrap_or(value);
    is_filler(body)
        || [&b"example"[..], b"xxxxxx", b"1234567890abcdef", b"abcdefghijkl", b"0123456789"]
            .iter()
            .any(|word| contains_folded(body, word))
}

/// Whether one or two characters, or a counting sequence, make up the whole.
fn is_filler(value: &[u8]) -> bool {
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return true };
    let two = value.iter().all(|byte| byte == first || byte == last);
    let steps =
        value.windows(2).filter(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b)).count();
    let counting = value.len() >= 6 && steps.saturating_add(2) >= value.len();
    two || counting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_known() {
        for value in
            ["${TOKEN}", "$TOKEN", "{{ token }}", "%TOKEN%", "op://a/b", "/run/secrets/x", "x${Y}z"]
        {
            assert!(is_reference(value.as_bytes()), "{value}");
        }
        assert!(!is_reference(b"hunter2") && !is_reference(b"/x+9kd"));
    }

    #[test]
    fn placeholders_are_known() {
        for value in
            ["changeme", "CHANGEME", "xxxxxxxx", "<token>", "your-token", "********", "123456"]
        {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        assert!(!is_placeholder(b"hunter2"));
    }
}
