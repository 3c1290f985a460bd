//! Other names that a program gives to calls: `from shutil import rmtree as r`, `r = shutil.rmtree`,
//! `const {rmSync: r} = require("fs")`.
//!
//! Such a name is read as the one that it stands for, wherever it is called.

use std::borrow::Cow;

use crate::code::Token;

/// Most names that are followed.
const MOST: usize = 32;

/// These pieces, with each name that stands for a call of that kind in the place of its other name.
pub(crate) fn resolved<'c>(
    tokens: Vec<Token<'c>>,
    is_call: impl Fn(&str) -> bool,
) -> Vec<Token<'c>> {
    let given = names(&tokens, is_call);
    if given.is_empty() {
        return tokens;
    }
    let meant = |token: Token<'c>| match token {
        Token::Name(name) => {
            let other = given.iter().find(|(other, _)| *other == name);
            Token::Name(other.map_or(name, |(_, call)| call))
        }
        other @ (Token::Ran(_) | Token::Sign(_) | Token::Text(_)) => other,
    };
    tokens.into_iter().map(meant).collect()
}

/// Each other name with the call that it stands for.
fn names<'c>(tokens: &[Token<'c>], is_call: impl Fn(&str) -> bool) -> Vec<(&'c str, &'c str)> {
    let is_call = |name: &&str| is_call(name);
    let pairs = tokens.iter().enumerate().filter_map(|(at, token)| {
        let Token::Name(call) = token else { return None };
        let call = Some(*call).filter(is_call)?;
        let before = tokens.get(..at).unwrap_or_default();
        let behind = tokens.get(at.saturating_add(1)..).unwrap_or_default();
        let other = match behind {
            // `import rmtree as r`, `{rmSync: r} =`.
            [Token::Name("as"), Token::Name(other), ..] => Some(*other),
            [Token::Sign(':'), Token::Name(other), Token::Sign('}' | ','), ..] => Some(*other),
            // It is called here, and what it gives has that name.
            [Token::Sign('('), ..] => None,
            _ => set_to(before),
        };
        Some((other?, call))
    });
    pairs.filter(|(other, _)| !is_call(other)).take(MOST).collect()
}

/// The name that is set to what ends these pieces: `r = shutil.`, `const r = require('fs').`.
fn set_to<'c>(before: &[Token<'c>]) -> Option<&'c str> {
    let is_part = |token: &Token<'_>| {
        matches!(token, Token::Name(_) | Token::Text(_) | Token::Sign('.' | '(' | ')' | '\\' | ':'))
    };
    let parts = before.iter().rev().take_while(|token| is_part(token)).count();
    match before.get(..before.len().saturating_sub(parts))? {
        [.., Token::Name(other), Token::Sign('=')] => Some(other),
        _ => None,
    }
}

/// The words of `qw(…)` (Perl) at the start of `rest`, and how many bytes it takes.
pub(crate) fn listed(rest: &str) -> Option<(Vec<Cow<'_, str>>, usize)> {
    let inside = rest.strip_prefix("qw")?;
    let open = inside.chars().next().filter(|open| !open.is_alphanumeric() && *open != ' ')?;
    let close = match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    };
    let text = inside.get(open.len_utf8()..)?;
    let end = text.find(close)?;
    let words = text.get(..end)?.split_whitespace().map(Cow::Borrowed).collect();
    let length = end.saturating_add(2).saturating_add(open.len_utf8());
    Some((words, length.saturating_add(close.len_utf8())))
}
