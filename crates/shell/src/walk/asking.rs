//! Questions whether a variable is empty, or how many words there are: what their answers tell.
//!
//! Only one answer is made use of: that it is not empty. It holds where the question is answered that
//! way, as in `[ -n "$x" ] && rm -r "$x/a"`, and behind `[ -z "$x" ] && exit`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named asks nothing"
)]

use rable::{ListOperator, Node, NodeKind};

use super::Walker;
use crate::limits::MOST_VALUES;
use crate::variables::Variables;

/// A question whether a variable is empty, or whether there are fewer words than that.
pub(super) struct Asked<'n> {
    name: &'n str,
    count: usize,
    /// Whether it is so where the command that asks goes well.
    pub(super) empty: bool,
}

impl<'n> Asked<'n> {
    const fn variable(name: &'n str, empty: bool) -> Self {
        Self { name, count: 0, empty }
    }

    /// A variable of which something is known elsewhere.
    pub(super) const fn about(name: &'n str) -> Self {
        Self::variable(name, false)
    }

    const fn words(count: usize, fewer: bool) -> Self {
        Self { name: "", count, empty: fewer }
    }

    const fn otherwise(self) -> Self {
        Self { empty: !self.empty, ..self }
    }
}

/// Tests of files: no file has an empty name.
const OF_FILES: [&str; 11] = ["-d", "-e", "-f", "-h", "-L", "-r", "-s", "-w", "-x", "-p", "-S"];

impl Walker {
    /// The same where what was asked about is not empty; `None` when that cannot be.
    pub(super) fn full(&self, variables: Variables, asked: &Asked<'_>) -> Option<Variables> {
        if asked.count > 0 {
            return variables.with_positional(asked.count);
        }
        variables.not_empty(asked.name, &self.world, self.place)
    }

    /// Goes on where what was asked about is not empty. Where that cannot be, as far as anybody sees, what
    /// it would hold is not known.
    pub(super) fn knows_full(&mut self, asked: &Asked<'_>) {
        let here = self.snapshot();
        if let Some(known) = self.full(here, asked) {
            self.variables = known;
        } else {
            self.variables = presumed(core::mem::take(&mut self.variables), asked);
        }
    }

    /// What a test asks about: `[ -z "$x" ]`, `test -n "$x"`, `[[ -z $x ]]`, `[ "$x" ]`, `[ $# -gt 0 ]`.
    pub(super) fn asked<'n>(&self, node: &'n Node) -> Option<Asked<'n>> {
        match &node.kind {
            NodeKind::Command { assignments, words, redirects }
                if assignments.is_empty() && redirects.is_empty() =>
            {
                let texts: Vec<&str> = words.iter().take(7).filter_map(text).collect();
                let renamed = |name: &&str| {
                    self.variables.function(name).is_some() || self.aliases.contains_key(*name)
                };
                match texts.as_slice() {
                    [head, ..] if renamed(head) => None,
                    ["[", inside @ .., "]"] | ["test", inside @ ..] => question(inside),
                    _ => None,
                }
            }
            NodeKind::ConditionalExpr { body, redirects } if redirects.is_empty() => {
                condition(body)
            }
            NodeKind::List { items } if items.len() == 1 => {
                items.first().and_then(|item| self.asked(&item.command))
            }
            NodeKind::List { items } => {
                let is_test = |node: &Node| match &node.kind {
                    NodeKind::Command { assignments, words, .. } => {
                        let head = words.first().and_then(text);
                        assignments.is_empty() && matches!(head, Some("[" | "test"))
                    }
                    kind => matches!(kind, NodeKind::ConditionalExpr { .. }),
                };
                let all = items
                    .iter()
                    .map(|item| is_test(&item.command).then(|| self.asked(&item.command)));
                let operators: Vec<_> = items.iter().filter_map(|item| item.operator).collect();
                let only = |operator| operators.iter().all(|it| *it == operator);
                // Of tests alone: nothing between them sets anything.
                let mut all = all.collect::<Option<Vec<_>>>()?.into_iter().flatten();
                if only(ListOperator::And) {
                    all.find(|asked| !asked.empty)
                } else if only(ListOperator::Or) {
                    all.find(|asked| asked.empty)
                } else {
                    None
                }
            }
            NodeKind::Negation { pipeline } => self.asked(pipeline).map(Asked::otherwise),
            _ => None,
        }
    }
}

/// What would hold if what was asked about were not empty, though nobody sees how it could be.
pub(super) fn presumed(mut variables: Variables, asked: &Asked<'_>) -> Variables {
    if asked.count == 0 {
        variables.presume(asked.name);
    } else {
        let all = 1..=asked.count.min(MOST_VALUES);
        all.for_each(|index| variables.presume(&index.to_string()));
    }
    variables
}

/// What `[[ … ]]` asks.
fn condition(node: &Node) -> Option<Asked<'_>> {
    match &node.kind {
        NodeKind::UnaryTest { op, operand } => {
            let name = parameter(operand_of(operand)?)?;
            let full = OF_FILES.contains(&&**op) || op == "-n";
            (full || op == "-z").then(|| Asked::variable(name, op == "-z"))
        }
        NodeKind::BinaryTest { op, left, right } => {
            let (left, right) = (operand_of(left)?, operand_of(right)?);
            compared(left, op, right)
        }
        NodeKind::CondNot { operand } => condition(operand).map(Asked::otherwise),
        NodeKind::CondParen { inner } => condition(inner),
        NodeKind::CondAnd { left, right } => {
            [left, right].into_iter().filter_map(|it| condition(it)).find(|asked| !asked.empty)
        }
        NodeKind::CondOr { left, right } => {
            [left, right].into_iter().filter_map(|it| condition(it)).find(|asked| asked.empty)
        }
        NodeKind::CondTerm { value, .. } => Some(Asked::variable(parameter(value)?, false)),
        NodeKind::Word { value, .. } => Some(Asked::variable(parameter(value)?, false)),
        _ => None,
    }
}

/// What `[ … ]` asks.
fn question<'n>(words: &[&'n str]) -> Option<Asked<'n>> {
    match words {
        ["!", rest @ ..] => question(rest).map(Asked::otherwise),
        ["-z", word] => Some(Asked::variable(parameter(word)?, true)),
        // Without quotes an empty one is no word, and what is left of the test is true.
        ["-n", word] | [word] if word.starts_with('"') => {
            Some(Asked::variable(parameter(word)?, false))
        }
        [op, word] if word.starts_with('"') && OF_FILES.contains(op) => {
            Some(Asked::variable(parameter(word)?, false))
        }
        [left, op, right] if is_quoted(left) && is_quoted(right) => compared(left, op, right),
        _ => None,
    }
}

/// Whether a word stays one word whatever its variables hold.
fn is_quoted(word: &str) -> bool {
    word.starts_with('"') || !word.contains('$') || word == "$#"
}

/// `"$x" = ""`, `"x$x" != x`, `$# -gt 0`.
fn compared<'n>(left: &'n str, op: &str, right: &'n str) -> Option<Asked<'n>> {
    let bare = |word: &'n str| word.trim_matches('"');
    if bare(left) == "$#" {
        let number: usize = bare(right).parse().ok()?;
        let more = number.saturating_add(1);
        return match (op, number) {
            ("-gt", _) => Some(Asked::words(more, false)),
            ("-le", _) => Some(Asked::words(more, true)),
            ("-ge", 1..) => Some(Asked::words(number, false)),
            ("-lt", 1..) => Some(Asked::words(number, true)),
            ("-ne" | "!=", 0) => Some(Asked::words(1, false)),
            ("-eq" | "=" | "==", 0) => Some(Asked::words(1, true)),
            // As many as that, and so not fewer.
            ("-eq" | "=" | "==", 1..) => Some(Asked::words(number, false)),
            ("-ne" | "!=", 1..) => Some(Asked::words(number, true)),
            _ => None,
        };
    }
    let empty = match op {
        "=" | "==" => true,
        "!=" => false,
        _ => return None,
    };
    let sides = |one: &'n str, other: &'n str| {
        let none = matches!(other, "\"\"" | "''");
        let name = parameter(one).filter(|_| none);
        // `x$x` and `x`.
        name.or_else(|| {
            let letter = bare(other).chars().next().filter(|_| bare(other).len() == 1)?;
            let rest = bare(one).strip_prefix(letter)?;
            parameter(rest).filter(|_| letter.is_ascii_alphanumeric() || "._-".contains(letter))
        })
    };
    let name = sides(left, right).or_else(|| sides(right, left))?;
    Some(Asked::variable(name, empty))
}

fn operand_of(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::CondTerm { value, .. } => Some(value),
        _ => text(node),
    }
}

/// The text of a word as it was written.
pub(super) fn text(word: &Node) -> Option<&str> {
    match &word.kind {
        NodeKind::Word { value, .. } => Some(value),
        _ => None,
    }
}

/// The name in `"$name"`, `${name}` or `${name:-}`.
pub(super) fn parameter(word: &str) -> Option<&str> {
    let bare = word.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(word);
    let rest = bare.strip_prefix('$')?;
    let name = match rest.strip_prefix('{') {
        Some(rest) => {
            let inside = rest.strip_suffix('}')?;
            inside.strip_suffix(":-").or_else(|| inside.strip_suffix('-')).unwrap_or(inside)
        }
        None => rest,
    };
    let of_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    let is_number = name.parse::<usize>().is_ok_and(|index| index > 0);
    ((is_name && name.chars().all(of_name)) || is_number).then_some(name)
}

/// Whether a pattern of `case` may fit an empty text.
pub(super) fn fits_empty(pattern: &Node) -> bool {
    let plain = |one: char| one.is_ascii_alphanumeric() || "-_./,:+=~".contains(one);
    text(pattern).is_none_or(|text| text.contains(['$', '`', '(']) || !text.contains(plain))
}

/// Whether a pattern fits an empty text alone.
pub(super) fn is_empty(pattern: &Node) -> bool {
    matches!(text(pattern), Some("''" | "\"\""))
}
