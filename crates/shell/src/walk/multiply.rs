//! Functions that start themselves more than once at a time, with nothing that would ever end it:
//! `:() { :|:& }; :`.
//!
//! One that asks something first (`if`, `case`, `&&`, `||`) may end, and is left alone: there are such
//! that walk through folders.

use rable::{ListOperator, Node, NodeKind};

/// Whether each call of the function makes more than one other call that runs beside it.
pub(super) fn multiplies(name: &str, body: &Node) -> bool {
    calls(name, body).is_some_and(|many| many > 1)
}

/// How many calls of the function a part of it starts at once; `None` where it may end.
fn calls(name: &str, node: &Node) -> Option<usize> {
    match &node.kind {
        NodeKind::Command { words, .. } => {
            let is_it =
                |word: &Node| matches!(&word.kind, NodeKind::Word { value, .. } if value == name);
            Some(usize::from(words.first().is_some_and(is_it)))
        }
        NodeKind::Pipeline { commands, .. } => sum(name, commands.iter()),
        NodeKind::List { items } => {
            let is = |one: ListOperator| items.iter().any(|item| item.operator == Some(one));
            if is(ListOperator::And) || is(ListOperator::Or) {
                return None;
            }
            let items = items.iter().map(|item| &item.command);
            if is(ListOperator::Background) {
                return sum(name, items);
            }
            // One behind the other, those of one command are all there are at a time.
            items.map(|it| calls(name, it)).try_fold(0, |most: usize, many| Some(most.max(many?)))
        }
        NodeKind::BraceGroup { body, .. } | NodeKind::Subshell { body, .. } => calls(name, body),
        NodeKind::Time { pipeline, .. } | NodeKind::Negation { pipeline } => calls(name, pipeline),
        NodeKind::If { .. } | NodeKind::Case { .. } | NodeKind::Select { .. } => None,
        _ => Some(0),
    }
}

fn sum<'n>(name: &str, nodes: impl IntoIterator<Item = &'n Node>) -> Option<usize> {
    nodes.into_iter().try_fold(0, |sum: usize, node| Some(sum.saturating_add(calls(name, node)?)))
}
