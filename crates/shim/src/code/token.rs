//! The pieces of a program's text, whatever its language: names, signs, literals.

/// A piece of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'c> {
    Name(&'c str),
    /// Text between backticks that is run.
    Ran(String),
    Sign(char),
    /// A literal, without its quotes.
    Text(String),
}

/// Names, signs and literals; blanks and comments are left out.
pub(crate) fn tokens(code: &str, ticks: bool) -> Vec<Token<'_>> {
    let (mut tokens, mut at) = (Vec::new(), 0_usize);
    while let Some(letter) = code.get(at..).and_then(|rest| rest.chars().next()) {
        let next = at.saturating_add(letter.len_utf8());
        let rest = code.get(at..).unwrap_or_default();
        if let Some((pieces, length)) = ticks.then(|| quoted(rest)).flatten() {
            tokens.extend(pieces);
            at = at.saturating_add(length);
            continue;
        }
        at = match letter {
            '\'' | '"' | '`' => match literal(rest, letter) {
                Some((text, length)) => {
                    // Shells of JavaScript: $`rm x`.
                    let tagged = tokens.last() == Some(&Token::Name("$"));
                    let runs = letter == '`' && (ticks || tagged);
                    let text = if tagged && runs { text.replace("${", "$(") } else { text };
                    tokens.push(if runs { Token::Ran(text) } else { Token::Text(text) });
                    at.saturating_add(length)
                }
                None => next,
            },
            letter if comments(letter, rest, tokens.last()) => {
                at.saturating_add(rest.find('\n').unwrap_or(rest.len()))
            }
            letter if of_name(letter) => {
                let length = rest.find(|one| !of_name(one)).unwrap_or(rest.len());
                tokens.extend(rest.get(..length).map(Token::Name));
                at.saturating_add(length)
            }
            ' ' | '\t' | '\r' => next,
            sign => {
                tokens.push(Token::Sign(sign));
                next
            }
        };
    }
    tokens
}

/// Whether the rest of the line is a comment.
fn comments(letter: char, rest: &str, last: Option<&Token<'_>>) -> bool {
    letter == '#' || rest.starts_with("//") && !matches!(last, Some(Token::Name(_)))
}

fn of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// What Ruby and Perl quote with a word at the start of `rest`, and how many bytes it takes: the line
/// of `%x(…)` or `qx(…)`, the words of `qw(…)`.
fn quoted<'c>(rest: &str) -> Option<(Vec<Token<'c>>, usize)> {
    if let Some((line, length)) = quoted_like(rest, &["%x", "qx"]) {
        return Some((vec![Token::Ran(line.to_owned())], length));
    }
    let (words, length) = quoted_like(rest, &["qw"])?;
    let pieces = |word: &str| [Token::Text(word.to_owned()), Token::Sign(',')];
    Some((words.split_whitespace().flat_map(pieces).collect(), length))
}

/// The text between two signs behind one of these heads, and how many bytes it takes with them.
fn quoted_like<'r>(rest: &'r str, heads: &[&str]) -> Option<(&'r str, usize)> {
    let inside = heads.iter().find_map(|head| rest.strip_prefix(head))?;
    let open = inside.chars().next().filter(|open| !open.is_alphanumeric() && *open != ' ')?;
    let close = match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    };
    let (text, behind) = inside.get(open.len_utf8()..)?.split_once(close)?;
    Some((text, rest.len().saturating_sub(behind.len())))
}

/// The literal at the start of `rest`, and how many bytes it takes with its quotes; `None` for a
/// quote that is not closed on its line.
fn literal(rest: &str, quote: char) -> Option<(String, usize)> {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    if let Some(inside) = rest.strip_prefix(&triple) {
        let end = inside.find(&triple)?;
        return Some((inside.get(..end)?.to_owned(), end.saturating_add(6)));
    }
    let (mut text, mut letters) = (String::new(), rest.char_indices().skip(1));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                '\n' => {}
                other => text.push(other),
            },
            '\n' if quote != '`' => return None,
            letter if letter == quote => return Some((text, at.saturating_add(1))),
            other => text.push(other),
        }
    }
    None
}
