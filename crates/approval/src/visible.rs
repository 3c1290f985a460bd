//! Text from elsewhere, as a person may see it before saying yes.
//!
//! What drives a terminal, hides, or turns the reading direction round is shown by its number: a
//! command must not be able to look like another one.

/// `text` on one line of at most `most` characters, everything in it visible. What is cut off is
/// said to be.
#[must_use]
pub fn visible(text: &str, most: usize) -> String {
    let mut shown = String::with_capacity(text.len());
    for (count, letter) in text.chars().enumerate() {
        if count >= most {
            let rest = text.chars().count().saturating_sub(most);
            shown.push_str(&format!("… ({rest} more characters)"));
            break;
        }
        if is_hidden(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Controls, and what Unicode calls format characters, separators of lines and fillers.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{00ad}'
                | '\u{034f}'
                | '\u{061c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_or_drives_a_terminal() {
        let text = "rm\u{1b}[2K\rls\u{202e}fdp.\u{200b}x\n\u{9b}31m";
        let shown = visible(text, 200);
        assert!(shown.chars().all(|letter| !is_hidden(letter)), "{shown}");
        assert_eq!(shown, "rm\\u{1b}[2K\\u{d}ls\\u{202e}fdp.\\u{200b}x\\u{a}\\u{9b}31m");
        assert_eq!(
            visible("git push --force ‹secret.github.pat› Grüße", 200),
            "git push --force ‹secret.github.pat› Grüße"
        );
    }

    #[test]
    fn what_is_cut_off_is_said_to_be() {
        assert_eq!(visible("abcdef", 6), "abcdef");
        assert_eq!(visible("abcdefgh", 6), "abcdef… (2 more characters)");
    }
}
