//! The parser behind one function, and what it leaves as raw text.
//!
//! rable keeps some parts of a line as text: arithmetic with substitutions in it, `${ cmd; }`,
//! bodies of heredocs, arguments of `${x:-…}`. Those are parsed once more, as what they are: a word,
//! or the inside of double quotes. What does not parse is not understood.

use rable::{Node, NodeKind};

use crate::{calculation, limits};

/// The commands of a text.
pub(crate) fn commands(text: &str) -> Result<Vec<Node>, &'static str> {
    if let Some(why) = limits::refusal(text) {
        return Err(why);
    }
    rable::parse(text, true).map_err(|_| "the line is not one that a shell understands")
}

/// The words of a text that stands where words stand.
pub(crate) fn words(text: &str) -> Option<Vec<Node>> {
    let nodes = commands(&format!(": {text}")).ok()?;
    let [Node { kind: NodeKind::Command { words, redirects, .. }, .. }] = nodes.as_slice() else {
        return None;
    };
    redirects.is_empty().then(|| words.iter().skip(1).cloned().collect())
}

/// One word. What begins it is part of it, a `#` too: `{,#$(a)}` makes no remark.
pub(crate) fn word(text: &str) -> Option<Node> {
    let mut words = match text.starts_with('#') {
        true => words(&format!("\\{text}"))?,
        false => words(text)?,
    };
    (words.len() <= 1).then(|| words.pop()).flatten()
}

/// A text in which only `$` and backticks mean something: the body of a heredoc, arithmetic. The
/// word that comes of it is one in double quotes.
pub(crate) fn quoted(text: &str) -> Option<Node> {
    let mut escaped = String::with_capacity(text.len().saturating_add(2));
    escaped.push('"');
    let (mut open, mut before) = (0_usize, ' ');
    for letter in text.chars() {
        match letter {
            '(' if before == '$' || open > 0 => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            '"' if open == 0 && before != '\\' => escaped.push('\\'),
            _ => {}
        }
        escaped.push(letter);
        before = if before == '\\' { ' ' } else { letter };
    }
    if before == '\\' {
        escaped.push('\\');
    }
    escaped.push('"');
    word(&escaped)
}

/// Whether a raw text could start a command of its own.
pub(crate) fn substitutes(text: &str) -> bool {
    ["$(", "`", "<(", ">(", "${ ", "${|", "${\t", "${\n"].iter().any(|mark| text.contains(mark))
}

/// Whether some `$((` does not end in `))`. To bash it is a substitution then, which begins with a
/// subshell; the parser takes it for a calculation, in which nothing runs. Quotes are not looked at.
pub(crate) fn is_odd_arithmetic(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = text.match_indices("$((").map(|(at, mark)| at.saturating_add(mark.len()));
    starts.take(MOST_CALCULATIONS).any(|start| {
        let mut open = 2_usize;
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            match byte {
                b'(' => open = open.saturating_add(1),
                b')' => open = open.saturating_sub(1),
                _ => continue,
            }
            if *byte == b')' && open == 1 {
                return bytes.get(at.saturating_add(1)) != Some(&b')');
            }
        }
        true
    }) || text.matches("$((").count() > MOST_CALCULATIONS
}

/// Whether a pattern of bash's extended kind (`!(a|b)`) holds a `#` that the parser takes for a remark,
/// and something that is run: to a shell with `extglob` it is a letter like any other.
pub(crate) fn hides_in_pattern(text: &str) -> bool {
    let opens =
        |at: &usize| text.get(..*at).is_some_and(|it| it.ends_with(['!', '@', '?', '*', '+']));
    let patterns = text.match_indices('(').map(|(at, _)| at).filter(opens);
    let inside = |at: usize| pattern(text.get(at.saturating_add(1)..).unwrap_or_default());
    let hides = |text: &str| calculation::has_comment(text) && substitutes(text);
    let mut patterns = patterns.map(inside);
    patterns.by_ref().take(MOST_CALCULATIONS).any(hides)
        || (patterns.next().is_some() && hides(text))
}

/// Whether some `((` ends elsewhere by brackets alone than with quotes, and what stands in it may be
/// run: where it begins a calculation, bash expands what single quotes hold there, too. Behind a dollar
/// sign, [`is_odd_arithmetic`] has looked.
pub(crate) fn hides_in_calculation(text: &str) -> bool {
    let is_bare = |at: &usize| !text.get(..*at).is_some_and(|before| before.ends_with('$'));
    let places = text.match_indices("((").map(|(at, _)| at).filter(is_bare);
    let mut inside = places.filter_map(|at| text.get(at.checked_add(2)?..));
    let hides = |rest: &str| {
        let (by_quotes, by_brackets) = (pattern(rest), bracketed(rest));
        let calculates = |it: &str| rest.get(it.len()..).is_some_and(|it| it.starts_with("))"));
        let differs = by_quotes.len() != by_brackets.len();
        differs && substitutes(by_quotes) && (calculates(by_quotes) || calculates(by_brackets))
    };
    inside.by_ref().take(MOST_CALCULATIONS).any(hides)
        || (inside.next().is_some() && text.contains('\'') && substitutes(text))
}

/// A text up to the bracket that closes what was open before it: nothing else counts.
fn bracketed(text: &str) -> &str {
    let mut open = 1_usize;
    let end = text.find(|letter: char| {
        match letter {
            '(' => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// A text up to the bracket that closes what was open before it: escapes and quotes count.
fn pattern(text: &str) -> &str {
    let (mut open, mut quote, mut escaped) = (1_usize, None, false);
    let end = text.find(|letter: char| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            '\'' | '"' if quote == Some(letter) => quote = None,
            '(' if quote.is_none() => open = open.saturating_add(1),
            ')' if quote.is_none() => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

/// Most calculations, and most patterns, of one line that are looked at.
const MOST_CALCULATIONS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_in_patterns_are_found() {
        for plain in ["", "a !(b|c) # `d`", "! ( # `a`\n b)", "a !(b) `c` # d", "x @(a#`b`)"] {
            assert!(!hides_in_pattern(plain), "{plain}");
        }
        for odd in [
            "time -p!( #`b`\n)",
            "a=@( # $(b)\n)",
            "[[ x == !(#`b`\n) ]]",
            "!( #\\)`b`\n)",
            "!( #')'`b`\n)",
        ] {
            assert!(hides_in_pattern(odd), "{odd}");
        }
    }

    #[test]
    fn calculations_that_end_at_two_places_are_found() {
        for odd in [
            "((q!'$(a) ( '=f))",
            "((1 # '(' $(a) ))",
            "((q!')' + '$(a) ('))",
            "((q!'c \"$(a) ( '=f))",
        ] {
            assert!(hides_in_calculation(odd), "{odd}");
        }
        for plain in [
            "((i++)); echo '$(a) ('",
            "(( $(a) + (1) ))",
            "((q!'$(a)'))",
            "((a; echo ')' $(b)) | c)",
            "((x = '('))",
            "awk '((NF)) { print \"(\" }'; $(a)",
        ] {
            assert!(!hides_in_calculation(plain), "{plain}");
        }
    }

    #[test]
    fn calculations_are_told_from_substitutions() {
        for plain in ["", "a $((1+2))", "$(( (1+2)*(3) ))", "$(( $(a) + 1 ))", "$( (a); b )"] {
            assert!(!is_odd_arithmetic(plain), "{plain}");
        }
        for odd in [
            "$((1+'`a` ('))",
            "$((1+')'+'$(a) ('))",
            "$((a) )",
            "$((a; b) & c)",
            "$((a)\n)",
            "$((a",
        ] {
            assert!(is_odd_arithmetic(odd), "{odd}");
        }
    }
}
