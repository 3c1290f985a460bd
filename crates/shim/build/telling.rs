//! What the words of a command line must begin with for one of them to hold a secret: see `src/telling.rs`.

use std::ops::BitOr;

use crate::emit::{options, secret_form, secret_of};
use crate::format::{File, Grammar, Kind, Operand, Opt, Scope, SecretKind};

/// The bits of bytes; see `src/telling.rs`.
#[derive(Default)]
struct Telling {
    letters: u64,
    names: u64,
    words: u64,
    pairs: bool,
}

/// The table of a program as Rust source.
pub(crate) fn telling(file: &File) -> String {
    let mut all = Telling::default();
    all.scope(file, &file.command, None);
    let Telling { letters, names, words, pairs } = all;
    format!("Telling {{ letters: {letters}, names: {names}, words: {words}, pairs: {pairs} }}")
}

impl Telling {
    /// Enters a scope, which a subcommand of these names leads to.
    fn scope(&mut self, file: &File, scope: &Scope, names: Option<&str>) {
        for option in options(file, scope).iter().filter(|option| holds_secret(option)) {
            option.names.get_ref().split(' ').for_each(|spelling| self.option(spelling));
        }
        for grammar in scope.grammar.iter().flatten() {
            if *grammar == Grammar::Expand {
                // `--expand-NAME`.
                self.names |= bits(b'e');
            } else if *grammar == Grammar::Bundle {
                // `xzf`.
                self.words |= self.letters;
            }
        }
        for operand in scope.operand.iter().filter(|operand| leads_to_secret(operand)) {
            match names {
                Some(names) => self.words |= names.split(' ').map(first).fold(0, BitOr::bitor),
                None if is_of_pairs(operand) => self.pairs = true,
                None => self.words = u64::MAX,
            }
            if operand.prefix.iter().any(|prefix| prefix.starts_with('-')) {
                (self.letters, self.names) = (u64::MAX, u64::MAX);
            }
        }
        for inner in &scope.subcommand {
            let names = inner.names.as_ref().map(|names| names.get_ref().as_str());
            self.scope(file, inner, names);
        }
    }

    fn option(&mut self, spelling: &str) {
        match spelling.as_bytes() {
            [b'-', b'-', first, ..] => self.names |= bits(*first),
            [b'-', first, ..] => self.letters |= bits(*first),
            _ => self.words |= first(spelling),
        }
    }
}

/// The bits of the first byte of a word; of one that stands for others, all.
fn first(word: &str) -> u64 {
    word.bytes().next().filter(|_| !word.contains('*')).map_or(u64::MAX, bits)
}

/// Whether what is secret of the operand stands behind a name.
fn is_of_pairs(operand: &Operand) -> bool {
    operand.kind != Kind::Command
        && secret_of(operand).is_some_and(|secret| secret.named && secret.is != SecretKind::Command)
}

fn holds_secret(option: &Opt) -> bool {
    option.secret.is_some() || option.content.is_some_and(|form| secret_form(form).is_some())
}

fn leads_to_secret(operand: &Operand) -> bool {
    secret_of(operand).is_some() || operand.kind == Kind::Command
}

/// The bits of a byte in both cases; of one that is no letter or digit, which may stand for any, all.
fn bits(byte: u8) -> u64 {
    if byte.is_ascii_alphanumeric() {
        1 << (byte.to_ascii_lowercase() & 63) | 1 << (byte.to_ascii_uppercase() & 63)
    } else {
        u64::MAX
    }
}
