//! Brace expansion: `{a,b}c` is `ac bc`, `{1..3}` is `1 2 3`. Done on the text of a word, before
//! anything else, as shells do.

/// How many words come of one.
const MOST: usize = 64;

/// The words that `word` stands for; itself alone when it holds no braces to expand. `None` when
/// there are too many.
pub(crate) fn expand(word: &str) -> Option<Vec<String>> {
    let (mut done, mut open) = (Vec::new(), vec![word.to_owned()]);
    while let Some(word) = open.pop() {
        match first(&word) {
            Some((head, choices, tail)) => {
                let made = choices.iter().rev().map(|choice| format!("{head}{choice}{tail}"));
                open.extend(made);
            }
            None => done.push(word),
        }
        if done.len().saturating_add(open.len()) > MOST {
            return None;
        }
    }
    Some(done)
}

/// The first braces that mean something: what stands before, the choices, what stands behind.
fn first(word: &str) -> Option<(&str, Vec<String>, &str)> {
    let mut scanner = Scanner::default();
    for (at, letter) in word.char_indices() {
        let plain = scanner.take(letter);
        if !plain || letter != '{' {
            continue;
        }
        let inside = word.get(at.saturating_add(1)..)?;
        if let Some((choices, tail)) = choices(inside) {
            return Some((word.get(..at)?, choices, tail));
        }
    }
    None
}

/// The choices up to the closing brace, and what stands behind it.
fn choices(inside: &str) -> Option<(Vec<String>, &str)> {
    let (mut scanner, mut depth, mut from) = (Scanner::default(), 0_usize, 0);
    let mut found = Vec::new();
    for (at, letter) in inside.char_indices() {
        if !scanner.take(letter) {
            continue;
        }
        match letter {
            '{' => depth = depth.saturating_add(1),
            ',' if depth == 0 => {
                found.push(inside.get(from..at)?.to_owned());
                from = at.saturating_add(1);
            }
            '}' if depth == 0 => {
                let last = inside.get(from..at)?;
                let tail = inside.get(at.saturating_add(1)..)?;
                if found.is_empty() {
                    return Some((range(last)?, tail));
                }
                found.push(last.to_owned());
                return Some((found, tail));
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// `1..4` and `a..d`.
fn range(text: &str) -> Option<Vec<String>> {
    let (from, to) = text.split_once("..")?;
    if let (Ok(from), Ok(to)) = (from.parse::<i32>(), to.parse::<i32>()) {
        let numbers = from.min(to)..=from.max(to);
        return Some(numbers.take(MOST.saturating_add(1)).map(|it| it.to_string()).collect());
    }
    let one = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    let (from, to) = (one(from)?, one(to)?);
    Some((from.min(to)..=from.max(to)).map(String::from).collect())
}

/// Which letters stand outside of quotes and expansions.
#[derive(Default)]
struct Scanner {
    quote: Option<char>,
    escaped: bool,
    dollar: bool,
    expansions: Vec<char>,
}

impl Scanner {
    fn take(&mut self, letter: char) -> bool {
        let dollar = core::mem::take(&mut self.dollar);
        if core::mem::take(&mut self.escaped) {
            return false;
        }
        match (self.quote, letter) {
            (Some('\''), '\'') | (Some('"'), '"') => self.quote = None,
            (Some('\''), _) => {}
            (_, '\\') => self.escaped = true,
            (Some(_), _) => {}
            (None, '\'' | '"') => self.quote = Some(letter),
            (None, '$') => self.dollar = true,
            (None, '{' | '(') if dollar => {
                self.expansions.push(if letter == '{' { '}' } else { ')' });
            }
            (None, '(') if !self.expansions.is_empty() => self.expansions.push(')'),
            (None, letter) if self.expansions.last() == Some(&letter) => {
                self.expansions.pop();
            }
            (None, _) => return self.expansions.is_empty(),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn braces_are_expanded_as_bash_does() {
        for (word, expected) in [
            ("{rm,-rf,/}", vec!["rm", "-rf", "/"]),
            ("a{b,c{d,e}}f", vec!["abf", "acdf", "acef"]),
            ("{1..3}", vec!["1", "2", "3"]),
            ("{a..c}x", vec!["ax", "bx", "cx"]),
            ("{a}", vec!["{a}"]),
            ("'{a,b}'", vec!["'{a,b}'"]),
            ("\\{a,b}", vec!["\\{a,b}"]),
            ("${a,b}{,x}", vec!["${a,b}", "${a,b}x"]),
            ("$(a {b,c})", vec!["$(a {b,c})"]),
            ("{}", vec!["{}"]),
            ("{{a,b}", vec!["{a", "{b"]),
        ] {
            assert_eq!(expand(word).unwrap(), expected, "{word}");
        }
        assert_eq!(expand("{1..1000}"), None);
        assert_eq!(expand(&"{a,b}".repeat(20)), None);
    }
}
