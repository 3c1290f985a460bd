//! What in the place of a program's name says that the parser and a shell part company.

use rable::{Node, NodeKind};

use crate::walk::Walker;

/// Words that begin something to the shell. Where one is left as the name of a program, the parser
/// has read the line otherwise than a shell does (`time -p ! a`, `time coproc a`).
pub(crate) const RESERVED: [&str; 16] = [
    "!", "[[", "case", "coproc", "do", "elif", "else", "for", "function", "if", "select", "then",
    "until", "while", "{", "}",
];

impl Walker {
    /// Takes a word that ends elsewhere to some shells for not understood.
    pub(crate) fn require_whole(&mut self, word: &Node) {
        if is_cut_elsewhere(word) {
            self.opaque("brackets hold what parts commands to some shells; put that in quotes");
        }
    }
}

/// Whether a word that begins as an assignment to a place (`x[…`) holds what ends a command, or no
/// bracket that closes. Bash reads on to that; to dash the word ends there, and a command follows. Behind
/// `<` it ends there to bash as well, and the parser reads on.
fn is_cut_elsewhere(node: &Node) -> bool {
    let NodeKind::Word { value, .. } = &node.kind else { return false };
    let Some((name, rest)) = value.split_once('[') else { return false };
    if name.is_empty() || !name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_') {
        return false;
    }
    let (mut open, mut within, mut quote, mut escaped) = (0_usize, 1_usize, None, false);
    for one in rest.chars() {
        match one {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(one),
            _ if quote == Some(one) => quote = None,
            _ if quote.is_some() => {}
            '(' => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            '[' => within = within.saturating_add(1),
            ']' if within == 1 => return false,
            ']' => within = within.saturating_sub(1),
            '\n' | ';' | '|' | '&' if open == 0 => return true,
            _ => {}
        }
    }
    // Without a blank in it the word ends in the same place for all.
    rest.contains(char::is_whitespace)
}
