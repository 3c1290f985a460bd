//! Rego text → words, texts and marks with their places: as much as a look at names needs.

/// One piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// Byte offset into the source.
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
    /// Whether nothing but blanks stands before it on its line.
    pub(super) is_first: bool,
    /// Brackets that are open around it; a bracket counts as outside of itself.
    pub(super) depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// Any other character that is no blank.
    Mark(char),
    /// Letters, digits and `_`.
    Name(&'t str),
    /// What stands between quotes, escapes as written.
    Text(&'t str),
}

/// The code of a source, without blanks and comments. Total; linear in its length.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut found, mut depth, mut is_first) = (Vec::new(), 0_usize, true);
    let mut rest = text.char_indices().peekable();
    while let Some((at, letter)) = rest.next() {
        let mut end_of = |test: &dyn Fn(char) -> bool| {
            while rest.next_if(|(_, letter)| test(*letter)).is_some() {}
            rest.peek().map_or(text.len(), |(end, _)| *end)
        };
        let kind = match letter {
            '\n' => {
                is_first = true;
                continue;
            }
            '#' => {
                end_of(&|letter| letter != '\n');
                continue;
            }
            blank if blank.is_whitespace() => continue,
            name if is_name(name) => Kind::Name(text.get(at..end_of(&is_name)).unwrap_or_default()),
            '"' | '`' => {
                let end = text_end(letter, &mut rest).unwrap_or(text.len());
                Kind::Text(text.get(at.saturating_add(1)..end).unwrap_or_default())
            }
            mark => Kind::Mark(mark),
        };
        if matches!(kind, Kind::Mark(')' | ']' | '}')) {
            depth = depth.saturating_sub(1);
        }
        found.push(Token { at, kind, is_first, depth });
        if matches!(kind, Kind::Mark('(' | '[' | '{')) {
            depth = depth.saturating_add(1);
        }
        is_first = false;
    }
    found
}

/// Where the text ends that `quote` begins; only a raw one goes over a line's end.
fn text_end(
    quote: char,
    rest: &mut core::iter::Peekable<core::str::CharIndices<'_>>,
) -> Option<usize> {
    while let Some((at, letter)) = rest.next() {
        match letter {
            end if end == quote => return Some(at),
            '\n' if quote == '"' => return Some(at),
            '\\' if quote == '"' => drop(rest.next()),
            _ => {}
        }
    }
    None
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// A path that begins with a name: the names and where each stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain<'t> {
    pub(super) parts: Vec<(usize, &'t str)>,
    /// Index of the first token behind it.
    pub(super) end: usize,
}

/// The path at `index`: `input.args["x"].y`, up to whatever is no fixed name.
pub(super) fn chain<'t>(tokens: &[Token<'t>], index: usize) -> Chain<'t> {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let Some(Token { at, kind: Kind::Name(name), .. }) = tokens.get(index).copied() else {
        return Chain { parts: Vec::new(), end: index };
    };
    let (mut parts, mut end) = (vec![(at, name)], index.saturating_add(1));
    loop {
        let (next, after) = (end.saturating_add(1), end.saturating_add(2));
        let place = tokens.get(next).map_or(0, |token| token.at);
        match (kind(end), kind(next), kind(after)) {
            (Some(Kind::Mark('.')), Some(Kind::Name(name)), _) => {
                parts.push((place, name));
                end = after;
            }
            (Some(Kind::Mark('[')), Some(Kind::Text(name)), Some(Kind::Mark(']'))) => {
                parts.push((place, name));
                end = after.saturating_add(1);
            }
            _ => return Chain { parts, end },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        let found = tokens("a # b\n\"c \\\" d\" `e\nf` g(\"h\")[1]");
        let kinds: Vec<Kind<'_>> = found.iter().map(|token| token.kind).collect();
        let expected = [
            Kind::Name("a"),
            Kind::Text("c \\\" d"),
            Kind::Text("e\nf"),
            Kind::Name("g"),
            Kind::Mark('('),
            Kind::Text("h"),
            Kind::Mark(')'),
            Kind::Mark('['),
            Kind::Name("1"),
            Kind::Mark(']'),
        ];
        assert_eq!(kinds, expected);
        let depths: Vec<usize> = found.iter().map(|token| token.depth).collect();
        assert_eq!(depths, [0, 0, 0, 0, 0, 1, 0, 0, 1, 0]);
        assert!(found[0].is_first && found[1].is_first && !found[3].is_first);
    }

    #[test]
    fn paths_end_where_a_name_is_not_fixed() {
        let found = tokens("input.args[\"a b\"].c[i].d");
        let chain = chain(&found, 0);
        let names: Vec<&str> = chain.parts.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, ["input", "args", "a b", "c"]);
        assert_eq!(found[chain.end].kind, Kind::Mark('['));
    }

    #[test]
    fn odd_texts_end() {
        for text in ["\"", "`", "\"\\", "#", "é", ")]}", "a.", "a[\"b\""] {
            let found = tokens(text);
            for index in 0..=found.len() {
                assert!(chain(&found, index).end <= found.len().saturating_add(1));
            }
        }
    }
}
