//! What in the place of a program's name says that the parser and a shell part company.

use rable::{Node, NodeKind};

/// Words that begin something to the shell. Where one is left as the name of a program, the parser
/// has read the line otherwise than a shell does (`time -p ! a`, `time coproc a`).
pub(crate) const RESERVED: [&str; 16] = [
    "!", "[[", "case", "coproc", "do", "elif", "else", "for", "function", "if", "select", "then",
    "until", "while", "{", "}",
];

/// Whether a word that begins as an assignment to a place (`x[…`) holds what ends a command. Bash reads
/// on to the bracket that closes; to dash the word ends there, and a command follows.
pub(crate) fn is_cut_elsewhere(node: &Node) -> bool {
    let NodeKind::Word { value, .. } = &node.kind else { return false };
    let Some((name, rest)) = value.split_once('[') else { return false };
    if !name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_') {
        return false;
    }
    let mut open = 0_usize;
    rest.chars().take_while(|one| *one != ']').any(|one| {
        match one {
            '(' => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0 && matches!(one, '\n' | ';' | '|' | '&')
    })
}
