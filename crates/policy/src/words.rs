//! Splits an example's command line into words, as a shell would in the simplest case.
//!
//! Quotes, backslashes and blanks only: no variables, no globs, no operators. A line that needs
//! more is written as a list.

use crate::Word;

/// Characters that would mean something else to a real shell when they stand unquoted.
const OPERATORS: &[char] = &['|', '&', ';', '(', ')', '`', '$', '\n'];

/// The words of `line`.
pub(crate) fn split(line: &str) -> Result<Vec<Word>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        while rest.next_if(|letter| letter.is_whitespace()).is_some() {}
        let Some(&first) = rest.peek() else { break };
        let mut word = Word { text: String::new(), expands: matches!(first, '~' | '<') };
        while let Some(letter) = rest.next_if(|letter| !letter.is_whitespace()) {
            match letter {
                '\'' => quoted(&mut rest, &mut word.text, '\'')?,
                '"' => quoted(&mut rest, &mut word.text, '"')?,
                '\\' => word.text.push(rest.next().ok_or("nothing follows the backslash")?),
                operator if OPERATORS.contains(&operator) => {
                    return Err("an example is one plain command: quote it, or write a list");
                }
                plain => word.text.push(plain),
            }
        }
        words.push(word);
    }
    if words.is_empty() { Err("the example is empty") } else { Ok(words) }
}

fn quoted(
    rest: &mut impl Iterator<Item = char>,
    text: &mut String,
    quote: char,
) -> Result<(), &'static str> {
    while let Some(letter) = rest.next() {
        match letter {
            _ if letter == quote => return Ok(()),
            '\\' if quote == '"' => match rest.next() {
                Some(escaped @ ('"' | '\\' | '$' | '`')) => text.push(escaped),
                Some(other) => text.extend(['\\', other]),
                None => break,
            },
            _ => text.push(letter),
        }
    }
    Err("a quote is not closed")
}

/// The words as one line, quoted where that is needed.
pub(crate) fn join(words: &[Word]) -> String {
    let show = |word: &Word| {
        let plain =
            |letter: char| letter.is_alphanumeric() || "-_./:=@%+,~<>*?[]{}#!^".contains(letter);
        let tilde = !word.expands && word.text.starts_with(['~', '<']);
        if !word.text.is_empty() && word.text.chars().all(plain) && !tilde {
            word.text.clone()
        } else {
            format!("'{}'", word.text.replace('\'', r"'\''"))
        }
    };
    words.iter().map(show).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_backslashes() {
        assert_eq!(texts("rm -rf  /"), ["rm", "-rf", "/"]);
        assert_eq!(
            texts(r#"a 'b c' "d \"e\" \n" f\ g h'i'j"#),
            ["a", "b c", r#"d "e" \n"#, "f g", "hij"]
        );
        assert_eq!(texts("a '' b"), ["a", "", "b"]);
        for line in ["", "a 'b", "a \"b", "a \\", "a; b", "a | b", "a $X", "a > $(b)"] {
            assert!(split(line).is_err(), "{line}");
        }
    }

    #[test]
    fn joined_words_split_again() {
        for line in ["rm -rf ~", "a 'b c' ''", r"a it\'s", "a '~/x' <root>/y", "a \\~"] {
            let words = split(line).unwrap();
            assert_eq!(split(&join(&words)).unwrap(), words, "{line}");
        }
    }
}
