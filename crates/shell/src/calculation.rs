//! Whether the text in double brackets is a calculation or, to some shells, commands.
//!
//! bash, zsh and ksh calculate `((rm -rf x))`, which fails and runs nothing. dash and the shell of
//! busybox know no such command: to them it is a subshell in a subshell. Most calculations are no
//! commands that anybody would mind, but `((x > 5))` would write a file, so a text counts as commands
//! only where it is none that bash could calculate, or where a path stands in it.

/// What may stand next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Any,
    Operand,
    Operator,
}

/// Whether a shell that does not calculate would start something with it.
pub(crate) fn may_be_commands(text: &str) -> bool {
    has_comment(text) || names_program(text) && (!is_calculation(text) || has_argument(text))
}

/// Whether a `#` begins a word: to a shell that does not calculate, a remark up to the end of the line.
pub(crate) fn has_comment(text: &str) -> bool {
    let mut before = '(';
    text.chars().any(|letter| {
        let begins = before.is_whitespace() || "(;&|".contains(before);
        before = letter;
        begins && letter == '#'
    })
}

/// Whether a word holds `$[…]`, outside of quotes, in which a shell would start something that does not
/// calculate there: to dash `$[` is text like any other, and what parts commands in it does.
pub(crate) fn has_odd_brackets(word: &str) -> bool {
    if !word.contains("$[") {
        return false;
    }
    let (mut at, mut quoted) = (0_usize, false);
    while let Some(rest) = word.get(at..) {
        let Some(letter) = rest.chars().next() else { break };
        let skip = match letter {
            '\\' => letter.len_utf8().saturating_add(rest.chars().nth(1).map_or(0, char::len_utf8)),
            '\'' if !quoted => rest
                .get(1..)
                .and_then(|inside| inside.find('\''))
                .map_or(rest.len(), |end| end.saturating_add(2)),
            '$' if !quoted && rest.starts_with("$[") => {
                let text = bracketed(rest.get(2..).unwrap_or_default());
                let parts = text.contains([';', '&', '|', '(', '\n']);
                if parts && (!is_calculation(text) || has_argument(text)) {
                    return true;
                }
                2
            }
            letter => {
                quoted ^= letter == '"';
                letter.len_utf8()
            }
        };
        at = at.saturating_add(skip);
    }
    false
}

/// What stands up to the bracket that closes.
fn bracketed(text: &str) -> &str {
    let mut open = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => open = open.saturating_add(1),
            ']' if open == 0 => return text.get(..at).unwrap_or_default(),
            ']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    text
}

/// Whether it begins as the name of a program does. Of a name that only shows when the line runs
/// nothing can be told, and in calculations one stands often.
fn names_program(text: &str) -> bool {
    let first = text.trim_start_matches(|one: char| one.is_whitespace() || one == '(');
    first.starts_with(|one: char| one.is_alphabetic() || "_/.~'\"\\[".contains(one))
        || text.contains([';', '\n'])
}

/// Whether an operand is followed by a path, by which bash would divide: `rm /etc`.
fn has_argument(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
    words.windows(2).any(|pair| {
        let [before, word] = pair else { return false };
        let ends = |one: char| one.is_alphanumeric() || "_)]".contains(one);
        let named = |one: char| one.is_alphabetic() || "*$".contains(one);
        before.ends_with(ends) && word.strip_prefix('/').is_some_and(|rest| rest.starts_with(named))
    })
}

/// Whether operands and operators take turns, as they do in whatever bash can calculate.
pub(crate) fn is_calculation(text: &str) -> bool {
    let mut rest = text.trim_start();
    let (mut next, mut open) = (Next::Operand, Vec::new());
    while let Some(first) = rest.chars().next() {
        let (length, then) = match next {
            Next::Operator | Next::Any if first == ')' || first == ']' => match open.pop() {
                Some(opened) if opened == first => (1, Next::Operator),
                Some(_) | None => return false,
            },
            // A place in a list.
            Next::Operator if first == '[' => (1, Next::Operand),
            Next::Operator => operator(rest),
            Next::Any if operator(rest).0 > 0 => operator(rest),
            Next::Operand | Next::Any if "+-!~(".contains(first) => (1, Next::Operand),
            // What a variable holds may be an operator.
            Next::Operand | Next::Any if first == '$' => (operand(rest), Next::Any),
            Next::Operand | Next::Any => (operand(rest), Next::Operator),
        };
        match first {
            '(' => open.push(')'),
            '[' => open.push(']'),
            _ => {}
        }
        let Some(behind) = rest.get(length..).filter(|_| length > 0) else { return false };
        (rest, next) = (behind.trim_start(), then);
    }
    open.is_empty() && (next != Next::Operand || text.trim().is_empty())
}

/// The length of an operator, and what may stand behind it.
fn operator(text: &str) -> (usize, Next) {
    if text.starts_with("++") || text.starts_with("--") {
        return (2, Next::Operator);
    }
    let found = OPERATORS.iter().find(|one| text.starts_with(**one));
    (found.map_or(0, |one| one.len()), Next::Operand)
}

/// The length of a number, a name, a variable or something in quotes; 0 where it does not end.
fn operand(text: &str) -> usize {
    let (mut closing, mut before): (Vec<char>, char) = (Vec::new(), ' ');
    for (at, letter) in text.char_indices() {
        let nested = before == '$' || !closing.is_empty();
        match (closing.last(), letter) {
            (Some(close), _) if *close == letter => drop(closing.pop()),
            (Some('\'' | '"'), _) => {}
            (_, '\'' | '"' | '`') => closing.push(letter),
            (_, '[') if nested => closing.push(']'),
            (_, '{') if nested => closing.push('}'),
            (_, '(') if nested => closing.push(')'),
            (Some(_), _) => {}
            (None, _) if letter.is_alphanumeric() || "_#@$".contains(letter) => {}
            (None, _) => return at,
        }
        before = letter;
    }
    if closing.is_empty() { text.len() } else { 0 }
}

/// Most words that are looked at for paths and options.
const MOST_WORDS: usize = 64;

/// The operators of POSIX and bash between two operands, the longer ones first.
const OPERATORS: [&str; 33] = [
    "<<=", ">>=", "**", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=", "/=", "%=", "+=",
    "-=", "&=", "^=", "|=", "*", "/", "%", "+", "-", "<", ">", "=", "?", ":", ",", "&", "^", "|",
];

/// The variables that a calculation sets: `i++`, `--i`, `i = 1`, `i += 2`.
pub(crate) fn assigned(text: &str) -> Vec<&str> {
    let of_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let (mut found, mut rest) = (Vec::new(), text);
    let mut steps = false;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|one| of_name(one) != of_name(first)).unwrap_or(rest.len());
        let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = behind;
        if !of_name(first) {
            steps = part.trim_end().ends_with("++") || part.trim_end().ends_with("--");
            continue;
        }
        let next = behind.trim_start();
        let operator = next.trim_start_matches(['+', '-', '*', '/', '%', '&', '|', '^', '<', '>']);
        let sets = operator.starts_with('=') && !operator.starts_with("==");
        let compares = matches!(next.get(..2), Some("<=" | ">="));
        let is_name = !first.is_ascii_digit();
        if is_name
            && (steps || sets && !compares || next.starts_with("++") || next.starts_with("--"))
        {
            found.push(part);
        }
        steps = false;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_calculation_sets_is_found() {
        for (text, names) in [
            ("i=0", &["i"] as &[&str]),
            ("i++, --j", &["i", "j"]),
            ("a[i] += b", &[]),
            ("x <<= 2", &["x"]),
            ("x == 2 && y <= 3 || z >= 1 || w != 2", &[]),
            ("x - y + 3", &[]),
        ] {
            assert_eq!(assigned(text), names, "{text}");
        }
    }

    #[test]
    fn calculations_are_left_to_calculate() {
        for plain in [
            "",
            " ",
            "i++",
            "++i",
            "a - b",
            " a -b ",
            "x > 5",
            "i=0",
            "n * 2",
            "a/b",
            "a / b",
            "(a+b)*c",
            "a[i] + 1",
            "$a $op $b",
            "${#list[@]} > 0",
            "x == y ? 1 : 2",
            "i < 10 && j",
            "a, b",
            "a | b",
            "count",
            "!done",
            "x ** 2",
            "16#ff + 1",
            "$(wc -l < f) > 5",
            "a -1",
            "'1' + \"2\"",
            "a /2",
            "`f` + 1",
            "i <<= 1",
            "total - used -free",
            "\n $a $op $b\n",
            "-x",
            "(a) - (b)",
            "a[b[1] + 2] * 3",
            "a[$i]++",
        ] {
            assert!(!may_be_commands(plain), "{plain}");
        }
    }

    #[test]
    fn r_fuzz_brackets_that_a_shell_may_not_know_are_no_place_to_hide() {
        for odd in ["$[ ; rm x ; ]", "a$[b\nrm x]", "$[) d $;i c[x[]];I c[> f]]", "$[a | rm /etc]"]
        {
            assert!(has_odd_brackets(odd), "{odd}");
        }
        for plain in [
            "$[1+2]",
            "$[(a+b)*c]",
            "$[a | b]",
            "$[a[i] && b]",
            "'$[;x]'",
            "\"$[;x]\"",
            "\\$[;x]",
            "a[;b",
        ] {
            assert!(!has_odd_brackets(plain), "{plain}");
        }
    }

    #[test]
    fn what_cannot_be_calculated_is_commands() {
        for odd in [
            "rm -rf x",
            "rm x",
            " rm -rf /srv ",
            "rm /etc/passwd",
            "rm ~",
            "git push -f",
            "rm $x",
            "rm \"$x\"",
            "a&c;(b)",
            "(rm -rf x)",
            "a;",
            "true && rm x",
            "/bin/rm x",
            "rm -rf /x",
            "a\nb c",
            "'rm' x",
            "x=1 rm y",
            "a @ b",
            "rm \\x",
            "[=b;i9;4;i++",
            "a[b;c",
            "a[1];b",
            "a)(b",
            "i=0;j'",
            "#x",
            "##i.=<i0;3;i++",
            "x; #",
        ] {
            assert!(may_be_commands(odd), "{odd}");
        }
    }
}
