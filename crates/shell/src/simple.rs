//! The simple commands of a line and where each of their words stands, for those who change a line.
//!
//! Nothing is expanded here: a word is known when quotes are all there is to take off it. Commands
//! in substitutions are not told, since the parser does not say where in the line they stand; a word
//! that holds one is a word that is not known. Whoever changes a line reads the result again.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named holds no simple command"
)]

use core::ops::Range;
use std::thread;

use rable::{Node, NodeKind};

use crate::limits::STACK;
use crate::parse;

/// A simple command as it stands in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// Its words without assignments and redirections, the program's name first; never empty.
    pub words: Vec<Piece>,
}

/// A word as it stands in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which bytes of the line.
    pub span: Range<usize>,
    /// What the program gets, when that is known; else the word as it is written.
    pub text: String,
    /// Whether nothing is left to expand.
    pub known: bool,
}

/// The simple commands of `text` in order of place, those of loops, branches, groups and functions
/// among them; `None` when the text cannot be read. Linear in the size of the text.
#[must_use]
pub fn simple_commands(text: &str) -> Option<Vec<Simple>> {
    let work = || {
        let nodes = parse::commands(text).ok()?;
        let mut finding = Finding { offsets: offsets(text), text, all: Vec::new() };
        nodes.iter().try_for_each(|node| finding.node(node))?;
        finding.all.sort_by_key(|one| one.words.first().map_or(0, |word| word.span.start));
        Some(finding.all)
    };
    // The tree of a long list is as deep as the list is long, so it gets a stack of its own.
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?;
        thread.join().ok().flatten()
    })
}

/// Where each character begins, and where the text ends: the parser counts in characters.
fn offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

struct Finding<'t> {
    text: &'t str,
    offsets: Vec<usize>,
    all: Vec<Simple>,
}

impl Finding<'_> {
    /// Takes the commands of a node; `None` when a place does not hold what it should.
    fn node(&mut self, node: &Node) -> Option<()> {
        match &node.kind {
            NodeKind::Command { words, .. } if words.is_empty() => Some(()),
            NodeKind::Command { words, .. } => {
                let words = words.iter().map(|word| self.word(word)).collect::<Option<_>>()?;
                self.all.push(Simple { words });
                Some(())
            }
            NodeKind::Pipeline { commands, .. } => commands.iter().try_for_each(|it| self.node(it)),
            NodeKind::List { items } => items.iter().try_for_each(|it| self.node(&it.command)),
            NodeKind::If { condition, then_body, else_body, .. } => {
                self.node(condition)?;
                self.node(then_body)?;
                else_body.as_deref().map_or(Some(()), |body| self.node(body))
            }
            NodeKind::While { condition, body, .. } | NodeKind::Until { condition, body, .. } => {
                self.node(condition)?;
                self.node(body)
            }
            NodeKind::For { body, .. }
            | NodeKind::ForArith { body, .. }
            | NodeKind::Select { body, .. }
            | NodeKind::Function { body, .. }
            | NodeKind::Subshell { body, .. }
            | NodeKind::BraceGroup { body, .. } => self.node(body),
            NodeKind::Case { patterns, .. } => {
                let mut bodies = patterns.iter().filter_map(|pattern| pattern.body.as_ref());
                bodies.try_for_each(|body| self.node(body))
            }
            NodeKind::Negation { pipeline } | NodeKind::Time { pipeline, .. } => {
                self.node(pipeline)
            }
            NodeKind::Coproc { command, .. } => self.node(command),
            _ => Some(()),
        }
    }

    fn word(&self, node: &Node) -> Option<Piece> {
        let NodeKind::Word { value, .. } = &node.kind else { return None };
        let (start, end) = (*self.offsets.get(node.span.start)?, *self.offsets.get(node.span.end)?);
        let raw = self.text.get(start..end)?;
        // INVARIANT: a place that is told holds the word, so that a change there changes nothing else.
        if raw.is_empty() || without_joins(raw) != without_joins(value) {
            return None;
        }
        let text = unquoted(raw);
        let known = text.is_some();
        Some(Piece { span: start..end, text: text.unwrap_or_else(|| raw.to_owned()), known })
    }
}

/// The text without joined lines, which the parser takes out.
fn without_joins(text: &str) -> String {
    text.replace("\\\n", "")
}

/// The word with its quotes taken off; `None` when a shell would do more than that.
fn unquoted(raw: &str) -> Option<String> {
    let (mut made, mut letters) = (String::with_capacity(raw.len()), raw.chars().peekable());
    let mut first = true;
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => loop {
                match letters.next()? {
                    '\'' => break,
                    other => made.push(other),
                }
            },
            '"' => loop {
                match letters.next()? {
                    '"' => break,
                    '$' | '`' => return None,
                    '\\' => match letters.next()? {
                        '\n' => {}
                        escaped @ ('"' | '\\' | '$' | '`') => made.push(escaped),
                        other => made.extend(['\\', other]),
                    },
                    other => made.push(other),
                }
            },
            '\\' => match letters.next()? {
                '\n' => {}
                other => made.push(other),
            },
            '~' if first || matches!(made.chars().last(), Some(':' | '=')) => return None,
            '$' | '`' | '*' | '?' | '[' | '{' | '(' | ')' | '<' | '>' => return None,
            other => made.push(other),
        }
        first = false;
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Vec<String>> {
        let all = simple_commands(text).unwrap();
        let word = |piece: &Piece| {
            let mark = if piece.known { "" } else { "?" };
            assert!(text.get(piece.span.clone()).is_some());
            format!("{mark}{}", piece.text)
        };
        all.iter().map(|one| one.words.iter().map(word).collect()).collect()
    }

    #[test]
    fn words_are_told_as_the_program_gets_them() {
        assert_eq!(
            told("X=1 git push -f \"a b\" é 'it'\\''s' >o 2>&1 $Y *.log ~/b a\\ b"),
            [["git", "push", "-f", "a b", "é", "it's", "?$Y", "?*.log", "?~/b", "a b"]]
        );
        assert_eq!(told("rm \"\\$x\" \"$x\""), [["rm", "$x", "?\"$x\""]]);
        assert_eq!(told("git push \\\n  -f 'x'"), [["git", "push", "-f", "x"]]);
    }

    #[test]
    fn every_branch_is_looked_into_and_no_heredoc() {
        let text = "f() { rm a; }; if x; then y; elif z; then q; else w; fi\n\
                    for i in 1 2; do b $i; done; case $x in a) c;; esac; (d && e) | g &\n\
                    cat <<EOF\ngit push --force\nEOF\nlast";
        let heads: Vec<String> = told(text).into_iter().map(|it| it[0].clone()).collect();
        assert_eq!(heads, ["rm", "x", "y", "z", "q", "w", "b", "c", "d", "e", "g", "cat", "last"]);
    }

    #[test]
    fn what_does_not_parse_or_is_too_deep_is_not_told() {
        // A name on two lines: its place is not told.
        for text in ["if x", "r\\\nm x", "'", "$(((", "a\0b"] {
            assert_eq!(simple_commands(text), None, "{text:?}");
        }
        assert_eq!(simple_commands(&"$(".repeat(40)), None);
    }
}
