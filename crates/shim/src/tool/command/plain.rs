//! Lines of a shell that are one plain command, read word by word.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// The words of a shell text that is one plain command; `None` for all that a shell would read as
/// more than words.
pub(super) fn plain_words(text: &str, home: Option<&Path>) -> Option<Vec<OsString>> {
    // A shell drops it, even in quotes.
    if text.contains('\0') {
        return None;
    }
    let mut words = Vec::new();
    let mut letters = text.trim_matches([' ', '\t', '\n']).chars().peekable();
    loop {
        while letters.next_if(|letter| matches!(letter, ' ' | '\t')).is_some() {}
        let Some(&first) = letters.peek() else { break };
        if first == '#' {
            return None;
        }
        let mut word = Vec::new();
        if first == '~' {
            letters.next();
            if !matches!(letters.peek(), None | Some(' ' | '\t' | '/')) {
                return None;
            }
            word.extend(home?.as_os_str().as_encoded_bytes());
        }
        let mut plain = true;
        while let Some(letter) = letters.next_if(|letter| !matches!(letter, ' ' | '\t')) {
            match letter {
                '\'' => loop {
                    match letters.next()? {
                        '\'' => break,
                        other => push(&mut word, other),
                    }
                },
                '"' => quoted(&mut letters, &mut word)?,
                '\\' => push(&mut word, letters.next().filter(|next| *next != '\n')?),
                '=' if plain && words.is_empty() => return None,
                other if is_special(other) => return None,
                other => push(&mut word, other),
            }
            plain &= letter.is_ascii_alphanumeric() || letter == '_';
        }
        words.push(OsString::from_vec(word));
    }
    (!words.is_empty()).then_some(words)
}

fn quoted(letters: &mut impl Iterator<Item = char>, word: &mut Vec<u8>) -> Option<()> {
    loop {
        match letters.next()? {
            '"' => return Some(()),
            '$' | '`' | '!' => return None,
            '\\' => match letters.next()? {
                escaped @ ('"' | '\\' | '$' | '`') => push(word, escaped),
                '\n' => return None,
                other => {
                    word.push(b'\\');
                    push(word, other);
                }
            },
            other => push(word, other),
        }
    }
}

fn push(word: &mut Vec<u8>, letter: char) {
    word.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// What a shell reads as more than a letter of a word.
const fn is_special(letter: char) -> bool {
    letter.is_ascii_control()
        || matches!(
            letter,
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '[' | '{' | '!'
        )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::plain_words;
    use crate::tool::tests::{read, text};

    #[test]
    fn plain_words_are_those_of_a_shell() {
        let words = |line: &str| plain_words(line, Some(Path::new("/home/u")));
        assert_eq!(
            words(r#"a 'b c' "d\"e" f\ g ~ ~/x"#).unwrap(),
            ["a", "b c", "d\"e", "f g", "/home/u", "/home/u/x"]
        );
        for line in [
            "a; b", "a | b", "a && b", "a $X", "a `b`", "a > b", "a *", "X=1 a", "a\nb", "a {b,c}",
            "~bob/x", "a \"$X\"", "a 'b", "'a\0'", "# a", "a !1", "(a)",
        ] {
            assert_eq!(words(line), None, "{line}");
            let reading = read("Bash", &[("command", text(line))]);
            assert_eq!(reading.starts.len(), 1, "{line}");
            assert!(reading.argv.is_empty(), "{line}");
        }
    }
}
