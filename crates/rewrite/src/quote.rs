//! Words as a shell reads them back.

use std::ffi::OsStr;

/// `text` written so that every shell of the Bourne family reads exactly it; `None` when it is no
/// text, or holds a zero byte, which no word can.
#[must_use]
pub fn shell_word(text: &OsStr) -> Option<String> {
    let text = text.to_str().filter(|text| !text.contains('\0'))?;
    // A tilde stands for a folder at the beginning only, or behind `=` and `:`.
    let tilde = if text.starts_with('~') || text.contains(['=', ':']) { b'-' } else { b'~' };
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte) || byte == tilde;
    // A word of plain letters that a shell could still take for more: an assignment, the path of a
    // program (`=ls` to zsh).
    let assigns = text.split_once('=').is_some_and(|(name, _)| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if !text.is_empty() && text.bytes().all(plain) && !assigns {
        return Some(text.to_owned());
    }
    Some(format!("'{}'", text.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_shell::simple_commands;
    use proptest::prelude::*;

    #[test]
    fn what_needs_no_quotes_gets_none() {
        let word = |text: &str| shell_word(OsStr::new(text)).unwrap();
        assert_eq!(word("a/b-c.txt"), "a/b-c.txt");
        assert_eq!(word(""), "''");
        assert_eq!(word("a b"), "'a b'");
        assert_eq!(word("it's"), "'it'\\''s'");
        assert_eq!(word("A=b"), "'A=b'");
        assert_eq!(word("--x=y"), "--x=y");
        assert_eq!(word("~"), "'~'");
        assert_eq!(word("$(x)\n`y`"), "'$(x)\n`y`'");
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_what_was_written(text in "[^\0]{0,40}") {
            let line = format!("x {}", shell_word(OsStr::new(&text)).unwrap());
            // The parser behind has limits on what is open at once, quoted or not.
            if let Some(all) = simple_commands(&line) {
                prop_assert_eq!(all.len(), 1);
                prop_assert_eq!(all[0].words.len(), 2);
                prop_assert!(all[0].words[1].known);
                prop_assert_eq!(&all[0].words[1].text, &text);
            }
        }
    }
}
