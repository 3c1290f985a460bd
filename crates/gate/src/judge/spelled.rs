//! What a caller spells so that it is not what would be done.
//!
//! A question comes as text that may hold any letter; a program, a path and the name of a tool may not.
//! Whoever carries the call out reads on to the first NUL, or takes blanks away, and does something else
//! than was judged. So that is denied, whatever the policy says. A text that is longer than any path is
//! content, in which a NUL means nothing.

use std::os::unix::ffi::OsStrExt as _;

use datafog_core::{Decision, Value, Verdict, is_unseen};

use super::{Inquiry, What};

/// No path is longer (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;

impl Inquiry {
    /// What is said of a question that is spelled like that.
    pub(super) fn misspelled(&self) -> Option<Decision> {
        let holds_nul = |bytes: &[u8]| bytes.contains(&0);
        let why = match &self.what {
            What::Command(words) if words.iter().any(|word| holds_nul(word.as_bytes())) => {
                "a word of the command holds a NUL, where every program stops reading"
            }
            What::Tool(name, _) if name.trim() != name || name.chars().any(is_unseen) => {
                "the tool's name has blanks around it or holds letters that cannot be seen"
            }
            What::Tool(_, arguments) if has_nul(arguments) => {
                "an argument holds a NUL, where a reader of paths stops"
            }
            What::Command(_) | What::Tool(..) if holds_nul(self.cwd.as_os_str().as_bytes()) => {
                "the folder holds a NUL, where every program stops reading"
            }
            What::Command(_) | What::Tool(..) => return None,
        };
        Some(Decision::without_rule(Verdict::Deny, why))
    }
}

fn has_nul(arguments: &Value) -> bool {
    let mut found = false;
    arguments.each_leaf(&mut |path, leaf| {
        let text = leaf.as_text().filter(|text| text.len() <= LONGEST_PATH).unwrap_or_default();
        found |= path.contains('\0') || text.contains('\0');
    });
    found
}
