//! Characters that a person would not see, or that would make them see something else.

/// Whether a character drives a terminal, turns the direction of what stands around it, or takes no
/// room: text that comes from a file or a caller is not shown with it. Joiners of scripts and
/// pictures (U+200C, U+200D) are left alone: words are written with them.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_unseen_and_writing_is_not() {
        let unseen = ['\0', '\u{1b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{e0041}'];
        assert!(unseen.into_iter().all(is_unseen));
        let seen = ['a', ' ', '\u{e9}', '\u{5d0}', '\u{200d}', '\u{1f600}', '\u{4e2d}'];
        assert!(!seen.into_iter().any(is_unseen));
    }
}
