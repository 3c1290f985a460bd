//! Other names that a program gives to calls: `from shutil import rmtree as r`, `r = shutil.rmtree`,
//! `const {rmSync: r} = require("fs")`.
//!
//! Such a name is read as the one that it stands for, wherever it is called.

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
    // Where the run of parts before a piece starts; it is kept, since a run may be of any length.
    let mut start = 0_usize;
    let pairs = tokens.iter().enumerate().filter_map(|(at, token)| {
        let before = tokens.get(..start).unwrap_or_default();
        if !is_part(token) {
            start = at.saturating_add(1);
        }
        let Token::Name(call) = token else { return None };
        let call = Some(*call).filter(is_call)?;
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

/// Whether a piece may stand between a name that is set and the call that it is set to.
fn is_part(token: &Token<'_>) -> bool {
    matches!(token, Token::Name(_) | Token::Text(_) | Token::Sign('.' | '(' | ')' | '\\' | ':'))
}

/// The name that is set to the parts behind these pieces: `r = shutil.`, `const r = require('fs').`.
fn set_to<'c>(before: &[Token<'c>]) -> Option<&'c str> {
    match before {
        [.., Token::Name(other), Token::Sign('=')] => Some(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::tokens;

    fn of(code: &str) -> Vec<(&str, &str)> {
        names(&tokens(code, false), |name| ["rmtree", "rmSync"].contains(&name))
    }

    #[test]
    fn other_names_of_calls_are_known() {
        for (code, other, call) in [
            ("from shutil import rmtree as r", "r", "rmtree"),
            ("x = 1\nr = shutil.rmtree\nr('a')", "r", "rmtree"),
            ("const r = require('fs').rmSync;", "r", "rmSync"),
            ("const {rmSync: r} = require('fs')", "r", "rmSync"),
        ] {
            assert_eq!(of(code), [(other, call)], "{code}");
        }
        for code in ["r = shutil.rmtree('a')", "r = 1\nshutil.rmtree", "f(shutil.rmtree)"] {
            assert_eq!(of(code), [], "{code}");
        }
    }

    /// Work that grows with the square of the program's size would not end within this test.
    #[test]
    fn a_long_run_is_read_in_one_pass() {
        assert_eq!(of(&format!("a{}", ".rmtree".repeat(200_000))), []);
    }
}
