//! Shell text → simple commands, each a list of words.
//!
//! As far as the original systems' policies need it: quotes, backslashes, continued lines, the
//! operators between commands, and commands inside substitutions, which are taken out and judged
//! as well. Nothing is expanded; a text that holds a variable or a substitution says so, because
//! its words are then not all known.

use core::iter::Peekable;
use core::str::Chars;

/// Deepest nesting of substitutions, subshells and `sh -c` texts.
pub(crate) const DEEPEST: usize = 8;

/// Most simple commands of one text.
pub(crate) const MOST: usize = 512;

/// What a shell text holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The simple commands, in order; what redirections name is left out of the words.
    pub(crate) commands: Vec<Vec<String>>,
    /// Targets of output redirections.
    pub(crate) written: Vec<String>,
    /// Files that redirections read from.
    pub(crate) read: Vec<String>,
    /// Index of each command that reads from the one before it through a pipe.
    pub(crate) piped: Vec<usize>,
    /// Whether some words are only known when it runs, or it could not be read to its end.
    pub(crate) unclear: bool,
}

/// The simple commands of `text`.
pub(crate) fn split(text: &str) -> Line {
    let mut line = Line::default();
    split_into(text, &mut line, DEEPEST);
    line
}

fn split_into(text: &str, line: &mut Line, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        line.unclear = true;
        return;
    };
    let mut lexer = Lexer { rest: text.chars().peekable(), line, depth };
    let mut command = Vec::new();
    while let Some(token) = lexer.token() {
        match token {
            Token::Word(word) => command.push(word),
            Token::Redirection { writes } => {
                if let Some(Token::Word(target)) = lexer.token() {
                    let files = if writes { &mut lexer.line.written } else { &mut lexer.line.read };
                    files.push(target);
                }
            }
            Token::End { pipe } => {
                lexer.finish(&mut command);
                let next = lexer.line.commands.len();
                if pipe && next > 0 {
                    lexer.line.piped.push(next);
                }
            }
        }
    }
    lexer.finish(&mut command);
}

enum Token {
    End { pipe: bool },
    Redirection { writes: bool },
    Word(String),
}

struct Lexer<'t, 'l> {
    rest: Peekable<Chars<'t>>,
    line: &'l mut Line,
    depth: usize,
}

impl Lexer<'_, '_> {
    fn finish(&mut self, command: &mut Vec<String>) {
        let words = core::mem::take(command);
        if words.is_empty() {
            return;
        }
        if self.line.commands.len() < MOST {
            self.line.commands.push(words);
        } else {
            self.line.unclear = true;
        }
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            if let Some(token) = self.next_token()? {
                return Some(token);
            }
        }
    }

    /// The next token, the inner `None` for what is none: a comment, a continued line.
    #[expect(
        clippy::option_option,
        reason = "the end of the text and nothing to tell are two things"
    )]
    fn next_token(&mut self) -> Option<Option<Token>> {
        while self.rest.next_if(|letter| matches!(letter, ' ' | '\t' | '\r')).is_some() {}
        let first = *self.rest.peek()?;
        match first {
            '\n' | ';' | '(' | ')' => {
                self.rest.next();
                Some(Some(Token::End { pipe: false }))
            }
            '#' => {
                while self.rest.next_if(|letter| *letter != '\n').is_some() {}
                Some(None)
            }
            '&' => {
                self.rest.next();
                let writes = self.rest.next_if_eq(&'>').is_some();
                if writes {
                    self.rest.next_if_eq(&'>');
                    return Some(Some(Token::Redirection { writes }));
                }
                self.rest.next_if_eq(&'&');
                Some(Some(Token::End { pipe: false }))
            }
            '|' => {
                self.rest.next();
                let pipe = self.rest.next_if_eq(&'|').is_none();
                self.rest.next_if_eq(&'&');
                Some(Some(Token::End { pipe }))
            }
            '<' | '>' => Some(Some(self.redirection(first))),
            _ => Some(self.word()),
        }
    }

    fn redirection(&mut self, first: char) -> Token {
        self.rest.next();
        if self.rest.next_if_eq(&'(').is_some() {
            self.nested(')');
            return Token::Word(String::from("/dev/fd/63"));
        }
        if first == '<' && self.rest.next_if_eq(&'<').is_some() {
            // A here-document's body follows in later lines; it is data, but which is not told.
            self.line.unclear = true;
            self.rest.next_if(|letter| matches!(letter, '<' | '-'));
            return Token::Redirection { writes: false };
        }
        self.rest.next_if(|letter| matches!(letter, '>' | '|' | '&'));
        Token::Redirection { writes: first == '>' }
    }

    fn word(&mut self) -> Option<Token> {
        let (mut word, mut is_word) = (String::new(), false);
        let ends = |letter: &char| {
            matches!(letter, ' ' | '\t' | '\r' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>')
        };
        while let Some(letter) = self.rest.next_if(|letter| !ends(letter)) {
            if letter == '\\' && self.rest.next_if_eq(&'\n').is_some() {
                continue;
            }
            is_word = true;
            match letter {
                '\\' => match self.rest.next() {
                    Some(escaped) => word.push(escaped),
                    None => self.line.unclear = true,
                },
                '\'' => self.single(&mut word),
                '"' => self.double(&mut word),
                '`' => self.nested('`'),
                '$' => self.dollar(&mut word),
                plain => word.push(plain),
            }
        }
        if word.bytes().all(|byte| byte.is_ascii_digit())
            && !word.is_empty()
            && matches!(self.rest.peek(), Some('<' | '>'))
            && let Some(first) = self.rest.peek().copied()
        {
            return Some(self.redirection(first));
        }
        // A continued line alone is no word; `''` is one.
        is_word.then_some(Token::Word(word))
    }

    fn single(&mut self, word: &mut String) {
        loop {
            match self.rest.next() {
                Some('\'') => return,
                Some(letter) => word.push(letter),
                None => {
                    self.line.unclear = true;
                    return;
                }
            }
        }
    }

    fn double(&mut self, word: &mut String) {
        loop {
            match self.rest.next() {
                Some('"') => return,
                Some('\\') => match self.rest.next() {
                    Some('\n') => {}
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                    Some(other) => word.extend(['\\', other]),
                    None => self.line.unclear = true,
                },
                Some('`') => self.nested('`'),
                Some('$') => self.dollar(word),
                Some(letter) => word.push(letter),
                None => {
                    self.line.unclear = true;
                    return;
                }
            }
        }
    }

    fn dollar(&mut self, word: &mut String) {
        self.line.unclear = true;
        if self.rest.next_if_eq(&'(').is_some() {
            self.nested(')');
        } else if self.rest.next_if_eq(&'\'').is_some() {
            self.single(word);
        } else {
            word.push('$');
        }
    }

    /// Takes a substitution out, up to its end, and splits what stands in it.
    fn nested(&mut self, end: char) {
        self.line.unclear = true;
        let (mut inner, mut open) = (String::new(), 0_usize);
        loop {
            match self.rest.next() {
                Some('\\') => {
                    inner.push('\\');
                    inner.extend(self.rest.next());
                }
                Some('(') if end == ')' => {
                    open = open.saturating_add(1);
                    inner.push('(');
                }
                Some(letter) if letter == end => match open.checked_sub(1) {
                    Some(left) if end == ')' => {
                        open = left;
                        inner.push(letter);
                    }
                    _ => break,
                },
                Some(letter) => inner.push(letter),
                None => break,
            }
        }
        split_into(&inner, self.line, self.depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<String> {
        split(text).commands.iter().map(|words| words.join("·")).collect()
    }

    #[test]
    fn words_and_operators() {
        assert_eq!(commands("rm -rf 'a b' \"c\\\"d\" e\\ f"), ["rm·-rf·a b·c\"d·e f"]);
        assert_eq!(commands("a;b&&c||d|e&f\ng"), ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(commands("rm\t-rf \\\n /"), ["rm·-rf·/"]);
        assert_eq!(commands("(cd x; rm y) # and so on\nls"), ["cd·x", "rm·y", "ls"]);
        let line = split("curl x 2>/dev/null > out | sh");
        assert_eq!((line.written, line.piped), (vec!["/dev/null".into(), "out".into()], vec![1]));
    }

    #[test]
    fn substitutions_are_taken_out() {
        let line = split("echo $(rm -rf $(pwd)) `ls` \"$(date)\" <(sort x)");
        assert!(line.unclear);
        let all: Vec<String> = line.commands.iter().map(|words| words.join(" ")).collect();
        for inner in ["rm -rf ", "pwd", "ls", "date", "sort x"] {
            assert!(all.iter().any(|one| one == inner), "{inner}: {all:?}");
        }
    }

    #[test]
    fn odd_texts_end() {
        for text in [
            "'",
            "\"",
            "\\",
            "$(",
            "`",
            "<(",
            "a <<",
            "((((",
            "$(".repeat(5000).as_str(),
            &";a".repeat(5000),
        ] {
            let line = split(text);
            assert!(line.commands.len() <= MOST);
        }
    }
}
