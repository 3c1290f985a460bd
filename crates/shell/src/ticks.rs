//! Backticks whose text holds escapes, written as `$(…)`; and those that end within quotes.
//!
//! A shell takes one layer of backslashes off what stands between backticks before it reads that;
//! the parser does not. So `` `a \`b\`` `` starts `b`, and is read as text that holds backticks.

use core::str::Chars;

/// The word with each such substitution written anew; `None` where there is none.
pub(crate) fn renewed(word: &str) -> Option<String> {
    if !word.contains('`') || !word.contains('\\') {
        return None;
    }
    let (mut made, mut letters) = (String::with_capacity(word.len()), word.chars());
    let (mut quoted, mut changed) = (false, false);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => made.extend([letter].into_iter().chain(letters.next())),
            '\'' if !quoted => {
                made.push(letter);
                copy_to_quote(&mut letters, &mut made);
            }
            '`' => {
                let (raw, text) = body(&mut letters, quoted)?;
                if raw == text {
                    made.extend(['`'].into_iter().chain(raw.chars()).chain(['`']));
                    continue;
                }
                changed = true;
                // A comment in it would swallow the end.
                made.extend(["$(", &text, "\n)"]);
            }
            _ => {
                quoted ^= letter == '"';
                made.push(letter);
            }
        }
    }
    changed.then_some(made)
}

/// Whether the text between some backticks ends within quotes or a substitution: `` `f'` ``, `` `$( ` ``.
/// To a shell that is a command that fails, and the line goes on; the parser looks for the other quote
/// or bracket first, and takes what stands up to it for text. A remark it reads up to the end of the
/// line (`` `#``a` ``).
pub(crate) fn is_cut(word: &str) -> bool {
    if !word.contains('`') {
        return false;
    }
    let (mut letters, mut quoted) = (word.chars(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' if !quoted => drop(letters.find(|one| *one == '\'')),
            '"' => quoted = !quoted,
            '`' => match body(&mut letters, quoted) {
                Some((_, text)) => match ends_in(&text) {
                    Some('#') if !letters.as_str().contains('`') => {}
                    Some(_) => return true,
                    None => {}
                },
                None => return true,
            },
            _ => {}
        }
    }
    false
}

/// The quote or bracket of this text that is not closed, or the `#` of a remark that goes on.
fn ends_in(text: &str) -> Option<char> {
    let (mut letters, mut before, mut open) = (text.chars(), ' ', None);
    // Which brackets close the substitutions that are open.
    let mut closing = Vec::new();
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (None | Some('"'), '\\') => drop(letters.next()),
            // Of `$'…'`.
            (Some('$'), '\\') => drop(letters.next()),
            (None, '\'') => open = Some(if before == '$' { '$' } else { '\'' }),
            (None, '"') => open = Some('"'),
            (None, '#') if before.is_whitespace() || ";&|(".contains(before) => {
                open = letters.find(|one| *one == '\n').is_none().then_some('#');
            }
            (Some('\'' | '$'), '\'') | (Some('"'), '"') => open = None,
            (None | Some('"'), '{') if before == '$' => closing.push('}'),
            (None | Some('"'), '(') if before == '$' || closing.last() == Some(&')') => {
                closing.push(')');
            }
            (None | Some('"'), letter) if closing.last() == Some(&letter) => {
                closing.pop();
            }
            _ => {}
        }
        before = letter;
    }
    open.or_else(|| closing.pop())
}

fn copy_to_quote(letters: &mut Chars<'_>, made: &mut String) {
    for letter in letters.by_ref() {
        made.push(letter);
        if letter == '\'' {
            return;
        }
    }
}

/// What stands up to the next backtick, as it is written and as the shell reads it.
fn body(letters: &mut Chars<'_>, quoted: bool) -> Option<(String, String)> {
    let (mut raw, mut text) = (String::new(), String::new());
    loop {
        match letters.next()? {
            '`' => return Some((raw, text)),
            '\\' => {
                let next = letters.next()?;
                raw.extend(['\\', next]);
                if !(matches!(next, '`' | '$' | '\\') || (quoted && next == '"')) {
                    text.push('\\');
                }
                text.push(next);
            }
            letter => {
                raw.push(letter);
                text.push(letter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_cut, renewed};

    #[test]
    fn r_fuzz_backticks_end_at_the_next_one_whatever_quotes_are_open() {
        for cut in [
            "`f'`i\nr `f'`",
            "[n$'`['`v",
            "a\"`b\"`\"",
            "`x",
            "`a $'\\'`b`'`",
            "`#``a\n`",
            "`a;#``b`",
            "x-{$(a),`$( `b}",
            "`$(`",
            "`${`}",
            "`\"$( \"`",
            "`$(a (b)`",
        ] {
            assert!(is_cut(cut), "{cut}");
        }
        for whole in [
            "`a 'b'`",
            "\"`a \"b\"`\"",
            "`echo \"it's\"`",
            "`# don't`",
            "'`f'",
            "`a $'it\\'s'`",
            "\\`f'x'",
            "`a\\'b`",
            "`a \\`b 'c'\\``",
            "`a # b\n``c`",
            "`a $(b (c) \"$(d)\") ${e}`",
            "`a $((1+(2)))`",
            "`case a in b) c;; esac`",
            "`a \\( b`",
        ] {
            assert!(!is_cut(whole), "{whole}");
        }
    }

    #[test]
    fn one_layer_of_backslashes_comes_off() {
        for (word, expected) in [
            (r"`a \`b\``", "$(a `b`\n)"),
            (r"x`a \`b \\\`c\\\`\``y", "x$(a `b \\`c\\``\n)y"),
            (r"`awk '{print \$1}'`", "$(awk '{print $1}'\n)"),
            (r#""`a \"b\" \`c\``""#, "\"$(a \"b\" `c`\n)\""),
            (r"`a \\d`", "$(a \\d\n)"),
        ] {
            assert_eq!(renewed(word).as_deref(), Some(expected), "{word}");
        }
        for same in ["a", "`a`", r"\`a\`", r"`a \d`", r"'`a \`b\``'", r"`a \`b", "a\\"] {
            assert_eq!(renewed(same), None, "{same}");
        }
    }
}
