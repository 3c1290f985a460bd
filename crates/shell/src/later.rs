//! Texts that a shell reads once more than the line shows: subscripts in what a variable holds, prompts,
//! words that a built-in runs later, aliases.
//!
//! `x='a[$(b)]'; echo $((x))` runs `b`: a calculation reads what its variables hold, and a subscript in
//! it is expanded. Such a text counts as run where it is set, whether anything reads it or not.

use crate::builtin::MADE;
use crate::limits::MOST_VALUES;
use crate::parse;
use crate::script::{Field, Input};
use crate::walk::{FOR_ZSH, Walker};

/// Variables whose value a shell expands before it prints it.
const PROMPTS: [&str; 8] = ["PROMPT", "PROMPT4", "PS0", "PS1", "PS2", "PS3", "PS4", "RPROMPT"];

/// What a shell looks names of programs up in: two of bash, the others of zsh(1).
const NAMES: [&str; 6] =
    ["BASH_ALIASES", "BASH_CMDS", "aliases", "commands", "functions", "galiases"];

/// Built-ins that calculate the subscript of a name that they are given.
const CALCULATING: [&str; 16] = [
    "[",
    "declare",
    "export",
    "getopts",
    "let",
    "local",
    "mapfile",
    "print",
    "printf",
    "read",
    "readarray",
    "readonly",
    "test",
    "typeset",
    "unset",
    "wait",
];

impl Walker {
    /// What the shell runs of a variable's value by itself.
    pub(crate) fn read_again(&mut self, name: &str, value: &str) {
        if PROMPTS.contains(&name) {
            self.raw(value);
        } else {
            self.subscript(value);
        }
    }

    /// Whether a name is that of an entry in one of the shell's own tables of programs.
    pub(crate) fn refuse_renaming(&mut self, name: &str) {
        let (table, entry) = name.split_once('[').map_or((name, false), |(table, _)| (table, true));
        // Other shells may call a list so.
        if NAMES.contains(&table) && (entry || table.starts_with("BASH_")) {
            self.opaque(RENAMED);
        }
    }

    /// What a subscript in a text would run.
    fn subscript(&mut self, text: &str) {
        let Some((before, rest)) = text.split_once('[') else { return };
        let named = before.ends_with(|one: char| one.is_ascii_alphanumeric() || one == '_');
        if let Some((inside, _)) = rest.rsplit_once(']').filter(|_| named)
            && parse::substitutes(inside)
        {
            self.raw(inside);
        }
    }

    /// Texts that a built-in has the shell run, now or later, beside what it does.
    pub(crate) fn runs_later(&mut self, own: &[Field], input: &Input) {
        let Some((name, words)) = own.split_first() else { return };
        let name = name.text.as_str();
        if CALCULATING.contains(&name) {
            for word in words.iter().filter(|word| word.known) {
                self.subscript(&word.text);
                self.refuse_renaming(&word.text);
            }
        }
        let line = match name {
            "compgen" | "complete" | "mapfile" | "readarray" => value_of("-C", words),
            "emulate" => value_of("-c", words),
            "fc" => value_of("-e", words),
            _ => None,
        };
        if let Some(line) = line {
            self.line_of(line);
        }
        match name {
            "alias" => self.alias(words),
            "bind" => {
                if let Some(bound) = value_of("-x", words) {
                    let text = bound.text.split_once(':').map_or("", |(_, text)| text);
                    self.line_of(&Field { text: text.to_owned(), known: bound.known });
                }
            }
            "compgen" | "complete" => {
                value_of("-W", words).into_iter().for_each(|list| self.raw(&list.text));
            }
            // A name for a program, as zsh has it.
            "hash" if words.iter().any(|word| word.text.contains('=')) => self.opaque(RENAMED),
            "jobs" if words.first().is_some_and(|word| word.text == "-x") => {
                self.with_words("", words.get(1..).unwrap_or_default(), input);
            }
            "print" if words.iter().any(|word| word.text == "-P") => {
                words.iter().for_each(|word| self.raw(&word.text));
            }
            _ => {}
        }
    }

    /// A text that is run as a line.
    fn line_of(&mut self, text: &Field) {
        if text.known {
            self.apart(|walker| drop(walker.text(&text.text, &Input::Inherited)));
        } else {
            self.opaque(MADE);
        }
    }

    /// Names that stand for texts: each is a line by itself, and what is written behind it later
    /// belongs to it.
    fn alias(&mut self, words: &[Field]) {
        for word in words {
            let Some((name, text)) = word.text.split_once('=') else {
                // Of zsh: it counts wherever it stands, or for names that end so.
                if matches!(word.text.as_str(), "-g" | "-s") {
                    self.opaque(FOR_ZSH);
                }
                continue;
            };
            self.text(text, &Input::Inherited);
            let texts = self.aliases.entry(name.to_owned()).or_default();
            if texts.len() < MOST_VALUES && !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
    }

    /// What the name of a program stands for, where the line has made it an alias. Not every shell
    /// looks for them in a line, so the command itself is judged, too.
    pub(crate) fn expand_alias(&mut self, fields: &[Field], input: &Input) {
        let Some((head, words)) = fields.split_first() else { return };
        // Within its own text the name is only a name.
        let Some(texts) = self.aliases.remove(&head.text) else { return };
        for text in &texts {
            self.with_words(text, words, input);
        }
        self.aliases.insert(head.text.clone(), texts);
    }

    /// Runs a text with words behind it.
    fn with_words(&mut self, text: &str, words: &[Field], input: &Input) {
        let known = words.iter().all(|field| field.known);
        let all = words.iter().map(|field| field.text.clone()).collect();
        let outer = self.variables.swap_positional(known.then_some(all));
        let sources = self.sources_at_hand();
        let outer_from = core::mem::replace(&mut self.variables.arguments_from, sources);
        let line = format!("{text} \"$@\"");
        self.apart(|walker| drop(walker.text(&line, input)));
        self.variables.restore_positional(outer);
        self.variables.arguments_from = outer_from;
    }
}

/// Why a line is not understood that changes what names mean.
const RENAMED: &str = "the line gives a program another name; call it by its own";

/// The value of an option of one letter: behind it, or the next word.
fn value_of<'f>(option: &str, words: &'f [Field]) -> Option<&'f Field> {
    let at = words.iter().position(|word| word.text == option)?;
    words.get(at.saturating_add(1))
}
