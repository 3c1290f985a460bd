//! What is too much to read, told before any parsing.
//!
//! The parser's cost grows with the cube of how deep substitutions stand in each other, so a cheap
//! count of what is open comes first. A limit never lets a line pass: what is over it is not
//! understood.

/// The longest text, in bytes.
pub(crate) const MOST_BYTES: usize = 64 << 10;
/// How many substitutions may be open at once.
const MOST_SUBSTITUTIONS: usize = 16;
/// How many parentheses and braces may be open at once.
const MOST_OPEN: usize = 64;
/// How many commands a line may hold.
pub(crate) const MOST_COMMANDS: usize = 4096;
/// Steps of the walk: nodes, words and characters of expansions.
pub(crate) const MOST_STEPS: u32 = 480_000;
/// How deep texts may be read within texts: substitutions, `eval`, functions.
pub(crate) const DEEPEST: u32 = 24;
/// The longest word that an expansion may make, in bytes.
pub(crate) const LONGEST_WORD: usize = 256 << 10;
/// How many words one word may become.
pub(crate) const MOST_FIELDS: usize = 4096;
/// How many folders that a line may work in are kept apart.
pub(crate) const MOST_FOLDERS: usize = 6;
/// How many values of a variable are kept apart.
pub(crate) const MOST_VALUES: usize = 16;
/// Stack of the thread that parses and walks, in bytes: the parser goes 1,000 levels deep, and a
/// list of as many commands as fit is as deep a tree. Only what is used is ever touched.
pub(crate) const STACK: usize = 256 << 20;

/// Why a text is not even parsed.
pub(crate) fn refusal(text: &str) -> Option<&'static str> {
    if text.len() > MOST_BYTES {
        return Some("the line is longer than 64 KiB; put it into a file and run that");
    }
    if text.contains('\0') {
        return Some("the line holds a zero byte");
    }
    let deep = too_deep_at(text.as_bytes());
    deep.map(|_| "the line holds substitutions within substitutions, too deep to follow")
}

/// The byte at which more is open at once than anybody writes; what stands behind it is not looked
/// at. Quotes are not looked at either: text in quotes counts too, and closes what it opens.
fn too_deep_at(bytes: &[u8]) -> Option<usize> {
    let (mut before, mut substitutions, mut ticks) = (b' ', 0_usize, 0_usize);
    let mut open: Vec<bool> = Vec::new();
    for (at, &byte) in bytes.iter().enumerate() {
        let substitutes = matches!(before, b'$' | b'<' | b'>');
        match byte {
            b'(' | b'{' => {
                let counts = substitutes && (byte == b'(' || before == b'$');
                open.push(counts);
                substitutions = substitutions.saturating_add(usize::from(counts));
            }
            b')' | b'}' => {
                let counted = open.pop().unwrap_or_default();
                substitutions = substitutions.saturating_sub(usize::from(counted));
            }
            // Backticks nest by backslashes, each level more of them.
            b'`' if before == b'\\' => ticks = ticks.saturating_add(1),
            _ => {}
        }
        if substitutions > MOST_SUBSTITUTIONS || open.len() > MOST_OPEN || ticks > MOST_COMMANDS {
            return Some(at);
        }
        before = byte;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_text_costs_what_stands_before_the_limit() {
        let longest = "$(".repeat(MOST_BYTES / 2);
        assert_eq!(longest.len(), MOST_BYTES);
        assert_eq!(too_deep_at(longest.as_bytes()), Some(2 * MOST_SUBSTITUTIONS + 1));
        assert_eq!(too_deep_at("(".repeat(MOST_BYTES).as_bytes()), Some(MOST_OPEN));
    }

    #[test]
    fn what_is_too_deep_or_long_is_refused_unparsed() {
        assert!(refusal(&"$(".repeat(40)).is_some());
        assert!(refusal(&"$(".repeat(32 << 10)).is_some());
        assert!(refusal(&"${a:-".repeat(17)).is_some());
        assert!(refusal(&"<(".repeat(17)).is_some());
        assert!(refusal(&"{".repeat(65)).is_some());
        assert!(refusal(&"x".repeat(MOST_BYTES + 1)).is_some());
        assert!(refusal("a\0b").is_some());
        assert!(refusal(&"$(a) ".repeat(3000)).is_none());
        assert!(refusal(&format!("{}{}", "$(".repeat(16), ")".repeat(16))).is_none());
    }
}
